# SPDX-License-Identifier: MIT
"""One request: read, checked against its description, counted, answered."""

import copy
import json
import os
import re
import urllib.parse

from .cloud import Call, Cloud, LEGACY, SCHEME
from .common import ApiError, GLOBAL_QUERY, Raw, now
from .schema import Validator, camel
from .serving import serving
from .storage import object_key, put_object


def parse_multipart(data, ctype):
    m = re.search(r"boundary=[\"']?([^\"';]+)", ctype)
    sep = b"--" + m.group(1).encode()
    parts = []
    for chunk in data.split(sep)[1:]:
        if chunk.startswith(b"--"):
            break
        chunk = chunk[2:] if chunk.startswith(b"\r\n") else chunk.lstrip(b"\n")
        end = -2 if chunk.endswith(b"\r\n") else -1
        head, _, body = re.match(rb"(.*?)(\r\n\r\n|\n\n)(.*)\Z", chunk[:end], re.S).groups()
        headers = {}
        for line in head.splitlines():
            k, _, v = line.partition(b":")
            headers[k.strip().lower().decode()] = v.strip().decode()
        parts.append((headers, body))
    return parts


def is_select(body):
    """A query job that only reads does not count as a write."""
    q = ((body or {}).get("configuration") or {}).get("query") or {}
    sql = re.sub(r"--[^\n]*|/\*.*?\*/", " ", q.get("query", ""), flags=re.S)
    return bool(re.match(r"\s*(SELECT|WITH)\b", sql, re.I)) and not q.get("destinationTable")


