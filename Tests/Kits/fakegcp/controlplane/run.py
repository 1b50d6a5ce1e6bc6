# SPDX-License-Identifier: MIT
"""Cloud Run, as `gcloud run` uses it."""

import copy
import json
import re

from .cloud import NAME63, on, wild
from .lag import act_as
from .common import ApiError, now


def run_key(cloud, c, name=None, coll="services"):
    full = name or c.params.get("name") or c.params.get("resource") or ""
    m = re.match(r"(?:namespaces/[^/]+|projects/[^/]+/locations/([^/]+))/" r"(\w+)/([^/]+)$", full)
    region = (m.group(1) if m else None) or c.region
    if not region:
        raise ApiError(
            400, "The global Cloud Run endpoint cannot serve this " "call: use REGION-run.googleapis.com"
        )
    return "run:projects/%s/locations/%s/%s/%s" % (
        cloud.project,
        region,
        m.group(2) if m else coll,
        m.group(3) if m else full,
    )


def memory_bytes(q):
    m = re.match(r"(\d+(?:\.\d+)?)([KMG]i?)?\Z", str(q))
    if not m:
        raise ApiError(400, "Invalid memory quantity %r" % q)
    return (
        float(m.group(1))
        * {None: 1, "K": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[m.group(2)]
    )


def cpu_count(q):
    m = re.match(r"(\d+(?:\.\d+)?)(m?)\Z", str(q))
    if not m:
        raise ApiError(400, "Invalid cpu quantity %r" % q)
    return float(m.group(1)) / (1000 if m.group(2) else 1)


def check_run(cloud, svc):
    """Documented limits of Cloud Run that a deployment can violate."""
    meta, spec = svc.get("metadata") or {}, svc.get("spec") or {}
    if not NAME63.match(meta.get("name", "")) or len(meta["name"]) > 49:
        raise ApiError(
            400, "metadata.name: %r is not a valid service name (at " "most 49 characters)" % meta.get("name")
        )
    ing = (meta.get("annotations") or {}).get("run.googleapis.com/ingress")
    if ing not in (None, "all", "internal", "internal-and-cloud-load-balancing"):
        raise ApiError(400, "Invalid ingress %r" % ing)
    tpl = spec.get("template") or {}
    ann = (tpl.get("metadata") or {}).get("annotations") or {}
    ts = tpl.get("spec") or {}
    cons = ts.get("containers") or []
    if not cons:
        raise ApiError(400, "spec.template.spec.containers: at least one " "container is required")
    gen2 = ann.get("run.googleapis.com/execution-environment") == "gen2"
    throttled = ann.get("run.googleapis.com/cpu-throttling") != "false"
    ports = [p for k in cons for p in k.get("ports", [])]
    if len(cons) > 1 and len(ports) != 1:
        raise ApiError(400, "Exactly one container must have a port.")
    for k in cons:
        if not k.get("image"):
            raise ApiError(400, "spec.template.spec.containers[0].image: " "expected a container image path")
        lim = (k.get("resources") or {}).get("limits") or {}
        mem = memory_bytes(lim.get("memory", "512Mi"))
        cpu = cpu_count(lim.get("cpu", "1"))
        floor = 512 if gen2 else 128
        if mem < floor * 2**20 and len(cons) == 1:
            raise ApiError(
                400,
                "spec.template.spec.containers[0].resources."
                "limits.memory: Invalid value specified for memory. "
                "Total memory < %d Mi is not supported with %s." % (floor, "gen2" if gen2 else "gen1"),
            )
        if cpu < 1 and len(cons) == 1:
            if gen2:
                raise ApiError(400, "Total cpu < 1 is not supported with gen2.")
            if int(ts.get("containerConcurrency") or 80) != 1:
                raise ApiError(400, "Total cpu < 1 is not supported with " "concurrency > 1.")
            if not throttled:
                raise ApiError(400, "Total cpu < 1 is not supported without " "cpu-throttling.")
        if not throttled and mem < 512 * 2**20 and len(cons) == 1:
            raise ApiError(400, "Memory below 512Mi is not supported with " "cpu-throttling=false.")
        if mem > 4 * 2**30 and cpu < 2 or mem > 32 * 2**30:
            raise ApiError(400, "Too much memory for %g cpu." % cpu)
        names = [e.get("name") for e in k.get("env", [])]
        for n in names:
            if n in ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"):
                raise ApiError(
                    400,
                    "spec.template.spec.containers[0].env: The "
                    "following reserved env names were provided: "
                    + n
                    + ". These values are automatically set by "
                    "the system.",
                )
        if len(set(names)) != len(names):
            raise ApiError(400, "Duplicate environment variable.")
    conc = ts.get("containerConcurrency")
    if conc is not None and not 0 <= int(conc) <= 1000:
        raise ApiError(400, "containerConcurrency must be between 0 and 1000.")
    to = ts.get("timeoutSeconds")
    if to is not None and not 1 <= int(to) <= 3600:
        raise ApiError(400, "timeoutSeconds must be between 1 and 3600.")
    lo = int(ann.get("autoscaling.knative.dev/minScale", 0))
    hi = int(ann.get("autoscaling.knative.dev/maxScale", 100))
    if lo > hi or hi < 1:
        raise ApiError(400, "autoscaling: minScale %d, maxScale %d" % (lo, hi))
    sa = ts.get("serviceAccountName")
    if sa:
        cloud.service_account_ok(sa, "Cloud Run service identity")
        act_as(cloud, sa)


def run_finish(cloud, c, key, body, old):
    region = key.split("/")[3]
    name = key.rsplit("/", 1)[1]
    meta = body.setdefault("metadata", {})
    gen = (old or {}).get("metadata", {}).get("generation", 0) + 1
    oldmeta = (old or {}).get("metadata", {})
    meta.update(
        namespace=cloud.number,
        generation=gen,
        uid=oldmeta.get("uid") or "uid-%d" % cloud.s.seq(),
        selfLink="/apis/serving.knative.dev/v1/namespaces/%s/services/" "%s" % (cloud.number, name),
        creationTimestamp=oldmeta.get("creationTimestamp") or now(),
        resourceVersion="AAA%d" % cloud.s.seq(),
    )
    labels = meta.setdefault("labels", {})
    labels["cloud.googleapis.com/location"] = region
    url = "https://%s-%s.%s.run.app" % (name, cloud.number, region)
    ann = meta.setdefault("annotations", {})
    ann["run.googleapis.com/urls"] = json.dumps([url, "https://%s-fakehash0-ue.a.run.app" % name])
    ann.setdefault("run.googleapis.com/ingress", "all")
    ann["run.googleapis.com/ingress-status"] = ann["run.googleapis.com/ingress"]
    tpl = body["spec"]["template"]
    ts = tpl.setdefault("spec", {})
    ts.setdefault("containerConcurrency", 80)
    ts.setdefault("timeoutSeconds", 300)
    ts.setdefault("serviceAccountName", cloud.number + "-compute@developer.gserviceaccount.com")
    for k in ts["containers"]:
        lim = k.setdefault("resources", {}).setdefault("limits", {})
        lim.setdefault("cpu", "1000m")
        lim.setdefault("memory", "512Mi")
        if len(ts["containers"]) == 1:
            k.setdefault("ports", [{"name": "http1", "containerPort": 8080}])
    rev = (tpl.get("metadata") or {}).get("name") or "%s-%05d-fak" % (name, gen)
    revkey = key.rsplit("/", 2)[0] + "/revisions/" + rev
    same = old and old["spec"]["template"] == tpl
    if same:
        rev = old["status"]["latestReadyRevisionName"]
    cond = [
        {"type": t, "status": "True", "lastTransitionTime": now()}
        for t in ("Ready", "ConfigurationsReady", "RoutesReady")
    ]
    traffic = body["spec"].get("traffic") or [{"latestRevision": True, "percent": 100}]
    if sum(t.get("percent", 0) for t in traffic) != 100:
        raise ApiError(400, "spec.traffic: percentages must add up to 100")
    body["spec"]["traffic"] = traffic
    body.setdefault("apiVersion", "serving.knative.dev/v1")
    body.setdefault("kind", "Service")
    body["status"] = {
        "observedGeneration": gen,
        "conditions": cond,
        "url": url,
        "address": {"url": url},
        "latestReadyRevisionName": rev,
        "latestCreatedRevisionName": rev,
        "traffic": [dict(t, revisionName=t.get("revisionName") or rev) for t in traffic],
    }
    cloud.s.res[key] = body
    if not same:
        cloud.s.res[revkey] = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": rev,
                "namespace": cloud.number,
                "creationTimestamp": now(),
                "generation": 1,
                "uid": "uid-%d" % cloud.s.seq(),
                "annotations": (tpl.get("metadata") or {}).get("annotations", {}),
                "labels": {
                    "serving.knative.dev/service": name,
                    "serving.knative.dev/configuration": name,
                    "cloud.googleapis.com/location": region,
                },
            },
            "spec": ts,
            "status": {
                "observedGeneration": 1,
                "conditions": [
                    {"type": t, "status": "True", "lastTransitionTime": now()}
                    for t in ("Ready", "ContainerHealthy", "ResourcesAvailable")
                ],
            },
        }
    return body


