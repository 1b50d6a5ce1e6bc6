# SPDX-License-Identifier: MIT
"""Charts as SVG, two in a row, with nothing but text and lines."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 420, 260, 62, 44, 34
STYLE = ("text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd}"
         ".line{stroke:#1565c0;stroke-width:2;fill:none}.dot{fill:#1565c0}")


@dataclass
class Chart:
    """Points (how many, cost): how many by powers, the cost from zero, or by powers if it spans more than tenfold."""

    title: str
    across: str
    points: list

    @property
    def is_steep(self) -> bool:
        costs = [cost for _, cost in self.points]
        return max(costs) > 10 * min(costs)

    def svg(self, x, y) -> str:
        counts, costs = zip(*self.points)
        column = _scale(counts, LEFT + 30, WIDTH - 44, logarithmic=True)
        high = [10 ** math.floor(math.log10(min(costs))), max(costs)] if self.is_steep else [0, max(costs) * 1.15]
        row = _scale(high, HEIGHT - BOTTOM, TOP, logarithmic=self.is_steep)
        parts = [f'<g transform="translate({x},{y})"><text class="title" x="{LEFT}" y="18">{escape(self.title)}</text>']
        for mark in _marks(*high, self.is_steep):
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 24}" y1="{row(mark):.1f}" y2="{row(mark):.1f}"/>'
                         f'<text x="{LEFT - 6}" y="{row(mark) + 4:.1f}" text-anchor="end">{_short(mark)}</text>')
        for count, cost in self.points:
            parts.append(f'<circle class="dot" r="3" cx="{column(count):.1f}" cy="{row(cost):.1f}"/>'
                         f'<text x="{column(count):.1f}" y="{row(cost) - 8:.1f}" text-anchor="middle">{_short(cost)}</text>'
                         f'<text x="{column(count):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{count:,}</text>')
        path = " ".join(f"{column(count):.1f},{row(cost):.1f}" for count, cost in self.points)
        parts.append(f'<polyline class="line" points="{path}"/>')
        parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(self.across)}</text></g>')
        return "".join(parts)


def page(charts, caption) -> str:
    rows = math.ceil(len(charts) / 2)
    body = "\n".join(chart.svg(WIDTH * (number % 2), HEIGHT * (number // 2)) for number, chart in enumerate(charts))
    height = HEIGHT * rows + 28
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {height}" width="{2 * WIDTH}" height="{height}">\n'
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="white"/>\n{body}\n'
            f'<text x="{LEFT}" y="{height - 10}">{escape(caption)}</text>\n</svg>\n')


def _scale(values, start, end, logarithmic):
    place = (lambda value: math.log10(value)) if logarithmic else (lambda value: value)
    low, high = place(min(values)), place(max(values))
    return lambda value: start + (place(value) - low) / ((high - low) or 1) * (end - start)


def _marks(low, high, logarithmic) -> list:
    if logarithmic:
        return [10 ** power for power in range(round(math.log10(low)), math.floor(math.log10(high)) + 1)]
    step = 10 ** math.floor(math.log10(high))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if high / (step * part) <= 6)
    return [step * number for number in range(int(high / step) + 1)]


def _short(value) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.3g}M"
    return f"{value / 1e3:.3g}k" if value >= 1e4 else f"{value:,.3g}" if value < 1e3 else f"{value:,.0f}"
