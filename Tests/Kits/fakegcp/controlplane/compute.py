# SPDX-License-Identifier: MIT
"""Compute Engine: addresses, backends, URL maps, proxies, certificates, rules."""

import base64
import copy
import re

from .cloud import NAME63, on, wild
from .lag import later
from .common import ApiError, now


@wild(r"compute\.\w*[oO]perations\.")
def compute_operations(cloud, c):
    return cloud.operation(c)


@wild(r"compute\.\w+\.insert$")
def compute_insert(cloud, c):
    body = dict(c.body or {})
    name = body.get("name", "")
    if not NAME63.match(name):
        raise ApiError(
            400,
            "Invalid value for field 'resource.name': '%s'. "
            "Must match [a-z]([-a-z0-9]{0,61}[a-z0-9])?" % name,
        )
    key = cloud.key(c) + "/" + name
    cloud.exists(key, "The resource '%s'" % key.split(":", 1)[1])
    cloud.compute_check_refs(body)
    kind = c.method.spec["request"]["$ref"]
    body.setdefault("kind", "compute#" + kind[0].lower() + kind[1:])
    body.update(id=str(cloud.s.seq()), creationTimestamp=now(), selfLink=cloud.compute_link(key))
    m = re.search(r"/(regions|zones)/([^/]+)/", key)
    if m:
        body[m.group(1)[:-1]] = cloud.compute_link(
            "compute:projects/%s/%s/%s" % (cloud.project, m.group(1), m.group(2))
        )
    coll = key.rsplit("/", 2)[1]
    fn = COMPUTE_CHECKS.get(coll)
    if fn:
        fn(cloud, body, key)
    if coll in (
        "backendServices",
        "urlMaps",
        "targetHttpsProxies",
        "targetHttpProxies",
        "forwardingRules",
        "securityPolicies",
        "networkEndpointGroups",
    ):
        body["fingerprint"] = base64.b64encode(b"%08d" % cloud.s.seq()).decode()
    cloud.s.res[key] = body
    return cloud.compute_op(c, key)


def check_backend_service(cloud, b, key):
    for be in b.get("backends", []):
        group = (be.get("group") or "").split("/compute/v1/")[-1]
        later(cloud, "ready " + group, 400, "The resource '%s' is not ready" % group, reason="resourceNotReady")
    b.setdefault("loadBalancingScheme", "EXTERNAL")
    b.setdefault("protocol", "HTTP")
    b.setdefault("timeoutSec", 30)
    b.setdefault("port", 80)
    serverless = False
    for be in b.get("backends", []):
        for ref, coll in cloud.compute_refs({"g": be.get("group")}):
            neg = cloud.s.res.get(ref) or {}
            if neg.get("networkEndpointType") == "SERVERLESS":
                serverless = True
                if be.get("balancingMode") == "RATE":
                    raise ApiError(
                        400,
                        "Invalid value for field 'resource."
                        "backends[0].balancingMode': RATE is not "
                        "allowed for a Serverless network endpoint "
                        "group.",
                    )
    if serverless and b.get("healthChecks"):
        raise ApiError(
            400,
            "A backend service cannot have a healthcheck with " "Serverless network endpoint group backends.",
        )
    rate = (b.get("logConfig") or {}).get("sampleRate")
    if rate is not None and not 0 <= float(rate) <= 1:
        raise ApiError(400, "logConfig.sampleRate must lie in [0, 1]")
    check_cdn(cloud, b, key)


