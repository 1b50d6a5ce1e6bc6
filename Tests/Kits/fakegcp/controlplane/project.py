# SPDX-License-Identifier: MIT
"""Resource Manager and Service Usage."""

import re

from .cloud import on
from .common import ApiError, DEFAULT_ENABLED


@on("cloudresourcemanager.projects.get")
def project_get(cloud, c):
    if c.method.api.endswith("v3"):
        return {
            "name": "projects/" + cloud.number,
            "projectId": cloud.project,
            "state": "ACTIVE",
            "displayName": cloud.project,
        }
    return {
        "projectId": cloud.project,
        "projectNumber": cloud.number,
        "name": cloud.project,
        "lifecycleState": "ACTIVE",
        "createTime": "2024-01-01T00:00:00Z",
    }


@on("cloudresourcemanager.projects.list", "cloudresourcemanager.projects.search")
def project_list(cloud, c):
    return {
        "projects": [
            {
                "projectId": cloud.project,
                "projectNumber": cloud.number,
                "name": cloud.project,
                "lifecycleState": "ACTIVE",
            }
        ]
    }


def usage_doc(cloud, name, on_):
    return {
        "name": "projects/%s/services/%s" % (cloud.number, name),
        "config": {"name": name, "title": name},
        "state": "ENABLED" if on_ else "DISABLED",
        "parent": "projects/" + cloud.number,
    }


def usage_op(cloud, c, names, response):
    name = "operations/acat.p2-%s-%d" % (cloud.number, cloud.s.seq())
    op = {
        "name": name,
        "done": True,
        "metadata": {
            "@type": "type.googleapis.com/google.api.serviceusage." "v1.OperationMetadata",
            "resourceNames": ["services/%s/projectSettings/%s" % (n, cloud.project) for n in names],
        },
        "response": response,
    }
    cloud.s.d["operations"]["serviceusage:" + name] = op
    return cloud.slow("serviceusage:" + name, op)


def enable(cloud, names):
    for n in names:
        if not re.match(r"[a-z0-9-]+\.googleapis\.com\Z", n):
            raise ApiError(404, "Not found or permission denied for " "service(s): " + n)
        cloud.s.res["serviceusage:services/" + n] = {"name": n}
    return [usage_doc(cloud, n, True) for n in names]


@on("serviceusage.services.batchEnable")
def usage_batch(cloud, c):
    ids = (c.body or {}).get("serviceIds", [])
    if not 1 <= len(ids) <= 20:
        raise ApiError(400, "1 to 20 services per batchEnable call.")
    return usage_op(
        cloud,
        c,
        ids,
        {
            "@type": "type.googleapis.com/google.api.serviceusage.v1." "BatchEnableServicesResponse",
            "services": enable(cloud, ids),
        },
    )


@on("serviceusage.services.enable")
def usage_enable(cloud, c):
    n = c.params["name"].rsplit("/", 1)[-1]
    return usage_op(
        cloud,
        c,
        [n],
        {
            "@type": "type.googleapis.com/google.api.serviceusage.v1." "EnableServiceResponse",
            "service": enable(cloud, [n])[0],
        },
    )


@on("serviceusage.services.disable")
def usage_disable(cloud, c):
    n = c.params["name"].rsplit("/", 1)[-1]
    cloud.s.res.pop("serviceusage:services/" + n, None)
    return usage_op(
        cloud,
        c,
        [n],
        {
            "@type": "type.googleapis.com/google.api.serviceusage.v1." "DisableServiceResponse",
            "service": usage_doc(cloud, n, False),
        },
    )


@on("serviceusage.services.get")
def usage_get(cloud, c):
    n = c.params["name"].rsplit("/", 1)[-1]
    return usage_doc(cloud, n, cloud.enabled(n))


@on("serviceusage.services.batchGet")
def usage_batch_get(cloud, c):
    return {
        "services": [
            usage_doc(cloud, n.rsplit("/", 1)[-1], cloud.enabled(n.rsplit("/", 1)[-1]))
            for n in c.query.get("names", [])
        ]
    }


@on("serviceusage.services.list")
def usage_list(cloud, c):
    names = sorted(
        set(DEFAULT_ENABLED)
        | {v["name"] for k, v in cloud.s.res.items() if k.startswith("serviceusage:services/")}
    )
    return {"services": [usage_doc(cloud, n, True) for n in names]}


@on("serviceusage.services.generateServiceIdentity")
def usage_identity(cloud, c):
    n = c.params["parent"].rsplit("/", 1)[-1]
    agent = {
        "pubsub.googleapis.com": "gcp-sa-pubsub",
        "logging.googleapis.com": "gcp-sa-logging",
        "run.googleapis.com": "serverless-robot-prod",
        "artifactregistry.googleapis.com": "gcp-sa-artifactregistry",
    }.get(n, "gcp-sa-" + n.split(".")[0])
    email = "service-%s@%s.iam.gserviceaccount.com" % (cloud.number, agent)
    cloud.s.res["serviceusage:identities/" + n] = {"email": email}
    return usage_op(
        cloud,
        c,
        [n],
        {
            "@type": "type.googleapis.com/google.api.serviceusage.v1beta1." "ServiceIdentity",
            "email": email,
            "uniqueId": str(cloud.s.seq()),
        },
    )
