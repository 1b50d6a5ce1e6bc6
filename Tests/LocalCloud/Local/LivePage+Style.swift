// SPDX-License-Identifier: MIT

extension LivePage {
  /// `--edge` draws what can be operated and has a contrast of 3:1 on both grounds, texts have 4.5:1.
  static let style = #"""
    :root {
      --ground: #f7f6f3; --panel: #ffffff; --ink: #23262b; --quiet: #63686f; --edge: #84878d;
      --line: #e4e2dc; --accent: #2f6f5e; --on-accent: #ffffff; --soft: #eaf1ed; --bad: #a4442e; --bad-soft: #f9ebe7;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #16181b; --panel: #1e2125; --ink: #e2e4e7; --quiet: #9aa0a9; --edge: #767c86;
        --line: #30343a; --accent: #7cc0ab; --on-accent: #10211c; --soft: #243029; --bad: #e39a84; --bad-soft: #38241f;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 0 24px 32px; max-width: 1240px; background: var(--ground);
      color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
    }
    [hidden] { display: none !important; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; padding: 24px 0 16px; }
    h1 { margin: 0; font-size: 22px; font-weight: 600; letter-spacing: -0.01em; }
    h2 { margin: 0 0 12px; font-size: 15px; font-weight: 600; }
    h3 { margin: 14px 0 4px; font-size: 13px; font-weight: 600; }
    p { margin: 0 0 12px; }
    #status { margin: 0; color: var(--quiet); font-size: 13px; }
    #light { display: inline-block; width: 8px; height: 8px; border-radius: 4px; margin-right: 8px; background: var(--bad); }
    #light.on { background: var(--accent); }
    #troubles { list-style: none; margin: 0 0 16px; padding: 12px 18px; border: 1px solid var(--bad); border-radius: 10px; background: var(--bad-soft); }
    main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
    section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
    .whole { grid-column: 1 / -1; }
    .quiet { color: var(--quiet); font-size: 13px; }
    .count { color: var(--quiet); font-weight: 400; }
    .bar { display: flex; justify-content: space-between; align-items: start; gap: 12px; }
    a { color: inherit; }

    #flow { display: flex; flex-wrap: wrap; gap: 8px 0; margin: 0; padding: 0; list-style: none; }
    #flow li { flex: 1 1 0; min-width: 118px; padding-right: 22px; position: relative; }
    #flow li:nth-child(-n+4)::after { content: "→"; position: absolute; right: 8px; top: 12px; color: var(--quiet); }
    #flow b { display: block; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
    #flow span { display: block; font-size: 13px; }
    #flow small { display: block; color: var(--quiet); font-size: 12px; }
    #flow .bad b { color: var(--bad); }
    /* Not steps after the rows but the other ways to end. */
    #flow li:nth-child(6) { border-left: 1px solid var(--line); }
    #flow li:nth-child(n+6) { padding: 0 0 0 20px; }

    #form { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 12px; }
    #filter { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 10px 12px; margin-bottom: 12px; }
    label { font-size: 12px; color: var(--quiet); }
    .wide, #form .buttons { grid-column: 1 / -1; }
    input, select {
      display: block; width: 100%; margin-top: 2px; padding: 7px 9px; font: 14px/1.3 ui-monospace, monospace;
      color: var(--ink); background: var(--ground); border: 1px solid var(--edge); border-radius: 6px;
    }
    #table-filter { max-width: 320px; }
    .buttons { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 2px 0 12px; }
    button { font: inherit; cursor: pointer; border-radius: 6px; border: 1px solid var(--edge); background: none; color: inherit; padding: 3px 10px; }
    #form button { padding: 8px 16px; background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    #sent { margin: 0; overflow-wrap: anywhere; }

    .chips { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 12px; }
    .chips:empty { display: none; }
    .chips button { font-size: 13px; padding: 2px 10px; border-radius: 12px; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .chips [aria-pressed="true"] { background: var(--soft); border-color: var(--accent); font-weight: 600; }
    .scroll { overflow: auto; max-height: 420px; }
    table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 500; color: var(--quiet); position: sticky; top: 0; background: var(--panel); }
    th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; max-width: 300px; overflow: hidden; text-overflow: ellipsis; vertical-align: top; }
    tbody tr:last-child > * { border-bottom: 0; }
    .number { text-align: right; }
    #events tbody tr { cursor: pointer; }
    #events tbody tr:hover, #events tbody tr.open { background: var(--soft); }
    #events td:nth-child(5) { max-width: 420px; font: 12px/1.6 ui-monospace, monospace; }
    #events td button { border: 0; padding: 0 4px; margin: 0 0 0 2px; color: inherit; text-decoration: underline; text-decoration-color: var(--edge); text-underline-offset: 3px; }
    .tag { display: inline-block; font-size: 12px; padding: 0 8px; border-radius: 8px; background: var(--soft); }
    .tag.rejected { background: var(--bad-soft); color: var(--bad); }
    .tag.other { background: var(--ground); }
    .reason { color: var(--bad); font-weight: 500; }
    #detail .pairs { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 28px; }
    #detail td { white-space: normal; overflow-wrap: anywhere; max-width: none; }
    #detail td:first-child { width: 1%; white-space: nowrap; color: var(--quiet); font: 12px/1.6 ui-monospace, monospace; }
    #detail .gone td { color: var(--bad); }
    code, pre { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
    pre { white-space: pre-wrap; margin: 0 0 8px; padding: 8px; background: var(--ground); border-radius: 6px; max-height: 260px; overflow: auto; }
    summary { cursor: pointer; font-size: 13px; }
    footer { padding: 20px 2px 0; }
    @media (max-width: 720px) {
      body { padding: 0 12px 24px; }
      main { grid-template-columns: minmax(0, 1fr); gap: 12px; }
      section { padding: 14px; }
      th, td { padding-right: 9px; }
      #filter { grid-template-columns: 1fr 1fr; }
      #detail .pairs { grid-template-columns: minmax(0, 1fr); }
      #flow { gap: 14px 0; }
      #flow li, #flow li:nth-child(n+6) { flex: 1 1 50%; padding: 0 14px 0 0; border: 0; }
      #flow li::after { content: none !important; }
    }

    """#
}
