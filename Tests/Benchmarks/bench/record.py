# SPDX-License-Identifier: MIT
"""Keeps the results of a run: the newest first in RESULTS.md, and the same tables in README.md."""

import datetime

from . import machine

NEWEST = "<!-- newest first -->"
BEGIN, END = "<!-- begin: written by --save -->", "<!-- end -->"


def save(folder, results):
    tables = "\n".join(each.markdown() for each in results)
    run = f"{datetime.date.today()}, {machine.kind()}."
    _between(folder / "README.md", f"Measured {run}\n\n{tables}")
    file = folder / "RESULTS.md"
    before, mark, older = file.read_text().partition(NEWEST)
    if not mark:
        raise SystemExit(f"{file.name} has lost its line {NEWEST}")
    file.write_text(f"{before}{NEWEST}\n\n## {run}\n\n{tables}{older}")


def _between(file, text):
    before, begin, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{file.name} has lost its lines {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
