// SPDX-License-Identifier: MIT

/// `GET /`: one page without any other resource that shows `/_local/state` once a second.
///
/// What it shows comes from URLs that anybody may have sent, so the script only ever sets text,
/// never markup, and the policy header forbids everything the page does not need.
enum LivePage {
  /// - Parameter ingest: Where PixelIngest listens, the one other place that the page sends hits to.
  static func response(ingest: String?) -> APIResponse {
    APIResponse(
      200, contentType: "text/html; charset=UTF-8",
      headers: [
        (
          name: "Content-Security-Policy",
          value: "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
            + "connect-src 'self' \(ingest ?? ""); img-src data:; base-uri 'none'; form-action 'none'"
        ),
        (name: "Cache-Control", value: "no-cache"),
        (name: "X-Content-Type-Options", value: "nosniff"),
      ],
      body: Array(html.utf8))
  }

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
    <ul id="troubles" role="alert" hidden></ul>
    <main>
      <section class="whole" aria-label="Flow">
        <ol id="flow"></ol>
      </section>

      <section id="send" aria-labelledby="send-title">
        <h2 id="send-title">Send a hit</h2>
        <form id="form">
          <label>user_id <input name="user_id" value="ada" autocomplete="off"></label>
          <label>type <input name="type" value="page_view" autocomplete="off"></label>
          <label class="wide">more, as in a URL
            <input name="more" value="page_title=Hello&amp;value=12.50" autocomplete="off"></label>
          <div class="buttons">
            <button type="submit" id="bucket">Send to the bucket</button>
            <button type="submit" id="ingest" hidden>Send to PixelIngest</button>
          </div>
        </form>
        <p id="sent" class="quiet" role="status">Each button requests a transparent pixel with these
          parameters; Enter presses the first. An empty type shows a rejection.</p>
      </section>

      <section aria-labelledby="snippet-title">
        <h2 id="snippet-title">Put it on a page</h2>
        <p class="quiet" id="snippet-about"></p>
        <pre id="snippet" tabindex="0"></pre>
        <p class="buttons"><button type="button" id="copy-snippet">Copy</button>
          <span class="quiet" id="copied" role="status"></span></p>
      </section>

      <section class="whole" aria-labelledby="events-title">
        <h2 id="events-title">Events <span id="event-count" class="count"></span></h2>
        <form id="filter" role="search" aria-label="Filter of the events">
          <label>type <input name="type" autocomplete="off"></label>
          <label>user_id <input name="user" autocomplete="off"></label>
          <label>any text <input name="text" autocomplete="off"></label>
          <label>verdict <select name="verdict">
            <option value="">all</option><option>row</option><option>rejected</option>
            <option>left alone</option><option>test</option><option>loading</option>
            <option>waiting</option></select></label>
        </form>
        <p class="quiet" id="no-events">None yet. Send a hit: its row is there within a second.</p>
        <div class="scroll" id="event-scroll">
          <table id="events"><caption class="unseen">The last hits and what became of each, the newest first</caption>
            <thead><tr><th scope="col">time</th><th scope="col">verdict</th><th scope="col">type</th>
              <th scope="col">user_id</th><th scope="col">request</th>
              <th scope="col">table, or reason</th></tr></thead>
            <tbody id="event-rows"></tbody></table>
        </div>
        <p class="quiet" id="left-alone"></p>
        <p class="unseen" id="news" aria-live="polite"></p>
      </section>

      <section class="whole" id="detail" tabindex="-1" aria-labelledby="detail-title" hidden>
        <div class="bar"><h2 id="detail-title">Event</h2><button type="button" id="close">Close</button></div>
        <div id="detail-body"></div>
      </section>

      <section class="whole" id="dropped-part" aria-labelledby="dropped-title" hidden>
        <h2 id="dropped-title">Parameters without a column</h2>
        <p class="quiet">The contract has no column of these names, so their values are dropped. To keep one, copy
          its line into the contract and start again.</p>
        <div class="scroll"><table id="dropped"><caption class="unseen">Parameters that no column takes</caption>
          <thead><tr><th scope="col">parameter</th><th scope="col" class="number">times</th>
            <th scope="col">line for the contract</th><th scope="col"><span class="unseen">copy</span></th></tr></thead>
          <tbody id="dropped-rows"></tbody></table></div>
        <p class="quiet" id="dropped-others"></p>
      </section>

      <section class="whole" aria-labelledby="tables-title">
        <h2 id="tables-title">Tables <span id="table-count" class="count"></span></h2>
        <p><label>name contains <input id="table-filter" autocomplete="off"></label></p>
        <p class="quiet" id="shown-tables" role="status"></p>
        <div id="tables" class="chips" role="group" aria-label="Tables, those written to last first"></div>
        <div class="scroll"><table id="rows"><caption class="unseen" id="rows-caption">Rows</caption>
          <thead id="row-head"></thead><tbody id="row-body"></tbody></table></div>
      </section>

      <section aria-labelledby="rejects-title">
        <h2 id="rejects-title">Rejections <span id="reject-count" class="count"></span></h2>
        <p class="quiet" id="no-rejects">None. A hit that can't become a row is kept with its bytes and the reason.</p>
        <div class="scroll"><table id="reasons" hidden><caption class="unseen">Rejections by reason</caption>
          <thead><tr><th scope="col">reason</th><th scope="col" class="number">rejections</th></tr></thead>
          <tbody id="reason-rows"></tbody></table></div>
      </section>

      <section aria-labelledby="topics-title">
        <h2 id="topics-title">Topics</h2>
        <div class="scroll"><table><caption class="unseen">Topics of Pub/Sub and what waits in them</caption>
          <thead><tr><th scope="col">topic</th><th scope="col" class="number">published</th>
            <th scope="col" class="number">waiting</th><th scope="col" class="number">in flight</th>
            <th scope="col" class="number">retrying</th></tr></thead>
          <tbody id="topic-rows"></tbody></table></div>
      </section>
    </main>
    <footer class="quiet">
      <p>The same as JSON: <a href="/_local/state">state</a>, <a href="/_local/events">events</a>,
        <a href="/_local/tables">tables</a>, <a href="/_local/rows?limit=100">rows</a>,
        <a href="/_local/rejections">rejections</a>, <a href="/_local/requests">API requests</a>.</p>
      <p>To see what an outage does, ask for one:
        <code>curl -d '{"service":"bigquery","mode":"503","seconds":20}' <span id="origin"></span>/_local/fault</code>
        (service pubsub or bigquery; mode 503, hang, 503-after, 429, 403, 404, 401, html, half-after, off).</p>
    </footer>

    """#
}
