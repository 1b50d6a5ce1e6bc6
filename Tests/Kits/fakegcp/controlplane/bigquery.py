# SPDX-License-Identifier: MIT
"""BigQuery: datasets, tables, rows, jobs that answer nothing."""

import copy
import re
import time

from .cloud import on
from .lag import known_account
from .common import ApiError


def bq_not_found(what, ident):
    return ApiError(404, "Not found: %s %s" % (what, ident))


def bq_key(cloud, p, t=None):
    k = "bigquery:projects/%s/datasets/%s" % (cloud.project, p)
    return k + "/tables/" + t if t else k


def bq_expiry(ms):
    if ms is not None and int(ms) < 0:
        raise ApiError(400, "Invalid value for expiration: %s" % ms)


@on("bigquery.datasets.insert")
def dataset_insert(cloud, c):
    b = copy.deepcopy(c.body or {})
    ref = b.get("datasetReference") or {}
    did = ref.get("datasetId", "")
    if not re.match(r"\w{1,1024}\Z", did, re.A):
        raise ApiError(400, 'Invalid dataset ID "%s".' % did)
    key = bq_key(cloud, did)
    if key in cloud.s.res:
        raise ApiError(409, "Already Exists: Dataset %s:%s" % (cloud.project, did))
    b["datasetReference"] = {"projectId": cloud.project, "datasetId": did}
    ms = b.get("defaultTableExpirationMs")
    if ms is not None and 0 != int(ms) < 3600000:
        raise ApiError(400, "defaultTableExpirationMs must be at least " "3600000 (one hour).")
    b.update(
        kind="bigquery#dataset",
        etag="e%d" % cloud.s.seq(),
        id="%s:%s" % (cloud.project, did),
        creationTime=str(int(time.time() * 1000)),
        lastModifiedTime=str(int(time.time() * 1000)),
    )
    b.setdefault("location", "US")
    b.setdefault(
        "access",
        [
            {"role": "WRITER", "specialGroup": "projectWriters"},
            {"role": "OWNER", "specialGroup": "projectOwners"},
            {"role": "READER", "specialGroup": "projectReaders"},
        ],
    )
    cloud.s.res[key] = b
    return b


@on("bigquery.datasets.get")
def dataset_get(cloud, c):
    key = bq_key(cloud, c.params["datasetId"])
    if key not in cloud.s.res:
        raise bq_not_found("Dataset", "%s:%s" % (cloud.project, c.params["datasetId"]))
    return cloud.s.res[key]


@on("bigquery.datasets.list")
def dataset_list(cloud, c):
    return {
        "kind": "bigquery#datasetList",
        "datasets": [
            {
                "kind": "bigquery#dataset",
                "id": v["id"],
                "location": v["location"],
                "datasetReference": v["datasetReference"],
            }
            for k, v in cloud.s.children("bigquery:projects/%s/datasets" % cloud.project)
        ],
    }


@on("bigquery.datasets.patch", "bigquery.datasets.update")
def dataset_patch(cloud, c):
    d = dataset_get(cloud, c)
    for m in (c.body or {}).get("access") or []:
        if m.get("userByEmail", "").endswith(".iam.gserviceaccount.com"):
            cloud.service_account_ok(m["userByEmail"], "dataset access")
            if not any(a.get("userByEmail") == m["userByEmail"] for a in d.get("access", [])):
                known_account(cloud, m["userByEmail"])
    cloud.merge(d, c.body or {})
    d["etag"] = "e%d" % cloud.s.seq()
    return d


@on("bigquery.datasets.delete")
def dataset_delete(cloud, c):
    dataset_get(cloud, c)
    key = bq_key(cloud, c.params["datasetId"])
    if not c.flag("deleteContents") and any(k.startswith(key + "/tables/") for k in cloud.s.res):
        raise ApiError(
            400,
            "Dataset %s:%s is still in use" % (cloud.project, c.params["datasetId"]),
            reason="resourceInUse",
        )
    cloud.s.drop(key)
    return {}


BQ_TYPES = set("""STRING BYTES INTEGER INT64 FLOAT FLOAT64 BOOLEAN BOOL TIMESTAMP
DATE TIME DATETIME GEOGRAPHY NUMERIC DECIMAL BIGNUMERIC BIGDECIMAL JSON RECORD
STRUCT RANGE INTERVAL""".split())


