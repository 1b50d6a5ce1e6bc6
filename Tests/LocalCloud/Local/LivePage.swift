// SPDX-License-Identifier: MIT

/// `GET /`: one page without any other resource that shows `/_local/state` once a second.
///
/// What it shows comes from URLs that anybody may have sent, so the script only ever sets text,
/// never markup, and the policy header forbids everything the page does not need.
enum LivePage {
  static let response = APIResponse(
    200, contentType: "text/html; charset=UTF-8",
    headers: [
      (
        name: "Content-Security-Policy",
        value: "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          + "connect-src 'self'; img-src http: https: data:; base-uri 'none'; form-action 'none'"
      ),
      (name: "Cache-Control", value: "no-cache"),
      (name: "X-Content-Type-Options", value: "nosniff"),
    ],
    body: Array(html.utf8))

  private static let html =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n" + head + "<style>\n" + style
    + "</style>\n</head>\n<body>\n" + body + "<script>\n" + script + "</script>\n</body>\n</html>\n"

  private static let head = #"""
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <title>Pixel Pipeline: local cloud</title>

    """#

  private static let body = #"""
    <header>
      <h1>Pixel Pipeline</h1>
      <p id="status"><span id="light"></span><span id="about">connecting …</span></p>
    </header>
    <main>
      <section class="whole" aria-label="Flow">
        <ol id="flow"></ol>
      </section>

      <section id="send">
        <h2>Send a hit</h2>
        <form id="form">
          <label>user_id <input name="user_id" value="ada" autocomplete="off"></label>
          <label>type <input name="type" value="page_view" autocomplete="off"></label>
          <label class="wide">more, as in a URL
            <input name="more" value="page_title=Hello&amp;value=12.50" autocomplete="off"></label>
          <div class="buttons">
            <button type="button" id="bucket">Bucket road</button>
            <button type="button" id="ingest" hidden>PixelIngest road</button>
          </div>
        </form>
        <p id="sent" class="quiet">Each button requests a transparent pixel with these parameters.
          An empty type shows what a rejection looks like.</p>
      </section>

      <section>
        <h2>Hits <span id="hitcount" class="count"></span></h2>
        <p class="quiet" id="nohits">None since local-cloud was started.</p>
        <ul id="hits" class="list"></ul>
      </section>

      <section class="whole">
        <h2>Rows <span id="rowcount" class="count"></span></h2>
        <p class="quiet" id="norows">No rows yet. Send a hit: its row is there within a second.</p>
        <div id="tables" class="chips"></div>
        <div class="scroll"><table id="rows"></table></div>
      </section>

      <section>
        <h2>Rejections <span id="rejectcount" class="count"></span></h2>
        <p class="quiet" id="norejects">None. What cannot become a row is kept here, with the reason.</p>
        <div id="reasons" class="chips"></div>
        <ul id="rejects" class="list"></ul>
      </section>

      <section>
        <h2>Topics</h2>
        <div class="scroll"><table id="topics"></table></div>
      </section>
    </main>
    <footer class="quiet">
      The same as JSON: <a href="/_local/state">state</a>, <a href="/_local/tables">tables</a>,
      <a href="/_local/rows?limit=100">rows</a>, <a href="/_local/rejections">rejections</a>,
      <a href="/_local/requests">API requests</a>
    </footer>

    """#

  private static let style = #"""
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

  private static let script = #"""
    "use strict";
    const id = name => document.getElementById(name);
    const number = n => Number(n || 0).toLocaleString("en");

    // Makes an element. Text is only ever set as text: it may come from anybody's URL.
    function el(tag, text, className) {
      const node = document.createElement(tag);
      if (text !== undefined && text !== null) node.textContent = String(text);
      if (className) node.className = className;
      return node;
    }

