# SPDX-License-Identifier: MIT
"""Keeps the results of a run in RESULTS.md, the newest first."""

import datetime

from . import machine

NEWEST = "<!-- newest first -->"


def save(folder, results):
    tables = "\n".join(each.markdown() for each in results)
    file = folder / "RESULTS.md"
    before, mark, older = file.read_text().partition(NEWEST)
    if not mark:
        raise SystemExit(f"{file.name} has lost its line {NEWEST}")
    load = "" if machine.load_average() < 3 else f" Load average {machine.load_average():.0f}: other work ran too."
    file.write_text(f"{before}{NEWEST}\n\n## {datetime.date.today()}, {machine.kind()}.{load}\n\n{tables}{older}")
