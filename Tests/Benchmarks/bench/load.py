# SPDX-License-Identifier: MIT
"""What is sent to the servers."""

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


@dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    p99_milliseconds: float


class LoadFailed(Exception):
    pass


def wrk(port, seconds, request_file, script="pixel.lua") -> Run:
    """Keep-alive connections that each send the next request when the last is answered."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS)]
    command += ["--duration", f"{seconds}s", "--script", str(HERE / script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True,
        timeout=seconds + 60, env={**os.environ, "REQUEST_FILE": str(request_file)},
    )
    if done.returncode != 0:
        raise LoadFailed(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if said["failed"] or not said["requests"]:
        raise LoadFailed(f"{said['failed']} of {said['requests']} requests failed")
    return Run(said["requests"], said["microseconds"] / 1e6, said["p99"] / 1e3)


def in_step(port, turns, request):
    """On each of 32 connections one request and its answer, `turns` times: always the same work."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(CONNECTIONS)]
    try:
        for _ in range(turns):
            for client in clients:
                client.sendall(request)
            for client in clients:
                _read_answer(client)
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
                clients.append(socket.create_connection(("127.0.0.1", port), timeout=60))
            for client in clients:
                client.sendall(request)
            for client in clients:
                _read_answer(client)
        finally:
            for client in clients:
                client.close()


def _read_answer(client):
    """One answer with `Content-Length`, as all the servers here give it."""
    answer = b""
    while True:
        head, end, body = answer.partition(b"\r\n\r\n")
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
