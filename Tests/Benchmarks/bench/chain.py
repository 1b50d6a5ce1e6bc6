# SPDX-License-Identifier: MIT
"""The whole chain: hits to `pixel-ingest`, which publishes them; rows that `bq-loader` has inserted."""

import contextlib
import time

from . import load, tls_peer
from .programs import Absent
from .report import Result, Sample
from .server import free_port

TITLE = "CPU time per event of all three programs, from hit to inserted row, one core"
COLUMNS = ["program", "CPU µs/event", "spread", "events per second and core"]
CONNECTIONS = 200
STAGES = ("pixel-ingest", "log-parse", "bq-loader")
HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


def run(bench) -> Result:
    try:
        bench.programs.bigquery_peer()
    except Absent as problem:
        return Result("chain", TITLE, COLUMNS, [[f"without Go, which the stand-ins need: {problem}", "", "", ""]])
    file = bench.work / "chain-request.http"
    file.write_bytes(_hit())
    rounds = min(5, bench.rounds)
    used, rates = {stage: [] for stage in STAGES}, []
    with contextlib.ExitStack() as stack:
        bigquery = stack.enter_context(tls_peer.answering(bench, 0))
        servers = _start(bench, stack, bigquery)
        arrived = 0
        for turn in range(rounds + 1):
            before = {stage: server.cpu_seconds() for stage, server in servers.items()}
            began = time.monotonic()
            done = load.wrk(servers["pixel-ingest"].port, bench.seconds, file, connections=CONNECTIONS)
            arrived += done.requests
            _wait_for_rows(bigquery, arrived)
            if turn:  # the first only warms up
                rates.append(done.requests / (time.monotonic() - began))
                for stage, server in servers.items():
                    used[stage].append((server.cpu_seconds() - before[stage]) / done.requests * 1e6)
                total = sum(used[stage][-1] for stage in STAGES)
                bench.say(f"chain: round {turn} of {rounds}: {done.requests:,} events, {total:.1f} µs each")
        rows = bigquery.stats()["rows"]
    totals = [sum(each) for each in zip(*used.values())]
    table = [[stage, Sample(used[stage]).text(1), Sample(used[stage]).spread(1), ""] for stage in STAGES]
    table.append(["all three", Sample(totals).text(1), Sample(totals).spread(1),
                  Sample([1e6 / total for total in totals]).text(0)])
    return Result(
        "chain", TITLE, COLUMNS, table,
        notes=[f"{arrived:,} hits were answered, and {rows:,} rows inserted. {Sample(rates).median:,.0f} events came through a "
               "second: the stand-ins for Pub/Sub and BigQuery share the load's core, and take most of it."],
        figures=used | {"eventsPerSecond": rates})


def _hit() -> bytes:
    """The request of the others, with what the contract requires."""
    return load.pixel_request().replace(b"?", b"?type=page_view&user_id=u1&", 1)


def _start(bench, stack, bigquery) -> dict:
    parse, loader = free_port(), free_port()
    pub_sub = stack.enter_context(bench.start(bench.programs.pubsub_peer(parse, loader), where="load"))
    programs = (
        bench.programs.publishing(pub_sub.port), bench.programs.in_chain(parse, pub_sub.port),
        bench.programs.loader_by_tls("bq-loader, in the chain", bigquery, PORT=str(loader)))
    servers = {}
    for stage, program, port in zip(STAGES, programs, (None, parse, loader)):
        server = servers[stage] = stack.enter_context(bench.start(program))
        server.port = port or server.port
        server.wait_until_it_answers(HEALTH, pause=0.01)
    return servers


def _wait_for_rows(bigquery, wanted, within=60):
    end = time.monotonic() + within
    while (rows := bigquery.stats()["rows"]) < wanted:
        if time.monotonic() > end:
            raise load.LoadFailed(f"of {wanted} hits {rows} have become rows after {within} s")
        time.sleep(0.01)