    // Redraws a part only when what it shows has changed, so that selections and open parts stay.
    const drawn = {};
    function redraw(name, data, draw) {
      const key = JSON.stringify(data);
      if (drawn[name] === key) return;
      drawn[name] = key;
      const nodes = draw(data);
      if (nodes) id(name).replaceChildren(...nodes);
    }

    function clock(time) {
      const date = new Date(time);
      return isNaN(date) ? "" : date.toLocaleTimeString("en-GB");
    }

    function span(seconds) {
      if (seconds < 90) return seconds + " s";
      if (seconds < 5400) return Math.round(seconds / 60) + " min";
      return (seconds / 3600).toFixed(1) + " h";
    }

    function drawFlow(state) {
      const topics = {};
      for (const topic of state.topics) topics[topic.name] = topic;
      const of = name => topics[name] || { published: 0, backlog: 0 };
      const logs = of("pixel-logs"), events = of("pixel-events");
      const steps = [
        [number(logs.published), "hits", "both roads"],
        [number(logs.backlog), "to be parsed", "topic pixel-logs"],
        [number(events.published), "events", "parsed by the contract"],
        [number(events.backlog), "to be loaded", "topic pixel-events"],
        [number(state.rows), "rows", number(state.tables.length) + " tables"],
        [number(state.rejections.count), "rejections", "kept with the reason", state.rejections.count > 0],
      ];
      redraw("flow", steps, steps => steps.map(([value, name, note, bad]) => {
        const item = el("li", null, bad ? "bad" : "");
        item.append(el("b", value), el("span", name), el("small", note));
        return item;
      }));
    }

    let chosen = null;
    function drawTables(tables) {
      id("norows").hidden = tables.some(table => table.rows > 0);
      const shown = tables.filter(table => table.rows > 0 || !table.generated)
        .sort((a, b) => b.rows - a.rows).slice(0, 200);
      const names = shown.map(table => table.dataset + "." + table.table);
      if (!names.includes(chosen)) chosen = shown.length && shown[0].rows ? names[0] : null;
      redraw("tables", [shown, chosen], () => shown.map((table, index) => {
        const button = el("button", table.table + "  " + number(table.rows));
        button.setAttribute("aria-pressed", names[index] === chosen);
        button.onclick = () => { chosen = names[index]; drawTables(tables); loadRows(); };
        return button;
      }));
    }

    const plain = value => typeof value === "object" ? JSON.stringify(value) : String(value);

    async function loadRows() {
      if (!chosen) return redraw("rows", [], () => []);
      const [dataset, table] = chosen.split(".");
      const path = "/_local/tables/" + encodeURIComponent(dataset) + "/" + encodeURIComponent(table);
      const answer = await fetch(path + "/rows?limit=25");
      if (!answer.ok) return;
      redraw("rows", (await answer.json()).rows.reverse(), rows => {
        const columns = [];
        for (const row of rows) for (const name in row) if (!columns.includes(name)) columns.push(name);
        // What a person looks for comes first.
        const first = ["event_time", "type", "user_id", "order_id", "page_title", "value"];
        const rank = name => first.includes(name) ? first.indexOf(name) : first.length;
        columns.sort((a, b) => rank(a) - rank(b));
        const head = el("tr");
        head.append(...columns.map(name => el("th", name)));
        return [head, ...rows.map(row => {
          const line = el("tr");
          line.append(...columns.map(name => {
            const text = name in row ? plain(row[name]) : "";
            const cell = el("td", text);
            cell.title = text;
            return cell;
          }));
          return line;
        })];
      });
    }

    function drawHits(hits) {
      id("nohits").hidden = hits.length > 0;
      redraw("hits", hits, hits => hits.map(hit => {
        const item = el("li");
        const road = hit.source === "http_load_balancer" ? "bucket"
          : hit.source === "pixel_ingest" ? "PixelIngest" : hit.source || "entry";
        item.append(el("time", clock(hit.time)), el("span", road, "tag"));
        const url = String(hit.url || "");
        const place = url.indexOf("/", url.indexOf("//") + 2);
        const shown = place > 0 ? url.slice(place) : url;
        if (!shown) item.append(el("span", "no request in it", "quiet"));
        else item.append(el("code", shown.length > 300 ? shown.slice(0, 300) + " …" : shown));
        return item;
      }));
    }