def check_cdn(cloud, b, key):
    if not b.get("enableCDN") and not b.get("enableCdn"):
        return
    p = b.setdefault("cdnPolicy", {})
    mode = p.setdefault("cacheMode", "CACHE_ALL_STATIC")
    if mode == "USE_ORIGIN_HEADERS":
        for f in ("defaultTtl", "maxTtl", "clientTtl"):
            if p.get(f):
                raise ApiError(400, "cdnPolicy.%s cannot be set with cacheMode " "USE_ORIGIN_HEADERS." % f)
    elif mode == "FORCE_CACHE_ALL" and p.get("maxTtl"):
        raise ApiError(400, "cdnPolicy.maxTtl cannot be set with cacheMode " "FORCE_CACHE_ALL.")
    if mode != "USE_ORIGIN_HEADERS":
        p.setdefault("defaultTtl", 3600)
        p.setdefault("clientTtl", 3600)
        if mode == "CACHE_ALL_STATIC":
            p.setdefault("maxTtl", 86400)
        if p.get("maxTtl") is not None and int(p["defaultTtl"]) > int(p["maxTtl"]):
            raise ApiError(400, "cdnPolicy.defaultTtl must not exceed maxTtl.")


def check_backend_bucket(cloud, b, key):
    if "storage:b/" + b.get("bucketName", "") not in cloud.s.res:
        raise ApiError(
            400,
            "Invalid value for field 'resource.bucketName': "
            "'%s'. Bucket does not exist." % b.get("bucketName"),
        )
    check_cdn(cloud, b, key)


def check_neg(cloud, b, key):
    if b.get("networkEndpointType") != "SERVERLESS":
        return
    cr = b.get("cloudRun") or {}
    if not cr and not b.get("cloudFunction") and not b.get("appEngine") and not b.get("serverlessDeployment"):
        raise ApiError(
            400, "A serverless network endpoint group needs one of " "cloudRun, cloudFunction, appEngine."
        )


def check_cert(cloud, b, key):
    if b.get("type") == "MANAGED":
        doms = (b.get("managed") or {}).get("domains") or []
        if not doms or any("*" in d for d in doms):
            raise ApiError(400, "Managed certificates need 1 to 100 domain " "names without wildcards.")
        b["managed"] = dict(b["managed"], status="PROVISIONING", domainStatus={d: "PROVISIONING" for d in doms})


def check_address(cloud, b, key):
    n = cloud.s.seq()
    b["address"] = b.get("address") or (
        "2600:1901:0:%x::" % n if b.get("ipVersion") == "IPV6" else "198.51.100.%d" % (n % 250 + 1)
    )
    b["status"] = "RESERVED"
    b.setdefault("addressType", "EXTERNAL")


def check_forwarding_rule(cloud, b, key):
    ip = b.get("IPAddress", "")
    m = re.search(r"(projects/[^/]+/(?:global|regions/[^/]+)/addresses/[^/]+)$", ip)
    if m:
        a = cloud.s.res.get("compute:" + cloud.norm_project(m.group(1)))
        if not a:
            raise ApiError(404, "The address '%s' was not found" % ip)
        b["IPAddress"] = a["address"]
        a["status"] = "IN_USE"
        a["users"] = [b["selfLink"]]
    elif not ip:
        b["IPAddress"] = "203.0.113.%d" % (cloud.s.seq() % 250 + 1)
    b.setdefault("loadBalancingScheme", "EXTERNAL")
    b.setdefault("IPProtocol", "TCP")
    port = b.get("portRange", "")
    if port and "-" not in port:
        b["portRange"] = "%s-%s" % (port, port)
    tgt = b.get("target", "")
    if "/targetHttpProxies/" in tgt or "/targetHttpsProxies/" in tgt:
        lo = b.get("portRange", "").split("-")[0]
        if not lo:
            raise ApiError(400, "portRange is required for an HTTP(S) proxy " "target.")
        if "/targetHttpsProxies/" in tgt and b["loadBalancingScheme"] == "EXTERNAL" and lo != "443":
            raise ApiError(400, "Invalid port %s for an HTTPS proxy." % lo)
    # scheme of the rule has to agree with that of its backend services
    for svc in reach(cloud, tgt):
        s = cloud.s.res.get(svc, {})
        if "/backendServices/" in svc and s.get("loadBalancingScheme") != b["loadBalancingScheme"]:
            raise ApiError(
                400,
                "The forwarding rule's loadBalancingScheme %s "
                "does not match %s of backend service %s."
                % (b["loadBalancingScheme"], s.get("loadBalancingScheme"), s.get("name")),
            )


