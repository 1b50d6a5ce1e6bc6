# SPDX-License-Identifier: MIT
"""How cost grows: with worker loops, with the number of suffixes, with parameters, with the rows of an insert."""

import contextlib
import datetime
import os
import shutil

from . import corpus, load, loading, machine, parser, plot, rows, tls_peer
from .programs import Absent
from .report import Result, Sample, Target

TITLE = "what a unit costs as there are more of something"
LOOPS = (1, 2)
SUFFIXES = (1, 10, 100, 1000, 10_000)
PARAMETERS = (1, 4, 16, 64, 256, 1024)
BATCHES = (1, 8, 32, 128, 256)
PUSHES = 200


def run(bench) -> Result:
    table, targets, charts = [], [], []
    for part in (_loops, _suffixes, _parameters, _batches):
        part(bench, table, targets, charts)
    if bench.saves:
        text = plot.page(charts, f"{datetime.date.today()}, {machine.kind()}")
        (bench.saves / "growth.svg").write_text(text)
    return Result("growth", TITLE, ["what", "of how many", "cost", "spread", "note"], table, targets,
                  figures={chart.title: chart.points for chart in charts})


def _rounds(bench) -> int:
    return min(5, bench.rounds)


def _loops(bench, table, targets, charts):
    """Each loop is a thread; all the machine's cores, which the load shares."""
    file = bench.work / "pixel-request.http"
    file.write_bytes(load.pixel_request())
    used, rates = {count: [] for count in LOOPS}, {count: [] for count in LOOPS}
    with contextlib.ExitStack() as stack:
        servers = {}
        for count in LOOPS:
            server = servers[count] = stack.enter_context(bench.start(bench.programs.ours_with_loops(count), where="all"))
            server.wait_until_it_answers(load.pixel_request(), pause=0.01)
            load.wrk(server.port, 1, file)
        for turn in range(_rounds(bench)):
            for count, server in servers.items():
                before = server.cpu_seconds()
                done = load.wrk(server.port, bench.seconds, file)
                used[count].append((server.cpu_seconds() - before) / done.requests * 1e6)
                rates[count].append(done.requests / done.seconds)
                bench.say(f"growth: round {turn + 1} of {_rounds(bench)}: {count} loops {used[count][-1]:.2f} µs")
    for count in LOOPS:
        capacity = Sample([count / each for each in used[count]])
        table.append(["pixel-ingest, CPU µs/hit", f"{count} loop{'s' * (count > 1)}", Sample(used[count]).text(), Sample(used[count]).spread(),
                      f"{capacity.median * 1000:,.0f} thousand/s with a core for each loop; "
                      f"{Sample(rates[count]).median / 1000:,.0f} here, sharing {os.cpu_count()} with the load"])
    ratio = Sample([two / one for one, two in zip(used[LOOPS[0]], used[LOOPS[-1]])])
    targets.append(Target("CPU per hit of two loops, times one loop's", ratio, 1.25, at_most=True))
    charts.append(plot.Chart(
        "pixel-ingest: thousand hits a second, a core for each loop", "loops",
        [(count, Sample([count / each for each in used[count]]).median * 1000) for count in LOOPS]))


