#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares ledgers: what the broker saw acknowledged against what the sink holds.

key specs:  messageId | attr:NAME | data:PATH | dataregex:RE      (from a published message)
            insertId | row:PATH | rowregex:RE | attr:NAME          (from a sink record)
PATH is dotted ("event.id"; a number indexes a list). RE uses group 1, or the whole match.
Exit status: 0 all limits kept, 1 a limit broken, 2 the ledgers cannot be read or prove nothing."""

import argparse
import base64
import collections
import json
import re
import sys

from ledger import percentile, read_ledger

MISSING = object()


def dig(obj, path):
    for p in path.split("."):
        if isinstance(obj, list):
            try:
                obj = obj[int(p)]
            except (ValueError, IndexError):
                return MISSING
        elif isinstance(obj, dict) and p in obj:
            obj = obj[p]
        else:
            return MISSING
    return obj


class Spec:
    def __init__(self, text):
        self.text = text
        self.kind, _, self.arg = text.partition(":")
        if self.kind not in ("messageId", "attr", "data", "dataregex", "insertId", "row", "rowregex"):
            raise SystemExit("unknown key spec %r" % text)
        self.re = re.compile(self.arg) if self.kind.endswith("regex") else None

    def get(self, rec):
        """rec: {id, attributes, raw(bytes), json, insertId}"""
        if self.kind == "messageId":
            return rec.get("id", MISSING)
        if self.kind == "insertId":
            return rec.get("insertId") or MISSING
        if self.kind == "attr":
            return (rec.get("attributes") or {}).get(self.arg, MISSING)
        if self.re is not None:
            m = self.re.search(rec["text"])
            return (m.group(1) if m.groups() else m.group(0)) if m else MISSING
        v = dig(rec["json"], self.arg) if rec["json"] is not MISSING else MISSING
        return v if v is MISSING or isinstance(v, str) else json.dumps(v)


def open_message(e):
    raw = base64.b64decode(e["data"]) if e.get("data") else b""
    try:
        j = json.loads(raw)
    except (ValueError, RecursionError):
        j = MISSING
    return {
        "t": e["t"],
        "id": e["id"],
        "topic": e["topic"],
        "via": e.get("via"),
        "attributes": e.get("attributes") or {},
        "text": raw.decode("utf-8", "replace"),
        "json": j,
    }


def stats(v):
    v = sorted(v)
    if not v:
        return None
    return {
        "n": len(v),
        "min": round(v[0], 1),
        "p50": round(percentile(v, 50), 1),
        "p95": round(percentile(v, 95), 1),
        "p99": round(percentile(v, 99), 1),
        "max": round(v[-1], 1),
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "--pubsub", required=True, action="append", help="broker ledger (may be given more than once)"
    )
    p.add_argument("--bq", action="append", default=[], help="sink ledger of bigquery.py")
    p.add_argument(
        "--sink-topic",
        help="the sink is this topic of the broker ledger instead of BigQuery (stages that publish)",
    )
    p.add_argument("--topic", default="input", help="topic the source messages were published to")
    p.add_argument("--sub", help="subscription whose acknowledgements count (default: all of the topic's)")
    p.add_argument("--msg-key", default="messageId")
    p.add_argument("--row-key", default="insertId")
    p.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="ROWSPEC=MSGSPEC",
        help="field that must be equal, e.g. row:user=data:user",
    )
    p.add_argument(
        "--expect-no-row",
        help="regex over the key or the message text: these messages must NOT reach the sink (poison, filtered)",
    )
    p.add_argument("--table-pattern", help="regex every sink table name must match in full")
    p.add_argument("--max-lost", type=int, default=0)
    p.add_argument("--max-early-acks", type=int, default=0, help="acknowledged before the row was committed")
    p.add_argument("--max-unsettled", type=int, default=0)
    p.add_argument(
        "--max-duplicates",
        type=int,
        default=0,
        help="extra rows that carry the SAME insertId (dedupe window left or missed)",
    )
    p.add_argument(
        "--max-split-duplicates",
        type=int,
        default=0,
        help="extra rows of one key with ANOTHER insertId or table: dedupe could not work",
    )
    p.add_argument(
        "--max-nacked", type=int, default=None, help="deliveries that were not acknowledged, of whatever kind"
    )
    p.add_argument(
        "--max-dead-lettered", type=int, default=None, help="beyond the messages of --expect-no-row"
    )
    p.add_argument("--max-p99-ms", type=float, default=None, help="publish to commit")
    p.add_argument(
        "--min-messages", type=int, default=1, help="fewer source messages than this proves nothing: exit 2"
    )
    p.add_argument("--json", help="write the full report here")
    a = p.parse_args()

    try:
        ev = [e for f in a.pubsub for e in read_ledger(f)]
        sk = [e for f in a.bq for e in read_ledger(f)]
    except OSError as e:
        print("reconcile: %s" % e, file=sys.stderr)
        sys.exit(2)
    mk, rk = Spec(a.msg_key), Spec(a.row_key)
    pairs = [(Spec(x.split("=", 1)[0]), Spec(x.split("=", 1)[1])) for x in a.compare]
    norow = re.compile(a.expect_no_row) if a.expect_no_row else None

    # ---- source messages
    by_id, by_key, keyless = {}, collections.OrderedDict(), 0
    for e in ev:
        if e["ev"] == "published" and e["topic"] == a.topic:
            m = open_message(e)
            k = mk.get(m)
            if k is MISSING:
                keyless += 1
                k = "no-key:" + m["id"]
            m["key"] = k
            m["norow"] = bool(norow and (norow.search(k) or norow.search(m["text"])))
            by_id[m["id"]] = m
            by_key.setdefault(k, []).append(m)
    acked, dead = {}, set()
    deliveries = collections.Counter()
    attempts = []
    subs = set()
    for e in ev:
        if e["ev"] == "acked" and e["id"] in by_id and (not a.sub or e["sub"] == a.sub):
            acked[e["id"]] = e
            subs.add(e["sub"])
            attempts.append(e["attempts"])
        elif e["ev"] == "dead_lettered" and e["id"] in by_id:
            dead.add(e["id"])
        elif e["ev"] == "delivery" and e["id"] in by_id:
            deliveries[str(e["status"] or e["outcome"])] += 1
    unsettled = [i for i in by_id if i not in acked and i not in dead]
    probes = [e["id"] for e in ev if e["ev"] == "probe"]
    probe_ms = [acked[i]["age_ms"] for i in probes if i in acked]

    # ---- sink records
    rows, row_res = [], collections.Counter()
    if a.sink_topic:
        for e in ev:
            if e["ev"] == "published" and e["topic"] == a.sink_topic and e.get("via") == "rest":
                m = open_message(e)
                rows.append(
                    {
                        "t": m["t"],
                        "table": a.sink_topic,
                        "insertId": None,
                        "attributes": m["attributes"],
                        "text": m["text"],
                        "json": m["json"],
                        "id": m["id"],
                    }
                )
                row_res["committed"] += 1
    for e in sk:
        if e["ev"] == "row":
            row_res[e["res"]] += 1
            if e["res"] == "committed":
                r = e.get("row")
                rows.append(
                    {
                        "t": e["t"],
                        "table": e["table"],
                        "insertId": e.get("insertId"),
                        "text": json.dumps(r, ensure_ascii=False),
                        "json": MISSING if r is None else r,
                        "req": e["req"],
                    }
                )
    commits = collections.defaultdict(list)
    no_row_key = 0
    for r in rows:
        k = rk.get(r)
        if k is MISSING:
            no_row_key += 1
        else:
            commits[k].append(r)

    # ---- verdicts per key
    lost, early, mismatched, unwanted = [], [], [], []
    lat_commit, lat_ack = [], []
    same_id_dups = split_dups = 0
    dup_examples = []
    for k, msgs in by_key.items():
        m = msgs[0]
        c = sorted(commits.get(k, []), key=lambda r: r["t"])
        ack = [acked[x["id"]] for x in msgs if x["id"] in acked]
        if m["norow"]:
            if c:
                unwanted.append(k)
            continue
        if ack and not c:
            lost.append(k)
        if ack and c and min(e["t"] for e in ack) + 0.0005 < c[0]["t"]:
            early.append(k)
        if c:
            lat_commit.append((c[0]["t"] - m["t"]) * 1000)
            for rs, ms in pairs:
                x, y = rs.get(c[0]), ms.get(m)
                if x is MISSING or y is MISSING or x != y:
                    mismatched.append([k, rs.text, None if x is MISSING else x, None if y is MISSING else y])
        if len(c) > 1:
            # one source key published n times on purpose may rightly have n rows
            groups = collections.Counter((r["table"], r["insertId"]) for r in c)
            distinct = len(groups)
            same = sum(n - 1 for n in groups.values())
            split = max(0, distinct - len(msgs))
            if None in [g[1] for g in groups] and a.bq:
                split += same
                same = 0
            if a.sink_topic:
                split, same = 0, len(c) - len(msgs) if len(c) > len(msgs) else 0
            same_id_dups += same
            split_dups += split
            if (same or split) and len(dup_examples) < 10:
                dup_examples.append(
                    {
                        "key": k,
                        "rows": len(c),
                        "tables": sorted({r["table"] for r in c}),
                        "insertIds": sorted({str(r["insertId"]) for r in c})[:4],
                    }
                )
    for e in acked.values():
        lat_ack.append(e["age_ms"])
    unknown = [k for k in commits if k not in by_key]
    forged_rows = [k for k in unknown if "FORGED" in k]
    tables = collections.Counter(r["table"] for r in rows)
    bad_tables = [t for t in tables if a.table_pattern and not re.fullmatch(a.table_pattern, t)]
    dead_wanted = sum(1 for i in dead if not by_id[i]["norow"])

    # ---- the sink's own story
    reqs = [e for e in sk if e["ev"] == "req" and e.get("op") == "insertAll"]
    outcomes = collections.Counter(str(e["outcome"]) for e in reqs)
    ct = sorted(r["t"] for r in rows)
    gap = max([(b - x) for x, b in zip(ct, ct[1:])] or [0])
    bad_t = [
        e["t"] for e in reqs if e.get("fault") or (isinstance(e["outcome"], int) and e["outcome"] >= 400)
    ]
    recovery = None
    if bad_t:
        after = [t for t in ct if t > max(bad_t)]
        recovery = round((after[0] - max(bad_t)) * 1000, 1) if after else None
    forged = [e for e in ev if e["ev"] == "forged"]
    forged_ok = [e["mode"] for e in forged if e.get("outcome") == "ack"]
    torn = sum(1 for e in ev + sk if e["ev"] == "torn_line")
    alarms = [e for e in ev + sk if e["ev"] == "ALARM"]
    span = (max([e["t"] for e in acked.values()]) - min(m["t"] for m in by_id.values())) if acked else 0

    rep = {
        "source_messages": len(by_id),
        "source_keys": len(by_key),
        "acked": len(acked),
        "dead_lettered": len(dead),
        "unsettled": len(unsettled),
        "sink_rows": len(rows),
        "sink_keys": len(commits),
        "row_results": dict(row_res),
        "lost": len(lost),
        "early_acks": len(early),
        "duplicates_same_insertId": same_id_dups,
        "duplicates_split": split_dups,
        "unwanted_rows": len(unwanted),
        "rows_of_unknown_key": len(unknown),
        "rows_without_key": no_row_key,
        "forged_pushes": len(forged),
        "forged_accepted": len(forged_ok),
        "forged_rows": len(forged_rows),
        "mismatched_fields": len(mismatched),
        "tables": len(tables),
        "tables_outside_pattern": len(bad_tables),
        "keyless_messages": keyless,
        "probes": len(probes),
        "probe_ack_ms": probe_ms[0] if probe_ms else None,
        "deliveries": dict(deliveries),
        "attempts": stats(attempts),
        "acked_per_s": round(len(acked) / span, 1) if span > 0 else None,
        "publish_to_commit_ms": stats(lat_commit),
        "publish_to_ack_ms": stats(lat_ack),
        "insertAll": {
            "requests": len(reqs),
            "outcomes": dict(outcomes),
            "rows_per_request": stats([e["n"] for e in reqs if e["n"]]),
            "ms": stats([e["ms"] for e in reqs if "ms" in e]),
        },
        "longest_commit_gap_ms": round(gap * 1000, 1),
        "first_commit_after_last_fault_ms": recovery,
        "torn_ledger_lines": torn,
        "examples": {
            "lost": lost[:20],
            "early_acks": early[:10],
            "duplicates": dup_examples,
            "unwanted": unwanted[:10],
            "unknown": unknown[:10],
            "mismatched": mismatched[:10],
            "bad_tables": bad_tables[:10],
            "forged_accepted": sorted(set(forged_ok)),
            "unsettled": unsettled[:5],
        },
    }
    limits = [
        ("lost", len(lost), a.max_lost),
        ("early_acks", len(early), a.max_early_acks),
        ("unsettled", len(unsettled), a.max_unsettled),
        ("duplicates_same_insertId", same_id_dups, a.max_duplicates),
        ("duplicates_split", split_dups, a.max_split_duplicates),
        ("unwanted_rows", len(unwanted), 0),
        ("rows_of_unknown_key", len(unknown), 0),
        ("rows_without_key", no_row_key, 0),
        ("forged_accepted", len(forged_ok), 0),
        ("mismatched_fields", len(mismatched), 0),
        ("tables_outside_pattern", len(bad_tables), 0),
        ("alarms", len(alarms), 0),
        ("kit_errors", sum(1 for e in ev if e["ev"] == "kit_error"), 0),
    ]
    if probes:
        limits.append(("probe_not_acked", len(probes) - len(probe_ms), 0))
    if a.max_nacked is not None:
        limits.append(
            (
                "nacked_deliveries",
                sum(n for k, n in deliveries.items() if k not in ("102", "200", "201", "202", "204")),
                a.max_nacked,
            )
        )
    if a.max_dead_lettered is not None:
        limits.append(("dead_lettered_wanted", dead_wanted, a.max_dead_lettered))
    if a.max_p99_ms is not None:
        limits.append(("p99_ms", (rep["publish_to_commit_ms"] or {"p99": float("inf")})["p99"], a.max_p99_ms))
    rep["broken"] = ["%s=%s (limit %s)" % (n, v, limit) for n, v, limit in limits if v > limit]
    rep["verdict"] = "FAIL" if rep["broken"] else "PASS"
    code = 1 if rep["broken"] else 0
    if len(by_id) < a.min_messages or (not rows and not all(m["norow"] for m in by_id.values())):
        rep["verdict"], code = "PROVES NOTHING" if not rep["broken"] else "FAIL", (
            2 if not rep["broken"] else 1
        )
    if a.json:
        with open(a.json, "w") as f:
            json.dump(rep, f, indent=1)
    for k in (
        "verdict",
        "broken",
        "source_messages",
        "acked",
        "dead_lettered",
        "unsettled",
        "sink_rows",
        "row_results",
        "lost",
        "early_acks",
        "duplicates_same_insertId",
        "duplicates_split",
        "forged_pushes",
        "forged_accepted",
        "tables",
        "deliveries",
        "acked_per_s",
        "publish_to_commit_ms",
        "publish_to_ack_ms",
        "insertAll",
        "longest_commit_gap_ms",
        "first_commit_after_last_fault_ms",
    ):
        print("%-36s %s" % (k, json.dumps(rep[k])))
    ex = {k: v for k, v in rep["examples"].items() if v}
    if ex:
        print("examples " + json.dumps(ex)[:1500])
    sys.exit(code)


if __name__ == "__main__":
    main()