def reach(cloud, value, seen=None):
    """All compute resources reachable from a reference."""
    seen = set() if seen is None else seen
    for key, _ in cloud.compute_refs({"x": value}):
        if key not in seen and key in cloud.s.res:
            seen.add(key)
            reach(cloud, cloud.s.res[key], seen)
    return seen


def check_https_proxy(cloud, b, key):
    if not b.get("sslCertificates") and not b.get("certificateMap"):
        raise ApiError(400, "A target HTTPS proxy needs an SSL certificate or " "a certificate map.")


def check_url_map(cloud, b, key):
    if not b.get("defaultService") and not b.get("defaultUrlRedirect") and not b.get("defaultRouteAction"):
        raise ApiError(400, "Invalid value for field 'resource.defaultService'" ": a default must be given.")
    names = {m.get("name") for m in b.get("pathMatchers", [])}
    for h in b.get("hostRules", []):
        if h.get("pathMatcher") not in names:
            raise ApiError(400, "hostRules refers to the unknown pathMatcher " "%r" % h.get("pathMatcher"))
    for m in b.get("pathMatchers", []):
        if not (m.get("defaultService") or m.get("defaultUrlRedirect") or m.get("defaultRouteAction")):
            raise ApiError(400, "pathMatcher %r has no default" % m.get("name"))
        for r in m.get("pathRules", []):
            for p in r.get("paths", []):
                if not p.startswith("/") or "*" in p[:-1] or (p.endswith("*") and not p.endswith("/*")):
                    raise ApiError(
                        400, "Invalid path %r: a path starts with / " "and * may only follow a final /." % p
                    )


COMPUTE_CHECKS = {
    "backendServices": check_backend_service,
    "backendBuckets": check_backend_bucket,
    "networkEndpointGroups": check_neg,
    "sslCertificates": check_cert,
    "addresses": check_address,
    "forwardingRules": check_forwarding_rule,
    "targetHttpsProxies": check_https_proxy,
    "urlMaps": check_url_map,
}


@wild(r"compute\.\w+\.(patch|update)$")
def compute_patch(cloud, c):
    key, body = cloud.key(c), dict(c.body or {})
    old = cloud.need(key, "The resource '%s' was" % cloud.key(c).split(":")[1])
    new = copy.deepcopy(old)
    fp = body.get("fingerprint")
    if fp and old.get("fingerprint") and fp != old["fingerprint"]:
        raise ApiError(412, "Invalid fingerprint.")
    if c.method.action == "update":
        keep = ("id", "kind", "creationTimestamp", "selfLink", "name", "region", "fingerprint")
        new = dict(body, **{k: old[k] for k in keep if k in old})
    else:
        # Compute replaces repeated fields and merges messages.
        cloud.merge(new, body)
    cloud.compute_check_refs(body)
    coll = key.rsplit("/", 2)[1]
    if coll in COMPUTE_CHECKS and coll not in ("addresses", "sslCertificates"):
        COMPUTE_CHECKS[coll](cloud, new, key)
    if "fingerprint" in new:
        new["fingerprint"] = base64.b64encode(b"%08d" % cloud.s.seq()).decode()
    cloud.s.res[key] = new
    return cloud.compute_op(c, key)


@wild(r"compute\.\w+\.delete$")
def compute_delete(cloud, c):
    key = cloud.key(c)
    me = cloud.need(key, "The resource '%s' was" % key.split(":", 1)[1])
    users = [
        k
        for k, v in cloud.s.res.items()
        if k.startswith("compute:")
        and k != key
        and "/addresses/" not in k
        and any(r == key for r, _ in cloud.compute_refs(v))
    ]
    if "/addresses/" in key:
        users = [
            k
            for k, v in cloud.s.res.items()
            if "/forwardingRules/" in k and v.get("IPAddress") == me.get("address")
        ]
    if users:
        raise ApiError(
            400,
            "The resource '%s' is already being used by '%s'"
            % (key.split(":", 1)[1], users[0].split(":", 1)[1]),
            status="FAILED_PRECONDITION",
            reason="resourceInUseByAnotherResource",
        )
    if "/forwardingRules/" in key:
        for k, v in cloud.s.res.items():
            if "/addresses/" in k and v.get("address") == me.get("IPAddress"):
                v["status"] = "RESERVED"
                v.pop("users", None)
    cloud.s.drop(key)
    return cloud.compute_op(c, key)


