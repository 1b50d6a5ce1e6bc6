# SPDX-License-Identifier: MIT
"""From a push to the answer of an insert: `bq-loader` beside a BigQuery that speaks TLS and takes 0 or 25 ms."""

import contextlib
import socket
import threading
import time

from . import load, rows, tls_peer
from .programs import Absent
from .report import Result, Sample, Target

TITLE = "CPU time per event, push to insert, over TLS, one core"
COLUMNS = ["BigQuery takes", "pushes at once", "CPU µs/event", "spread", "p50 ms", "p99 ms", "events/s",
           "rows/insert", "peak MiB"]
# Name, milliseconds, pushes at once, settings.
CASES = [
    ("0 ms", 0, 200, {}),
    ("25 ms", 25, 200, {}),
    ("25 ms", 25, 1000, {}),
    ("25 ms, one row per insert", 25, 200, {"BATCH_ROWS": "1", "MAX_INSERTS": "60"}),
]
# Of which no target asks; not with --quick.
MORE_CASES = [
    ("0 ms", 0, 1000, {}),
]


def run(bench) -> Result:
    try:
        bench.programs.bigquery_peer()
    except Absent as problem:
        return Result("loader", TITLE, COLUMNS, [[f"without Go, which BigQuery's stand-in needs: {problem}", *[""] * 8]])
    measured = _measure(bench)
    starts, pauses = _starts_and_pauses(bench)
    by_case = {each["case"]: each for each in measured}
    table = []
    for each in measured:
        used = Sample(each["cpu"])
        table.append([
            each["case"][0], each["case"][1], used.text(1), used.spread(1), Sample(each["p50"]).text(1),
            Sample(each["p99"]).text(1), Sample(each["rate"]).text(0),
            "" if "gzip" in each["case"][0] else Sample(each["perInsert"]).text(0),  # it is not unpacked
            f"{each['peak']:.1f}",
        ])
    plain, slow = by_case["0 ms", 200], by_case["25 ms", 200]
    many = by_case["25 ms", 1000]
    single = Sample([one / whole for one, whole in zip(by_case["25 ms, one row per insert", 200]["cpu"], slow["cpu"])])
    at_most = lambda what, sample, bound, unit: Target(what, sample, bound, at_most=True, unit=unit)
    return Result(
        "loader", TITLE, COLUMNS, table, [
            at_most("CPU per event, 0 ms", Sample(plain["cpu"]), 16, " µs"),
            at_most("CPU per event, 25 ms", Sample(slow["cpu"]), 16, " µs"),
            Target("one row per insert, times its CPU", single, 3),
            at_most("p99, 0 ms", Sample(plain["p99"]), 13, " ms"),
            at_most("p99, 25 ms", Sample(slow["p99"]), 45, " ms"),
            at_most("peak at 200 pushes", Sample([max(plain["peak"], slow["peak"])]), 24, " MiB"),
            at_most("peak at 1,000 pushes", Sample([many["peak"]]), 32, " MiB"),
            at_most("exec to the first 204, Debian's libcurl", Sample(starts), 13, " ms"),
            at_most("longest wait of a probe while TLS connections open", Sample(pauses), 5, " ms"),
        ],
        notes=["Each connection pushes one row of 700 bytes, the next when that is answered."],
        figures={"cases": measured, "startMilliseconds": starts, "pauseMilliseconds": pauses},
    )


def _measure(bench) -> list:
    file = bench.work / "row-push.http"
    file.write_bytes(rows.push())
    cases = CASES if bench.is_quick else CASES + MORE_CASES
    measured = [{"case": (name, pushes), "cpu": [], "p50": [], "p99": [], "rate": [], "perInsert": []}
                for name, _, pushes, _ in cases]
    with contextlib.ExitStack() as stack:
        running = []
        for name, delay, pushes, settings in cases:
            # A folder of its own for each.
            peer = stack.enter_context(tls_peer.answering(bench, delay))
            program = bench.programs.loader_by_tls(f"bq-loader {name} {pushes}", peer, **settings)
            server = stack.enter_context(bench.start(program))
            server.wait_until_it_answers(rows.push(), pause=0.01)
            load.wrk(server.port, 1, file, connections=pushes)
            running.append((server, peer))
        for turn in range(bench.rounds):
            for each, (server, peer) in zip(measured, running):
                _take(bench, each, server, peer, file)
                bench.say(f"loader: round {turn + 1} of {bench.rounds}: {each['case'][0]}, {each['case'][1]} pushes: "
                          f"{each['cpu'][-1]:.1f} µs")
        for each, (server, _) in zip(measured, running):
            each["peak"] = server.peak_resident()
    return measured


def _take(bench, each, server, peer, file):
    before, used = peer.stats(), server.cpu_seconds()
    run = load.wrk(server.port, bench.seconds, file, connections=each["case"][1])
    each["cpu"].append((server.cpu_seconds() - used) / run.requests * 1e6)
    after = peer.stats()
    each["perInsert"].append((after["rows"] - before["rows"]) / max(1, after["inserts"] - before["inserts"]))
    each["p50"].append(run.p50_milliseconds)
    each["p99"].append(run.p99_milliseconds)
    each["rate"].append(run.requests / run.seconds)


def _starts_and_pauses(bench) -> tuple:
    """From exec to the first 204, with libcurl's loading and a first TLS connection; and the longest that the
    loop lets a probe wait while it opens seven more under load."""
    file, starts, pauses = bench.work / "row-push.http", [], []
    with tls_peer.answering(bench, 0) as peer:
        for turn in range(bench.starts + 1):
            with bench.start(bench.programs.loader_by_tls("bq-loader, start", peer)) as server:
                milliseconds = server.wait_until_it_answers(rows.push()) * 1e3
            settings = {"MAX_INSERTS": "8", "BATCH_ROWS": "1"}
            with bench.start(bench.programs.loader_by_tls("bq-loader, probed", peer, **settings)) as server:
                server.wait_until_it_answers(rows.push())
                thread = threading.Thread(target=load.wrk, args=(server.port, 1, file), kwargs={"connections": 64})
                thread.start()
                pause = _longest_wait(server.port, 0.8)
                thread.join()
            if turn:  # the first only warms up
                starts.append(milliseconds)
                pauses.append(pause)
    return starts, pauses


def _longest_wait(port, seconds) -> float:
    worst, end = 0.0, time.perf_counter() + seconds
    with load.connect(port) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < end:
            asked = time.perf_counter()
            client.sendall(b"GET /ready HTTP/1.1\r\nHost: l\r\n\r\n")
            client.recv(4096)
            worst = max(worst, (time.perf_counter() - asked) * 1000)
    return worst
