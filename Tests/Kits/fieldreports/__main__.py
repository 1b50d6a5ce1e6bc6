# SPDX-License-Identifier: MIT
"""Feeds each case to the programs and prints right or wrong, and what came out.

`python3 -m fieldreports --binaries DIR [--port N] [CASE…]`; scripts/dev/field-reports.sh builds and calls this.
CASE is a kind, or a name with its kind (list-by-index--plain); all of them without one."""

import argparse
import contextlib
import json
import random
import shutil
import socket
import sys

from . import pages
from .feeds import CASES, FORMS, World


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binaries", required=True, help="folder of the release programs")
    arguments.add_argument("--port", type=int, help="the first of 25 free ports (default: some that are free)")
    arguments.add_argument("case", nargs="*")
    given = arguments.parse_args()
    cases = chosen(given.case)
    world, right, wrong, skipped = World(given.binaries, given.port or free_ports(25)), 0, 0, []
    try:
        for name, case in cases:
            missing = lacking(case["form"])
            if missing:
                skipped.append(name)
                print(f"SKIPPED {name}: {missing} is not installed", flush=True)
                continue
            seen, is_right = judge(world, case)
            right, wrong = right + is_right, wrong + (not is_right)
            shown = json.dumps({k: v for k, v in seen.items() if k != "headers"})[:300]
            print(f"{'right' if is_right else 'WRONG'} {name} -> {shown}", flush=True)
            if not is_right:
                print(f"      {case['why']}; right is {case['ok']}", flush=True)
    finally:
        world.stop()
    print(f"{right} right, {wrong} wrong, {len(skipped)} skipped")
    sys.exit(1 if wrong else 0)


def free_ports(count):
    """The first of so many free ports in a row, below those of outgoing connections."""
    for base in random.sample(range(20000, 30000, count), 300):
        with contextlib.ExitStack() as held:
            try:
                for port in range(base, base + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return base
            except OSError:
                continue
    sys.exit(f"no {count} free ports in a row were found")


def chosen(names):
    every = {path.stem: json.loads(path.read_text()) for path in sorted(CASES.glob("*--*.json"))}
    unknown = [name for name in names if name not in every and not any(c["kind"] == name for c in every.values())]
    if unknown:
        sys.exit(f"there is no case or kind {unknown[0]}: allowed are {', '.join(sorted(every))}")
    return [(n, c) for n, c in every.items() if not names or n in names or c["kind"] in names]


def lacking(form):
    """The program that this form needs and that is not here."""
    if form in pages.PAGES:
        return "" if pages.chromium_program() else "chromium"
    return "node" if form in ("base", "retry") and not shutil.which("node") else ""


def judge(world, case):
    form, given = case["form"], case["input"]
    try:
        seen = pages.run(world, form, given) if form in pages.PAGES else FORMS[form](world, given)
    except (RuntimeError, OSError, LookupError) as problem:
        return {"problem": repr(problem)}, False
    try:
        return seen, bool(eval(case["ok"], {}, seen))
    except (LookupError, TypeError) as problem:
        return {**seen, "problem": repr(problem)}, False


main()