def check_fields(fields, where="schema"):
    names = set()
    for f in fields:
        n = f.get("name", "")
        if not re.match(r"[A-Za-z_]\w{0,299}\Z", n, re.A):
            raise ApiError(400, 'Invalid field name "%s".' % n)
        if n.lower() in names:
            raise ApiError(400, "Field %s already exists in %s" % (n, where))
        names.add(n.lower())
        if f.get("type", "").upper() not in BQ_TYPES:
            raise ApiError(400, "Invalid value for type: %s is not a valid " "value" % f.get("type"))
        if f.get("mode", "NULLABLE").upper() not in ("NULLABLE", "REQUIRED", "REPEATED"):
            raise ApiError(400, "Invalid mode %r" % f.get("mode"))
        if f["type"].upper() in ("RECORD", "STRUCT"):
            if not f.get("fields"):
                raise ApiError(400, "Field %s is type RECORD but has no " "schema" % n)
            check_fields(f["fields"], where + "." + n)


def check_table(cloud, b):
    fields = (b.get("schema") or {}).get("fields") or []
    check_fields(fields)
    by = {f["name"]: f for f in fields}
    tp = b.get("timePartitioning")
    if tp:
        bq_expiry(tp.get("expirationMs"))
        if tp.get("field"):
            f = by.get(tp["field"])
            if not f:
                raise ApiError(
                    400, "The field specified for partitioning " "cannot be found in the schema: " + tp["field"]
                )
            if (
                f["type"].upper() not in ("TIMESTAMP", "DATE", "DATETIME")
                or f.get("mode", "NULLABLE").upper() == "REPEATED"
            ):
                raise ApiError(
                    400, "The field specified for partitioning must " "be a single TIMESTAMP, DATE or DATETIME."
                )
    for f in (b.get("clustering") or {}).get("fields") or []:
        if f not in by:
            raise ApiError(400, "The field specified for clustering cannot be " "found in the schema: " + f)
    if len((b.get("clustering") or {}).get("fields") or []) > 4:
        raise ApiError(400, "At most 4 clustering fields.")


@on("bigquery.tables.insert")
def table_insert(cloud, c):
    dataset_get(cloud, c)
    b = copy.deepcopy(c.body or {})
    tid = (b.get("tableReference") or {}).get("tableId", "")
    did = c.params["datasetId"]
    if not tid or len(tid) > 1024 or re.search(r"[.$@/]", tid):
        raise ApiError(400, 'Invalid table ID "%s".' % tid)
    key = bq_key(cloud, did, tid)
    if key in cloud.s.res:
        raise ApiError(409, "Already Exists: Table %s:%s.%s" % (cloud.project, did, tid))
    check_table(cloud, b)
    b["tableReference"] = {"projectId": cloud.project, "datasetId": did, "tableId": tid}
    ds = cloud.s.res[bq_key(cloud, did)]
    b.update(
        kind="bigquery#table",
        etag="e%d" % cloud.s.seq(),
        id="%s:%s.%s" % (cloud.project, did, tid),
        numRows="0",
        type="VIEW" if b.get("view") else "TABLE",
        location=ds["location"],
        creationTime=str(int(time.time() * 1000)),
        lastModifiedTime=str(int(time.time() * 1000)),
    )
    cloud.s.res[key] = b
    return b


@on("bigquery.tables.get")
def table_get(cloud, c):
    dataset_get(cloud, c)
    key = bq_key(cloud, c.params["datasetId"], c.params["tableId"])
    if key not in cloud.s.res:
        raise bq_not_found("Table", "%s:%s.%s" % (cloud.project, c.params["datasetId"], c.params["tableId"]))
    return cloud.s.res[key]


@on("bigquery.tables.list")
def table_list(cloud, c):
    dataset_get(cloud, c)
    items = [v for _, v in cloud.s.children(bq_key(cloud, c.params["datasetId"]) + "/tables")]
    return {
        "kind": "bigquery#tableList",
        "totalItems": len(items),
        "tables": [
            {
                k: v[k]
                for k in ("kind", "id", "tableReference", "type", "timePartitioning", "creationTime")
                if k in v
            }
            for v in items
        ],
    }


@on("bigquery.tables.patch", "bigquery.tables.update")
def table_patch(cloud, c):
    t = table_get(cloud, c)
    new = copy.deepcopy(t)
    body = dict(c.body or {})
    if body.get("schema", 0) is None:  # bq sends this to mean unchanged
        body.pop("schema")
    cloud.merge(new, body)
    before = {f["name"]: f for f in (t.get("schema") or {}).get("fields", [])}
    after = {f["name"]: f for f in (new.get("schema") or {}).get("fields", [])}
    for n, f in before.items():
        if n not in after:
            raise ApiError(
                400,
                "Provided Schema does not match Table %s. " "Field %s is missing in new schema" % (t["id"], n),
            )
        if f["type"] != after[n]["type"]:
            raise ApiError(
                400,
                "Provided Schema does not match Table %s. Field "
                "%s has changed type from %s to %s" % (t["id"], n, f["type"], after[n]["type"]),
            )
    for n, f in after.items():
        if n not in before and f.get("mode") == "REQUIRED":
            raise ApiError(
                400,
                "Provided Schema does not match Table %s. "
                "Cannot add required fields to an existing schema. "
                "(field: %s)" % (t["id"], n),
            )
    check_table(cloud, new)
    new["etag"] = "e%d" % cloud.s.seq()
    cloud.s.res[bq_key(cloud, c.params["datasetId"], c.params["tableId"])] = new
    return new


