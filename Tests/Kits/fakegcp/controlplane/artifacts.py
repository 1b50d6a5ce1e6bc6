# SPDX-License-Identifier: MIT
"""Artifact Registry, Secret Manager and Cloud Build."""

import base64
import urllib.parse

from .cloud import NAME63, on, wild
from .common import ApiError, now
from .storage import bucket_doc, put_object


@on("artifactregistry.projects.locations.repositories.create")
def repo_create(cloud, c):
    body = dict(c.body or {})
    if body.get("format", "FORMAT_UNSPECIFIED") == "FORMAT_UNSPECIFIED":
        raise ApiError(400, "repository format is required")
    rid = c.q("repositoryId") or ""
    if not NAME63.match(rid):
        raise ApiError(400, "Invalid repository id %r" % rid)
    body.setdefault("mode", "STANDARD_REPOSITORY")
    return cloud.create(c, body, rid=rid)


@wild(r"secretmanager\.projects\.(locations\.)?secrets\.addVersion$")
def secret_version(cloud, c):
    key = cloud.key(c)
    cloud.need(key)
    n = len(cloud.s.children(key + "/versions")) + 1
    v = {
        "name": "%s/versions/%d" % (key.split(":", 1)[1], n),
        "createTime": now(),
        "state": "ENABLED",
        "etag": "x",
        "clientSpecifiedPayloadChecksum": True,
    }
    cloud.s.res["%s/versions/%d" % (key, n)] = v
    return v


@on("cloudbuild.projects.builds.create", "cloudbuild.projects.locations.builds.create")
def build_create(cloud, c):
    n = cloud.s.seq()
    bid = "00000000-0000-4000-8000-%012d" % n
    body = dict(c.body or {})
    src = (body.get("source") or {}).get("storageSource") or {}
    if (
        src
        and "storage:b/%s/o/%s" % (src.get("bucket"), urllib.parse.quote(src.get("object", ""), safe=""))
        not in cloud.s.res
    ):
        raise ApiError(404, "storage source was not found")
    body.update(
        id=bid,
        projectId=cloud.project,
        status="SUCCESS",
        createTime=now(),
        startTime=now(),
        finishTime=now(),
        logUrl="https://console.cloud.google.com/cloud-build/builds/" + bid,
        name="projects/%s/locations/global/builds/%s" % (cloud.number, bid),
        results={"images": [{"name": i, "digest": "sha256:" + "0" * 64} for i in body.get("images", [])]},
    )
    cloud.s.res["cloudbuild:projects/%s/builds/%s" % (cloud.project, bid)] = body
    cloud.s.res["cloudbuild:projects/%s/locations/global/builds/%s" % (cloud.project, bid)] = body
    bucket = cloud.project + "_cloudbuild"
    body["logsBucket"] = "gs://" + bucket
    if "storage:b/" + bucket not in cloud.s.res:
        cloud.s.res["storage:b/" + bucket] = bucket_doc(cloud, {"name": bucket})
    put_object(cloud, bucket, {"name": "log-%s.txt" % bid}, b"fakegcp: nothing was built\nDONE\n", {})
    name = "operations/build/%s/%s" % (cloud.project, base64.b64encode(bid.encode()).decode())
    op = {
        "name": name,
        "done": True,
        "response": body,
        "metadata": {
            "@type": "type.googleapis.com/google.devtools.cloudbuild.v1." "BuildOperationMetadata",
            "build": body,
        },
    }
    cloud.s.d["operations"]["cloudbuild:" + name] = op
    return op
