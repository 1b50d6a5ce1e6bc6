# SPDX-License-Identifier: MIT
"""Base64 and query strings alone, beside Foundation, Go, Python and Node."""

import base64
import json
import subprocess
from dataclasses import dataclass

from . import corpus
from .parser import Differs
from .report import Result, Sample
from .server import PATH

LINES = 200


@dataclass(frozen=True)
class Part:
    name: str
    title: str

    def run(self, bench) -> Result:
        programs = bench.programs
        ours = programs.parts_ours()
        parsers = [ours, *programs.peers(
            programs.parts_foundation, programs.parts_go, programs.parts_python, programs.parts_node)]
        file = bench.work / f"{self.name}.txt"
        file.write_text("\n".join(_lines(self.name)) + "\n")
        taken, totals = {each.name: [] for each in parsers}, {}
        for turn in range(bench.rounds):
            for each in parsers:
                nanoseconds, totals[each.name] = self._time(bench, each, file)
                taken[each.name].append(nanoseconds / 1e3)
                bench.say(f"{self.name}: round {turn + 1} of {bench.rounds}: {each.name} {nanoseconds / 1e3:.2f} µs")
        if len(set(totals.values())) > 1:
            raise Differs(f"{self.name} does not give the same number of bytes: {totals}")
        table = []
        for each in parsers:
            sample = Sample(taken[each.name])
            ratio = Sample([theirs / mine for theirs, mine in zip(taken[each.name], taken[ours.name])])
            table.append([each.name, sample.text(), sample.spread(), ratio.text(), ratio.spread(), each.version])
        return Result(
            self.name, self.title,
            ["by", "CPU µs", "spread", "ours is … times as fast", "spread", "version"], table,
            notes=[f"All of them made {totals[ours.name] // LINES:,} bytes of each on average."], figures=taken)

    def _time(self, bench, program, file) -> tuple:
        with bench.cores.starting_server():
            done = subprocess.run([*program.command, str(file), self.name, "1"], capture_output=True,
                                  text=True, env={"PATH": PATH}, timeout=600)
        if done.returncode != 0:
            raise Differs(f"{program.name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        nanoseconds, total = done.stdout.split()
        return float(nanoseconds), int(total)


def _lines(part) -> list:
    data = [json.loads(push)["message"]["data"] for push in corpus.pushes(LINES)]
    if part == "base64":
        return data
    urls = [json.loads(base64.b64decode(each))["httpRequest"]["requestUrl"] for each in data]
    return [url.partition("?")[2] for url in urls]


BASE64 = Part("base64", "CPU time of a push's data, 2.3 KB of base64")
QUERY = Part("query", "CPU time of a query of 14 parameters and 450 bytes, all names and values decoded")
