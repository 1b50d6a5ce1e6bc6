# SPDX-License-Identifier: MIT
"""Scripted faults: which strikes a request, and how an answer is spoilt."""

import asyncio
import json
import random
import re
import time

from http11 import Response


class Rules:
    """Scripted faults.

    {"seed": 7, "rules": [
       {"name": "bq-down", "match": {"op": "insertAll", "after_s": 10, "until_s": 70},
        "fault": {"kind": "status", "code": 503, "reason": "backendError"}}]}

    match keys (all optional, all must hold): op, target (regex), method,
      after_s/until_s (seconds since the rule clock was started), first (only the first N that
      match), nth (list, 1-based), every (N), prob (0..1), max_hits.
    """

    def __init__(self, spec=None):
        self.load(spec or {})

    def load(self, spec):
        self.spec = spec
        self.rng = random.Random(spec.get("seed", 1))
        self.rules = []
        for i, r in enumerate(spec.get("rules", [])):
            m = dict(r.get("match", {}))
            self.rules.append(
                {
                    "name": r.get("name", "rule%d" % i),
                    "m": m,
                    "fault": r["fault"],
                    "seen": 0,
                    "hits": 0,
                    "re": re.compile(m["target"]) if "target" in m else None,
                }
            )
        self.t0 = time.monotonic()

    def restart_clock(self):
        self.t0 = time.monotonic()

    def pick(self, op, target="", method="POST", early=False):
        """(list of latency faults, terminal fault or None); each with its rule name.
        early=True considers only the faults that strike before the body is read."""
        now = time.monotonic() - self.t0
        lat, term = [], None
        for r in self.rules:
            m = r["m"]
            if r["fault"]["kind"] == "down" or (r["fault"]["kind"] == "reset_mid_request") != early:
                continue
            if "op" in m and m["op"] != op:
                continue
            if "method" in m and m["method"] != method:
                continue
            if r["re"] is not None and not r["re"].search(target):
                continue
            if now < m.get("after_s", 0) or now >= m.get("until_s", float("inf")):
                continue
            r["seen"] += 1
            if "first" in m and r["seen"] > m["first"]:
                continue
            if "nth" in m and r["seen"] not in m["nth"]:
                continue
            if "every" in m and r["seen"] % m["every"]:
                continue
            if "prob" in m and self.rng.random() >= m["prob"]:
                continue
            if "max_hits" in m and r["hits"] >= m["max_hits"]:
                continue
            kind = r["fault"].get("kind")
            if kind == "latency":
                r["hits"] += 1
                lat.append((r["name"], r["fault"]))
            elif term is None:
                r["hits"] += 1
                term = (r["name"], r["fault"])
        return lat, term

    def down_windows(self):
        """Windows in which the listening socket itself must be closed (connection refused)."""
        return [
            (r["m"].get("after_s", 0), r["m"].get("until_s", 0))
            for r in self.rules
            if r["fault"].get("kind") == "down"
        ]

    def report(self):
        return [{"name": r["name"], "seen": r["seen"], "hits": r["hits"]} for r in self.rules]


async def supervise_down_windows(server, rules, on_change=None):
    """Closes the listening socket (and resets open connections) during every "down" rule window."""
    closed = False
    while True:
        now = time.monotonic() - rules.t0
        want = any(a <= now < b for a, b in rules.down_windows())
        if want and not closed:
            await server.stop_listening()
            closed = True
            if on_change:
                on_change("down")
        elif not want and closed:
            await server.start()
            closed = False
            if on_change:
                on_change("up")
        await asyncio.sleep(0.02)


async def respond_with_fault(req, resp, name, fault):
    """Post-commit transport faults. Returns a Response to send normally, or None when dealt with."""
    kind = fault["kind"]
    conn = req.conn
    raw = resp.encode()
    if kind in ("reset_after", "reset_before"):
        conn.reset()
        return None
    if kind == "half_response":
        cut = fault.get("bytes")
        if cut is None:
            cut = len(resp.encode(head_only=True)) + max(1, len(resp.body) // 2)
        await conn.send(raw[:cut])
        await asyncio.sleep(fault.get("hold_ms", 0) / 1000.0)
        (conn.reset if fault.get("rst") else conn.close)()
        return None
    if kind == "hang":
        # hold the answer, then drop the connection
        await asyncio.sleep(fault.get("s", 30))
        (conn.reset if fault.get("rst", True) else conn.close)()
        return None
    if kind == "slow_body":
        rate = max(1, int(fault.get("bytes_per_s", 20)))
        for i in range(0, len(raw), max(1, rate // 10)):
            await conn.send(raw[i : i + max(1, rate // 10)])
            if conn.gone:
                return None
            await asyncio.sleep(0.1)
        return None
    if kind == "garbage":
        return Response(
            fault.get("code", 200),
            body=fault.get("body", "<html>proxy error</html>").encode(),
            ctype=fault.get("ctype", "text/html"),
        )
    if kind == "not_http":
        await conn.send(fault.get("body", "\x00\x01\x02 not http\r\n").encode("latin-1"))
        conn.close()
        return None
    raise ValueError("unknown fault kind %r in rule %r" % (kind, name))


def load_rules(path):
    if not path:
        return Rules()
    with open(path, encoding="utf-8") as f:
        return Rules(json.load(f))
