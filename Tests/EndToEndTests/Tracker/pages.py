# SPDX-License-Identifier: MIT
"""What a page with the tracker talks to: a site on one port, and a collector on another that hands requests on to the
real one, or fails as a scene wants it to. Needs Python's standard library only."""

import http.server
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

STUB = "<script>window.track = window.track || function () { (track.q = track.q || []).push(arguments) }</script>"

# What the page, or anything in it, complains about.
WATCH = """<script>
var thrown = [], warnings = []
addEventListener('error', function (e) { if (e.message) thrown.push(e.message) })
addEventListener('unhandledrejection', function (e) { thrown.push('' + e.reason) })
console.warn = function (text) { warnings.push(text) }
</script>"""


class Server:
    def __init__(self, handler):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Site(Server):
    """Pages by path, each with header fields of its own."""

    def __init__(self):
        site = self
        self.pages = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body, fields = site.pages.get(urllib.parse.urlsplit(self.path).path, ("", {}))
                body = body.encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}"

    def page(self, path, collector, attributes="", title=None, head="", body="", fields=None, tags=1):
        """A page with the tracker's tag, `tags` times; the script is the one that the collector serves."""
        tag = f'<script async src="{collector.url}/p.js" {attributes}></script>'
        name = path.strip("/") if title is None else title
        self.pages[path] = (
            f"<!doctype html><title>{name}</title>{WATCH}{head}{STUB}{tag * tags}<body>{body}", fields or {})
        return self.url + path


class Collector(Server):
    """Hands on what comes. `answer` says otherwise: a status for what is posted and for images, 'hang' for no answer
    though the event is taken, 'drop' for a connection that is closed unread; `retry_after` goes with a status."""

    def __init__(self, ingest):
        self.answer = None
        self.retry_after = None
        self.hangs = threading.Event()
        # Requests with events, whatever became of them, with the time of each, and the events that were taken.
        self.requests = []
        self.events = []
        # The visitor's cookie that each request brought.
        self.cookies = []
        self._lock = threading.Lock()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                if url.path.endswith(".js"):
                    return self.hand_on(b"")
                event = {}
                for name, value in urllib.parse.parse_qsl(url.query, keep_blank_values=True):
                    event.setdefault(name, []).append(value)
                event = {name: value[0] if len(value) == 1 else value for name, value in event.items()}
                self.take("image", [event], b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Whether a beacon or a fetch brings them, the header says.
                kind = "beacon" if self.headers.get("Sec-Fetch-Mode") == "no-cors" else "fetch"
                self.take(kind, json.loads(body), body)

            def do_OPTIONS(self):
                self.hand_on(b"")

            def take(self, kind, events, body):
                answer = collector.answer
                with collector._lock:
                    collector.requests.append((kind, time.monotonic(), events, answer))
                    collector.cookies.append(self.headers.get("Cookie"))
                if answer == "drop":
                    self.close_connection = True
                    return None
                if answer == "hang":
                    with collector._lock:
                        collector.events.extend(events)
                    collector.hangs.wait(120)
                    self.close_connection = True
                    return None
                if answer:
                    return self.refuse(answer)
                status = self.hand_on(body)
                if status < 300:
                    with collector._lock:
                        collector.events.extend(events)
                return None

            def refuse(self, status):
                self.send_response(status)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", "0")
                if collector.retry_after is not None:
                    self.send_header("Access-Control-Expose-Headers", "Retry-After")
                    self.send_header("Retry-After", str(collector.retry_after))
                self.end_headers()

            def hand_on(self, body):
                fields = {name: value for name, value in self.headers.items() if name.lower() not in
                          ("host", "connection", "content-length", "accept-encoding", "if-none-match")}
                data = body if self.command == "POST" else None
                request = urllib.request.Request(ingest + self.path, data=data, headers=fields, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        status, fields, body = answer.status, answer.headers, answer.read()
                except urllib.error.HTTPError as error:
                    status, fields, body = error.code, error.headers, error.read()
                self.send_response(status)
                for name, value in fields.items():
                    if name.lower() not in ("connection", "content-length", "date", "cache-control"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return status

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        # Another host than the site's, as it would be.
        self.url = f"http://localhost:{self.port}"

    def rows(self):
        """What the view shows: one of each client_event_id with the same type, time and user, in order of time."""
        with self._lock:
            events = list(self.events)
        seen = {}
        for event in events:
            key = tuple(event.get(name) for name in ("client_event_id", "type", "client_time", "user_id"))
            assert event.get("client_event_id"), event
            seen.setdefault(key, event)
        return sorted(seen.values(), key=lambda event: event["client_time"])

    def types(self):
        return [event["type"] for event in self.rows()]

    def count(self, kind=None):
        with self._lock:
            return sum(1 for request in self.requests if kind in (None, request[0]))

    def close(self):
        self.hangs.set()
        super().close()
