# SPDX-License-Identifier: MIT
"""Artifact Registry, Secret Manager and Cloud Build."""

import base64
import re
import urllib.parse

from .cloud import NAME63, on, wild
from .lag import act_as
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


def check_builder(cloud, build, source):
    """Builds run as an account that may read the source, write the log and push: a new project's default one may not."""
    email = build.get("serviceAccount", "").rsplit("/", 1)[-1]
    member = "serviceAccount:" + email

    def may(key, *roles):
        bindings = (cloud.s.policies.get(key) or {}).get("bindings", [])
        return any(b["role"] in roles and member in b["members"] for b in bindings)

    if email:
        cloud.service_account_ok(email, "Cloud Build service account")
        act_as(cloud, email)
    if not email or not may(
        "storage:b/" + source.get("bucket", ""), "roles/storage.objectAdmin", "roles/storage.admin"
    ):
        raise ApiError(
            403,
            "%s does not have storage.objects.get access to the Google Cloud Storage object."
            % (email or cloud.number + "-compute@developer.gserviceaccount.com"),
        )
    for image in (build.get("substitutions") or {}).values():
        m = re.match(r"([\w-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/", image)
        if m and not may(
            "artifactregistry:projects/%s/locations/%s/repositories/%s" % m.group(2, 1, 3),
            "roles/artifactregistry.writer",
            "roles/artifactregistry.repoAdmin",
        ):
            raise ApiError(
                403,
                "Permission 'artifactregistry.repositories.uploadArtifacts' denied on resource '%s'" % image,
            )


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
    check_builder(cloud, body, src)
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
    body.setdefault("logsBucket", "gs://%s_cloudbuild" % cloud.project)
    bucket, _, folder = body["logsBucket"][len("gs://") :].partition("/")
    if "storage:b/" + bucket not in cloud.s.res:
        cloud.s.res["storage:b/" + bucket] = bucket_doc(cloud, {"name": bucket})
    log = (folder + "/" if folder else "") + "log-%s.txt" % bid
    put_object(cloud, bucket, {"name": log}, b"fakegcp: nothing was built\nDONE\n", {})
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
