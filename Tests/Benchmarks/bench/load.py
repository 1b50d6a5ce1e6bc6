# SPDX-License-Identifier: MIT
"""What is sent to the servers."""

import base64
import json
import os
import pathlib
import socket
import subprocess
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent.parent / "load"
CONNECTIONS = 32


def pixel_request() -> bytes:
    """1.2 KB as Cloud Run hands it to the container. The file has plain line ends, to be readable."""
    return (HERE / "pixel.http").read_bytes().replace(b"\n", b"\r\n")


def push_request() -> bytes:
    """A push of 1.5 KB: the load balancer's entry for a hit of 700 bytes, wrapped as Pub/Sub does it."""
    url = "https://track.example.com/pixel.png?type=page_view&user_id=u1&page_title=" + "x" * 200
    entry = {
        "insertId": "1a2b3c4d5e6f", "timestamp": "2026-01-02T03:04:05.678901Z", "severity": "INFO",
        "httpRequest": {"requestMethod": "GET", "requestUrl": url, "status": 200, "responseSize": "290",
                        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
                        "remoteIp": "192.0.2.1", "latency": "0.012s"},
        "resource": {"type": "http_load_balancer", "labels": {"project_id": "p", "zone": "global"}},
        "logName": "projects/p/logs/requests",
    }
    message = {"data": base64.b64encode(json.dumps(entry).encode()).decode(), "messageId": "123456789",
               "publishTime": "2026-01-02T03:04:06.789Z",
               "attributes": {"logging.googleapis.com/timestamp": entry["timestamp"]}}
    body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/log-parse"})
    head = "POST / HTTP/1.1\r\nHost: a.run.app\r\nContent-Type: application/json\r\n"
    head += "User-Agent: APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)\r\n"
    head += "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    p50_milliseconds: float
    p99_milliseconds: float


class LoadFailed(Exception):
    pass


def wrk(port, seconds, request_file, script="pixel.lua", connections=CONNECTIONS, pause=0, may_fail=False) -> Run:
    """Keep-alive connections that each send the next request when the last is answered."""
    command = ["wrk", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{seconds}s", "--script", str(HERE / script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True,
        timeout=seconds + 60, env={**os.environ, "REQUEST_FILE": str(request_file), **({"PAUSE": str(pause)} if pause else {})},
    )
    if done.returncode != 0:
        raise LoadFailed(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if not may_fail and (said["failed"] or not said["requests"]):
        raise LoadFailed(f"{said['failed']} of {said['requests']} requests failed")
    return Run(said["requests"], said["microseconds"] / 1e6, said["p50"] / 1e3, said["p99"] / 1e3)


def connect(port) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def in_step(port, turns, request):
    """On each of 32 connections one request and its answer, `turns` times: always the same work."""
    clients = [connect(port) for _ in range(CONNECTIONS)]
    try:
        for _ in range(turns):
            for client in clients:
                client.sendall(request)
            for client in clients:
                read_answer(client)
    finally:
        for client in clients:
            client.close()


def come_and_go(port, connections, at_once, request):
    """Opens `at_once` connections, sends one request on each, reads the answers and closes them all,
    until `connections` have come and gone."""
    for first in range(0, connections, at_once):
        clients = []
        try:
            for _ in range(min(at_once, connections - first)):
                clients.append(connect(port))
            for client in clients:
                client.sendall(request)
            for client in clients:
                read_answer(client)
        finally:
            for client in clients:
                client.close()


def read_answer(client):
    """One answer with `Content-Length`, as all the servers here give it, or a 204, which has no body."""
    answer = b""
    while True:
        head, end, body = answer.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 204 ") and end:
            return
        if end:
            lengths = [
                line.partition(b":")[2] for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ]
            if not head.startswith(b"HTTP/1.1 200 ") or len(lengths) != 1:
                raise LoadFailed(f"not the answer expected: {head[:100]!r}")
            if len(body) >= int(lengths[0]):
                return
        more = client.recv(4096)
        if not more:
            raise LoadFailed("the server closed the connection before its answer")
        answer += more