@on("bigquery.tables.delete")
def table_delete(cloud, c):
    table_get(cloud, c)
    cloud.s.drop(bq_key(cloud, c.params["datasetId"], c.params["tableId"]))
    return {}


@on("bigquery.tables.getIamPolicy", "bigquery.tables.setIamPolicy", "bigquery.tables.testIamPermissions")
def table_iam(cloud, c):
    c.raw = re.sub(r":\w+$", "", c.raw)
    return cloud.generic(c)


@on("bigquery.tabledata.insertAll")
def insert_all(cloud, c):
    t, b = table_get(cloud, c), c.body or {}
    suffix = b.get("templateSuffix")
    if suffix:
        key = bq_key(cloud, c.params["datasetId"], c.params["tableId"] + suffix)
        if key not in cloud.s.res:
            new = copy.deepcopy(t)
            new["tableReference"]["tableId"] += suffix
            new["id"] += suffix
            new["numRows"] = "0"
            cloud.s.res[key] = new
        t = cloud.s.res[key]
    names = {f["name"].lower(): f for f in (t.get("schema") or {}).get("fields", [])}
    errors = []
    for i, row in enumerate(b.get("rows") or []):
        if not b.get("ignoreUnknownValues"):
            for k in row.get("json") or {}:
                if k.lower() not in names:
                    errors.append(
                        {
                            "index": i,
                            "errors": [
                                {"reason": "invalid", "location": k, "message": "no such field: %s." % k}
                            ],
                        }
                    )
        for n, f in names.items():
            if f.get("mode") == "REQUIRED" and n not in {k.lower() for k in row.get("json") or {}}:
                errors.append(
                    {
                        "index": i,
                        "errors": [
                            {
                                "reason": "invalid",
                                "location": f["name"],
                                "message": "Missing required field: %s." % f["name"],
                            }
                        ],
                    }
                )
    if not b.get("rows"):
        raise ApiError(400, "No rows present in the request.")
    bad = {e["index"] for e in errors}
    if not errors or b.get("skipInvalidRows"):
        t["numRows"] = str(int(t["numRows"]) + len(b["rows"]) - len(bad))
    else:
        errors += [
            {"index": i, "errors": [{"reason": "stopped"}]} for i in range(len(b["rows"])) if i not in bad
        ]
    return dict({"kind": "bigquery#tableDataInsertAllResponse"}, **({"insertErrors": errors} if errors else {}))


@on("bigquery.jobs.insert", "bigquery.jobs.query")
def bq_job(cloud, c):
    jid = ((c.body or {}).get("jobReference") or {}).get("jobId") or "job_%d" % cloud.s.seq()
    ref = {"projectId": cloud.project, "jobId": jid, "location": "US"}
    if c.method.action == "query":
        return {
            "kind": "bigquery#queryResponse",
            "jobReference": ref,
            "jobComplete": True,
            "schema": {"fields": []},
            "totalRows": "0",
            "rows": [],
            "totalBytesProcessed": "0",
            "cacheHit": False,
        }
    job = {
        "kind": "bigquery#job",
        "id": "%s:US.%s" % (cloud.project, jid),
        "jobReference": ref,
        "configuration": (c.body or {}).get("configuration", {}),
        "status": {"state": "DONE"},
        "statistics": {
            "query": {"statementType": "SELECT", "cacheHit": False, "totalBytesProcessed": "0"},
            "creationTime": str(int(time.time() * 1000)),
            "startTime": str(int(time.time() * 1000)),
            "endTime": str(int(time.time() * 1000)),
            "totalBytesProcessed": "0",
        },
    }
    cloud.s.d["operations"]["bigquery:jobs/" + jid] = job
    return job


@on("bigquery.jobs.get")
def bq_job_get(cloud, c):
    job = cloud.s.d["operations"].get("bigquery:jobs/" + c.params["jobId"])
    if not job:
        raise bq_not_found("Job", c.params["jobId"])
    return job


@on("bigquery.jobs.getQueryResults")
def bq_results(cloud, c):
    return {
        "kind": "bigquery#getQueryResultsResponse",
        "jobComplete": True,
        "jobReference": {"projectId": cloud.project, "jobId": c.params["jobId"], "location": "US"},
        "schema": {"fields": []},
        "totalRows": "0",
        "rows": [],
    }
