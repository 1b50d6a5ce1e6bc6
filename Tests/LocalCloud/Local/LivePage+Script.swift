// SPDX-License-Identifier: MIT

extension LivePage {
  static let script = #"""
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
