# SPDX-License-Identifier: MIT
"""Memory when idle, and after 10,000 connections have come and gone."""

import time

from . import load
from .report import Result, Sample, Target
from .server import forget_executable

TITLE = "MiB in memory, and open descriptors"
CONNECTIONS, AT_ONCE = 10_000, 200
# What is called flat: a page here or there, in MiB.
SLACK = 0.25


def run(bench) -> Result:
    programs = bench.programs
    ours, development = programs.ours(), programs.ours_development()
    others = programs.peers(programs.nginx, programs.go, programs.functions_framework)
    found = {}
    for program in [ours, development, *others]:
        # The second time shows whether a server that grew goes on growing.
        found[program.name] = _measure(bench, program, times=2 if program is ours else 1)
    rows = []
    for program in [ours, development, *others]:
        each = found[program.name]
        rows.append([
            program.name, f"{each['idle']:.1f}", *(f"{mib:.1f}" for mib in each["after"]),
            *([""] * (2 - len(each["after"]))), f"{each['peak']:.1f}",
            f"{each['own']:.1f}", "{} → {}".format(*each["descriptors"]), program.version,
        ])
    ship = found[ours.name]
    return Result(
        "memory", TITLE,
        ["server", "idle", "after 10,000", "after 20,000", "peak", "of it not file pages", "descriptors", "version"], rows,
        [
            Target("idle", Sample([ship["idle"]]), 9, at_most=True, unit=" MiB"),
            Target("peak while they come and go", Sample([ship["peak"]]), 9, at_most=True, unit=" MiB"),
            Target("more after 20,000 than after 10,000",
                   Sample([max(0, ship["after"][1] - ship["after"][0])]), SLACK, at_most=True, unit=" MiB"),
            Target("descriptors left open", Sample([ship["descriptors"][1] - ship["descriptors"][0]]), 0,
                   at_most=True),
        ],
        notes=[f"{AT_ONCE} connections at a time, one request on each."],
        figures=found,
    )


def _measure(bench, program, times) -> dict:
    request = load.pixel_request()
    forget_executable(program)
    with bench.start(program) as server:
        server.wait_until_it_answers(request, pause=0.01)
        time.sleep(0.2)
        idle, descriptors, after = server.resident(), server.descriptors(), []
        for _ in range(times):
            bench.say(f"memory: {CONNECTIONS:,} connections to {program.name}")
            load.come_and_go(server.port, CONNECTIONS, AT_ONCE, request)
            _wait_until_closed(server, descriptors)
            after.append(server.resident())
        return {"idle": idle, "after": after, "peak": server.peak_resident(),
                "descriptors": [descriptors, server.descriptors()], "own": server.own()}


def _wait_until_closed(server, descriptors):
    end = time.monotonic() + 5
    while server.descriptors() > descriptors and time.monotonic() < end:
        time.sleep(0.05)
