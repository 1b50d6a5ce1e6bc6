# SPDX-License-Identifier: MIT
"""CPU time per pixel request, beside nginx, Go and functions-framework."""

import contextlib

from . import load
from .report import Result, Sample, Target
from .server import forget_executable

TITLE = "CPU time per request, 32 keep-alive connections, one core"


def run(bench) -> Result:
    programs = bench.programs
    ours = programs.ours()
    plain = [ours, *programs.peers(programs.nginx, programs.go, programs.functions_framework)]
    call_lines = programs.peers(programs.ours_with_call_lines)
    logging = programs.peers(programs.nginx_json_log, programs.nginx_json_log_buffered)
    measured = _measure(bench, plain + call_lines + logging)

    rows = [_row(measured[program.name], measured[ours.name]) for program in plain]
    rows += [_row(measured[program.name], measured[ours.name]) for program in call_lines]
    if not call_lines:
        why = programs.absent["ours with call lines"]
        rows.append(["pixel-ingest, a line per call", why, "", "", "", "", "", ""])
    rows += [_row(measured[program.name], measured[ours.name]) for program in logging]

    targets = []
    for peer, bound in (("nginx", 1.3), ("Go net/http", 3), ("functions-framework", 60)):
        if peer in measured:
            what = f"requests per CPU second, times {peer}"
            targets.append(Target(what, measured[peer].over(measured[ours.name]), bound))
    if call_lines and "nginx, JSON log" in measured:
        with_lines = measured[call_lines[0].name]
        targets.append(
            Target("the same with a line per call, times nginx with its JSON log",
                   measured["nginx, JSON log"].over(with_lines), 1.8))
    return Result(
        "pixel", TITLE,
        ["server", "CPU µs/request", "spread", "ours is … times as fast", "spread", "requests/s",
         "peak MiB", "version"],
        rows, targets, figures={name: each.json() for name, each in measured.items()},
    )


class Measured:
    def __init__(self, program):
        self.program = program
        self.microseconds = []
        self.rates = []
        self.peak = 0.0

    def over(self, other) -> Sample:
        """How many times the other's CPU time this one takes, round by round: what disturbs the
        machine for a while then disturbs both sides of a ratio."""
        return Sample([mine / its for mine, its in zip(self.microseconds, other.microseconds)])

    def json(self) -> dict:
        return {"version": self.program.version, "cpuMicroseconds": self.microseconds,
                "requestsPerSecond": self.rates, "peakMiB": round(self.peak, 2)}


def _measure(bench, programs) -> dict:
    request = load.pixel_request()
    file = bench.work / "pixel-request.http"
    file.write_bytes(request)
    measured = {program.name: Measured(program) for program in programs}
    with contextlib.ExitStack() as stack:
        servers = {}
        for program in programs:
            bench.say(f"pixel: starting {program.name}")
            forget_executable(program)
            server = stack.enter_context(bench.start(program))
            server.wait_until_it_answers(request, pause=0.01)
            load.wrk(server.port, 1, file)
            server.empty_log()
            servers[program.name] = server
        for turn in range(bench.rounds):
            for name, server in servers.items():
                before = server.cpu_seconds()
                run = load.wrk(server.port, bench.seconds, file)
                used = (server.cpu_seconds() - before) / run.requests * 1e6
                measured[name].microseconds.append(used)
                measured[name].rates.append(run.requests / run.seconds)
                server.empty_log()
                bench.say(f"pixel: round {turn + 1} of {bench.rounds}: {name} {used:.2f} µs")
        for name, server in servers.items():
            measured[name].peak = server.peak_resident()
    return measured


def _row(measured, ours) -> list:
    used, ratio = Sample(measured.microseconds), measured.over(ours)
    return [
        measured.program.name, used.text(), used.spread(), ratio.text(), ratio.spread(),
        Sample(measured.rates).text(0), f"{measured.peak:.1f}", measured.program.version,
    ]