    const open = new Set();
    function drawRejections(rejections) {
      id("norejects").hidden = rejections.count > 0;
      redraw("reasons", rejections.reasons, reasons =>
        Object.entries(reasons).map(([reason, count]) => el("span", reason + "  " + number(count))));
      redraw("rejects", rejections.last, last => last.map(rejection => {
        const item = el("li"), details = el("details"), summary = el("summary");
        details.open = open.has(rejection.id);
        details.ontoggle = () => details.open ? open.add(rejection.id) : open.delete(rejection.id);
        summary.append(el("time", clock(rejection.publishTime)), el("span", rejection.reason, "reason"));
        summary.append(rejection.detail || rejection.topic.split("/").pop());
        details.append(summary, el("pre", rejection.text === undefined ? rejection.data : rejection.text));
        item.append(details);
        return item;
      }));
    }

    function drawTopics(topics) {
      redraw("topics", topics.map(topic => [topic.name, topic.published, topic.backlog,
        topic.subscriptions.reduce((sum, one) => sum + one.inFlight, 0),
        topic.subscriptions.reduce((sum, one) => sum + one.retrying, 0)]), rows => {
        const head = el("tr");
        head.append(...["topic", "published", "waiting", "in flight", "retrying"]
          .map((name, index) => el("th", name, index ? "number" : "")));
        return [head, ...rows.map(row => {
          const line = el("tr");
          line.append(...row.map((value, index) =>
            el("td", index ? number(value) : value, index ? "number" : "")));
          return line;
        })];
      });
    }

    let ingest = null;
    function draw(state) {
      ingest = state.ingestUrl;
      id("ingest").hidden = !ingest;
      id("about").textContent = "project " + state.project + ", up " + span(state.uptimeSeconds);
      id("rowcount").textContent = number(state.rows);
      id("hitcount").textContent = number((state.topics.find(t => t.name === "pixel-logs") || {}).published);
      id("rejectcount").textContent = number(state.rejections.count);
      drawFlow(state);
      drawTables(state.tables);
      drawHits(state.hits);
      drawRejections(state.rejections);
      drawTopics(state.topics);
    }

    async function poll() {
      try {
        const answer = await fetch("/_local/state");
        if (!answer.ok) throw new Error(answer.statusText);
        draw(await answer.json());
        await loadRows();
        id("light").className = "on";
      } catch (error) {
        id("light").className = "";
        id("about").textContent = "local-cloud does not answer (" + error.message + ")";
      }
    }

    function send(base) {
      const fields = id("form").elements, query = new URLSearchParams();
      for (const name of ["user_id", "type"]) if (fields[name].value) query.set(name, fields[name].value);
      query.set("page_url", location.href);
      let url = base.replace(/\/$/, "") + "/pixel.png?" + query;
      if (fields.more.value) url += "&" + fields.more.value.replace(/ /g, "%20").replace(/#/g, "%23");
      const image = new Image();
      image.onload = () => { id("sent").textContent = "Answered: " + url; poll(); };
      image.onerror = () => { id("sent").textContent = "No image came back from " + url; };
      // A browser asks once per URL and page, whatever the cache headers say.
      image.src = url + "&_=" + Date.now();
    }
    id("bucket").onclick = () => send(location.origin);
    id("ingest").onclick = () => send(ingest);
    id("form").onsubmit = event => { event.preventDefault(); send(location.origin); };

    (async function () {
      for (;;) {
        if (!document.hidden) await poll();
        await new Promise(resolve => setTimeout(resolve, 1000));
      }
    })();

    """#
}