@wild(r"compute\.\w+\.set\w+$")
def compute_setter(cloud, c):
    """targetHttpsProxies.setUrlMap and its relatives."""
    tail = cloud.key(c)
    key, verb = tail.rsplit("/", 1)
    obj = cloud.need(key)
    cloud.compute_check_refs(c.body or {})
    for k, v in (c.body or {}).items():
        obj[k] = v
    if verb == "setLabels":
        obj["labelFingerprint"] = "x%d" % cloud.s.seq()
    return cloud.compute_op(c, key)


@on("compute.securityPolicies.addRule", "compute.securityPolicies.patchRule")
def compute_rule(cloud, c):
    """A rule of a Cloud Armor policy, by its priority."""
    key = cloud.key(c).rsplit("/", 1)[0]
    policy = cloud.need(key)
    rule = dict(c.body or {})
    if c.method.action == "patchRule":
        rule.setdefault("priority", int(c.q("priority")))
    limit = rule.get("rateLimitOptions") or {}
    if rule.get("action") == "throttle" and not limit.get("rateLimitThreshold"):
        raise ApiError(400, "A throttle rule needs rateLimitOptions.rateLimitThreshold.")
    rules = [r for r in policy.get("rules", []) if r.get("priority") != rule.get("priority")]
    if c.method.action == "addRule" and len(rules) != len(policy.get("rules", [])):
        raise ApiError(400, "Cannot have rules with the same priorities.")
    policy["rules"] = rules + [rule]
    return cloud.compute_op(c, key)


@on("compute.urlMaps.validate")
def compute_validate(cloud, c):
    res = (c.body or {}).get("resource") or {}
    cloud.compute_check_refs(res)
    check_url_map(cloud, res, "")
    c.note = "the URL map's tests were not run"
    return {"result": {"loadSucceeded": True, "testPassed": True}}


@on("compute.urlMaps.invalidateCache")
def compute_invalidate(cloud, c):
    key = cloud.key(c).rsplit("/", 1)[0]
    cloud.need(key)
    return cloud.compute_op(c, key)


@wild(r"compute\.\w+\.aggregatedList$")
def compute_aggregated(cloud, c):
    coll = cloud.key(c).rsplit("/", 1)[-1]
    items = {}
    for k, v in sorted(cloud.s.res.items()):
        m = re.match(r"compute:projects/[^/]+/(global|(?:regions|zones)/[^/]+)/" + coll + r"/[^/]+$", k)
        if m and (not c.q("filter") or cloud.list_filter(c.q("filter"), v)):
            items.setdefault(m.group(1), {coll: []})[coll].append(v)
    return {"kind": "compute#aggregatedList", "items": items}


@on("compute.regions.list")
def compute_regions(cloud, c):
    names = [
        "us-central1",
        "us-east1",
        "us-west1",
        "europe-west1",
        "europe-west3",
        "europe-north1",
        "asia-northeast1",
    ]
    return {
        "items": [
            {
                "name": n,
                "status": "UP",
                "kind": "compute#region",
                "selfLink": cloud.compute_link("compute:projects/%s/regions/%s" % (cloud.project, n)),
            }
            for n in names
        ]
    }


@on("compute.regions.get")
def compute_region(cloud, c):
    return {"name": c.params["region"], "status": "UP", "kind": "compute#region"}


@on("compute.projects.get")
def compute_project(cloud, c):
    return {
        "name": cloud.project,
        "id": cloud.number,
        "kind": "compute#project",
        "defaultServiceAccount": cloud.number + "-compute@developer.gserviceaccount.com",
    }
