# SPDX-License-Identifier: MIT
"""CPU time per hit and per posted event of `pixel-ingest` with its publishing, by a Pub/Sub that takes all
at once."""

import json

from . import load
from .report import Result, Sample, Target
from .service import sink

TITLE = "CPU time with publishing, 200 keep-alive connections, one core"
CONNECTIONS = 200
# Milliseconds between a connection's requests when latencies are measured: under a flood every latency is
# the connections divided by the rate, whatever the server does.
PAUSE = 50
EVENTS = 100


def run(bench) -> Result:
    files = {}
    for name, request in (("a hit", load.pixel_request()), ("POST of 1 event", _post(1)),
                          (f"POST of {EVENTS} events", _post(EVENTS))):
        files[name] = bench.work / f"ingest-{len(files)}.http"
        files[name].write_bytes(request)
    used = {name: [] for name in files}
    rates = {name: [] for name in files}
    latest = {name: [] for name in files}
    paced = []
    with sink() as pub_sub, bench.start(bench.programs.publishing(pub_sub.port)) as server:
        server.wait_until_it_answers(load.pixel_request(), pause=0.01)
        for name, file in files.items():
            load.wrk(server.port, 1, file, connections=CONNECTIONS)
        answered, published = 0, pub_sub.messages()
        for turn in range(bench.rounds):
            for name, file in files.items():
                before = server.cpu_seconds()
                done = load.wrk(server.port, bench.seconds, file, connections=CONNECTIONS)
                used[name].append((server.cpu_seconds() - before) / done.requests * 1e6)
                rates[name].append(done.requests / done.seconds)
                latest[name].append(done.p99_milliseconds)
                answered += done.requests * (EVENTS if "events" in name else 1)
                bench.say(f"ingest: round {turn + 1} of {bench.rounds}: {name} {used[name][-1]:.2f} µs")
            done = load.wrk(server.port, bench.seconds, files["a hit"], connections=CONNECTIONS, pause=PAUSE)
            paced.append(done.p99_milliseconds)
            answered += done.requests
            paced_rate = done.requests / done.seconds
        published = pub_sub.messages() - published
        peak = server.peak_resident()
    if published < answered:
        raise load.LoadFailed(f"{answered} hits and events were answered, but {published} published")

    single, many = used["POST of 1 event"], used[f"POST of {EVENTS} events"]
    each = Sample([(whole - one) / (EVENTS - 1) for whole, one in zip(many, single)])
    rows = [[name, Sample(used[name]).text(), Sample(used[name]).spread(), Sample(rates[name]).text(0),
             Sample(latest[name]).text(1)] for name in files]
    rows.append(["each further event of a POST", each.text(), each.spread(), "", ""])
    return Result(
        "ingest", TITLE, ["request", "CPU µs", "spread", "requests/s", "p99 ms in a flood"], rows,
        [Target("a hit, published", Sample(used["a hit"]), 14, at_most=True, unit=" µs"),
         Target("its image, p99, when each connection pauses for 50 ms", Sample(paced), 15, at_most=True, unit=" ms"),
         Target("each further event of a POST", each, 2, at_most=True, unit=" µs")],
        notes=[f"{answered:,} hits and events were answered, and {published:,} published. "
               f"With pauses {paced_rate:,.0f} hits came a second. At most {peak:.1f} MiB in memory."],
        figures={"cpuMicroseconds": used, "p99Milliseconds": latest, "pacedP99Milliseconds": paced, "peakMiB": round(peak, 2)},
    )


def _post(count) -> bytes:
    events = [{"type": "page_view", "page_url": f"https://www.example.com/products/{n}", "page_title": "Shoes",
               "user_id": "u1", "client_time": "2026-01-02T03:04:05.678Z"} for n in range(count)]
    body = json.dumps(events, separators=(",", ":"))
    return (
        "POST /events HTTP/1.1\r\nHost: track.example.com\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
        "Origin: https://www.example.com\r\nReferer: https://www.example.com/\r\n"
        f"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
