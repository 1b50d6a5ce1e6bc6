# SPDX-License-Identifier: MIT
"""A BigQuery that answers what no BigQuery should: nothing that is acknowledged may be missing, and no token may leak."""

import gzip
import json
import threading
import time

from .program import Program, expect, push_body
from .stand_in import INSERTED, JSON, StandIn, encoded, metadata, published


def error(reason, message="no"):
    return json.dumps({"error": {"errors": [{"reason": reason}], "message": message}}).encode()


class BigQuery:
    """Keeps the rows of inserts; `answer` is the way in which the next ones are answered."""

    def __init__(self):
        self.stored, self.answer, self.lock = {}, "ok", threading.Lock()
        self.elsewhere = StandIn(lambda _: (200, JSON, INSERTED))
        self.server = StandIn(self.handle)

    def store(self, request):
        with self.lock:
            for row in json.loads(request.body)["rows"]:
                self.stored[row["insertId"]] = self.stored.get(row["insertId"], 0) + 1

    def stored_then(self, request, *answer):
        self.store(request)
        return answer

    def handle(self, request):
        if known := metadata(request):
            return known
        if ":publish" in request.path:
            return published(request)
        if request.method == "GET":
            tables = b'{"tables":[{"tableReference":{"tableId":"pixel"}}]}'
            columns = b'{"schema":{"fields":[{"name":"event_id"},{"name":"user_id"},{"name":"event_time"}]}}'
            return 200, JSON, tables if "/tables?" in request.path else columns
        if self.answer in PLAIN:
            return PLAIN[self.answer]
        if self.answer in RAW:
            request.connection.sendall(RAW[self.answer])
            return None
        return getattr(self, self.answer)(request)

    def ok(self, request):
        return self.stored_then(request, 200, JSON, INSERTED)

    def stored_and_garbled(self, request):
        return self.stored_then(request, 200, JSON, b"oops")

    def stored_and_dropped(self, request):
        self.store(request)

    def stored_until_the_end(self, request):
        self.store(request)
        request.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + INSERTED)

    def stored_and_gzipped(self, request):
        return self.stored_then(request, 200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(INSERTED))

    def stored_and_closed(self, request):
        return self.stored_then(request, 200, {**JSON, "Connection": "close"}, INSERTED)

    def stored_by_http_1_0(self, request):
        self.store(request)
        request.connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(INSERTED), INSERTED))

    def stored_and_more_behind(self, request):
        self.store(request)
        request.connection.sendall(encoded(200, JSON, INSERTED) + b"GARBAGE HTTP/1.1 500 no\r\n\r\n")

    def stored_after_hints(self, request):
        self.store(request)
        request.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        return 200, JSON, INSERTED

    def stored_with_odd_errors(self, request):
        self.store(request)
        errors = b'{"index":99999,"errors":[{"reason":"invalid","message":"m"}]},{"index":-1,"errors":[]}'
        return 200, JSON, b'{"kind":"x","insertErrors":[' + errors + b',{"index":18446744073709551616,"errors":[]}]}'

    def all_stopped(self, request):
        count = len(json.loads(request.body)["rows"])
        errors = [{"index": n, "errors": [{"reason": "stopped"}]} for n in range(count)]
        return 200, JSON, json.dumps({"kind": "x", "insertErrors": errors}).encode()

    def redirect(self, _):
        return 307, {"Location": f"http://127.0.0.1:{self.elsewhere.port}/steal"}, b""

    def too_large_together(self, request):
        if len(json.loads(request.body)["rows"]) > 1:
            return 413, JSON, b""
        return self.ok(request)

    def late(self, request):
        time.sleep(14)
        return self.ok(request)

    def trickle(self, request):
        request.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(200):
            request.connection.sendall(b"1\r\n \r\n")
            time.sleep(0.1)


PLAIN = {
    "garbage": (200, JSON, b"\x00\xff<html>not json"), "empty": (200, JSON, b""), "no kind": (200, JSON, b"{}"),
    "a list": (200, JSON, b"[]"), "null": (200, JSON, b"null"), "200,000 brackets": (200, JSON, b"[" * 200_000),
    "40 MB": (200, JSON, b'{"kind":"x","pad":"' + b"a" * 40_000_000 + b'"}'),
    "status 204": (204, {}, b""), "status 401": (401, JSON, error("authError")),
    "a quota": (403, JSON, error("quotaExceeded")), "access denied": (403, JSON, error("accessDenied")),
    "not found": (404, JSON, error("notFound", "Not found: Table")),
    "429 for ever": (429, {"Retry-After": "99999999999999999999"}, b""),
    "429 before": (429, {"Retry-After": "-5"}, b""),
    "429 until 2099": (429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, b""),
    "503 for a second": (503, {"Retry-After": "1"}, b""),
}
RAW = {
    "nothing": b"", "half a head": b"HTTP/1.1 200 OK\r\nContent-Type: appl",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"kind":"x"',
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "hints alone": b"HTTP/1.1 100 Continue\r\n\r\n", "no head": INSERTED, "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "100,000 fields": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
}
METHODS = [
    "ok", "stored_and_garbled", "stored_and_dropped", "stored_until_the_end", "stored_and_gzipped",
    "stored_and_closed", "stored_by_http_1_0", "stored_and_more_behind", "stored_after_hints",
    "stored_with_odd_errors", "all_stopped", "redirect", "too_large_together", "late", "trickle",
]


def odd_answers(kit):
    """Some forty odd answers to insertAll, five rows each: nothing acknowledged is missing, and all is well afterwards."""
    bigquery = BigQuery()
    loader = Program(kit, "bq-loader", bigquery.server.port, REQUEST_TIMEOUT="16s")
    kinds = METHODS + list(PLAIN) + list(RAW)
    for number, kind in enumerate(kinds):
        bigquery.answer = kind
        answers = _push(loader, f"{number}", 5)
        missing = [name for name, status in answers.items() if status == [204] and name not in bigquery.stored]
        expect(loader.alive, f"{kind}: bq-loader has ended: {loader.log()[-300:]}")
        expect(not missing, f"{kind}: {missing} were acknowledged and are in no table")
        expect(not bigquery.elsewhere.requests, f"{kind}: a request went to another host")
        # The breaker closes again.
        bigquery.answer = "ok"
        end = time.monotonic() + 30
        while list(_push(loader, f"{number}-{time.monotonic_ns()}", 1).values()) != [[204]]:
            expect(time.monotonic() < end, f"{kind}: no row went through for 30 s afterwards")
            time.sleep(0.3)
    expect(loader.memory() < 200, f"{loader.memory()} MB")
    return f"{len(kinds)} kinds of answers, at most {loader.memory()} MB"


def _push(loader, tag, count):
    answers = {}

    def one(name):
        row = {"event_id": name, "event_time": "2026-01-02T03:04:05Z", "user_id": "u"}
        answers[name] = loader.post(push_body(row, name), within=25)

    threads = [threading.Thread(target=one, args=(f"e{tag}-{n}",)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
