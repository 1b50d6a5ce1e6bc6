# SPDX-License-Identifier: MIT
"""IAM: service accounts and roles."""

import re
import urllib.parse

from .cloud import on
from .common import ApiError


@on("iam.projects.serviceAccounts.create")
def sa_create(cloud, c):
    aid = (c.body or {}).get("accountId", "")
    if not re.match(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])\Z", aid):
        raise ApiError(400, "Invalid account id %r: 6 to 30 characters, " "[a-z]([-a-z0-9]*[a-z0-9])." % aid)
    email = "%s@%s.iam.gserviceaccount.com" % (aid, cloud.project)
    key = "iam:projects/%s/serviceAccounts/%s" % (cloud.project, email)
    if key in cloud.s.res:
        raise ApiError(
            409, "Service account %s already exists within project " "projects/%s." % (aid, cloud.project)
        )
    uid = str(10**20 + cloud.s.seq())
    sa = dict(
        (c.body or {}).get("serviceAccount") or {},
        name=key.split(":", 1)[1],
        projectId=cloud.project,
        uniqueId=uid,
        email=email,
        oauth2ClientId=uid,
        etag="MDEwMjE5MjA=",
    )
    cloud.s.res[key] = sa
    return sa


def sa_key(cloud, c):
    m = re.search(r"serviceAccounts/([^/:]+)", urllib.parse.unquote(c.raw))
    ident = m.group(1)
    for k, v in cloud.s.res.items():
        if "/serviceAccounts/" in k and ident in (v.get("email"), v.get("uniqueId")):
            return k
    raise ApiError(404, "Unknown service account: " + ident)


@on("iam.projects.serviceAccounts.get")
def sa_get(cloud, c):
    return cloud.s.res[sa_key(cloud, c)]


@on("iam.projects.serviceAccounts.delete")
def sa_delete(cloud, c):
    cloud.s.drop(sa_key(cloud, c))
    return {}


@on("iam.projects.serviceAccounts.patch")
def sa_patch(cloud, c):
    key = sa_key(cloud, c)
    body = c.body or {}
    cloud.apply_mask(
        c,
        cloud.s.res[key],
        body.get("serviceAccount") or {},
        body.get("updateMask") or "displayName,description",
        "ServiceAccount",
    )
    return cloud.s.res[key]


@on("iam.projects.serviceAccounts.enable", "iam.projects.serviceAccounts.disable")
def sa_toggle(cloud, c):
    cloud.s.res[sa_key(cloud, c)]["disabled"] = c.method.action == "disable"
    return {}


@on("iam.projects.roles.create")
def role_create(cloud, c):
    rid = (c.body or {}).get("roleId", "")
    if not re.match(r"[a-zA-Z0-9_.]{3,64}\Z", rid):
        raise ApiError(400, "Invalid role id %r" % rid)
    key = cloud.key(c) + "/" + rid
    cloud.exists(key, "A role named %s in projects/%s" % (rid, cloud.project))
    cloud.s.res[key] = dict((c.body or {}).get("role") or {}, name=key.split(":", 1)[1], etag="BwX")
    return cloud.s.res[key]
