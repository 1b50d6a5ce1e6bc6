# SPDX-License-Identifier: MIT
"""The whole pipeline on this machine, as `scripts/run-local.sh` starts it, and requests to its parts."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOOPBACK = "http://127.0.0.1"


def request(method, url, body=None, headers=None):
    """(status, body, headers) of an answer, whatever its status is."""
    asked = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read(), {k.lower(): v for k, v in answer.headers.items()}


def push(port, data, **more):
    """Sends `data` as Pub/Sub pushes a message, and gives the status."""
    message = {"data": base64.b64encode(data).decode(), "messageId": str(time.time_ns()), **more}
    body = {"message": message, "subscription": "projects/p/subscriptions/s"}
    return request("POST", f"{LOOPBACK}:{port}/", json.dumps(body).encode(), {"Content-Type": "application/json"})[0]


class Pipeline:
    """`scripts/run-local.sh` on four ports: live page, pixel-ingest, log-parse, bq-loader."""

    def __init__(self, binaries, port, contract=None):
        self.cloud, self.ingest, self.parse = (f"{LOOPBACK}:{port + n}" for n in range(3))
        self.port, self.parse_port = port, port + 2
        self.data = tempfile.TemporaryDirectory()
        command = [ROOT / "scripts/run-local.sh", "--port", str(port), "--data", self.data.name]
        if contract:
            # A template table has its file's name.
            folder = pathlib.Path(self.data.name) / "contracts"
            folder.mkdir()
            (folder / "pixel.json").write_bytes(contract.read_bytes())
            command += ["--contract", str(folder / "pixel.json")]
        self._process = subprocess.Popen(
            command, env={**os.environ, "PIXEL_BINARIES": str(binaries)}, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True)
        self._wait_until_ready()

    def _wait_until_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise SystemExit(f"run-local.sh ended: {self._process.stderr.read().decode()}")
            try:
                if all(request("GET", f"{LOOPBACK}:{self.port + n}/{path}")[0] == 200
                       for n, path in enumerate(("_local/state", "ready", "ready", "ready"))):
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("run-local.sh was not ready within a minute")

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stderr.close()
        self.data.cleanup()

    def get(self, path):
        return json.loads(request("GET", f"{self.cloud}/_local/{path}")[1])

    def reset(self):
        request("POST", f"{self.cloud}/_local/reset")

    def rows(self):
        return self.get("rows?limit=1000")["rows"]

    def rejections(self):
        return [kept["attributes"] for kept in self.get("rejections")["rejections"]]

    def settle(self, calm=0.6, within=20):
        """Returns once nothing has waited for `calm` seconds."""
        end = time.monotonic() + within
        since = time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < calm:
            if any(topic["backlog"] for topic in self.get("state")["topics"]):
                since = time.monotonic()
            time.sleep(0.05)

    def outcome(self):
        """What has come of all that was fed: rows in the order of their events, and rejections."""
        self.settle()
        kept = sorted(self.rows(), key=lambda r: (r["row"].get("event_time", ""), r["row"].get("type", "")))
        return {
            "rows": [r["row"] for r in kept], "rej": self.rejections(),
            "types": sorted(r["row"].get("type", "") for r in kept), "tables": [r["table"] for r in kept],
        }
