# SPDX-License-Identifier: MIT
"""The HTTP server and proxy that client programs reach."""

import gzip
import http.server
import json
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

from .common import ApiError, Raw, VERSION, now


class Recorder:
    def __init__(self, path):
        self.f = open(path, "a", buffering=1) if path else None
        self.n = 0
        self.rows = []
        self.lock = threading.Lock()

    def add(self, row):
        with self.lock:
            self.n += 1
            row = dict(n=self.n, **row)
            self.rows.append(row)
            if self.f:
                self.f.write(json.dumps(row, sort_keys=True) + "\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        e = sys.exc_info()[1]
        if not isinstance(e, (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fakegcp/" + VERSION
    tunnel = None
    timeout = 120

    def log_message(self, *a):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # A forward proxy's CONNECT: the real client programs come this way.
    def do_CONNECT(self):
        host = self.path.rsplit(":", 1)[0]
        label, _ = self.server.disc.label_of(host)
        if not (label or self.known_other(host)):
            self.server.rec.add(
                {
                    "t": now(),
                    "verb": "CONNECT",
                    "host": host,
                    "status": 502,
                    "problem": "host is outside the simulation",
                    "kind": "outside",
                }
            )
            self.send_error(502, "fakegcp: no route to " + host)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        first = self.connection.recv(1, socket.MSG_PEEK)
        scheme = "http"
        if first == b"\x16":
            if not self.server.tls:
                self.close_connection = True
                return
            try:
                self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
            except (ssl.SSLError, OSError) as e:
                self.server.rec.add(
                    {
                        "t": now(),
                        "verb": "CONNECT",
                        "host": host,
                        "status": 0,
                        "problem": "TLS: %s" % e,
                        "kind": "outside",
                    }
                )
                self.close_connection = True
                return
            scheme = "https"
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.tunnel = (host, scheme)
        self.close_connection = False

    @staticmethod
    def known_other(host):
        return host in ("accounts.google.com", "oauth2.googleapis.com", "dl.google.com")

    def read_body(self):
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            out = b""
            while True:
                n = int(self.rfile.readline().split(b";")[0], 16)
                if not n:
                    while self.rfile.readline().strip():
                        pass
                    return out
                out += self.rfile.read(n)
                self.rfile.readline()
        n = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(n) if n else b""
        if (self.headers.get("Content-Encoding") or "") == "gzip":
            data = gzip.decompress(data)
        return data

    def dispatch(self):
        t0 = time.time()
        url = urllib.parse.urlsplit(self.path)
        host = url.netloc or (self.tunnel[0] if self.tunnel else self.headers.get("Host", ""))
        host = host.split(":")[0]
        data = self.read_body()
        row = {"t": now(), "verb": self.command, "host": host, "path": url.path}
        m = re.search(r"command/(\S+)", self.headers.get("User-Agent", ""))
        if m:
            row["command"] = m.group(1)
        try:
            answer = self.server.answer(self, host, url, data, row)
        except ApiError as e:
            answer = Raw(json.dumps(e.body()).encode(), "application/json", code=e.code)
            row["problem"], row["kind"] = e.message, e.kind
        except Exception as e:  # a bug in this program
            import traceback

            row["problem"], row["kind"] = traceback.format_exc(), "bug"
            err = ApiError(500, "fakegcp bug: %s" % e)
            answer = Raw(json.dumps(err.body()).encode(), "application/json", code=500)
        if not isinstance(answer, Raw):
            answer = Raw(
                json.dumps(answer).encode(), "application/json; charset=UTF-8", code=row.pop("code", 200)
            )
        row["status"] = answer.code
        row["ms"] = round((time.time() - t0) * 1000, 1)
        self.server.rec.add(row)
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.ctype)
        self.send_header("Content-Length", str(len(answer.data)))
        for k, v in answer.headers:
            self.send_header(k, v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = dispatch
