# SPDX-License-Identifier: MIT
"""From exec to the first 200."""

from . import load
from .report import Result, Sample, Target

TITLE = "milliseconds from exec to the first 200, page cache warm"


def run(bench) -> Result:
    programs = bench.programs
    ours, development = programs.ours(), programs.ours_development()
    all_programs = [ours, development]
    all_programs += programs.peers(programs.nginx, programs.go, programs.functions_framework)
    taken = {program.name: [] for program in all_programs}
    request = load.pixel_request()
    for turn in range(bench.starts + 1):
        bench.say(f"coldstart: start {turn} of {bench.starts}" if turn else "coldstart: warming up")
        for program in all_programs:
            with bench.start(program) as server:
                seconds = server.wait_until_it_answers(request)
            if turn:
                taken[program.name].append(seconds * 1e3)
    own = Sample(taken[ours.name])
    rows = []
    for program in all_programs:
        sample = Sample(taken[program.name])
        ratio = sample.median / own.median
        rows.append([program.name, sample.text(), sample.spread(), f"{ratio:.2f}", program.version])
    return Result(
        "coldstart", TITLE,
        ["server", "ms", "spread", "ours is … times as fast", "version"], rows,
        [
            Target("static executable", own, 4, at_most=True, unit=" ms"),
            Target("shared libraries", Sample(taken[development.name]), 13, at_most=True, unit=" ms"),
        ],
        notes=["Starting a process and asking it over and over is in it, for all alike."],
        figures=taken,
    )
