# SPDX-License-Identifier: MIT
"""What a handler costs that is `async`, or takes a value, beside the same one as a synchronous function."""

import contextlib
import shutil

from . import instructions, load
from .pixel import Measured
from .report import Result, Sample

TITLE = "the same function of pushes, by how its handler is written"


def run(bench) -> Result:
    programs = [bench.programs.handler(takes, how) for takes in ("messages", "events")
                for how in ("synchronous", "asynchronous", "typed")]
    measured = _measure(bench, programs)
    counted = {}
    if shutil.which("valgrind"):
        for program in programs:
            counted[program.name] = instructions.per_request(bench, program, *_requests())
    rows = []
    for program in programs:
        plain = f"{program.name.split(',')[0]}, synchronous"
        ratio = measured[program.name].over(measured[plain])
        row = [program.name, Sample(measured[program.name].microseconds).text(), ratio.text(), ratio.spread()]
        if counted:
            row += [f"{counted[program.name]:,.0f}", f"{counted[program.name] / counted[plain]:.2f}"]
        rows.append(row + [""] * (6 - len(row)))
    return Result(
        "handlers", TITLE,
        ["handler", "CPU µs/push", "times the synchronous", "spread", "instructions/push",
         "times the synchronous"],
        rows, notes=["A wrapped push of 1.5 KB; server and load have a core each."],
        figures={name: each.json() | {"instructions": round(counted.get(name, 0))}
                 for name, each in measured.items()},
    )


def _requests() -> tuple:
    """The push, and what is asked until the server is there."""
    return load.push_request(), b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


def _measure(bench, programs) -> dict:
    push, health = _requests()
    file = bench.work / "push-request.http"
    file.write_bytes(push)
    measured = {program.name: Measured(program) for program in programs}
    with contextlib.ExitStack() as stack:
        servers = {}
        for program in programs:
            server = stack.enter_context(bench.start(program))
            server.wait_until_it_answers(health, pause=0.01)
            load.wrk(server.port, 1, file)
            servers[program.name] = server
        for turn in range(bench.rounds):
            for name, server in servers.items():
                before = server.cpu_seconds()
                run = load.wrk(server.port, bench.seconds, file)
                used = (server.cpu_seconds() - before) / run.requests * 1e6
                measured[name].microseconds.append(used)
                measured[name].rates.append(run.requests / run.seconds)
                bench.say(f"handlers: round {turn + 1} of {bench.rounds}: {name} {used:.2f} µs")
    return measured
