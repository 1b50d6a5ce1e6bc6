# SPDX-License-Identifier: MIT
"""The programs as processes, raw requests to them, and what the kernel says of them."""

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "infra/contracts/pixel.json"
PIXEL = b"GET /pixel.png?type=a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
EVENT = b'{"type":"a"}'


class Wrong(AssertionError):
    """What a driver has seen is not what has to be."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One of the three functions, with its settings, on a port of its own."""

    def __init__(self, kit, name, cloud, ready=True, prepare=None, **settings):
        self.name, self.port = name, free_port()
        self._log = kit.folder / f"{name}-{self.port}.log"
        environment = {
            # A crash ends the program at once, without the backtracer.
            "SWIFT_BACKTRACE": "enable=no", "PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(self.port), "LOG_FORMAT": "json",
            "GCE_METADATA_HOST": f"127.0.0.1:{cloud}", "PUBSUB_ENDPOINT": f"http://127.0.0.1:{cloud}",
            "PRIVACY_LIST": str(ROOT / "infra/privacy.json"), **self._own(cloud), **settings,
        }
        with open(self._log, "wb") as output:
            self.process = subprocess.Popen(
                [kit.binaries / name], env=environment, stdout=output, stderr=subprocess.STDOUT, preexec_fn=prepare)
        kit.started.append(self)
        if ready:
            expect(self.answers("/ready", within=20), f"{name} was not ready: {self.log()[-400:]}")

    def _own(self, cloud):
        return {
            "pixel-ingest": {"FORWARDED_HOPS": "0"},
            "log-parse": {"PUSH_AUTH": "none", "CONTRACT": str(CONTRACT)},
            "bq-loader": {
                "PUSH_AUTH": "none", "BIGQUERY_DATASET": "pixel", "MAX_NEW_TABLES_PER_HOUR": "36000",
                "BIGQUERY_ENDPOINT": f"http://127.0.0.1:{cloud}",
            },
        }[self.name]

    @property
    def alive(self):
        return self.process.poll() is None

    def log(self):
        return self._log.read_text(errors="replace")

    def stop(self, with_signal=signal.SIGTERM, within=15):
        """Seconds until it was gone; it is killed when the time is over."""
        began = time.monotonic()
        if self.alive:
            self.process.send_signal(with_signal)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - began

    def memory(self, field="VmHWM"):
        """Megabytes: the most so far (VmHWM), or now (VmRSS)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) // 1024

    def processor_time(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def send(self, data, within=3.0):
        """What comes back of these bytes until the connection ends or the time is over; empty if it is refused."""
        try:
            with self.connect(within) as connection:
                connection.sendall(data)
                return receive(connection, within)
        except OSError:
            return b""

    def connect(self, within=5.0):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=within)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def post(self, body, path="/", headers="", within=5.0):
        return statuses(self.send(post_request(body, path, headers, close=True), within))

    def pixel(self, within=3.0):
        return statuses(self.send(PIXEL, within))

    def answers(self, path="/health", within=1.0):
        """Whether a GET is answered with 200 in time."""
        end = time.monotonic() + within
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        while time.monotonic() < end:
            if statuses(self.send(request, max(0.05, end - time.monotonic())))[:1] == [200]:
                return True
            time.sleep(0.03)
        return False


def receive(connection, within):
    received, end = b"", time.monotonic() + within
    try:
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
    except OSError:
        pass
    return received


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d\d\d) ", answer)]


def post_request(body, path="/", headers="", close=False):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}"
        f"{'Connection: close' + chr(13) + chr(10) if close else ''}Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def push_body(data, number="1"):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    message = {"data": base64.b64encode(data).decode(), "messageId": number, "publishTime": "2026-01-02T03:04:05Z"}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def log_entry(name, url="https://t.example.com/pixel.png?type=page_view&user_id=u1"):
    time_text = "2026-01-02T03:04:05.123456789Z"
    return {
        "insertId": name, "timestamp": time_text, "receiveTimestamp": time_text,
        "resource": {"type": "http_load_balancer"},
        "httpRequest": {
            "requestMethod": "GET", "requestUrl": url, "status": 200, "userAgent": "ua", "remoteIp": "203.0.113.5"},
    }