class Fake:
    """Glue between the HTTP server, the discovery documents and the model."""

    def __init__(self, options, store, disc, rec):
        self.o, self.store, self.disc, self.rec = options, store, disc, rec
        self.cloud = Cloud(store, options)
        self.faults = []
        for f in options.fault or ():
            m = re.match(r"([\w.*]+)=(\d{3})(?::(\d+)(?::(.*))?)?\Z", f, re.S)
            if not m:
                raise SystemExit("fakegcp: bad --fault %r" % f)
            self.faults.append(
                [
                    re.compile(m.group(1).replace(".", r"\.").replace("*", ".*") + r"\Z"),
                    int(m.group(2)),
                    int(m.group(3) or 1),
                    m.group(4) or "injected fault",
                ]
            )

    def answer(self, h, host, url, data, row):
        if host in ("accounts.google.com", "oauth2.googleapis.com"):
            return {"access_token": "fake", "expires_in": 3600, "token_type": "Bearer"}
        label, region = self.disc.label_of(host)
        if host in ("127.0.0.1", "localhost"):
            if url.path == "/fakegcp/state":
                with self.store.lock:
                    return copy.deepcopy(self.store.d)
            if url.path == "/fakegcp/log":
                return {"rows": self.rec.rows}
        direct = not label and host in ("127.0.0.1", "localhost")
        if direct and "discovery/rest" in url.path:
            label = "bigquery"  # only bq asks for one
        elif direct:
            label = self.disc.guess(h.command, url.path)
        if not label:
            raise ApiError(502, "host %s is outside the simulation" % host, kind="outside")
        if url.path.startswith("/batch") and h.command == "POST":
            return self.batch(h, host, data, row)
        m = re.match(r"/(?:discovery/v1/apis/(\w+)/(\w+)/rest|\$discovery/rest)", url.path)
        if m:
            q = urllib.parse.parse_qs(url.query)
            name = "%s.%s" % (m.group(1) or label, m.group(2) or q.get("version", ["v1"])[0])
            if name.split(".")[0] not in self.disc.index or name.split(".", 1)[1] not in [
                n.split(".", 1)[1] for n in self.disc.index[name.split(".")[0]]
            ]:
                raise ApiError(404, "no discovery document " + name, kind="schema")
            doc = dict(self.disc.load(name))
            if direct:  # bq --api=http://127.0.0.1:PORT
                doc["rootUrl"] = "http://%s/" % h.headers.get("Host")
                doc["baseUrl"] = doc["rootUrl"] + doc.get("servicePath", "")
            return doc
        return self.one(
            h.command, host, label, region, url, data, {k.lower(): v for k, v in h.headers.items()}, row
        )

    def batch(self, h, host, data, row):
        """multipart/mixed batches, used by gcloud compute and gcloud storage"""
        ctype = h.headers.get("Content-Type", "")
        out, b = [], "batch_fakegcp"
        row["batch"] = 0
        for headers, part in parse_multipart(data, ctype):
            head, _, body = part.partition(b"\n\n") if b"\r\n\r\n" not in part else part.partition(b"\r\n\r\n")
            lines = head.decode().splitlines()
            verb, target = lines[0].split()[:2]
            hd = {k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines[1:])}
            hd.setdefault("authorization", h.headers.get("Authorization", ""))
            u = urllib.parse.urlsplit(target)
            sub = {"t": now(), "verb": verb, "host": host, "path": u.path, "in_batch": True}
            label, region = self.disc.label_of(u.hostname or host)
            code = 200
            try:
                res = self.one(verb, host, label, region, u, body.strip(), hd, sub)
                code = sub.pop("code", 200)
            except ApiError as e:
                res, code = e.body(), e.code
                sub["problem"], sub["kind"] = e.message, e.kind
            sub["status"] = code
            self.rec.add(sub)
            row["batch"] += 1
            cid = headers.get("content-id", "<x>")
            payload = json.dumps(res)
            out.append(
                "--%s\r\nContent-Type: application/http\r\nContent-ID: "
                "<response-%s\r\n\r\nHTTP/1.1 %d X\r\nContent-Type: "
                "application/json\r\nContent-Length: %d\r\n\r\n%s\r\n"
                % (b, cid.lstrip("<"), code, len(payload), payload)
            )
        return Raw(("".join(out) + "--%s--\r\n" % b).encode(), "multipart/mixed; boundary=" + b)

    def one(self, verb, host, label, region, url, data, headers, row):
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if query:
            row["query"] = {k: v[0] if len(v) == 1 else v for k, v in query.items()}
        if not re.match(r"Bearer \S+", headers.get("authorization", "")) and "uploadType" not in query:
            raise ApiError(401, "Request is missing required authentication " "credential.", kind="schema")
        label, best, others = self.disc.find(label, verb, url.path)
        if label == "storage" and verb == "GET" and not best:
            # the XML API, which gcloud uses for build logs
            m = re.match(r"/([^/]+)/(.+)", urllib.parse.unquote(url.path))
            doc = m and self.store.res.get(object_key(*m.groups()))
            if doc:
                with open(os.path.join(self.store.objects, doc["sha256"]), "rb") as f:
                    return Raw(f.read(), doc.get("contentType"))
        upload_id = query.get("upload_id")
        if label == "storage" and upload_id:
            return self.resume(upload_id[-1], verb, headers, data, row)
        if not best:
            row["kind"] = "schema"
            raise ApiError(
                404 if not others else 405,
                "No method of %s matches %s %s" % (label, verb, url.path),
                kind="schema",
            )
        _, meth, params = best
        row["api"], row["method"] = meth.api, meth.id
        body, media = None, None
        ctype = headers.get("content-type", "")
        if "uploadType" in query and meth.spec.get("supportsMediaUpload"):
            kind = query["uploadType"][-1]
            if kind == "multipart":
                parts = parse_multipart(data, ctype)
                body = json.loads(parts[0][1] or b"{}")
                media = parts[1][1]
                if not body.get("contentType") and parts[1][0].get("content-type"):
                    body["contentType"] = parts[1][0]["content-type"]
            elif kind == "media":
                body, media = {"contentType": ctype}, data
            else:
                body = json.loads(data or b"{}")
        elif data:
            if "json" not in ctype:
                raise ApiError(400, "Content-Type %r is not JSON" % ctype, kind="schema")
            try:
                body = json.loads(data)
            except ValueError as e:
                raise ApiError(400, "Invalid JSON payload received: %s" % e, kind="schema")
        if body is not None:
            row["body"] = copy.deepcopy(body)
        errors = self.check_query(meth, query)
        ref = (meth.spec.get("request") or {}).get("$ref")
        proto = label not in LEGACY
        if body is not None and (ref or body):
            v = Validator(meth.doc, proto)
            if ref:
                body = v.run({"$ref": ref}, body)
                errors += v.errors
            elif not meth.spec.get("supportsMediaUpload") and body:
                errors.append("(body): this method takes no body")
        if ref and query.get("updateMask"):
            v = Validator(meth.doc, proto)
            errors += [
                "updateMask: no field %r in %s" % (p, ref)
                for p in query["updateMask"][-1].split(",")
                if not v.mask({"$ref": ref}, p)
            ]
        if errors:
            raise ApiError(400, "Invalid request to %s: %s" % (meth.id, "; ".join(errors)), kind="schema")
        c = Call(label, region, meth, params, query, body, url.path)
        c.note = None
        row["writes"] = self.cloud.mutating(meth) and not (
            meth.id == "bigquery.jobs.insert" and is_select(body)
        )
        for f in self.faults:
            if f[2] > 0 and f[0].match(meth.id):
                f[2] -= 1
                raise ApiError(f[1], f[3], kind="fault")
        if row["writes"] and self.o.read_only:
            raise ApiError(403, "fakegcp runs read-only: %s refused" % meth.id, kind="write-refused")
        with self.store.lock:
            before, served = None, set()
            if row["writes"]:
                before = self.store.fingerprint()
                served = serving(self.store) if self.o.always_serving else set()
            if "uploadType" in query and meth.spec.get("supportsMediaUpload"):
                res = self.upload(c, body or {}, media, query, host)
            else:
                res = self.cloud.handle(c)
            if row["writes"]:
                row["changed"] = self.store.fingerprint() != before
                self.store.save()
                ended = served - serving(self.store) if served else set()
                if ended:
                    row["problem"], row["kind"] = "nothing serves any more: " + ", ".join(sorted(ended)), "gap"
            elif meth.action in ("wait", "get") and "peration" in meth.id:
                pass
            else:
                self.store.save() if self.cloud.pending_ops else None
            res = copy.deepcopy(res) if not isinstance(res, Raw) else res
        if c.note:
            row["note"] = c.note
        return res

    @staticmethod
    def check_query(meth, query):
        errors = []
        for k, vals in query.items():
            p = meth.params.get(k)
            if not p:
                if k in GLOBAL_QUERY or k in meth.doc.get("parameters", {}):
                    continue
                head = meth.params.get(k.split(".")[0])
                if camel(k) in meth.params or head is not None:
                    continue
                errors.append("unknown query parameter %r" % k)
                continue
            if len(vals) > 1 and not p.get("repeated"):
                errors.append("query parameter %r is repeated" % k)
            for v in vals:
                t = p.get("type")
                if (
                    t == "integer"
                    and not re.match(r"-?\d+\Z", v)
                    or t == "boolean"
                    and v.lower() not in ("true", "false", "0", "1")
                    or p.get("enum")
                    and v not in p["enum"]
                ):
                    errors.append("query parameter %s: bad value %r" % (k, v))
        for k, p in meth.params.items():
            if p.get("required") and p.get("location") == "query" and k not in query:
                errors.append("query parameter %r is required" % k)
        return errors

    def upload(self, c, meta, media, query, host):
        bucket = c.params["bucket"]
        if query["uploadType"][-1] == "resumable":
            if "storage:b/" + bucket not in self.store.res:
                raise ApiError(404, "The specified bucket does not exist.")
            uid = "up%d" % self.store.seq()
            self.cloud.uploads[uid] = {"bucket": bucket, "meta": meta, "query": query, "data": b""}
            loc = "%s://%s/upload/storage/v1/b/%s/o?uploadType=resumable&" "upload_id=%s" % (
                SCHEME[0],
                host,
                bucket,
                uid,
            )
            return Raw(b"", "text/plain", [("Location", loc)])
        return put_object(self.cloud, bucket, meta, media, query)

    def resume(self, uid, verb, headers, data, row):
        up = self.cloud.uploads.get(uid)
        row["method"], row["writes"] = "storage.objects.insert", True
        if not up:
            raise ApiError(404, "unknown upload")
        rng = headers.get("content-range", "")
        m = re.match(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", rng)
        if m and m.group(1):
            up["data"] = up["data"][: int(m.group(1))] + data
        elif not m:
            up["data"] = data
        if m and (m.group(3) == "*" or len(up["data"]) < int(m.group(3))):
            hdr = [("Range", "bytes=0-%d" % (len(up["data"]) - 1))] if up["data"] else []
            return Raw(b"", "text/plain", hdr, code=308)
        with self.store.lock:
            res = put_object(self.cloud, up["bucket"], up["meta"], up["data"], up["query"])
            row["changed"] = True
            self.store.save()
        return res
