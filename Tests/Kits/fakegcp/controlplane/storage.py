# SPDX-License-Identifier: MIT
"""Cloud Storage: buckets and objects."""

import base64
import copy
import hashlib
import os
import re
import urllib.parse

from .cloud import HOOKS, SCHEME, on, wild
from .common import ApiError, Raw, now


def bucket_doc(cloud, body):
    n = body["name"]
    loc = body.get("location", "US").upper()
    body.update(
        kind="storage#bucket",
        id=n,
        projectNumber=cloud.number,
        selfLink="https://www.googleapis.com/storage/v1/b/" + n,
        timeCreated=now(),
        updated=now(),
        metageneration="1",
        etag="CAE=",
        location=loc,
        locationType="multi-region" if loc in ("US", "EU", "ASIA") else "region",
    )
    body.setdefault("storageClass", "STANDARD")
    iam = body.setdefault("iamConfiguration", {})
    iam.setdefault("uniformBucketLevelAccess", {"enabled": False})
    iam.setdefault("publicAccessPrevention", "inherited")
    body.setdefault("softDeletePolicy", {"retentionDurationSeconds": "604800"})
    return body


@on("storage.buckets.insert")
def bucket_insert(cloud, c):
    body = copy.deepcopy(c.body or {})
    n = body.get("name", "")
    if not re.match(r"(?!goog)(?!.*google)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]\Z", n):
        raise ApiError(400, "Invalid bucket name: '%s'" % n)
    key = "storage:b/" + n
    if key in cloud.s.res:
        raise ApiError(
            409,
            "Your previous request to create the named bucket " "succeeded and you already own it.",
            reason="conflict",
        )
    cloud.s.res[key] = bucket_doc(cloud, body)
    return body


def bucket_patch(cloud, c):
    key = "storage:b/" + c.params["bucket"]
    b = cloud.need(key, "The specified bucket does")
    if c.method.verb == "PATCH":
        cloud.merge(b, c.body or {})
    else:
        b.update(c.body or {})
    b["metageneration"] = str(int(b["metageneration"]) + 1)
    return b


HOOKS["storage.buckets.patch"] = HOOKS["storage.buckets.update"] = bucket_patch


@on("storage.buckets.get")
def bucket_get(cloud, c):
    key = "storage:b/" + c.params["bucket"]
    if key not in cloud.s.res:
        raise ApiError(404, "The specified bucket does not exist.")
    return cloud.s.res[key]


@on("storage.buckets.list")
def bucket_list(cloud, c):
    pre = c.q("prefix") or ""
    return {
        "kind": "storage#buckets",
        "items": [v for k, v in cloud.s.children("storage:b") if k[len("storage:b/") :].startswith(pre)],
    }


@on("storage.buckets.delete")
def bucket_delete(cloud, c):
    key = "storage:b/" + c.params["bucket"]
    bucket_get(cloud, c)
    if any(k.startswith(key + "/o/") for k in cloud.s.res):
        raise ApiError(409, "The bucket you tried to delete is not empty.", reason="conflict")
    cloud.s.drop(key)
    return {}


@on("storage.buckets.getIamPolicy")
def bucket_policy(cloud, c):
    key = "storage:b/" + c.params["bucket"]
    bucket_get(cloud, c)
    p = dict(cloud.s.policies.get(key) or {"version": 1, "etag": "ACAB"})
    return dict(p, kind="storage#policy", resourceId="projects/_/buckets/" + c.params["bucket"])


@on("storage.buckets.setIamPolicy")
def bucket_set_policy(cloud, c):
    b = bucket_get(cloud, c)
    pol = {k: v for k, v in (c.body or {}).items() if k not in ("kind", "resourceId")}
    public = any(
        m in ("allUsers", "allAuthenticatedUsers")
        for x in pol.get("bindings", [])
        for m in x.get("members", [])
    )
    if public and b["iamConfiguration"].get("publicAccessPrevention") == "enforced":
        raise ApiError(
            412,
            "The member bindings allUsers and "
            "allAuthenticatedUsers are not allowed since public "
            "access prevention is enforced.",
        )
    return cloud.set_policy(c, pol)


def object_key(bucket, name):
    return "storage:b/%s/o/%s" % (bucket, urllib.parse.quote(name, safe=""))


