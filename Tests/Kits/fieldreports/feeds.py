# SPDX-License-Identifier: MIT
"""How a case is fed, by its `form`, and what comes of it: the names that its `ok` may use."""

import contextlib
import datetime
import http.server
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from .pipeline import LOOPBACK, ROOT, Pipeline, push, request

CASES = ROOT / "Tests/Cases/field-reports"
HERE = pathlib.Path(__file__).resolve().parent
_numbers = itertools.count(1)


class World:
    """What the cases are fed to: two pipelines, the second with a contract of many kinds of columns."""

    def __init__(self, binaries, port):
        self.binaries, self.port = pathlib.Path(binaries), port
        self._pipelines = {}

    def _pipeline(self, name, offset, contract=None):
        if name not in self._pipelines:
            self._pipelines[name] = Pipeline(self.binaries, self.port + offset, contract)
        self._pipelines[name].reset()
        return self._pipelines[name]

    def shipped(self):
        return self._pipeline("shipped", 0)

    def wide(self):
        return self._pipeline("wide", 10, CASES / "contract.json")

    @property
    def spare_port(self):
        """The first of five ports that no pipeline has."""
        return self.port + 20

    def stop(self):
        for pipeline in self._pipelines.values():
            pipeline.stop()


def log_entry(query):
    """A load balancer's entry of a hit with this query."""
    return {
        "insertId": f"c{next(_numbers)}x{time.time_ns()}",
        "timestamp": "2026-11-20T03:04:05.123456Z", "receiveTimestamp": "2026-11-20T03:04:06Z",
        "resource": {"type": "http_load_balancer"},
        "httpRequest": {
            "requestMethod": "GET", "requestUrl": f"https://t.example.com/pixel.png?{query}", "status": 200,
            "userAgent": "Mozilla/5.0", "remoteIp": "203.0.113.5",
        },
    }


def event(name, user):
    return json.dumps(
        {"event_id": name, "event_time": "2026-11-20T00:00:00Z", "type": "x", "user_id": user}).encode()


def _parsed(pipeline, entry):
    status = push(pipeline.parse_port, json.dumps(entry).encode())
    return {**pipeline.outcome(), "status": status}


def query(world, given):
    """A log entry with this query, to a log-parse with the shipped contract."""
    return _parsed(world.shipped(), log_entry(given))


def query_wide(world, given):
    """The same, with the contract of contract.json."""
    return _parsed(world.wide(), log_entry(given))


def entry(world, given):
    """This log entry to log-parse."""
    return _parsed(world.shipped(), given)


def post(world, given):
    """POST /events to pixel-ingest: content type and body."""
    kind, body = given
    pipeline = world.shipped()
    status, answer, _ = request("POST", f"{pipeline.ingest}/events", body.encode(), {"Content-Type": kind})
    return {**pipeline.outcome(), "status": status, "body": answer.decode()}


def head(world, given):
    """HEAD of this target at pixel-ingest."""
    status, _, headers = request("HEAD", world.shipped().ingest + given)
    return {"status": status, "headers": headers}


def replay(world, given):
    """`local-cloud replay` of a file with this one entry."""
    pipeline = world.shipped()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(json.dumps(given) + "\n")
        file.flush()
        shown = subprocess.run(
            [world.binaries / "local-cloud", "replay", file.name, "--cloud", pipeline.cloud, "--each"],
            capture_output=True, text=True, timeout=60).stdout
    lost = [line.split()[-1] for line in shown.splitlines() if line.startswith("unaccounted for")]
    return {"unaccounted": int(lost[0]) if lost else -1, "rows": len(pipeline.rows()), "out": shown[:200]}


@contextlib.contextmanager
def _loader(world, pipeline, **settings):
    """A bq-loader of its own, on the second spare port."""
    host = pipeline.cloud.removeprefix("http://")
    environment = {
        **os.environ, "HOST": "127.0.0.1", "PORT": str(world.spare_port + 1), "PUSH_AUTH": "none",
        "BIGQUERY_DATASET": "pixel", "BIGQUERY_TABLE": "pixel", "GCE_METADATA_HOST": host,
        "PUBSUB_ENDPOINT": pipeline.cloud, "BIGQUERY_ENDPOINT": pipeline.cloud, "LOG_FORMAT": "json",
        "REQUEST_TIMEOUT": "15s", **settings,
    }
    process = subprocess.Popen(
        [world.binaries / "bq-loader"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_health(world.spare_port + 1, process)
        yield world.spare_port + 1
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_health(port, process):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"bq-loader ended with {process.returncode}")
        try:
            if request("GET", f"{LOOPBACK}:{port}/health")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError("bq-loader did not listen within 20 seconds")


def known_ids(world, given):
    """bq-loader with KNOWN_IDS of these bytes; one row each for acme and globex."""
    pipeline = world.shipped()
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(given.encode())
        file.flush()
        with _loader(world, pipeline, KNOWN_IDS=file.name) as port:
            for user in ("acme", "globex"):
                push(port, event(f"i-{user}", user))
            result = pipeline.outcome()
    result["tables"] = sorted(table.split("_")[1] for table in result["tables"])
    return result


def bigquery_answer(world, given):
    """bq-loader whose BigQuery answers each insertAll so: status and body."""
    status, body = given
    inserts = []

    class BigQuery(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, value):
            text = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            self.answer(200, {"kind": "bigquery#tableList", "tables": []})

        def do_POST(self):
            inserts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(status, body)

        def log_message(self, *_):
            pass

    pipeline = world.shipped()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", world.spare_port + 2), BigQuery)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        endpoint = f"{LOOPBACK}:{world.spare_port + 2}"
        with _loader(world, pipeline, BIGQUERY_ENDPOINT=endpoint, REQUEST_TIMEOUT="6s") as port:
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            answered = push(port, event("b1", "u1"), publishTime=now)
            pipeline.settle()
            return {"status": answered, "rej": pipeline.rejections(), "inserts": len(inserts)}
    finally:
        server.shutdown()
        server.server_close()


def _without_browser(form):
    def run(_, given):
        done = subprocess.run(
            ["node", HERE / "tracker_case.js", form, json.dumps(given)], capture_output=True, text=True, timeout=60,
            env={**os.environ, "TRACKER": str(ROOT / "Functions/PixelIngest/Tracker/p.js")})
        if done.returncode:
            raise RuntimeError(done.stderr[-400:])
        return json.loads(done.stdout)
    return run


FORMS = {
    "query": query, "query2": query_wide, "entry": entry, "post": post, "head": head, "replay": replay,
    "ids": known_ids, "bq": bigquery_answer,
    # The tracker without a browser: where events go, and what comes through outages.
    "base": _without_browser("base"), "retry": _without_browser("retry"),
}
