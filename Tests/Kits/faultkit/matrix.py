#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a stage under test through the fault matrix: starts the stand-ins and the stage, acts (kill -9,
SIGTERM, key rotation ...), reconciles, reports. Loopback only; every process it starts is ended by PID.

  matrix.py --profile profile.json --scenario all --out out/ [--scale 0.2] [--count 3000]
  matrix.py --list

The profile says how to start the stage and how its rows are recognised; see README.md."""

import argparse
import json
import os
import signal
import sys

from run import Run
from scenarios import publish_scenarios, scenarios


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--profile")
    p.add_argument("--scenario", default="all", help="name, several with commas, or all")
    p.add_argument("--out", default="faultkit-out")
    p.add_argument("--count", type=int, default=3000)
    p.add_argument("--scale", type=float, default=1.0, help="shrinks the long times; 1.0 for acceptance")
    p.add_argument(
        "--grace", type=float, default=10.0, help="seconds between SIGTERM and SIGKILL (Cloud Run: 10)"
    )
    p.add_argument("--max-seconds", type=float, default=180.0, help="per scenario")
    p.add_argument("--binaries", default=".build/release", help="folder of the programs: ${BIN} in a profile")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    if a.list:
        show(scenarios(a.count, a.scale))
        print('for a stage with "sink": "topic":')
        show(publish_scenarios(a.count, a.scale))
        return
    if not a.profile:
        p.error("--profile is needed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the finally clauses end what was started
    with open(a.profile) as file:
        profile = json.load(file)
    known = (publish_scenarios if profile.get("sink") == "topic" else scenarios)(a.count, a.scale)
    names = list(known) if a.scenario == "all" else a.scenario.split(",")
    for name in names:
        if name not in known:
            p.error("no scenario %r; see --list" % name)
    os.makedirs(a.out, exist_ok=True)
    results = []
    for name in names:
        results.append(Run(a, profile, name, known[name]).go())
        print(line(results[-1]), flush=True)
        with open(os.path.join(a.out, "matrix.json"), "w") as file:
            json.dump(results, file, indent=1)
    failed = [result for result in results if result["verdict"] not in ("PASS", "REPORT", "SKIPPED")]
    print("%d scenarios, %d not passed" % (len(results), len(failed)))
    sys.exit(1 if failed else 0)


def show(known):
    for name, scenario in known.items():
        print("%-20s %s" % (name, scenario["what"]))


def line(result):
    """A result in one line."""
    what = result.get("why") or (
        "%(wall_s)5.1fs acked %(acked)-5s rows %(sink_rows)-5s lost %(lost)s early %(early_acks)s "
        "dup %(dups)s/%(split_dups)s unsettled %(unsettled)s " % result
        + " ".join(["; ".join(result["notes"]), "; ".join(result["broken"])]))
    return "%-20s %-9s %s" % (result["scenario"], result["verdict"], what)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(1)
