// SPDX-License-Identifier: MIT

extension LivePage {
  static let script = toolsScript + eventsScript + partsScript

  /// What every part of the page uses.
  private static let toolsScript = #"""
    "use strict";
    const id = name => document.getElementById(name);
    const number = n => Number(n || 0).toLocaleString("en");
    const many = (n, one, more) => number(n) + " " + (n === 1 ? one : more || one + "s");
    const plain = value => typeof value === "object" ? JSON.stringify(value) : String(value);

    // Makes an element. Text is only ever set as text: it may come from anybody's URL.
    function el(tag, text, className) {
      const node = document.createElement(tag);
      if (text !== undefined && text !== null) node.textContent = String(text);
      if (className) node.className = className;
      return node;
    }

    // Draws a part only when what it shows has changed, so that selections and open parts stay.
    const drawn = {};
    function redraw(name, data, draw) {
      const key = JSON.stringify(data);
      if (drawn[name] === key) return;
      drawn[name] = key;
      const nodes = draw(data);
      if (nodes) id(name).replaceChildren(...nodes);
    }

    // Draws a list whose items have keys: an item that stays keeps its element and, with it, the focus. New
    // ones come in between; nothing that stays is moved.
    function keyed(parent, items, keyOf, make, fill) {
      const old = new Map([...parent.children].map(node => [node.dataset.key, node]));
      const wanted = new Set(items.map(keyOf));
      for (const [key, node] of old) if (!wanted.has(key)) node.remove();
      let place = parent.firstElementChild;
      for (const item of items) {
        const key = keyOf(item);
        let node = old.get(key);
        if (node && node !== place) { node.remove(); node = null; }
        if (!node) {
          node = make(item);
          node.dataset.key = key;
          parent.insertBefore(node, place);
        } else place = node.nextElementSibling;
        const look = JSON.stringify(item);
        if (node.look !== look) { node.look = look; fill(node, item); }
      }
    }

