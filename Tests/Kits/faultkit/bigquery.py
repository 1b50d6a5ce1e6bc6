#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""BigQuery REST v2 stand-in (datasets, tables, tabledata.insertAll) with scripted faults and a
ledger of committed rows. Loopback only; ends by itself. See README.md for rules and examples."""

import asyncio
import json
import random
import re
import time
import urllib.parse
import urllib.request

from faults import load_rules, respond_with_fault, supervise_down_windows
from http11 import Response, Server
from ledger import Ledger, percentile
from process import announce, base_args, fk_admin, run_until_stopped
from rows import check_row, good_table_id
from tokens import check_access_token

MAX_ROWS, MAX_REQ, MAX_ROW, MAX_INSERT_ID = 50000, 10 * 1024 * 1024, 10 * 1024 * 1024, 128


BASE = "/bigquery/v2/projects/"


def err(code, reason, message, headers=None, location=None):
    e = {"message": message, "domain": "global", "reason": reason}
    if location:
        e["location"] = location
    status = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        409: "ALREADY_EXISTS",
        413: "INVALID_ARGUMENT",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        502: "UNAVAILABLE",
        503: "UNAVAILABLE",
    }.get(code, "UNKNOWN")
    return Response(
        code, {"error": {"code": code, "message": message, "errors": [e], "status": status}}, headers=headers
    )


DEFAULT_REASON = {
    400: "invalid",
    401: "authError",
    403: "rateLimitExceeded",
    404: "notFound",
    429: "rateLimitExceeded",
    500: "backendError",
    502: "badGateway",
    503: "backendError",
}


class BigQuery:
    def __init__(self, args):
        self.args = args
        self.rules = load_rules(args.faults)
        self.ledger = Ledger(args.ledger)
        self.stop = asyncio.Event()
        self.datasets = {}
        self.seen = {}  # (table, insertId) -> first time
        self.counts = {
            "requests": 0,
            "committed": 0,
            "deduped": 0,
            "rejected": 0,
            "auth_failures": 0,
            "tables_created": 0,
        }
        self.by_outcome = {}
        self.in_flight = 0
        self.max_in_flight = 0
        self.batch = []
        self.min_iat = 0.0
        self.rng = random.Random(args.seed)
        if args.setup:
            with open(args.setup, encoding="utf-8") as f:
                for ds, d in json.load(f).get("datasets", {}).items():
                    self.datasets[ds] = {"tables": {}}
                    for tb, t in d.get("tables", {}).items():
                        self.add_table(ds, tb, t["schema"], created=0.0, how="setup")

    def add_table(self, ds, tb, schema, created=None, how="insert", extra=None):
        now = time.time() if created is None else created
        self.datasets[ds]["tables"][tb] = {
            "schema": schema,
            "created": now,
            "how": how,
            "rows": 0,
            "extra": extra or {},
        }
        if how != "setup":
            self.counts["tables_created"] += 1
            self.ledger.write("table", table=ds + "." + tb, how=how)

    def state(self):
        b = sorted(self.batch)
        return {
            "counts": self.counts,
            "outcomes": self.by_outcome,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "rules": self.rules.report(),
            "batch_rows": {
                "n": len(b),
                "p50": percentile(b, 50),
                "p99": percentile(b, 99),
                "max": b[-1] if b else None,
            },
            "tables": {
                d + "." + t: {"rows": v["rows"], "how": v["how"]}
                for d, x in self.datasets.items()
                for t, v in sorted(x["tables"].items())[:2000]
            },
        }

    # -------- request hooks
    async def on_head(self, req):
        if req.path.startswith("/_fk/"):
            return False
        op, target = self.classify(req)
        _, term = self.rules.pick(op, target, req.method, early=True)
        if not term:
            return False
        try:
            await asyncio.wait_for(req.conn.reader.read(term[1].get("after_bytes", 100)), 5)
        except (asyncio.TimeoutError, ConnectionError):
            pass
        self.ledger.write(
            "req",
            id=None,
            op=op,
            target=target,
            n=0,
            bytes=0,
            fault=term[0],
            outcome="reset_mid_request",
            committed=0,
        )
        self.ledger.flush()
        self.note("reset_mid_request")
        req.conn.reset()
        return True

    def classify(self, req):
        p = req.path
        if not p.startswith(BASE):
            return "other", p
        s = [urllib.parse.unquote(x) for x in p[len(BASE) :].split("/")]
        # project datasets [d [tables [t [insertAll]]]]
        if len(s) >= 6 and s[1] == "datasets" and s[3] == "tables" and s[5] == "insertAll":
            return "insertAll", s[2] + "." + s[4]
        if len(s) >= 5 and s[3] == "tables":
            return (
                "tables."
                + {"GET": "get", "DELETE": "delete", "PATCH": "patch", "PUT": "update"}.get(
                    req.method, "other"
                ),
                s[2] + "." + s[4],
            )
        if len(s) == 4 and s[3] == "tables":
            return ("tables.insert" if req.method == "POST" else "tables.list"), s[2]
        if len(s) == 3:
            return "datasets." + {"GET": "get", "DELETE": "delete"}.get(req.method, "other"), s[2]
        if len(s) == 2:
            return ("datasets.insert" if req.method == "POST" else "datasets.list"), ""
        return "other", p

    def note(self, outcome):
        self.by_outcome[str(outcome)] = self.by_outcome.get(str(outcome), 0) + 1

    async def handle(self, req):
        a = fk_admin(req, self.rules, self.state, self.stop)
        if a:
            return a
        op, target = self.classify(req)
        if op == "other":
            return err(404, "notFound", "no such method: %s %s" % (req.method, req.path))
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            return await self.method(req, op, target)
        finally:
            self.in_flight -= 1

    async def method(self, req, op, target):
        self.counts["requests"] += 1
        rid = self.counts["requests"]
        auth = "ok"
        if self.args.token_secret:
            auth = (
                check_access_token(self.args.token_secret, req.headers.get("authorization"), self.min_iat)
                or "ok"
            )
        body = None
        suffix = ""
        nrows = 0
        if req.body:
            try:
                body = req.json()
            except (ValueError, UnicodeDecodeError, RecursionError):
                body = ValueError
            if isinstance(body, dict) and op == "insertAll":
                suffix = body.get("templateSuffix") or ""
                nrows = len(body.get("rows") or []) if isinstance(body.get("rows"), list) else 0
        full = target + (suffix if isinstance(suffix, str) else "")
        lat, term = self.rules.pick(op, full, req.method)
        for _, f in lat:
            ms = f.get("ms", 0) + self.rng.uniform(0, f.get("jitter_ms", 0))
            await asyncio.sleep(ms / 1000.0)

        def log(outcome, committed=0, **kw):
            self.note(outcome)
            self.ledger.write(
                "req",
                id=rid,
                op=op,
                target=full,
                n=nrows,
                bytes=len(req.body),
                fault=term[0] if term else None,
                outcome=outcome,
                committed=committed,
                ms=round((time.time() - req.t0) * 1000, 2),
                **kw
            )
            self.ledger.flush()

        if term and term[1]["kind"] == "revoke":
            # every access token issued so far stops working
            self.min_iat = time.time()
            term = None
            if self.args.token_secret:
                auth = "revoked"
        if auth != "ok":
            self.counts["auth_failures"] += 1
            log(401, auth=auth)
            return err(
                401,
                "authError",
                "Request had invalid authentication credentials (%s)." % auth,
                headers={
                    "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
                },
            )
        if body is ValueError:
            log(400)
            return err(400, "parseError", "Parse Error")
        commit = True
        kind = term[1]["kind"] if term else None
        if kind in ("status", "reset_before", "not_http", "garbage", "hang", "slow_body", "half_response"):
            commit = bool(term[1].get("commit", False))
        if kind == "status" and not commit:
            log(term[1]["code"])
            return self.status_fault(term[1])
        if kind in ("reset_before", "not_http", "hang", "garbage") and not commit:
            log(kind)
            return await respond_with_fault(req, Response(200, {}), *term)
        if kind == "swallow" and op == "insertAll":
            # 200 and no row: what streaming into a table that was deleted and made again has been seen to do
            log("swallowed")
            return Response(200, {"kind": "bigquery#tableDataInsertAllResponse"})
        # ---- do the work
        committed_before = self.counts["committed"]
        if op == "insertAll":
            resp = self.insert_all(rid, target, body, term)
        else:
            resp = self.metadata(op, target, req, body)
        n_committed = self.counts["committed"] - committed_before
        # ---- faults after the work
        if kind == "status":
            log("%d_after_commit" % term[1]["code"], n_committed)
            return self.status_fault(term[1])
        if kind == "partial_commit":
            log("%d_partial_commit" % term[1].get("code", 503), n_committed)
            return self.status_fault(dict(term[1], code=term[1].get("code", 503)))
        if kind in (
            "reset_after",
            "reset_before",
            "half_response",
            "hang",
            "slow_body",
            "garbage",
            "not_http",
        ):
            log(kind, n_committed)
            return await respond_with_fault(req, resp, *term)
        extra = {}
        if op == "insertAll" and resp.status == 200 and b"insertErrors" in resp.body[:200]:
            extra["row_errors"] = len(json.loads(resp.body)["insertErrors"])
        log(resp.status, n_committed, **extra)
        return resp

    @staticmethod
    def status_fault(f):
        code = f["code"]
        reason = f.get("reason", DEFAULT_REASON.get(code, "internalError"))
        h = {"Retry-After": str(f["retry_after"])} if "retry_after" in f else None
        if f.get("empty"):
            return Response(code, body=b"", headers=h)
        return err(code, reason, f.get("message", "faultkit: scripted %s" % reason), headers=h)

    # -------- metadata calls
    def metadata(self, op, target, req, body):
        now = time.time()
        if op == "datasets.list":
            return Response(
                200,
                {
                    "kind": "bigquery#datasetList",
                    "datasets": [{"datasetReference": {"datasetId": d}} for d in self.datasets],
                },
            )
        if op == "datasets.insert":
            d = (body or {}).get("datasetReference", {}).get("datasetId", "")
            if not re.match(r"^[A-Za-z0-9_]{1,1024}$", d):
                return err(400, "invalid", 'Invalid dataset ID "%s".' % d)
            if d in self.datasets:
                return err(409, "duplicate", "Already Exists: Dataset %s" % d)
            self.datasets[d] = {"tables": {}}
            return Response(200, body)
        ds, _, tb = target.partition(".")
        if ds not in self.datasets:
            return err(404, "notFound", "Not found: Dataset %s" % ds)
        if op == "datasets.get":
            return Response(200, {"kind": "bigquery#dataset", "datasetReference": {"datasetId": ds}})
        tabs = self.datasets[ds]["tables"]
        if op == "tables.list":
            return Response(
                200,
                {
                    "kind": "bigquery#tableList",
                    "totalItems": len(tabs),
                    "tables": [{"tableReference": {"datasetId": ds, "tableId": t}} for t in tabs],
                },
            )
        if op == "tables.insert":
            t = (body or {}).get("tableReference", {}).get("tableId", "")
            if not good_table_id(t):
                return err(400, "invalid", 'Invalid table ID "%s".' % t[:200])
            if t in tabs:
                return err(409, "duplicate", "Already Exists: Table %s.%s" % (ds, t))
            self.add_table(ds, t, body.get("schema", {"fields": []}), how="insert", extra=body)
            self.ledger.flush()
            return Response(200, dict(body, kind="bigquery#table", id="p:%s.%s" % (ds, t)))
        t = tabs.get(tb)
        if t is None or (t["how"] == "template" and now - t["created"] < self.args.template_get_404_s):
            return err(404, "notFound", "Not found: Table p:%s.%s" % (ds, tb))
        if op == "tables.get":
            return Response(
                200,
                {
                    "kind": "bigquery#table",
                    "tableReference": {"datasetId": ds, "tableId": tb},
                    "schema": t["schema"],
                    "numRows": str(t["rows"]),
                },
            )
        if op == "tables.delete":
            del tabs[tb]
            return Response(204)
        if op in ("tables.patch", "tables.update"):
            if body and "schema" in body:
                t["schema"] = body["schema"]
            return Response(
                200,
                {
                    "kind": "bigquery#table",
                    "tableReference": {"datasetId": ds, "tableId": tb},
                    "schema": t["schema"],
                },
            )
        return err(404, "notFound", "no such method")

    # -------- insertAll
    def insert_all(self, rid, target, body, term):
        now = time.time()
        ds, _, tb = target.partition(".")
        if ds not in self.datasets:
            return err(404, "notFound", "Not found: Dataset p:%s" % ds)
        tabs = self.datasets[ds]["tables"]
        if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
            return err(400, "invalid", "Required parameter is missing: rows")
        rows = body["rows"]
        if not rows:
            return err(400, "invalid", "No rows present in the request.")
        if len(rows) > MAX_ROWS:
            return err(
                413,
                "invalid",
                "Too many rows present in the request, limit: %d row count: %d." % (MAX_ROWS, len(rows)),
            )
        if self.req_bytes(body) > MAX_REQ:
            return err(413, "uploadTooLarge", "Request payload size exceeds the limit: %d bytes." % MAX_REQ)
        suffix = body.get("templateSuffix")
        if suffix is not None and not isinstance(suffix, str):
            return err(400, "invalid", "Invalid value at 'template_suffix'")
        tmpl = tabs.get(tb)
        if tmpl is None:
            return err(404, "notFound", "Not found: Table p:%s.%s" % (ds, tb))
        name = tb
        if suffix:
            name = tb + suffix
            if not good_table_id(name):
                return err(400, "invalid", 'Invalid table ID "%s".' % name[:200])
            if name not in tabs:
                if len(tabs) >= self.args.max_tables:
                    return err(
                        403, "quotaExceeded", "Exceeded the kit's table limit (%d)." % self.args.max_tables
                    )
                self.add_table(ds, name, tmpl["schema"], how="template")
        t = tabs[name]
        hide = (
            self.args.template_insert_404_s
            if t["how"] == "template"
            else self.args.table_insert_404_s if t["how"] == "insert" else 0
        )
        if hide and now - t["created"] < hide:
            return err(404, "notFound", "Not found: Table p:%s.%s" % (ds, name))
        fields = t["schema"].get("fields", [])
        ignore, skip = bool(body.get("ignoreUnknownValues")), bool(body.get("skipInvalidRows"))
        bad = {}
        forced = term[1] if term and term[1]["kind"] == "row_errors" else None
        rx = re.compile(forced["match"]) if forced and "match" in forced else None
        for i, r in enumerate(rows):
            if not isinstance(r, dict) or "json" not in r:
                bad[i] = [
                    {"reason": "invalid", "location": "", "debugInfo": "", "message": "Missing row content."}
                ]
                continue
            iid = r.get("insertId")
            if iid is not None and (not isinstance(iid, str) or len(iid) > MAX_INSERT_ID):
                return err(
                    400,
                    "invalid",
                    "insertId must be a string of at most %d characters (row %d)." % (MAX_INSERT_ID, i),
                )
            e = check_row(fields, r["json"], ignore)
            if e:
                bad[i] = [
                    {"reason": "invalid", "location": loc, "debugInfo": "", "message": m} for loc, m in e
                ]
            elif forced:
                hit = (
                    rx.search(json.dumps(r["json"]))
                    if rx
                    else self.rng.random() < forced.get("fraction", 0.1)
                )
                if hit:
                    bad[i] = [
                        {
                            "reason": forced.get("reason", "invalid"),
                            "location": forced.get("location", ""),
                            "debugInfo": "",
                            "message": forced.get("message", "faultkit: scripted row error"),
                        }
                    ]
        stopped = {}
        partial = forced and forced.get("mode") == "partial"
        if bad and not skip and not partial:
            stopped = {
                i: [{"reason": "stopped", "location": "", "debugInfo": "", "message": ""}]
                for i in range(len(rows))
                if i not in bad
            }
        limit = len(rows)
        if term and term[1]["kind"] == "partial_commit":
            limit = int(len(rows) * term[1].get("fraction", 0.5))
        full = ds + "." + name
        n = 0
        keep_row = self.args.ledger_rows == "full"
        for i, r in enumerate(rows):
            iid = r.get("insertId") if isinstance(r, dict) else None
            if i in bad or i in stopped:
                self.counts["rejected"] += 1
                self.ledger.write(
                    "row",
                    req=rid,
                    table=full,
                    insertId=iid,
                    res="stopped" if i in stopped else "invalid",
                    row=r.get("json") if keep_row and isinstance(r, dict) else None,
                )
                continue
            if n >= limit:
                self.ledger.write("row", req=rid, table=full, insertId=iid, res="cut", row=None)
                continue
            n += 1
            if iid is not None and self.args.dedupe_window_s > 0:
                k = (full, iid)
                prev = self.seen.get(k)
                if (
                    prev is not None
                    and now - prev < self.args.dedupe_window_s
                    and self.rng.random() >= self.args.dedupe_miss
                ):
                    self.counts["deduped"] += 1
                    self.ledger.write(
                        "row",
                        req=rid,
                        table=full,
                        insertId=iid,
                        res="deduped",
                        row=r["json"] if keep_row else None,
                    )
                    continue
                self.seen[k] = now
            self.counts["committed"] += 1
            t["rows"] += 1
            self.ledger.write(
                "row", req=rid, table=full, insertId=iid, res="committed", row=r["json"] if keep_row else None
            )
        self.batch.append(len(rows))
        self.ledger.flush()
        out = {"kind": "bigquery#tableDataInsertAllResponse"}
        allbad = dict(stopped)
        allbad.update(bad)
        if allbad:
            out["insertErrors"] = [{"index": i, "errors": allbad[i]} for i in sorted(allbad)]
        return Response(200, out)

    @staticmethod
    def req_bytes(body):
        return len(json.dumps(body))

    async def expire_dedupe(self):
        while True:
            await asyncio.sleep(5)
            if len(self.seen) > 200000:
                cut = time.time() - self.args.dedupe_window_s
                self.seen = {k: v for k, v in self.seen.items() if v > cut}


async def main():
    p = base_args(__doc__)
    p.add_argument("--setup", help='JSON: {"datasets":{"d":{"tables":{"t":{"schema":{"fields":[...]}}}}}}')
    p.add_argument(
        "--dedupe-window-s",
        type=float,
        default=60.0,
        help="how long an insertId is remembered (documented: at least one minute, best effort); 0 turns it off",
    )
    p.add_argument(
        "--dedupe-miss",
        type=float,
        default=0.0,
        help="chance that a remembered insertId is NOT recognised (best effort!)",
    )
    p.add_argument(
        "--template-get-404-s",
        type=float,
        default=0.0,
        help="tables.get answers 404 for this long after a template created the table",
    )
    p.add_argument(
        "--template-insert-404-s",
        type=float,
        default=0.0,
        help="insertAll answers 404 for this long after a template created the table",
    )
    p.add_argument(
        "--table-insert-404-s",
        type=float,
        default=0.0,
        help="insertAll answers 404 for this long after tables.insert",
    )
    p.add_argument(
        "--max-tables",
        type=int,
        default=5000,
        help="per dataset; templateSuffix beyond it gets quotaExceeded (cost-attack tests)",
    )
    p.add_argument(
        "--token-secret",
        default=None,
        help="when set, access tokens of metadata.py with the same secret are required",
    )
    p.add_argument("--ledger-rows", choices=["full", "none"], default="full")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    bq = BigQuery(args)
    srv = Server(bq.handle, bq.on_head, port=args.port)
    await srv.start()
    announce(args, srv.port, role="bigquery")
    bq.ledger.write("start", role="bigquery")
    bq.ledger.flush()

    def changed(s):
        bq.ledger.write("listen", state=s)
        bq.ledger.flush()

    await run_until_stopped(
        bq.stop, args, [supervise_down_windows(srv, bq.rules, changed), bq.expire_dedupe()]
    )
    bq.ledger.write("end", state=bq.state()["counts"])
    bq.ledger.close()
    await srv.stop_listening()
    print(
        json.dumps(
            {
                "role": "bigquery",
                **bq.state()["counts"],
                "outcomes": bq.by_outcome,
                "rules": bq.rules.report(),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main())
