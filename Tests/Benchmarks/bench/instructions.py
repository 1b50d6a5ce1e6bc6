# SPDX-License-Identifier: MIT
"""User-space instructions per pixel request, by callgrind. They hardly depend on the machine's load."""

import re
import shutil

from . import load
from .report import Result, Sample, Target

TITLE = "user instructions per request"
SHORT, LONG = 50, 250  # turns of 32 requests


def run(bench) -> Result:
    programs = bench.programs
    columns = ["server", "instructions/request", "ours is … times as short", "version"]
    if not shutil.which("valgrind"):
        return Result("instructions", TITLE, columns, [["valgrind is not installed", "", "", ""]])
    counted = {}
    for program in [programs.ours(), *programs.peers(programs.nginx_alone)]:
        counted[program.name] = (per_request(bench, program, load.pixel_request()), program.version)
    own = counted["pixel-ingest"][0]
    rows = [[name, f"{count:,.0f}", f"{count / own:.2f}", version]
            for name, (count, version) in counted.items()]
    return Result(
        "instructions", TITLE, columns, rows,
        [Target("user instructions per request", Sample([own]), 6000, at_most=True)],
        figures={name: round(count) for name, (count, _) in counted.items()},
    )


def per_request(bench, program, request, first_request=None) -> float:
    """The difference of two run lengths: what is done once, as starting, falls out.

    `first_request` is asked until the server is there, if it isn't the same."""
    short, long = (
        total(bench, program, first_request or request, f"{turns * load.CONNECTIONS} requests",
              lambda server: load.in_step(server.port, turns, request))
        for turns in (SHORT, LONG))
    return (long - short) / ((LONG - SHORT) * load.CONNECTIONS)


def total(bench, program, first_request, what, drive) -> int:
    """User-space instructions of a server from its start to its end, with what `drive` does to it."""
    bench.say(f"instructions: {program.name}, {what} under callgrind")
    output = bench.work / "callgrind.out"
    output.unlink(missing_ok=True)
    wrapper = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}"]
    with bench.start(program, wrapper=wrapper) as server:
        server.wait_until_it_answers(first_request, pause=0.05)
        drive(server)
        server.stop(within=30)
    found = re.search(r"^(?:totals|summary): (\d+)", output.read_text(), re.M)
    if not found:
        raise RuntimeError(f"callgrind counted nothing: {server.last_words()}")
    return int(found.group(1))
