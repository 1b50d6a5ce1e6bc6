# SPDX-License-Identifier: MIT
"""Memory while the next hop is away for a minute, under load: it refuses, or it is silent."""

import contextlib
import socket
import threading
import time

from . import corpus, load, rows, service, tls_peer
from .programs import Absent
from .report import Result, Sample, Target
from .server import free_port

TITLE = "MiB in memory during an outage of the next hop, load going on"
# MiB more at the end than at half of it: what is called bounded.
SLACK = 1.0
# Silence takes a request's whole patience; a refusal comes at once.
SILENT = 120_000


def run(bench) -> Result:
    seconds = 10 if bench.is_quick else 60
    with contextlib.ExitStack() as stack:
        found = [_Case(bench, *case) for case in _cases(bench, stack)]
        for each in found:
            stack.enter_context(each.running)
            each.start(seconds)
        time.sleep(seconds / 2)
        for each in found:
            each.half = each.running.resident()
        bench.say(f"outage: half of {seconds} s")
        for each in found:
            each.thread.join()
            each.end, each.peak = each.running.resident(), each.running.peak_resident()
    table = [[each.what, each.connections, f"{each.before:.1f}", f"{each.half:.1f}", f"{each.end:.1f}", f"{each.peak:.1f}"]
             for each in found]
    targets = [Target(f"{each.what}, {each.connections}: more at the end than at half", Sample([max(0, each.end - each.half)]),
                      SLACK, at_most=True, unit=" MiB") for each in found]
    return Result(
        "outage", TITLE, ["program and next hop", "connections", "before", f"after {seconds / 2:g} s", f"after {seconds} s", "peak"],
        table, targets, notes=["Whoever is refused asks again at once; what is on its way waits for its time to run out."],
        figures={f"{each.what}, {each.connections}": [each.before, each.half, each.end, each.peak] for each in found})


def _cases(bench, stack):
    """What, connections, the program, a request, the file that wrk reads, its script."""
    hit = bench.work / "pixel-request.http"
    hit.write_bytes(load.pixel_request())
    push = service.push_file(bench, corpus.pushes(500))
    for what, port in (("refuses", free_port()), ("is silent", _silence(stack))):
        yield f"pixel-ingest, Pub/Sub {what}", 200, bench.programs.cut_off("pixel-ingest", what, port), hit, "pixel.lua"
        yield f"log-parse, Pub/Sub {what}", 200, bench.programs.cut_off("log-parse", what, port), push, "push.lua"
    row = bench.work / "row-push.http"
    row.write_bytes(rows.push())
    try:
        for what, options in (("refuses", {"delay": 0, "down": True}), ("is silent", {"delay": SILENT})):
            peer = stack.enter_context(tls_peer.answering(bench, **options))
            for connections in (200, 1000):
                program = bench.programs.loader_by_tls(f"bq-loader, BigQuery {what} {connections}", peer)
                yield f"bq-loader, BigQuery {what}", connections, program, row, "pixel.lua"
    except Absent as problem:
        bench.say(f"Without bq-loader, as BigQuery's stand-in needs Go: {problem}")


def _silence(stack) -> int:
    """A port that takes connections and never says a word."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
    return listener.getsockname()[1]


class _Case:
    def __init__(self, bench, what, connections, program, file, script):
        bench.say(f"outage: {what}, {connections} connections")
        self.what, self.connections, self.file, self.script = what, connections, file, script
        self.running = bench.start(program)
        self.running.wait_until_it_answers(rows.HEALTH, pause=0.01)
        self.before = self.running.resident()

    def start(self, seconds):
        options = {"script": self.script, "connections": self.connections, "may_fail": True}
        self.thread = threading.Thread(target=load.wrk, args=(self.running.port, seconds, self.file), kwargs=options)
        self.thread.start()
