// SPDX-License-Identifier: MIT

extension LivePage {
  static let style = #"""
    :root {
      --ground: #f7f6f3; --panel: #ffffff; --ink: #23262b; --quiet: #6c717a;
      --line: #e4e2dc; --accent: #2f6f5e; --on-accent: #ffffff; --soft: #eef3f0; --bad: #a4442e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #16181b; --panel: #1e2125; --ink: #e2e4e7; --quiet: #959ba4;
        --line: #30343a; --accent: #7cc0ab; --on-accent: #10211c; --soft: #243029; --bad: #e39a84;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 0 24px 32px; max-width: 1180px; background: var(--ground);
      color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
    }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; padding: 24px 0 16px; }
    h1 { margin: 0; font-size: 22px; font-weight: 600; letter-spacing: -0.01em; }
    h2 { margin: 0 0 12px; font-size: 15px; font-weight: 600; }
    p { margin: 0 0 12px; }
    #status { margin: 0; color: var(--quiet); font-size: 13px; }
    #light { display: inline-block; width: 8px; height: 8px; border-radius: 4px; margin-right: 8px; background: var(--bad); }
    #light.on { background: var(--accent); }
    main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
    section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
    .whole { grid-column: 1 / -1; }
    .quiet { color: var(--quiet); font-size: 13px; }
    .count { color: var(--quiet); font-weight: 400; }
    a { color: inherit; }

    #flow { display: flex; flex-wrap: wrap; gap: 8px 0; margin: 0; padding: 0; list-style: none; }
    #flow li { flex: 1 1 0; min-width: 118px; padding-right: 22px; position: relative; }
    #flow li:not(:last-child)::after { content: "→"; position: absolute; right: 8px; top: 12px; color: var(--quiet); }
    #flow b { display: block; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
    #flow span { display: block; font-size: 13px; }
    #flow small { display: block; color: var(--quiet); font-size: 12px; }
    #flow .bad b { color: var(--bad); }
    /* Not a step after the rows but the other way to end. */
    #flow li:last-child { border-left: 1px solid var(--line); padding: 0 0 0 20px; }
    #flow li:nth-last-child(2)::after { content: none; }

    form { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 12px; }
    label { font-size: 12px; color: var(--quiet); }
    .wide, .buttons { grid-column: 1 / -1; }
    input {
      display: block; width: 100%; margin-top: 2px; padding: 7px 9px; font: 14px/1.3 ui-monospace, monospace;
      color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px;
    }
    .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 2px 0 12px; }
    button { font: inherit; cursor: pointer; border-radius: 6px; border: 1px solid var(--line); background: none; color: inherit; padding: 3px 10px; }
    .buttons button { padding: 8px 16px; background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    #sent { margin: 0; overflow-wrap: anywhere; }

    .chips { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 12px; max-height: 162px; overflow-y: auto; }
    .chips:empty { display: none; }
    .chips > * { font-size: 13px; padding: 2px 10px; border: 1px solid var(--line); border-radius: 12px; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .chips [aria-pressed="true"] { background: var(--soft); border-color: var(--accent); }
    .scroll { overflow: auto; max-height: 340px; }
    table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 500; color: var(--quiet); position: sticky; top: 0; background: var(--panel); }
    th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; max-width: 280px; overflow: hidden; text-overflow: ellipsis; vertical-align: top; }
    tr:last-child td { border-bottom: 0; }
    .number { text-align: right; }
    .list { list-style: none; margin: 0; padding: 0; font-size: 13px; max-height: 340px; overflow-y: auto; }
    .list li { padding: 6px 0; border-bottom: 1px solid var(--line); }
    .list li:last-child { border-bottom: 0; }
    .list code, pre { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
    .list time { color: var(--quiet); margin-right: 8px; font-variant-numeric: tabular-nums; }
    .tag { font-size: 12px; padding: 0 7px; border-radius: 8px; background: var(--soft); margin-right: 8px; }
    .reason { color: var(--bad); font-weight: 500; margin-right: 8px; }
    summary { cursor: pointer; overflow-wrap: anywhere; }
    pre { white-space: pre-wrap; margin: 6px 0 0; padding: 8px; background: var(--ground); border-radius: 6px; max-height: 220px; overflow: auto; }
    footer { padding: 20px 2px 0; }
    @media (max-width: 720px) {
      body { padding: 0 12px 24px; }
      main { grid-template-columns: minmax(0, 1fr); gap: 12px; }
      section { padding: 14px; }
      th, td { padding-right: 9px; }
      #flow { gap: 14px 0; }
      #flow li { flex: 1 1 50%; padding: 0 14px 0 0; }
      #flow li:not(:last-child)::after { content: none; }
      #flow li:last-child { border: 0; padding: 0; }
    }

    """#
}
