# SPDX-License-Identifier: MIT
"""Tables, and whether a target is met."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Sample:
    """One figure, taken several times."""

    values: list

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def quartile(self, which) -> float:
        """The first or third quarter's end."""
        if len(self.values) < 2:
            return self.values[0]
        return statistics.quantiles(self.values, n=4, method="inclusive")[which - 1]

    def text(self, digits=2) -> str:
        return f"{self.median:,.{digits}f}"

    def spread(self, digits=2) -> str:
        return f"{min(self.values):,.{digits}f}–{max(self.values):,.{digits}f}"


@dataclass
class Target:
    """A bound for the median. Of a machine shared with others three quarters of the rounds have to
    miss it before it counts as missed; a median on the wrong side alone is within the spread."""

    what: str
    sample: Sample
    bound: float
    at_most: bool = False
    unit: str = ""

    @property
    def verdict(self) -> str:
        sign = 1 if self.at_most else -1
        if sign * self.sample.median <= sign * self.bound:
            return "met"
        near = self.sample.quartile(1 if self.at_most else 3)
        return "within the spread" if sign * near <= sign * self.bound else "MISSED"

    @property
    def row(self) -> list:
        direction = "≤" if self.at_most else "≥"
        digits = 0 if self.bound >= 100 else 2
        return [
            self.what, f"{direction} {self.bound:,g}{self.unit}",
            f"{self.sample.text(digits)}{self.unit}", self.sample.spread(digits), self.verdict,
        ]


@dataclass
class Result:
    """What a benchmark found."""

    name: str
    title: str
    columns: list
    rows: list
    targets: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    # For `--json`.
    figures: dict = field(default_factory=dict)

    @property
    def is_missed(self) -> bool:
        return any(target.verdict == "MISSED" for target in self.targets)

    def markdown(self) -> str:
        parts = [f"### {self.name}: {self.title}", table(self.columns, self.rows)]
        if self.targets:
            columns = ["target", "bound", "median", "spread", "verdict"]
            parts.append(table(columns, [target.row for target in self.targets]))
        parts += self.notes
        return "\n\n".join(parts) + "\n"

    def json(self) -> dict:
        return {
            "name": self.name,
            "figures": self.figures,
            "targets": [
                {"what": each.what, "bound": each.bound, "atMost": each.at_most,
                 "values": each.sample.values, "verdict": each.verdict}
                for each in self.targets
            ],
        }


def table(columns, rows) -> str:
    """A Markdown table that is also readable as it is: the first column left, the others right."""
    lines = [list(map(str, row)) for row in [columns, *rows]]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]

    def written(line):
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([written(lines[0]), written(rule), *map(written, lines[1:])])
