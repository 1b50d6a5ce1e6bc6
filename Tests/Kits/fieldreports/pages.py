# SPDX-License-Identifier: MIT
"""The forms that need a page in Chromium: what the tracker sends while a visitor, or the browser, does things."""

import http.server
import importlib.util
import json
import shutil
import subprocess
import tempfile
import threading
import time

from .pipeline import LOOPBACK, ROOT

TRACKER = (ROOT / "Functions/PixelIngest/Tracker/p.js").read_bytes()
_spec = importlib.util.spec_from_file_location("browser", ROOT / "Tests/EndToEndTests/browser.py")
browser = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(browser)


def chromium_program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """A tab of a headless Chromium."""

    def __enter__(self):
        self._profile = tempfile.mkdtemp(prefix="field-reports-")
        self.tools = browser.DevTools(chromium_program(), self._profile)
        target = self.tools.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.tools.call("Target.attachToTarget", targetId=target, flatten=True)
        self.tools.session = attached["sessionId"]
        self.tools.call("Page.enable")
        self.tools.call("Network.enable")
        return self

    def __exit__(self, *_):
        self.tools.session = None
        try:
            self.tools.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        browser.end(self.tools.process)
        shutil.rmtree(self._profile, ignore_errors=True)

    def go(self, url, then=1.2):
        self.tools.call("Page.navigate", url=url)
        time.sleep(then)

    def run(self, script, then=0.4):
        result = self.tools.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        time.sleep(then)
        return result

    def network(self, offline):
        self.tools.call(
            "Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1,
            uploadThroughput=-1)


class Site:
    """Pages on a port: a path has its text and more header fields."""

    def __init__(self, port):
        self.pages = {}
        pages = self.pages

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text, fields = pages.get(self.path.split("?")[0], ("<!doctype html>", {}))
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.url, self.other_url = f"{LOOPBACK}:{port}", f"http://localhost:{port}"
        self.server = _serve(port, Handler)


class Collector:
    """A collector that answers POSTs with `status` and keeps the types of events that it took."""

    def __init__(self, port):
        self.status, self.got = 200, []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = TRACKER if self.path.startswith("/p.js") else b""
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if collector.status < 300:
                    collector.got.extend(event["type"] for event in events)
                self.send_response(collector.status)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.url = f"{LOOPBACK}:{port}"
        self.server = _serve(port, Handler)


def _serve(port, handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def tag(source, automatic=True, via=""):
    """The tracker's lines as pages have them."""
    return (
        "<script>window.track=window.track||function(){(track.q=track.q||[]).push(arguments)}</script>"
        f'<script async src="{source}/p.js" data-user-id="ub"{"" if automatic else " data-auto=off"}'
        f'{" data-via=image" if via == "image" else ""}></script>')


def page(name, rest):
    return f"<!doctype html><title>{name}</title>{rest}"


def _views(pipeline, site):
    rows = [r["row"] for r in pipeline.rows() if r["row"]["type"] == "page_view"]
    rows.sort(key=lambda row: row["client_time"])
    return [row["page_url"].replace(site.url, "").split("?")[0] for row in rows]


def back_and_forth(pipeline, site, _, given):
    """/a, /b, then these steps through the history."""
    seen = "<script>addEventListener('pageshow',function(e){window.kept=e.persisted})</script>"
    for name in "ab":
        site.pages[f"/{name}"] = (page(name, seen + tag(pipeline.ingest, via=given.get("via"))), {})
    with Page() as tab:
        tab.go(site.url + "/a", 1.6)
        tab.go(site.url + "/b", 1.6)
        for step in given["steps"]:
            tab.run(f"history.{step}()", 1.8)
        kept = tab.run("window.kept")["result"].get("value")
    pipeline.settle(1)
    return {"views": _views(pipeline, site), "kept": kept}


def prerendered(pipeline, site, _, given):
    """A page with speculation rules that prerender /b and /c; with `go` the visitor then goes to /b."""
    rules = {"prerender": [{"source": "list", "urls": ["/b", "/c"], "eagerness": "immediate"}]}
    go = "<script>if(location.search)setTimeout(function(){location='/b'},4500)</script>"
    rest = f'<script type="speculationrules">{json.dumps(rules)}</script>{tag(pipeline.ingest)}{go}'
    site.pages["/a"] = (page("a", rest), {})
    for name in "bc":
        site.pages[f"/{name}"] = (page(name, tag(pipeline.ingest)), {})
    profile = tempfile.mkdtemp(prefix="field-reports-")
    # Without DevTools: a page that is inspected is not prerendered.
    process = subprocess.Popen(
        [chromium_program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", f"--user-data-dir={profile}", "--remote-debugging-port=0",
         site.url + "/a" + ("?go" if given["go"] else "")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(10)
    process.terminate()
    process.wait()
    shutil.rmtree(profile, ignore_errors=True)
    pipeline.settle()
    return {"views": sorted(_views(pipeline, site))}


def embedder_policy(pipeline, site, _, given):
    """A page with Cross-Origin-Embedder-Policy: require-corp and data-via=image, one event."""
    rest = tag(pipeline.ingest, automatic=False, via="image")
    site.pages["/a"] = (page("a", rest), {"Cross-Origin-Embedder-Policy": "require-corp"})
    with Page() as tab:
        tab.go(site.other_url + "/a", 1.5)
        tab.run(f"track('{given['event']}')", 16)
    rows = [r["row"] for r in pipeline.rows()]
    return {"count": len(rows), "ids": len({row["event_id"] for row in rows})}


def long_title(pipeline, site, _, given):
    """track('big', {page_title: `char`, `times` times})."""
    site.pages["/a"] = (page("a", tag(pipeline.ingest, automatic=False)), {})
    with Page() as tab:
        tab.go(site.url + "/a")
        tab.run(f"track('big',{{page_title:{json.dumps(given['char'])}.repeat({given['times']})}})", 15)
    return {"arrived": max([len(r["row"].get("page_title", "")) for r in pipeline.rows()] or [0])}


def script(pipeline, site, _, given):
    """This in a page with the tracker."""
    site.pages["/a"] = (page("a", tag(pipeline.ingest, automatic=False)), {})
    with Page() as tab:
        tab.go(site.url + "/a")
        thrown = tab.run(given, 1.5).get("exceptionDetails")
    rows = [r["row"] for r in pipeline.rows()]
    text = thrown["exception"].get("description", "").split("\n")[0] if thrown else ""
    return {"thrown": text, "types": [row["type"] for row in rows], "rows": rows}


def outage(_, site, collector, given):
    """track('during') while the collector answers so, or cannot be reached; then all is well again."""
    site.pages["/a"] = (page("a", tag(collector.url, automatic=False)), {})
    with Page() as tab:
        tab.go(site.url + "/a", 1.5)
        if given["scene"] == "status":
            collector.status = given["status"]
            tab.run("track('during')", 1)
            collector.status = 204
        else:
            tab.network(offline=True)
            tab.run("track('during')", 1)
            tab.network(offline=False)
        time.sleep(8)
    return {"got": collector.got}


PAGES = {
    "bfcache": back_and_forth, "prerender": prerendered, "coep": embedder_policy, "big": long_title,
    "js": script, "js2": script, "browser": outage,
}


def run(world, form, given):
    pipeline = world.shipped()
    site, collector = Site(world.spare_port + 3), Collector(world.spare_port + 4)
    try:
        return PAGES[form](pipeline, site, collector, given)
    finally:
        for server in (site.server, collector.server):
            server.shutdown()
            server.server_close()
