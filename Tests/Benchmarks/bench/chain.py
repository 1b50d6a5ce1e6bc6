# SPDX-License-Identifier: MIT
"""The whole chain: hits to `pixel-ingest`, which publishes them; rows that `bq-loader` has inserted."""

import contextlib
import json
import time
import urllib.request

from . import load
from .report import Result, Sample
from .server import free_port

TITLE = "CPU time per event of all three programs, from hit to inserted row"
STAGES = ("pixel-ingest", "log-parse", "bq-loader")


def run(bench) -> Result:
    file = bench.work / "pixel-request.http"
    file.write_bytes(load.pixel_request())
    used = {stage: [] for stage in STAGES}
    with contextlib.ExitStack() as stack:
        cloud, servers = _start(bench, stack)
        arrived = _one_by_one(cloud.port, servers)
        for turn in range(bench.rounds + 1):
            before = {stage: server.cpu_seconds() for stage, server in servers.items()}
            done = load.wrk(servers["pixel-ingest"].port, bench.seconds, file)
            arrived += done.requests
            _wait_for_rows(cloud.port, arrived)
            if turn:  # the first only warms up
                for stage, server in servers.items():
                    used[stage].append((server.cpu_seconds() - before[stage]) / done.requests * 1e6)
                total = sum(used[stage][-1] for stage in STAGES)
                bench.say(f"chain: round {turn} of {bench.rounds}: {done.requests:,} events, {total:.1f} µs each")
    totals = [sum(each) for each in zip(*used.values())]
    table = [[stage, Sample(used[stage]).text(1), Sample(used[stage]).spread(1), ""] for stage in STAGES]
    each = Sample(totals)
    table.append(["all three", each.text(1), each.spread(1), Sample([1e6 / total for total in totals]).text(0)])
    return Result(
        "chain", TITLE, ["program", "CPU µs/event", "spread", "events per second and core"], table,
        notes=[f"{arrived:,} hits were answered, and as many rows inserted. Plain HTTP between them, as the stand-in for "
               "Google speaks it; how many messages a request takes depends on how fast that is."],
        figures=used)


def _start(bench, stack) -> tuple:
    """LocalCloud has to know where it pushes to before it starts, and the programs where it is."""
    ports = [free_port() for _ in STAGES]
    cloud = stack.enter_context(bench.start(bench.programs.local_cloud(*ports[1:]), where="load"))
    _wait_for(f"http://127.0.0.1:{cloud.port}/_local/state")
    servers = {}
    for stage, port in zip(STAGES, ports):
        servers[stage] = stack.enter_context(bench.start(bench.programs.in_chain(stage, port, cloud.port)))
        _wait_for(f"http://127.0.0.1:{port}/ready")
        servers[stage].port = port
    return cloud, servers


def _one_by_one(cloud, servers) -> int:
    """A few hits, until the first connections are open and the table is made."""
    for count in range(1, 11):
        with load.connect(servers["pixel-ingest"].port) as client:
            client.sendall(load.pixel_request())
            load.read_answer(client)
        _wait_for_rows(cloud, count)
    return 10


def _wait_for_rows(cloud, wanted, within=120):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if _rows(cloud) >= wanted:
            return
        time.sleep(0.05)
    raise load.LoadFailed(f"of {wanted} hits {_rows(cloud)} have become rows after {within} s")


def _rows(cloud) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{cloud}/_local/state", timeout=60) as answer:
        return json.load(answer)["rows"]


def _wait_for(url, within=20):
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.02)
    raise load.LoadFailed(f"{url} does not answer")
