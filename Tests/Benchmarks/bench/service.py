# SPDX-License-Identifier: MIT
"""CPU time per push of whole services: `log-parse` with its publishing, beside Go and functions-framework
without any."""

import contextlib
import pathlib
import subprocess
import sys
import urllib.request

from . import corpus, load
from .report import Result, Sample, Target

TITLE = "CPU time per push of 3.9 KB, 32 keep-alive connections, one core"
BOUNDS = {"Go net/http, encoding/json": 7, "functions-framework": 55}
# As long as the token that Pub/Sub sends. Nobody checks it here.
TOKEN = "x" * 900
# Until as much memory comes as goes.
WARM_UP = 5
# MiB between the end of the first round and of the last: what is called flat.
SLACK = 1.0


def run(bench) -> Result:
    programs = bench.programs
    pushes = corpus.pushes(500)
    file = push_file(bench, pushes)
    with sink() as pub_sub:
        ours = programs.service_ours(pub_sub.port)
        peers = programs.peers(programs.service_go, programs.service_functions_framework)
        measured = _measure(bench, [ours, *peers], _request(pushes[0]), file)
        answered, published = measured[ours.name]["requests"], pub_sub.messages()
    if published < answered:
        raise load.LoadFailed(f"{answered} pushes were answered, but {published} events published")

    own, rows, targets = measured[ours.name], [], []
    for program in [ours, *peers]:
        each = measured[program.name]
        used = Sample(each["microseconds"])
        ratio = Sample([theirs / mine for theirs, mine in zip(each["microseconds"], own["microseconds"])])
        rows.append([
            program.name, used.text(), used.spread(), ratio.text(), ratio.spread(),
            Sample(each["rates"]).text(0), f"{each['first']:.1f} → {each['last']:.1f}",
            f"{each['peak']:.1f}", program.version,
        ])
        if program is not ours:
            targets.append(
                Target(f"pushes per CPU second, times {program.name}", ratio, BOUNDS[program.name]))
    growth = own["last"] - own["first"]
    targets.append(Target("memory, more after the last round than after the first", Sample([max(0, growth)]),
                          SLACK, at_most=True, unit=" MiB"))
    return Result(
        "service", TITLE,
        ["service", "CPU µs/push", "spread", "ours is … times as fast", "spread", "pushes/s",
         "MiB after first → last round", "peak MiB", "version"], rows, targets,
        notes=[f"{answered:,} pushes were answered with 204, and {published:,} events published."],
        figures=measured,
    )


def push_file(bench, pushes):
    """For `load/push.lua`."""
    file = bench.work / "push-requests.http"
    requests = [_request(push) for push in pushes]
    file.write_bytes(b"".join(b"%d\n%s" % (len(request), request) for request in requests))
    return file


def _request(push) -> bytes:
    body = push.encode()
    return (
        f"POST / HTTP/1.1\r\nHost: log-parse.example.com\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nUser-Agent: CloudPubSub-Google\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _measure(bench, programs, request, file) -> dict:
    measured = {each.name: {"microseconds": [], "rates": [], "requests": 0} for each in programs}
    with contextlib.ExitStack() as stack:
        servers = {}
        for program in programs:
            bench.say(f"service: starting {program.name}")
            server = servers[program.name] = stack.enter_context(bench.start(program))
            server.wait_until_it_answers(request, pause=0.01)
            seconds = WARM_UP if program is programs[0] else 1
            measured[program.name]["requests"] += load.wrk(server.port, seconds, file, script="push.lua").requests
        for turn in range(bench.rounds):
            for name, server in servers.items():
                before, each = server.cpu_seconds(), measured[name]
                run = load.wrk(server.port, bench.seconds, file, script="push.lua")
                used = (server.cpu_seconds() - before) / run.requests * 1e6
                each["microseconds"].append(used)
                each["rates"].append(run.requests / run.seconds)
                each["requests"] += run.requests
                each["last"] = server.resident()
                each.setdefault("first", each["last"])
                bench.say(f"service: round {turn + 1} of {bench.rounds}: {name} {used:.2f} µs")
        for name, server in servers.items():
            measured[name]["peak"] = server.peak_resident()
    return measured


class _Sink:
    def __init__(self, process):
        self.port = int(process.stdout.readline())

    def messages(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30) as answer:
            return int(answer.read())


@contextlib.contextmanager
def sink():
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"], cwd=pathlib.Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE, text=True)
    try:
        yield _Sink(process)
    finally:
        process.terminate()
        process.wait()
