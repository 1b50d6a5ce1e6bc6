# SPDX-License-Identifier: MIT
"""The control plane: what every API does alike, IAM policies, and operations."""

import base64
import copy
import json
import re
import urllib.parse

from .common import ApiError, DEFAULT_ENABLED, GATED, KNOWN_ROLES, now
from .lag import known_account
from .schema import Validator, camel


class Call:
    """One validated request."""

    def __init__(self, label, region, method, params, query, body, raw):
        self.label, self.region, self.method = label, region, method
        self.params, self.query, self.body, self.raw = params, query, body, raw
        self.status = 200

    def q(self, name, default=None):
        v = self.query.get(name)
        return v[-1] if v else default

    def flag(self, name):
        return (self.q(name) or "").lower() in ("true", "1")


HOOKS = {}


SCHEME = ["https"]  # of the links that answers contain


def on(*ids):
    def deco(fn):
        for i in ids:
            HOOKS[i] = fn
        return fn

    return deco


READ_VERBS = {
    "get",
    "list",
    "aggregatedList",
    "getIamPolicy",
    "testIamPermissions",
    "wait",
    "query",
    "describe",
}


LEGACY = {"compute", "storage", "bigquery", "dns"}


class Cloud:
    def __init__(self, store, options):
        self.s, self.o = store, options
        self.project, self.number = store.d["project"], store.d["number"]
        self.pending_ops = {}
        self.uploads = {}

    # -- helpers -----------------------------------------------------------

    def mutating(self, meth):
        if meth.verb == "GET" or meth.action in READ_VERBS:
            return False
        return not re.search(
            r"(^|\.)(list\w*|get\w*|test\w*|validate\w*|" r"search\w*|batchGet|pull|acknowledge)$", meth.id
        )

    def check_project(self, name):
        if name not in (self.project, self.number, "-", "_"):
            raise ApiError(
                403,
                "Permission denied on resource project %s " "(or it may not exist)." % name,
                status="PERMISSION_DENIED",
            )

    def enabled(self, service):
        return service in DEFAULT_ENABLED or ("serviceusage:services/" + service) in self.s.res

    def norm_project(self, path):
        return re.sub(
            r"(^|[/:])projects/%s(?=/|$)" % re.escape(self.number), r"\1projects/" + self.project, path
        )

    def key(self, c):
        """Canonical state key of the URL's resource: 'label:path'."""
        path = urllib.parse.unquote(self.tail(c))
        path = re.sub(r":[a-zA-Z]+$", "", path) if c.label not in LEGACY else path
        return c.label + ":" + self.norm_project(path)

    def tail(self, c):
        """The URL path after the service path and the version."""
        p = c.raw
        p = re.sub(r"^/(upload|resumable/upload|download)/", "/", p)
        base = "/" + c.method.doc.get("servicePath", "")
        if len(base) > 1 and p.startswith(base):
            return p[len(base) :]
        return re.sub(r"^/(v\d+[a-z0-9]*|apis/[^/]+/v1)/", "", p)

    def need(self, key, what=None):
        if key not in self.s.res:
            raise ApiError(404, "%s not found." % (what or "Resource '%s' was" % key.split(":", 1)[1]))
        return self.s.res[key]

    def exists(self, key, what=None):
        if key in self.s.res:
            raise ApiError(409, "%s already exists" % (what or "The resource '%s'" % key.split(":", 1)[1]))

    def schema(self, c, ref):
        return c.method.doc["schemas"].get(ref or "", {})

    def output_only(self, old, new, names):
        for n in names:
            if n in old:
                new[n] = old[n]

    def service_account_ok(self, email, why):
        """A service account of this project has to exist to be used."""
        m = re.match(r"([^@]+)@(.+)\.iam\.gserviceaccount\.com$", email)
        if (
            m
            and m.group(2) == self.project
            and "iam:projects/%s/serviceAccounts/%s" % (self.project, email) not in self.s.res
        ):
            raise ApiError(400, "%s: service account %s does not exist." % (why, email))
        if m and m.group(2).startswith("gcp-sa-") and not m.group(1) == "service-" + self.number:
            raise ApiError(
                400, "%s: service agent %s is not one of project " "number %s." % (why, email, self.number)
            )

    # -- entry -------------------------------------------------------------

    def handle(self, c):
        pid = c.params.get("project") or c.params.get("projectId") or ""
        for v in [pid] + [v for v in c.params.values() if v.startswith(("projects/", "namespaces/"))]:
            m = re.match(r"(?:projects|namespaces)/([^/]+)", v)
            name = m.group(1) if m else v
            if name:
                self.check_project(name)
        service = c.label + ".googleapis.com"
        if c.label in GATED and not self.o.allow_disabled_apis and not self.enabled(service):
            raise ApiError(
                403,
                "%s API has not been used in project %s before or it is "
                "disabled. Enable it by running gcloud services enable %s." % (service, self.number, service),
                reason="accessNotConfigured",
                details=[
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "SERVICE_DISABLED",
                        "domain": "googleapis.com",
                        "metadata": {"service": service, "consumer": "projects/" + self.number},
                    }
                ],
            )
        hook = HOOKS.get(c.method.id)
        if not hook:
            for pat, fn in WILD_HOOKS:
                if pat.match(c.method.id):
                    hook = fn
                    break
        return hook(self, c) if hook else self.generic(c)

    # -- generic behaviour ---------------------------------------------------

    def generic(self, c):
        a, verb = c.method.action, c.method.verb
        if a == "getIamPolicy":
            return self.get_policy(c)
        if a == "setIamPolicy":
            return self.set_policy(c)
        if a in ("testIamPermissions", "testPermissions"):
            body = c.body or {}
            return {"permissions": body.get("permissions") or c.query.get("permissions", [])}
        if ".operations." in c.method.id.lower() or re.match(r"compute\.\w*[oO]perations\.", c.method.id):
            return self.operation(c)
        if a in ("list", "aggregatedList"):
            return self.list(c)
        if a == "get" or (verb == "GET" and a.startswith("get")):
            return self.need(self.key(c))
        if a in ("create", "insert"):
            return self.create(c)
        if a == "delete":
            return self.delete(c)
        if a in ("patch", "update", "replaceService", "replace"):
            return self.update(c, replace=(verb == "PUT"))
        if verb == "GET":
            return self.s.res.get(self.key(c), {})
        c.status = 200
        c.note = "not simulated: accepted without effect"
        return self.lro(c, {}, self.key(c)) if self.is_lro(c) else {}

    def is_lro(self, c):
        return (c.method.spec.get("response") or {}).get("$ref", "") in (
            "Operation",
            "GoogleLongrunningOperation",
        )

    def resource_id(self, c, body):
        for k, v in c.query.items():
            if k.endswith("Id") and k != "requestId" and v:
                return v[-1]
        name = body.get("name") or (body.get("metadata") or {}).get("name")
        return name.rsplit("/", 1)[-1] if name else None

    def create(self, c, body=None, rid=None, extra=None):
        body = dict(c.body or {}) if body is None else body
        key = self.key(c)
        if c.method.verb == "PUT":
            full = key
        else:
            rid = rid or self.resource_id(c, body)
            if not rid:
                rid = str(10**17 + self.s.seq())
            full = key + "/" + rid
        self.exists(full)
        props = self.schema(c, (c.method.spec.get("request") or {}).get("$ref")).get("properties", {})
        if c.label in LEGACY:
            pass
        elif "name" in props and not (body.get("name") and c.label == "logging"):
            body["name"] = full.split(":", 1)[1]
        for n in ("createTime", "updateTime"):
            if n in props:
                body[n] = now()
        if "etag" in props:
            body["etag"] = "E%d" % self.s.seq()
        body.update(extra or {})
        self.s.res[full] = body
        return self.lro(c, body, full) if self.is_lro(c) else body

    def list(self, c):
        ref = c.method.spec.get("response", {}).get("$ref")
        props = self.schema(c, ref).get("properties", {})
        field = next(
            (
                k
                for k, v in props.items()
                if v.get("type") == "array" and k not in ("unreachable", "unreachables")
            ),
            "items",
        )
        items = [v for _, v in self.s.children(self.key(c))]
        expr = c.q("filter")
        if expr:
            items = [i for i in items if self.list_filter(expr, i)]
        out = {field: items} if items else {}
        if "kind" in props:
            out["kind"] = "%s#%sList" % (c.label, field)
        return out

    def list_filter(self, expr, item):
        """Small subset of list filters: conjunctions of equality tests."""
        for part in re.split(r"\s+AND\s+|\)\s*\(", expr.strip("() ")):
            m = re.match(r"\(*\s*([\w.]+)\s*(=|eq|ne|!=|:)\s*(.+?)\s*\)*$", part)
            if not m:
                return True
            v = item
            for p in m.group(1).split("."):
                v = (v or {}).get(camel(p), (v or {}).get(p)) if isinstance(v, dict) else None
            want = m.group(3).strip("\"'")
            have = json.dumps(v) if isinstance(v, bool) else str(v)
            short = have.rsplit("/", 1)[-1]
            try:
                hit = (
                    have == want
                    or short == want
                    or (m.group(2) in ("eq", "ne") and re.fullmatch(want, short) is not None)
                )
            except re.error:
                hit = False
            if hit == (m.group(2) in ("ne", "!=")):
                return False
        return True

    def delete(self, c):
        key = self.key(c)
        self.need(key)
        self.s.drop(key)
        return self.lro(c, {}, key, done={}) if self.is_lro(c) else {}

    def apply_mask(self, c, target, src, mask, ref):
        v = Validator(c.method.doc, True)
        for path in [p.strip() for p in mask.split(",") if p.strip()]:
            if not v.mask({"$ref": ref}, path):
                raise ApiError(400, "Invalid update_mask path %r" % path, kind="schema")
            if path == "*":
                target.update(src)
                continue
            parts = [camel(p) for p in path.split(".")]
            t, s = target, src
            for p in parts[:-1]:
                t = t.setdefault(p, {})
                s = (s or {}).get(p) if isinstance(s, dict) else None
            if isinstance(s, dict) and s.get(parts[-1]) is not None:
                t[parts[-1]] = s[parts[-1]]
            else:
                t.pop(parts[-1], None)

    @staticmethod
    def merge(target, src):
        """JSON merge patch."""
        for k, v in src.items():
            if v is None:
                target.pop(k, None)
            elif isinstance(v, dict) and isinstance(target.get(k), dict):
                Cloud.merge(target[k], v)
            else:
                target[k] = v

    def update(self, c, replace=False):
        key, body = self.key(c), dict(c.body or {})
        old = self.need(key)
        new = copy.deepcopy(old)
        mask = c.q("updateMask")
        req = (c.method.spec.get("request") or {}).get("$ref")
        if mask:
            self.apply_mask(c, new, body, mask, req)
        elif replace:
            keep = {
                k: old[k]
                for k in (
                    "name",
                    "createTime",
                    "kind",
                    "id",
                    "selfLink",
                    "creationTimestamp",
                    "region",
                    "uid",
                    "writerIdentity",
                    "resourceName",
                )
                if k in old
            }
            new = dict(body)
            for k, v in keep.items():
                new.setdefault(k, v)
        else:
            self.merge(new, body)
        if "updateTime" in new:
            new["updateTime"] = now()
        if "etag" in new:
            new["etag"] = "E%d" % self.s.seq()
        self.s.res[key] = new
        return self.lro(c, new, key) if self.is_lro(c) else new

    # -- IAM ---------------------------------------------------------------

    def policy_key(self, c):
        key = self.key(c)
        key = re.sub(r"/(getIamPolicy|setIamPolicy|iam)$", "", key)
        if c.label == "iam":
            key = re.sub(r"projects/-/", "projects/%s/" % self.project, key)
        return key

    def policy_subject_must_exist(self, key):
        if key.startswith("cloudresourcemanager:"):
            return
        if key not in self.s.res:
            raise ApiError(404, "Resource '%s' was not found." % key.split(":", 1)[1])

    def get_policy(self, c):
        key = self.policy_key(c)
        self.policy_subject_must_exist(key)
        return self.s.policies.get(key) or {"version": 1, "etag": "ACAB"}

    def set_policy(self, c, policy=None):
        key = self.policy_key(c)
        self.policy_subject_must_exist(key)
        policy = policy or (c.body or {}).get("policy") or {}
        old = self.s.policies.get(key) or {"version": 1, "etag": "ACAB"}
        if policy.get("etag") and policy["etag"] != old["etag"]:
            raise ApiError(
                409,
                "There were concurrent policy changes. Please "
                "retry the whole read-modify-write with exponential "
                "backoff.",
                status="ABORTED",
            )
        seen = []
        known = {m for b in old.get("bindings", []) for m in b.get("members", [])}
        for b in policy.get("bindings", []):
            role = b.get("role", "")
            if not re.match(
                r"(roles/[A-Za-z0-9_.]+|(projects|organizations)/" r"[^/]+/roles/[A-Za-z0-9_.]+)\Z", role
            ):
                raise ApiError(400, "Invalid role %r" % role)
            if role.startswith("roles/") and role not in KNOWN_ROLES:
                c.note = "role %s is not in fakegcp's list; check it" % role
            if role.startswith("projects/") and "iam:" + self.norm_project(role) not in self.s.res:
                raise ApiError(400, "Role %s does not exist" % role)
            for m in b.get("members", []):
                if m in ("allUsers", "allAuthenticatedUsers"):
                    if key.startswith("cloudresourcemanager:"):
                        raise ApiError(400, "Members of type allUsers cannot " "be set on this resource.")
                    continue
                mm = re.match(
                    r"(user|group|serviceAccount|domain|deleted:\w+|"
                    r"principal|principalSet|projectOwner|"
                    r"projectEditor|projectViewer):(.+)",
                    m,
                )
                if not mm:
                    raise ApiError(400, "Invalid member %r" % m)
                if mm.group(1) == "serviceAccount":
                    if "@" not in mm.group(2):
                        raise ApiError(400, "Invalid service account %r" % m)
                    self.service_account_ok(mm.group(2), "setIamPolicy")
                    if m not in known:
                        known_account(self, mm.group(2))
            if b.get("members"):
                seen.append(b)
        new = {
            "version": policy.get("version", 1) or 1,
            "etag": base64.b64encode(b"BW%06d" % self.s.seq()).decode(),
            "bindings": seen,
        }
        if policy.get("auditConfigs"):
            new["auditConfigs"] = policy["auditConfigs"]
        self.s.policies[key] = new
        return new

    # -- long-running operations -------------------------------------------

    def lro(self, c, result, target, done=None):
        """Answer with a finished (or, with --lro-polls, a slow) operation."""
        if c.label == "compute":
            return self.compute_op(c, target)
        oid = "fakegcp-%d" % self.s.seq()
        m = re.match(r"projects/[^/]+/locations/[^/]+", target.split(":", 1)[1])
        name = (m.group(0) + "/operations/" if m else "operations/") + oid
        if c.label == "serviceusage":
            name = "operations/acat.p2-%s-%s" % (self.number, oid)
        req = (c.method.spec.get("request") or {}).get("$ref")
        rtype = (
            "type.googleapis.com/google.protobuf.Empty"
            if c.method.action == "delete"
            else "type.googleapis.com/google.%s.%s"
            % ({"artifactregistry": "devtools.artifactregistry.v1"}.get(c.label, c.label), req)
        )
        op = {
            "name": name,
            "done": True,
            "metadata": {"@type": "type.googleapis.com/fakegcp.Meta", "target": target.split(":", 1)[1]},
            "response": dict(result if done is None else done, **{"@type": rtype}),
        }
        self.s.d["operations"][c.label + ":" + name] = op
        return self.slow(c.label + ":" + name, op)

    def slow(self, key, op):
        left = self.pending_ops.setdefault(key, self.o.lro_polls)
        if left <= 0:
            return op
        self.pending_ops[key] = left - 1
        p = copy.deepcopy(op)
        if "status" in p:
            p["status"], p["progress"] = "RUNNING", 50
            p.pop("endTime", None)
        else:
            p["done"] = False
            p.pop("response", None)
        return p

    def operation(self, c):
        key = self.key(c)
        ops = self.s.d["operations"]
        if c.method.action in ("list", "aggregatedList"):
            return {}
        key = re.sub(r"/wait$", "", key)
        if key not in ops:
            # the operation may have been named without its location
            alt = [k for k in ops if k.rsplit("/", 1)[-1] == key.rsplit("/", 1)[-1]]
            if not alt:
                raise ApiError(404, "Operation not found: " + key)
            key = alt[0]
        if c.method.action == "delete":
            ops.pop(key)
            return {}
        return self.slow(key, ops[key])

    # -- compute -------------------------------------------------------------

    def compute_link(self, key):
        return "https://www.googleapis.com/compute/v1/" + key.split(":", 1)[1]

    def compute_op(self, c, target):
        oid = self.s.seq()
        key = target
        m = re.match(r"compute:(projects/[^/]+/(?:global|regions/[^/]+|" r"zones/[^/]+))/", key)
        scope = m.group(1)
        name = "operation-%d-fakegcp" % oid
        opkey = "compute:%s/operations/%s" % (scope, name)
        op = {
            "kind": "compute#operation",
            "id": str(oid),
            "name": name,
            "operationType": c.method.action,
            "status": "DONE",
            "progress": 100,
            "user": "tester@example.com",
            "insertTime": now(),
            "startTime": now(),
            "endTime": now(),
            "targetId": str(oid),
            "targetLink": self.compute_link(target),
            "selfLink": self.compute_link(opkey),
        }
        m = re.search(r"/(regions|zones)/([^/]+)", scope)
        if m:
            op[m.group(1)[:-1]] = self.compute_link("compute:" + scope)
        self.s.d["operations"][opkey] = op
        return self.slow(opkey, op)

    REFERABLE = (
        "backendBuckets",
        "backendServices",
        "urlMaps",
        "targetHttpProxies",
        "targetHttpsProxies",
        "sslCertificates",
        "sslPolicies",
        "healthChecks",
        "networkEndpointGroups",
        "securityPolicies",
    )

    def compute_refs(self, v):
        return {(self.norm_project(k), coll) for k, coll in find_refs(v)}

    def compute_check_refs(self, body):
        for key, coll in sorted(self.compute_refs(body)):
            if coll in self.REFERABLE and key not in self.s.res:
                raise ApiError(
                    404,
                    "Invalid value for a reference: the resource '%s' " "was not found" % key.split(":", 1)[1],
                )


def find_refs(v):
    """Every compute resource that a value refers to: (state key, collection)."""
    out = set()
    if isinstance(v, dict):
        for k, x in v.items():
            if k not in ("selfLink", "region", "zone", "targetLink"):
                out |= find_refs(x)
    elif isinstance(v, list):
        for x in v:
            out |= find_refs(x)
    elif isinstance(v, str):
        m = re.search(r"(?:^|/)(projects/[^/]+/(?:global|(?:regions|zones)/" r"[^/]+)/(\w+)/[^/]+)$", v)
        if m:
            out.add(("compute:" + m.group(1), m.group(2)))
    return out


WILD_HOOKS = []


def wild(pattern):
    def deco(fn):
        WILD_HOOKS.append((re.compile(pattern), fn))
        return fn

    return deco


NAME63 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
