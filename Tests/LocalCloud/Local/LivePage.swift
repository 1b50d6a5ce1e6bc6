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
}
