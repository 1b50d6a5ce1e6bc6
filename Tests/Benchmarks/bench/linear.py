# SPDX-License-Identifier: MIT
"""That the parser's work grows with the length of the input and no faster, whatever the input is made of."""

import shutil

from . import corpus, parser
from .report import Result, Sample, Target

TITLE = "user instructions per byte of entries from 1 KB to 256 KB"
SIZES = (1, 4, 16, 64, 256)
SHAPES = {
    "one long value": lambda size: "q=" + "x" * size,
    "one long encoded value": lambda size: "page_url=" + "%C3%A9" * (size // 6),
    "a value that has to be escaped": lambda size: "page_title=" + "%22" * (size // 3),
    "many parameters": lambda size: "&".join(["a=1"] * (size // 4)),
    "many values of one column": lambda size: "&".join(["user_id=1"] * (size // 10)),
    "many bare ampersands": lambda size: "&" * size,
}


def run(bench) -> Result:
    columns = ["entry", *(f"{size} KB" for size in SIZES)]
    if not shutil.which("valgrind"):
        return Result("linear", TITLE, columns, [["valgrind is not installed", *[""] * len(SIZES)]])
    ours = bench.programs.parser_ours()
    rows, targets, figures = [], [], {}
    for shape, query in [*SHAPES.items(), ("many members", None), ("deep nesting, again and again", None)]:
        found = [_per_byte(bench, ours, shape, query, size << 10) for size in SIZES]
        figures[shape] = found
        rows.append([shape, *(f"{each:.1f}" for each in found)])
        # What is done once for each entry counts less and less, so the figures fall and then stay.
        growth = found[-1] / found[-3]
        targets.append(Target(f"{shape}: 256 KB, times 16 KB", Sample([growth]), 1.15, at_most=True))
    return Result("linear", TITLE, columns, rows, targets, figures=figures)


def _per_byte(bench, ours, shape, query, size) -> float:
    bench.say(f"linear: {shape}, {size >> 10} KB under callgrind")
    more = ""
    if shape == "many members":
        more = "".join(f',"m{number}":[{number},"v"]' for number in range(size // 18))
    elif query is None:
        more = ',"n":[' + ",".join(['[[[[{"a":[[]]}]]]]'] * (size // 19)) + "]"
    push = corpus.push_of("type=t&" + (query(size) if query else ""), more)
    file = bench.work / "push.txt"
    file.write_text(push + "\n")
    short, long = (parser.count(bench, ours, file, passes) for passes in (1, 4))
    return (long - short) / 3 / len(push)
