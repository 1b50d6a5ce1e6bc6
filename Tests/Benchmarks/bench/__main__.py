# SPDX-License-Identifier: MIT
"""Runs benchmarks; `scripts/dev/bench.sh` builds what they need and calls this."""

import argparse
import json
import pathlib
import subprocess
import sys

from . import (
    budgets, build, chain, coldstart, growth, handlers, images, ingest, instructions, linear, loader, machine, memory,
    outage, parser, parts, pixel, record, service)
from .load import LoadFailed
from .programs import Catalogue
from .report import Result
from .server import Server, ServerFailed

HERE = pathlib.Path(__file__).resolve().parent.parent
BENCHMARKS = {
    "pixel": pixel, "instructions": instructions, "handlers": handlers, "ingest": ingest, "coldstart": coldstart,
    "memory": memory, "parser": parser, "base64": parts.BASE64, "query": parts.QUERY, "service": service,
    "loader": loader, "chain": chain, "outage": outage, "linear": linear, "growth": growth, "images": images,
    "build": build, "budgets": budgets,
}
# What --quick takes without names: under two minutes together.
QUICK = ("pixel", "coldstart", "parser", "loader")


class Bench:
    """What each benchmark gets."""

    def __init__(self, options):
        self.work = options.work.resolve()
        self.cores = machine.Cores()
        self.is_quick = options.quick
        self.rounds = 3 if options.quick else 9
        self.seconds = 1 if options.quick else 3
        self.starts = 4 if options.quick else 15
        # The folder for what a benchmark keeps by itself. Budgets change when somebody asks for that alone.
        self.saves = options.save
        self.saves_budgets = options.save and options.names == ["budgets"]
        self.contract = HERE / "parsers" / "contract.json"
        self.programs = Catalogue(
            self.work, options.static.resolve(), options.binaries.resolve(), options.measured.resolve(), self.say
        )

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def start(self, program, wrapper=(), where="server") -> Server:
        """On the server's core, the load's, or all of them."""
        folder = self.work / "run" / "".join(c if c.isalnum() else "-" for c in program.name)
        return Server(program, self.cores, folder, wrapper, where)


def main() -> int:
    options = _options()
    bench = Bench(options)
    machine.allow_many_connections()
    bench.say(f"On {machine.kind()}.")
    if machine.load_average() > 0.7:
        bench.say("Other work runs here: take ratios and medians, and run again what looks odd.")
    if not bench.cores.are_apart:
        bench.say("With one core, server and load share it: the ratios say less.")
    results, failed = [], []
    bench.cores.settle()
    for name in options.names or (QUICK if options.quick else BENCHMARKS):
        try:
            results.append(BENCHMARKS[name].run(bench))
        except (LoadFailed, ServerFailed, parser.Differs, RuntimeError, OSError, subprocess.SubprocessError) as problem:
            bench.say(f"{name} could not be measured: {problem}")
            failed.append(name)
            results.append(Result(name, "could not be measured", ["why"], [[str(problem)]]))
        if not options.json:
            print(results[-1].markdown(), flush=True)
    if options.json:
        print(json.dumps({"machine": machine.kind(), "results": [each.json() for each in results]}))
    if options.save and len(results) == len(BENCHMARKS):
        record.save(options.save, results)
    missed = [each.what for result in results for each in result.targets if each.verdict == "MISSED"]
    bench.say(f"Missed: {'; '.join(missed)}." if missed else "No target is missed.")
    if failed:
        bench.say(f"Could not be measured: {', '.join(failed)}.")
        return 2
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    options.add_argument("--work", type=pathlib.Path, required=True, help="folder for what is made")
    options.add_argument("--static", type=pathlib.Path, required=True, help="pixel-ingest as a static executable")
    options.add_argument("--binaries", type=pathlib.Path, required=True, help="what swift build made")
    options.add_argument("--measured", type=pathlib.Path, required=True, help="what it made of Tests/Benchmarks")
    options.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options.add_argument("--save", type=pathlib.Path, metavar="FOLDER", help="keep the results in FOLDER")
    chosen = options.parse_args()
    for name in chosen.names:
        if name not in BENCHMARKS:
            options.error(f"there is no benchmark '{name}': allowed are {', '.join(BENCHMARKS)}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
