# SPDX-License-Identifier: MIT
"""What a push becomes inside LogParse: base64, envelope, entry, URL and contract to the row of an event,
beside Foundation, Go, Python and Node. No HTTP, no publishing."""

import json
import re
import shutil
import subprocess

from . import corpus
from .report import Result, Sample, Target
from .server import PATH

TITLE = "CPU time per push of 2.6 KB with 14 parameters, one core, no HTTP"
# How many times the peer's time ours has to be shorter.
BOUNDS = {"Foundation": 28, "Go encoding/json, net/url": 20, "Python json, urllib": 30, "Node JSON, URL": 10}
SHORT, LONG = 2, 7  # passes over 200 pushes


class Differs(Exception):
    """Two parsers do not do the same work."""


def run(bench) -> Result:
    programs = bench.programs
    ours = programs.parser_ours()
    parsers = [ours, *programs.peers(
        programs.parser_foundation, programs.parser_go, programs.parser_python, programs.parser_node)]
    pushes = bench.work / "pushes.txt"
    pushes.write_text("\n".join(corpus.pushes()) + "\n")
    _check(bench, parsers, pushes)

    taken = {each.name: [] for each in parsers}
    for turn in range(bench.rounds):
        for each in parsers:
            nanoseconds = float(_call(bench, each, pushes, "time", str(bench.seconds)))
            taken[each.name].append(nanoseconds / 1e3)
            bench.say(f"parser: round {turn + 1} of {bench.rounds}: {each.name} {nanoseconds / 1e3:.2f} µs")
    own = taken[ours.name]
    instructions = _instructions(bench, ours)

    rows, targets = [], []
    for each in parsers:
        sample = Sample(taken[each.name])
        ratio = Sample([theirs / mine for theirs, mine in zip(taken[each.name], own)])
        rows.append([
            each.name, sample.text(), sample.spread(), ratio.text(), ratio.spread(),
            f"{instructions:,.0f}" if each is ours and instructions else "", each.version,
        ])
        if each.name in BOUNDS:
            targets.append(Target(f"pushes per CPU second, times {each.name}", ratio, BOUNDS[each.name]))
    targets.append(Target("CPU time per push", Sample(own), 2.5, at_most=True, unit=" µs"))
    if instructions:
        targets.append(Target("user instructions per push", Sample([instructions]), 25_000, at_most=True))
    return Result(
        "parser", TITLE,
        ["parser", "CPU µs/push", "spread", "ours is … times as fast", "spread", "instructions", "version"],
        rows, targets, notes=["Before, all of them gave the same rows for 1,000 pushes."],
        figures={"microseconds": taken, "instructions": instructions},
    )


def _check(bench, parsers, pushes):
    """The same rows from all, whatever the order of their columns."""
    expected = None
    for each in parsers:
        rows = [json.loads(line) for line in _call(bench, each, pushes, "rows").splitlines()]
        expected = expected or rows
        for number, (row, other) in enumerate(zip(rows, expected)):
            if row != other:
                wrong = sorted(set(row.items()) ^ set(other.items()), key=str)
                raise Differs(f"{each.name} reads push {number + 1} differently: {wrong[:4]}")
        if len(rows) != len(expected):
            raise Differs(f"{each.name} gave {len(rows)} rows, not {len(expected)}")


def _call(bench, parser, pushes, *mode) -> str:
    with bench.cores.starting_server():
        done = subprocess.run(
            [*parser.command, str(bench.contract), str(pushes), *mode], capture_output=True, text=True,
            env={"PATH": PATH}, timeout=600)
    if done.returncode != 0:
        raise Differs(f"{parser.name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _instructions(bench, ours):
    """Per push, by the difference of two run lengths; None without valgrind."""
    if not shutil.which("valgrind"):
        bench.say("Without instructions: valgrind is not installed")
        return None
    pushes = bench.work / "pushes-200.txt"
    pushes.write_text("\n".join(corpus.pushes(200)) + "\n")
    short, long = (count(bench, ours, pushes, passes) for passes in (SHORT, LONG))
    return (long - short) / ((LONG - SHORT) * 200)


def count(bench, parser, pushes, passes) -> int:
    """User instructions of that many passes over the pushes."""
    output = bench.work / "callgrind.out"
    output.unlink(missing_ok=True)
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}"]
    command += [*parser.command, str(bench.contract), str(pushes), "passes", str(passes)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": PATH}, timeout=600)
    found = re.search(r"^(?:totals|summary): (\d+)", output.read_text() if output.exists() else "", re.M)
    if done.returncode != 0 or not found:
        raise Differs(f"callgrind counted nothing: {done.stderr.strip()[-300:]}")
    return int(found.group(1))
