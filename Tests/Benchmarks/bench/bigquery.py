# SPDX-License-Identifier: MIT
"""A stand-in for BigQuery over plain HTTP that answers an insert when it is told to."""

import contextlib
import http.server
import json
import threading


class BigQuery(http.server.ThreadingHTTPServer):
    """Its dataset has `tables`; any other question is answered at once."""

    daemon_threads = True

    def __init__(self, tables=(), holds=False):
        super().__init__(("127.0.0.1", 0), _Requests)
        self.port = self.server_address[1]
        self.tables = list(tables)
        self.holds = holds
        self.inserts = self.rows = 0
        self._told = threading.Semaphore(0)

    def release(self):
        """Lets one insert, that is here or still to come, have its answer."""
        self._told.release()

    def take(self, body):
        if self.holds:
            self._told.acquire()
        self.inserts += 1
        self.rows += body.count(b'"insertId":')


class _Requests(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        listed = [{"tableReference": {"tableId": name}} for name in self.server.tables]
        self._answer({"tables": listed, "schema": {"fields": []}})

    def do_POST(self):
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"kind": "bigquery#tableDataInsertAllResponse"})

    def _answer(self, value):
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(**options):
    server = BigQuery(**options)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