def put_object(cloud, bucket, meta, data, query):
    key = "storage:b/" + bucket
    if key not in cloud.s.res:
        raise ApiError(404, "The specified bucket does not exist.")
    name = meta.get("name") or (query.get("name") or [""])[-1]
    if not name:
        raise ApiError(400, "Required object name")
    okey = object_key(bucket, name)
    gen = (query.get("ifGenerationMatch") or [None])[-1]
    have = cloud.s.res.get(okey)
    if gen is not None and gen != (have["generation"] if have else "0"):
        raise ApiError(412, "At least one of the pre-conditions you specified " "did not hold.")
    md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
    if meta.get("md5Hash") and meta["md5Hash"] != md5:
        raise ApiError(400, "Provided MD5 hash doesn't match calculated MD5 " "hash.")
    with open(os.path.join(cloud.s.objects, hashlib.sha256(data).hexdigest()), "wb") as f:
        f.write(data)
    doc = dict(
        meta,
        kind="storage#object",
        id="%s/%s" % (bucket, name),
        name=name,
        bucket=bucket,
        size=str(len(data)),
        md5Hash=md5,
        crc32c=base64.b64encode(crc32c(data).to_bytes(4, "big")).decode(),
        generation=str(1700000000000000 + cloud.s.seq()),
        metageneration="1",
        etag="CA%d" % cloud.s.seq(),
        timeCreated=now(),
        updated=now(),
        storageClass="STANDARD",
        sha256=hashlib.sha256(data).hexdigest(),
        selfLink="https://www.googleapis.com/storage/v1/b/%s/o/%s"
        % (bucket, urllib.parse.quote(name, safe="")),
    )
    doc.setdefault("contentType", "application/octet-stream")
    cloud.s.res[okey] = doc
    return public_object(doc)


def public_object(doc):
    out = {k: v for k, v in doc.items() if k != "sha256"}
    out["mediaLink"] = (
        "%s://storage.googleapis.com/download/storage/v1/b/%s"
        "/o/%s?generation=%s&alt=media"
        % (SCHEME[0], doc["bucket"], urllib.parse.quote(doc["name"], safe=""), doc["generation"])
    )
    return out


def _crc_table():
    out = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        out.append(n)
    return out


CRC_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ b) & 255]
    return crc ^ 0xFFFFFFFF


@on("storage.objects.get")
def object_get(cloud, c):
    key = object_key(c.params["bucket"], c.params["object"])
    if key not in cloud.s.res:
        raise ApiError(404, "No such object: %s/%s" % (c.params["bucket"], c.params["object"]))
    doc = cloud.s.res[key]
    if c.q("alt") == "media":
        with open(os.path.join(cloud.s.objects, doc["sha256"]), "rb") as f:
            return Raw(f.read(), doc.get("contentType"))
    return public_object(doc)


@on("storage.objects.list")
def object_list(cloud, c):
    bucket_get(cloud, c)
    pre, delim = c.q("prefix") or "", c.q("delimiter")
    items, prefixes = [], set()
    for k, v in cloud.s.children("storage:b/%s/o" % c.params["bucket"]):
        n = v["name"]
        if not n.startswith(pre):
            continue
        if delim and delim in n[len(pre) :]:
            prefixes.add(pre + n[len(pre) :].split(delim)[0] + delim)
        else:
            items.append(public_object(v))
    out = {"kind": "storage#objects"}
    if items:
        out["items"] = items
    if prefixes:
        out["prefixes"] = sorted(prefixes)
    return out


@on("storage.objects.delete")
def object_delete(cloud, c):
    object_get(cloud, c)
    del cloud.s.res[object_key(c.params["bucket"], c.params["object"])]
    return {}


@on("storage.objects.patch", "storage.objects.update")
def object_patch(cloud, c):
    object_get(cloud, c)
    doc = cloud.s.res[object_key(c.params["bucket"], c.params["object"])]
    cloud.merge(doc, c.body or {})
    doc["metageneration"] = str(int(doc["metageneration"]) + 1)
    return public_object(doc)


@on("storage.buckets.getStorageLayout")
def bucket_layout(cloud, c):
    b = bucket_get(cloud, c)
    return {
        "kind": "storage#storageLayout",
        "bucket": b["name"],
        "location": b["location"],
        "locationType": b["locationType"],
        "hierarchicalNamespace": {"enabled": False},
    }


@wild(r"storage\.(folders|managedFolders|anywhereCaches|notifications)\.list$")
def storage_empty_list(cloud, c):
    return {}