    function row(cells, className) {
      const line = el("tr", null, className);
      line.append(...cells.map(cell => cell instanceof Node ? cell : el("td", cell)));
      return line;
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

    async function json(path) {
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(answer.status + " for " + path);
      return answer.json();
    }

    async function copy(text, told) {
      try {
        await navigator.clipboard.writeText(text);
        told.textContent = "Copied.";
      } catch (error) {
        told.textContent = "Select the text and copy it: the browser does not let a page do that here.";
      }
    }

    """#

  /// The list of events, its filter, and one event whole.
  private static let eventsScript = #"""
    let newestSeen = null, opened = null;

    function verdictTag(event) {
      const kind = event.verdict === "rejected" ? "rejected" : event.verdict === "row" ? "" : "other";
      return el("span", event.verdict, "tag " + kind);
    }

    function makeEvent(event) {
      const line = el("tr"), time = el("td"), open = el("button");
      open.type = "button";
      time.append(open);
      line.append(time, el("td"), el("td"), el("td"), el("td"), el("td"));
      line.onclick = () => show(event.key);
      return line;
    }

    function fillEvent(line, event) {
      const cells = line.children, button = cells[0].firstElementChild;
      button.textContent = clock(event.time);
      button.setAttribute("aria-label", "Open the event of " + clock(event.time) + ": " + event.verdict
        + (event.reason ? ", " + event.reason : "") + (event.type ? ", type " + event.type : ""));
      cells[1].replaceChildren(verdictTag(event));
      cells[2].textContent = event.type;
      cells[3].textContent = event.user;
      cells[4].textContent = (event.road ? event.road + "  " : "") + event.title;
      cells[4].title = event.title;
      const end = [];
      if (event.table) end.push(el("span", event.table));
      if (event.reason) end.push(el("span", event.reason, event.verdict === "rejected" ? "reason" : "quiet"));
      if (event.detail && !event.table) end.push(el("span", " " + event.detail, "quiet"));
      if (event.dropped.length)
        end.push(el("span", "  without a column: " + event.dropped.join(", "), "quiet"));
      cells[5].replaceChildren(...end);
      cells[5].title = cells[5].textContent;
    }

    async function loadEvents() {
      const query = new URLSearchParams({ limit: 100 });
      let filtered = false;
      for (const name of ["type", "user", "text", "verdict"]) {
        const value = id("filter").elements[name].value;
        if (value) { query.set(name, value); filtered = true; }
      }
      const answer = await json("/_local/events?" + query), events = answer.events;
      id("no-events").hidden = events.length > 0;
      id("no-events").textContent = filtered ? "None of the last " + number(answer.kept) + " is like that."
        : "None yet. Send a hit: its row is there within a second.";
      id("event-scroll").hidden = !events.length;
      id("event-count").textContent = !answer.kept ? "" : "the newest " + number(events.length)
        + (filtered ? " of " + number(answer.found) + " that match, of the last " : " of the last ") + number(answer.kept);
      keyed(id("event-rows"), events, event => event.key, makeEvent, fillEvent);
      for (const line of id("event-rows").children) line.classList.toggle("open", line.dataset.key === opened);
      tellNews(events, filtered);
    }

    // Says aloud what has come, once it is known what became of it.
    function tellNews(events, filtered) {
      const settled = events.filter(event => !["waiting", "loading"].includes(event.verdict));
      if (newestSeen !== null && !filtered) {
        const fresh = settled.filter(event => event.time > newestSeen);
        const counts = {};
        for (const event of fresh) counts[event.verdict] = (counts[event.verdict] || 0) + 1;
        if (fresh.length) id("news").textContent = many(fresh.length, "new event") + ": "
          + Object.entries(counts).map(([verdict, count]) => number(count) + " " + verdict).join(", ");
      }
      if (!filtered) newestSeen = settled.length ? settled[0].time : newestSeen || "";
    }

    function pairs(title, entries) {
      const part = el("div"), table = el("table"), body = el("tbody");
      table.setAttribute("aria-label", title);
      body.append(...entries.map(([name, value, gone]) =>
        row([name, gone ? value + "  (" + gone + ")" : value], gone ? "gone" : "")));
      table.append(body);
      part.append(el("h3", title), entries.length ? table : el("p", "None.", "quiet"));
      return part;
    }

    async function show(key) {
      let event;
      try { event = await json("/_local/events/" + key); } catch (error) {
        id("news").textContent = "That event is not kept any more.";
        return;
      }
      opened = key;
      const request = (event.entry || {}).httpRequest || (event.entry || {}).http_request || {};
      id("detail-title").textContent = "Event of " + clock(event.time) + ": " + event.verdict
        + (event.reason ? ", " + event.reason : "") + (event.table ? ", in " + event.table : "");
      const body = id("detail-body"), both = el("div", null, "pairs"), parts = [];
      if (event.detail) parts.push(el("p", event.detail, event.verdict === "rejected" ? "reason" : "quiet"));
      const dropped = new Set(event.dropped);
      const facts = Object.entries(request).map(([name, value]) => [name, plain(value)]);
      both.append(
        pairs("Request", event.road ? [["road", event.road], ...facts] : facts),
        pairs("Parameters", event.parameters.map(({ name, value }) =>
          [name, value, dropped.has(name) ? "no column takes it: dropped" : ""])),
        pairs("Row", Object.entries(event.row || {}).map(([name, value]) => [name, plain(value)])));
      if (event.rejection) both.append(pairs("Rejection", Object.entries(event.rejection)
        .filter(([name]) => !["data", "text", "attributes"].includes(name)).map(([name, value]) => [name, plain(value)])));
      parts.push(both);
      if (dropped.size) parts.push(el("p", "Dropped, since no column takes them: " + [...dropped].join(", "), "reason"));
      const whole = el("details");
      whole.append(el("summary", "Log entry as JSON"),
        el("pre", event.entry ? JSON.stringify(event.entry, null, 1) : (event.rejection || {}).text || "not kept any more"));
      parts.push(whole);
      body.replaceChildren(...parts);
      id("detail").hidden = false;
      id("detail").focus();
      for (const line of id("event-rows").children) line.classList.toggle("open", line.dataset.key === key);
    }

    function hideDetail() {
      id("detail").hidden = true;
      const line = [...id("event-rows").children].find(line => line.dataset.key === opened);
      opened = null;
      if (line) { line.classList.remove("open"); line.querySelector("button").focus(); }
    }
    id("close").onclick = hideDetail;
    id("detail").onkeydown = event => { if (event.key === "Escape") hideDetail(); };
    id("filter").oninput = () => loadEvents().catch(() => {});
    id("filter").onsubmit = event => { event.preventDefault(); loadEvents().catch(() => {}); };

    """#

  /// The other parts, the form, and the loop.
  private static let partsScript = #"""
    function drawFlow(state) {
      const topics = {};
      for (const topic of state.topics) topics[topic.name] = topic;
      const of = name => topics[name] || { published: 0, backlog: 0 };
      const logs = of("pixel-logs"), events = of("pixel-events");
      const alone = Object.values(state.leftAlone).reduce((sum, count) => sum + count, 0);
      const steps = [
        [number(logs.published), "hits", "on both roads"],
        [number(logs.backlog), "to be parsed", "topic pixel-logs"],
        [number(events.published), "events", "parsed by the contract"],
        [number(events.backlog), "to be loaded", "topic pixel-events"],
        [number(state.rows), "rows", many(state.tables, "table")],
        [number(state.rejections.count), "rejected", "kept with the reason", state.rejections.count > 0],
        [number(alone), "left alone", "other requests, tests"],
      ];
      redraw("flow", steps, steps => steps.map(([value, name, note, bad]) => {
        const item = el("li", null, bad ? "bad" : "");
        item.append(el("b", value), el("span", name), el("small", note));
        return item;
      }));
      const why = Object.entries(state.leftAlone).map(([reason, count]) => number(count) + " " + reason);
      id("left-alone").textContent = why.length ? "Left alone since the start: " + why.join(", ") + "." : "";
    }

    let chosen = null, tablesLook = null;
    async function loadTables(state) {
      const part = id("table-filter").value;
      const look = state.rows + " " + state.tables + " " + part + " " + chosen;
      if (look === tablesLook) return;
      tablesLook = look;
      const answer = await json("/_local/tables?newest=30&contains=" + encodeURIComponent(part));
      const tables = answer.tables.filter(table => table.rows > 0 || part);
      id("table-count").textContent = number(answer.total);
      id("shown-tables").textContent = answer.total > tables.length
        ? "Shown are the " + number(tables.length) + " written to last" + (part ? " whose name has that in it" : "")
          + ", of " + number(answer.total) + ". Type a part of a name to find another." : "";
      const name = table => table.dataset + "." + table.table;
      if (!chosen && tables.length) chosen = name(tables[0]);
      keyed(id("tables"), tables.sort((a, b) => a.table < b.table ? -1 : 1), name, table => {
        const button = el("button");
        button.type = "button";
        button.onclick = () => { chosen = name(table); tablesLook = null; loadTables(state).catch(() => {}); };
        return button;
      }, (button, table) => { button.textContent = table.table + "  " + number(table.rows); });
      for (const button of id("tables").children)
        button.setAttribute("aria-pressed", button.dataset.key === chosen);
      await loadRows();
    }

    async function loadRows() {
      if (!chosen) return;
      const [dataset, table] = chosen.split(".");
      const path = "/_local/tables/" + encodeURIComponent(dataset) + "/" + encodeURIComponent(table);
      let rows = [];
      try { rows = (await json(path + "/rows?limit=25")).rows.reverse(); } catch (error) { chosen = null; }
      id("rows-caption").textContent = chosen ? "The newest rows of " + chosen : "Rows";
      const columns = [];
      for (const one of rows) for (const name in one) if (!columns.includes(name)) columns.push(name);
      // What a person looks for comes first.
      const first = ["event_time", "type", "user_id", "order_id", "page_title", "value"];
      const rank = name => first.includes(name) ? first.indexOf(name) : first.length;
      columns.sort((a, b) => rank(a) - rank(b));
      redraw("row-head", columns, () => [row(columns.map(name => {
        const head = el("th", name);
        head.scope = "col";
        return head;
      }))]);
      redraw("row-body", rows, () => rows.map(one => row(columns.map(name => {
        const text = name in one ? plain(one[name]) : "", cell = el("td", text);
        cell.title = text;
        return cell;
      }))));
    }

    function drawDropped(names, others) {
      id("dropped-part").hidden = !names.length;
      keyed(id("dropped-rows"), names.slice(0, 50), one => one.name, one => {
        const plainName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(one.name);
        const text = JSON.stringify({ name: one.name, type: "STRING" }).replace(/([:,])"/g, '$1 "');
        const button = el("button", "Copy"), last = el("td");
        button.type = "button";
        button.setAttribute("aria-label", "Copy the line for " + one.name);
        button.onclick = () => copy(", " + text, id("copied"));
        if (plainName) last.append(button);
        const code = el("td");
        code.append(plainName ? el("code", text) : el("span", "a column can't have that name", "quiet"));
        return row([one.name, el("td", "", "number"), code, last]);
      }, (line, one) => { line.children[1].textContent = number(one.count); });
      const rest = names.length - 50;
      id("dropped-others").textContent = rest > 0 || others
        ? "And " + number(Math.max(0, rest) + others) + " others: see /_local/state." : "";
    }

    function drawRejections(rejections) {
      const reasons = Object.entries(rejections.reasons);
      id("no-rejects").hidden = reasons.length > 0;
      id("reasons").hidden = !reasons.length;
      redraw("reason-rows", reasons, () => reasons.map(([reason, count]) => row([reason, el("td", number(count), "number")])));
    }

    function drawTopics(topics) {
      const sum = (topic, name) => topic.subscriptions.reduce((total, one) => total + one[name], 0);
      redraw("topic-rows", topics.map(topic => [topic.name, topic.published, topic.backlog,
        sum(topic, "inFlight"), sum(topic, "retrying")]), rows => rows.map(([name, ...counts]) =>
        row([name, ...counts.map(count => el("td", number(count), "number"))])));
    }

    let ingest = null, lastState = null;
    function draw(state) {
      ingest = state.ingestUrl;
      lastState = state;
      id("ingest").hidden = !ingest;
      const stages = state.health.stages.map(stage => stage.name + " " + stage.state).join(", ");
      id("about").textContent = "project " + state.project + ", up " + span(state.uptimeSeconds) + (stages ? "; " + stages : "");
      id("light").className = state.health.troubles.length ? "" : "on";
      id("troubles").hidden = !state.health.troubles.length;
      redraw("troubles", state.health.troubles, list => list.map(text => el("li", text)));
      id("reject-count").textContent = number(state.rejections.count);
      drawFlow(state);
      drawDropped(state.dropped, state.droppedOthers);
      drawRejections(state.rejections);
      drawTopics(state.topics);
      drawSnippet();
    }

    function drawSnippet() {
      const text = ingest
        ? "<script>window.track = window.track || function () { (track.q = track.q || []).push(arguments) }<\/script>\n"
          + "<script async src=\"" + ingest + "/p.js\"><\/script>"
        : "<img src=\"" + location.origin + "/pixel.png?type=page_view\" alt=\"\" width=\"1\" height=\"1\">";
      id("snippet-about").textContent = ingest
        ? "The tracker sends a page_view by itself, and events of your own by track('signup', { plan: 'pro' })."
        : "An image, without JavaScript. With PixelIngest there is a tracker, too.";
      redraw("snippet", text, () => [text]);
    }
    id("copy-snippet").onclick = () => copy(id("snippet").textContent, id("copied"));
    id("origin").textContent = location.origin;

    let eventsSeen = -1;
    async function poll() {
      try {
        const state = await json("/_local/state");
        draw(state);
        if (state.events !== eventsSeen) { await loadEvents(); eventsSeen = state.events; }
        await loadTables(state);
      } catch (error) {
        id("light").className = "";
        id("about").textContent = "local-cloud does not answer (" + error.message + ")";
        id("troubles").hidden = false;
        redraw("troubles", ["down"], () => [el("li", "local-cloud does not answer: nothing is taken until it runs again.")]);
      }
    }
    id("table-filter").oninput = () => { if (lastState) loadTables(lastState).catch(() => {}); };

    async function send(base) {
      const fields = id("form").elements, query = new URLSearchParams();
      for (const name of ["user_id", "type"]) if (fields[name].value) query.set(name, fields[name].value);
      let url = base.replace(/\/$/, "") + "/pixel.png?" + query;
      if (fields.more.value) url += "&" + fields.more.value.replace(/ /g, "%20").replace(/#/g, "%23");
      try {
        // As an image asks, but each time anew: of an image a page asks once for each URL.
        await fetch(url, { mode: "no-cors", cache: "no-store" });
        id("sent").textContent = "Answered: " + url;
        poll();
      } catch (error) {
        id("sent").textContent = "No answer from " + url;
      }
    }
    id("form").onsubmit = event => {
      event.preventDefault();
      send(event.submitter === id("ingest") ? ingest : location.origin);
    };

    (async function () {
      for (;;) {
        if (!document.hidden) await poll();
        await new Promise(resolve => setTimeout(resolve, 1000));
      }
    })();

    """#
}
