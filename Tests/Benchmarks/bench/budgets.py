# SPDX-License-Identifier: MIT
"""Instructions per request beside those that are allowed, so that no change makes them more unnoticed.

`budgets.json` keeps what was counted last; a rise of more than 5 % fails. Counts do not depend on what else a
machine does, but on its kind of processor: with AVX2 other code is run, so they are only compared on the same kind."""

import datetime
import json
import pathlib
import platform
import re
import shutil
import subprocess

from . import corpus, instructions, load, loading, machine, parser, rows
from .report import Result, Sample, Target

TITLE = "user instructions per request, beside what is allowed"
FILE = pathlib.Path(__file__).resolve().parent.parent / "budgets.json"
ALLOWED_RISE = 0.05
ROWS = 32


def run(bench) -> Result:
    columns = ["work", "instructions", "budget", "change"]
    if not shutil.which("valgrind"):
        bench.say("SKIPPED instruction budgets: valgrind is not installed")
        return Result("budgets", TITLE, columns, [["valgrind is not installed", "", "", ""]])
    counted = {name: round(count(bench)) for name, count in WORK.items()}
    if bench.saves_budgets:
        _save(counted)
    kept = json.loads(FILE.read_text())
    table, targets = [], []
    for name, count in counted.items():
        budget = kept["instructions"][name]
        table.append([name, f"{count:,}", f"{budget:,}", f"{100 * (count / budget - 1):+.1f} %"])
        targets.append(Target(name, Sample([count]), round(budget * (1 + ALLOWED_RISE)), at_most=True))
    notes = [f"Budgets of {kept['recorded']}, {kept['on']}."]
    if kept["processor"] != _processor():
        notes.append(f"This is {_processor()}, the budgets are of {kept['processor']}: not compared.")
        bench.say(f"SKIPPED instruction budgets: they are of {kept['processor']}, this is {_processor()}")
        targets = []
    if any(count < budget * (1 - ALLOWED_RISE) for count, budget in
           ((counted[name], kept["instructions"][name]) for name in counted)):
        notes.append("Something has become shorter: `scripts/dev/bench.sh budgets --save` lowers its budget.")
    return Result("budgets", TITLE, columns, table, targets, notes, figures=counted)


def _pixel(bench) -> float:
    return instructions.per_request(bench, bench.programs.ours_for_counting(), load.pixel_request())


def _push(bench) -> float:
    handler = bench.programs.handler("messages", "synchronous")
    return instructions.per_request(bench, handler, load.push_request(), rows.HEALTH)


def _parse(bench) -> float:
    pushes = bench.work / "pushes-200.txt"
    pushes.write_text("\n".join(corpus.pushes(200)) + "\n")
    bench.say("instructions: LogParse, 200 pushes under callgrind")
    short, long = (parser.count(bench, bench.programs.parser_ours(), pushes, passes) for passes in (1, 3))
    return (long - short) / (2 * 200)


def _load(bench) -> float:
    return loading.per_row(bench, ROWS)


WORK = {
    "pixel: a hit, answered": _pixel,
    "push: a message, decoded and acknowledged": _push,
    "parse: a message to a row": _parse,
    "load: a row, pushed and inserted": _load,
}


def _processor() -> str:
    """As far as valgrind shows programs what it can do: AVX2, but never AVX-512."""
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return platform.machine() + (" with AVX2" if flags and " avx2" in flags.group(1) else "")


def _save(counted):
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    FILE.write_text(json.dumps({
        "what": "User-space instructions, by callgrind. scripts/dev/bench.sh budgets --save writes this file.",
        "recorded": str(datetime.date.today()),
        "processor": _processor(),
        "on": f"{machine.distribution()}, Swift {re.search(r'Swift version ([0-9.]+)', swift).group(1)}, "
              f"{valgrind.strip()}",
        "instructions": counted,
    }, indent=2) + "\n")