@on("run.namespaces.services.create", "run.projects.locations.services.create")
def run_create(cloud, c):
    if c.method.api != "run.v1":
        return cloud.create(c)
    body = copy.deepcopy(c.body or {})
    check_run(cloud, body)
    region = c.region or re.search(r"locations/([^/]+)", c.params["parent"]).group(1)
    key = "run:projects/%s/locations/%s/services/%s" % (cloud.project, region, body["metadata"]["name"])
    cloud.exists(key, "Resource '%s'" % body["metadata"]["name"])
    if c.q("dryRun") == "all":
        return body
    return run_finish(cloud, c, key, body, None)


@on("run.namespaces.services.replaceService", "run.projects.locations.services.replaceService")
def run_replace(cloud, c):
    body = copy.deepcopy(c.body or {})
    key = run_key(cloud, c)
    old = cloud.need(key)
    check_run(cloud, body)
    rv = (body.get("metadata") or {}).get("resourceVersion")
    if rv and rv != old["metadata"]["resourceVersion"]:
        raise ApiError(
            409, "Conflict for resource '%s': version changed." % key.rsplit("/", 1)[1], status="ABORTED"
        )
    if c.q("dryRun") == "all":
        return body
    return run_finish(cloud, c, key, body, old)


@wild(r"run\.(namespaces|projects\.locations)\.\w+\.get$")
def run_get(cloud, c):
    if c.method.api != "run.v1":
        return cloud.generic(c)
    if ".configurations." in c.method.id or ".routes." in c.method.id:
        key = re.sub("/(configurations|routes)/", "/services/", run_key(cloud, c))
        svc = cloud.need(key)
        return dict(svc, kind="Configuration" if "config" in c.method.id else "Route")
    return cloud.need(
        run_key(cloud, c),
        "Resource '%s' of kind 'SERVICE' in region '%s' in "
        "project '%s' does not exist;" % (run_key(cloud, c).rsplit("/", 1)[1], c.region, cloud.project),
    )