def _suffixes(bench, table, targets, charts):
    """Pushes for so many tables in turn, 200 at once: the more tables, the fewer rows has an insert."""
    try:
        bench.programs.bigquery_peer()
    except Absent as problem:
        return table.append(["bq-loader, CPU µs/event", "", "", "", f"without Go: {problem}"])
    used, per_insert = {count: [] for count in SUFFIXES}, {}
    with contextlib.ExitStack() as stack:
        servers = {}
        for count in SUFFIXES:
            file = bench.work / f"suffixes-{count}.http"
            pushes = [rows.push(user_id=f"u{user}") for user in range(count)]
            file.write_bytes(b"".join(b"%d\n%s" % (len(push), push) for push in pushes))
            peer = stack.enter_context(tls_peer.answering(bench, 0, users=count))
            program = bench.programs.loader_by_tls(f"bq-loader {count} suffixes", peer, TEMPLATE_SUFFIX="_{{user_id}}_{{date}}")
            server = stack.enter_context(bench.start(program))
            server.wait_until_it_answers(pushes[0], pause=0.01)
            load.wrk(server.port, 1, file, script="push.lua", connections=PUSHES)
            servers[count] = server, peer, file
        for turn in range(_rounds(bench)):
            for count, (server, peer, file) in servers.items():
                began, before = peer.stats(), server.cpu_seconds()
                done = load.wrk(server.port, bench.seconds, file, script="push.lua", connections=PUSHES)
                used[count].append((server.cpu_seconds() - before) / done.requests * 1e6)
                ended = peer.stats()
                per_insert[count] = (ended["rows"] - began["rows"]) / max(1, ended["inserts"] - began["inserts"])
                bench.say(f"growth: round {turn + 1} of {_rounds(bench)}: {count} suffixes {used[count][-1]:.1f} µs")
    for count in SUFFIXES:
        table.append(["bq-loader, CPU µs/event", f"{count:,} suffix{'es' * (count > 1)}", Sample(used[count]).text(1), Sample(used[count]).spread(1),
                      f"{per_insert[count]:,.1f} rows in an insert"])
    # From 1,000 on each of 200 pushes has an insert of its own: what still grew would be our own bookkeeping.
    ratio = Sample([more / less for less, more in zip(used[SUFFIXES[-2]], used[SUFFIXES[-1]])])
    targets.append(Target("CPU per event of 10,000 suffixes, times that of 1,000", ratio, 1.25, at_most=True))
    charts.append(plot.Chart("bq-loader: CPU µs per event, 200 pushes at once", "suffixes",
                             [(count, Sample(used[count]).median) for count in SUFFIXES]))


def _parameters(bench, table, targets, charts):
    if not shutil.which("valgrind"):
        return table.append(["LogParse, instructions/hit", "", "", "", "valgrind is not installed"])
    counted = {}
    for what, parameter in (("unknown", "p{0}={0}"), ("of one column", "user_id={0}")):
        for count in PARAMETERS:
            query = "&".join(parameter.format(number) for number in range(count))
            file = bench.work / "push.txt"
            file.write_text(corpus.push_of("type=t&" + query) + "\n")
            bench.say(f"growth: {count} parameters under callgrind")
            short, long = (parser.count(bench, bench.programs.parser_ours(), file, passes) for passes in (10, 30))
            counted[what, count] = (long - short) / 20
            table.append([f"LogParse, instructions/hit, parameters {what}", f"{count:,}", f"{counted[what, count]:,.0f}", "",
                          f"{counted[what, count] / count:,.0f} a parameter"])
        each = [(counted[what, more] - counted[what, less]) / (more - less) for less, more in ((64, 256), (256, 1024))]
        targets.append(Target(f"a further parameter {what}: 256 to 1,024, times 64 to 256", Sample([each[1] / each[0]]), 1.15,
                              at_most=True))
    charts.append(plot.Chart("LogParse: instructions per hit", "parameters without a column",
                             [(count, counted["unknown", count]) for count in PARAMETERS]))


def _batches(bench, table, targets, charts):
    if not shutil.which("valgrind"):
        return table.append(["bq-loader, instructions/row", "", "", "", "valgrind is not installed"])
    counted = {count: loading.per_row(bench, count) for count in BATCHES}
    for count in BATCHES:
        table.append(["bq-loader, instructions/row", f"{count} row{'s' * (count > 1)} in an insert", f"{counted[count]:,.0f}", "", ""])
    targets.append(Target("instructions per row of 256 rows, times that of 32", Sample([counted[256] / counted[32]]), 1.05,
                          at_most=True))
    charts.append(plot.Chart("bq-loader: instructions per row", "rows in an insert",
                             [(count, counted[count]) for count in BATCHES]))