@wild(r"run\.(namespaces|projects\.locations)\.(services|revisions|configurations|routes)\.list$")
def run_list(cloud, c):
    if c.method.api != "run.v1":
        return cloud.generic(c)
    coll = c.method.id.split(".")[-2]
    place = re.search(r"locations/([^/]+)", c.params.get("parent", ""))
    # Without a region gcloud asks the global endpoint for the services of all: locations/-.
    region = c.region or (place and place.group(1) != "-" and place.group(1))
    kind = {
        "services": "Service",
        "revisions": "Revision",
        "configurations": "Configuration",
        "routes": "Route",
    }.get(coll, "X")
    items = []
    for k, v in sorted(cloud.s.res.items()):
        m = re.match(r"run:projects/[^/]+/locations/([^/]+)/%s/[^/]+$" % coll, k)
        if m and (not region or m.group(1) == region):
            sel = c.q("labelSelector") or ""
            lab = v["metadata"].get("labels", {})
            if all(
                lab.get(p.split("=")[0].strip()) == p.split("=")[-1].strip() for p in sel.split(",") if "=" in p
            ):
                items.append(v)
    return {"apiVersion": "serving.knative.dev/v1", "kind": kind + "List", "items": items, "metadata": {}}


@wild(r"run\.namespaces\.\w+\.delete$")
def run_delete(cloud, c):
    key = run_key(cloud, c)
    cloud.need(key)
    name = key.rsplit("/", 1)[1]
    cloud.s.drop(key)
    if "/services/" in key:
        for k in [
            k
            for k, v in cloud.s.res.items()
            if "/revisions/" in k
            and k.startswith("run:")
            and v["metadata"]["labels"]["serving.knative.dev/service"] == name
        ]:
            del cloud.s.res[k]
    return {"status": "Success"}


@wild(r"run\.projects\.locations\.list$")
def run_locations(cloud, c):
    return {
        "locations": [
            {"locationId": r, "name": "projects/%s/locations/%s" % (cloud.project, r)}
            for r in ("us-central1", "us-east1", "europe-west1")
        ]
    }
