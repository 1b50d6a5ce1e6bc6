# SPDX-License-Identifier: MIT
"""Whether what is deployed makes a pipeline that works."""

import json
import re
import sys
import urllib.parse

from .cloud import find_refs


class Wiring:
    """Findings about the connections between the deployed resources."""

    WRITERS = {
        "roles/pubsub.publisher",
        "roles/pubsub.editor",
        "roles/pubsub.admin",
        "roles/owner",
        "roles/editor",
    }
    READERS = {
        "roles/pubsub.subscriber",
        "roles/pubsub.editor",
        "roles/pubsub.admin",
        "roles/owner",
        "roles/editor",
    }
    INVOKERS = {
        "roles/run.invoker",
        "roles/run.servicesInvoker",
        "roles/run.admin",
        "roles/owner",
        "roles/editor",
    }
    TABLE_WRITERS = {
        "roles/bigquery.dataEditor",
        "roles/bigquery.dataOwner",
        "roles/bigquery.admin",
        "roles/owner",
        "roles/editor",
    }

    def __init__(self, store):
        self.s, self.found = store, []
        self.p, self.n = store.d["project"], store.d["number"]
        self.project_key = "cloudresourcemanager:projects/" + self.p

    def say(self, severity, text, *args):
        self.found.append((severity, text % args if args else text))

    def of(self, pattern):
        rx = re.compile(pattern + r"\Z")
        return [(k, v) for k, v in sorted(self.s.res.items()) if rx.match(k)]

    def members(self, key, roles):
        out = set()
        for k in (key, self.project_key):
            for b in (self.s.policies.get(k) or {}).get("bindings", []):
                if b["role"] in roles:
                    out |= set(b["members"])
        return out

    def granted(self, key, roles, member):
        return member in self.members(key, roles)

    def services(self):
        return self.of(r"run:projects/[^/]+/locations/[^/]+/services/[^/]+")

    def service_of(self, url):
        host = urllib.parse.urlparse(url).netloc
        for k, v in self.services():
            urls = [v.get("status", {}).get("url", "")] + json.loads(
                v["metadata"]["annotations"].get("run.googleapis.com/urls", "[]")
            )
            if host in [urllib.parse.urlparse(u).netloc for u in urls]:
                return k, v, urls
        return None, None, None

    def run(self):
        self.sinks()
        self.subscriptions()
        self.run_services()
        self.balancer()
        self.warehouse()
        self.identities()
        return self.found

    def sinks(self):
        for k, v in self.of(r"logging:projects/[^/]+/sinks/[^/]+"):
            d = v["destination"]
            if not d.startswith("pubsub.googleapis.com/"):
                continue
            topic = "pubsub:" + d.split("/", 1)[1]
            if topic not in self.s.res:
                self.say("ERROR", "sink %s: topic %s does not exist", v["name"], d)
            elif not self.granted(topic, self.WRITERS, v["writerIdentity"]):
                self.say(
                    "ERROR",
                    "sink %s: its writer identity %s may not " "publish to %s",
                    v["name"],
                    v["writerIdentity"],
                    d,
                )
            if not v.get("filter"):
                self.say("WARN", "sink %s exports every log entry (no filter)", v["name"])
            elif (
                "http_load_balancer" in v["filter"]
                and "requesturl" not in v["filter"].lower()
                and not v.get("exclusions")
            ):
                self.say(
                    "WARN",
                    "sink %s: the filter has no requestUrl test, "
                    "so every request of every load balancer is exported",
                    v["name"],
                )

    def subscriptions(self):
        agent = "serviceAccount:service-%s@gcp-sa-pubsub.iam.gserviceaccount." "com" % self.n
        fed = set()
        for k, v in self.of(r"pubsub:projects/[^/]+/subscriptions/[^/]+"):
            name = k.rsplit("/", 1)[1]
            fed.add("pubsub:" + v.get("topic", ""))
            if v.get("topic") == "_deleted-topic_":
                self.say("ERROR", "subscription %s: its topic was deleted", name)
            if (v.get("expirationPolicy") or {}).get("ttl"):
                self.say(
                    "WARN",
                    "subscription %s is deleted after %s without " "activity (--expiration-period=never)",
                    name,
                    v["expirationPolicy"]["ttl"],
                )
            push = v.get("pushConfig") or {}
            url = push.get("pushEndpoint")
            if url:
                self.push(name, v, push, url)
                if not v.get("deadLetterPolicy"):
                    self.say(
                        "WARN",
                        "push subscription %s has no dead-letter "
                        "topic: a poison message is retried until it "
                        "expires",
                        name,
                    )
                if not v.get("retryPolicy"):
                    self.say("WARN", "push subscription %s has no retry " "back-off: it retries at once", name)
            dl = (v.get("deadLetterPolicy") or {}).get("deadLetterTopic")
            if dl:
                if "pubsub:" + dl not in self.s.res:
                    self.say("ERROR", "subscription %s: dead-letter topic %s " "does not exist", name, dl)
                    continue
                if not self.granted("pubsub:" + dl, self.WRITERS, agent):
                    self.say(
                        "ERROR",
                        "subscription %s: the Pub/Sub service " "agent may not publish to dead-letter topic %s",
                        name,
                        dl,
                    )
                if not self.granted(k, self.READERS, agent):
                    self.say(
                        "ERROR",
                        "subscription %s: the Pub/Sub service "
                        "agent may not subscribe to it, so dead-lettered "
                        "messages are not acknowledged",
                        name,
                    )
        for k, v in self.of(r"pubsub:projects/[^/]+/topics/[^/]+"):
            if k not in fed:
                self.say(
                    "WARN",
                    "topic %s has no subscription: what is " "published there is lost",
                    k.rsplit("/", 1)[1],
                )

    def push(self, name, sub, push, url):
        key, svc, urls = self.service_of(url)
        tok = push.get("oidcToken") or {}
        sa = tok.get("serviceAccountEmail")
        if not svc:
            self.say(
                "WARN",
                "subscription %s pushes to %s, which is no Cloud " "Run service of this project",
                name,
                url,
            )
            return
        sname = key.rsplit("/", 1)[1]
        public = self.granted(key, self.INVOKERS, "allUsers")
        if not sa and not public:
            self.say(
                "ERROR",
                "subscription %s pushes to the private service %s " "without an OIDC token",
                name,
                sname,
            )
        elif sa and not public and not self.granted(key, self.INVOKERS, "serviceAccount:" + sa):
            self.say("ERROR", "subscription %s: %s may not invoke service %s", name, sa, sname)
        if public:
            self.say("WARN", "service %s takes pushes and is open to allUsers", sname)
        custom = json.loads(svc["metadata"]["annotations"].get("run.googleapis.com/custom-audiences", "[]"))
        if (
            sa
            and tok.get("audience")
            not in [u.rstrip("/") for u in urls] + urls + [u + "/" for u in urls] + custom
        ):
            self.say(
                "WARN",
                "subscription %s: audience %r is neither the URL "
                "of service %s nor one of its custom audiences",
                name,
                tok.get("audience"),
                sname,
            )
        limit = svc["spec"]["template"]["spec"].get("timeoutSeconds", 300)
        if int(limit) > int(sub.get("ackDeadlineSeconds", 10)):
            self.say(
                "WARN",
                "subscription %s: ack deadline %ss is shorter than "
                "the request timeout %ss of service %s: slow requests are "
                "delivered twice",
                name,
                sub.get("ackDeadlineSeconds"),
                limit,
                sname,
            )

        if sa and not self.signs(sa):
            self.say(
                "ERROR",
                "subscription %s: the Pub/Sub service agent may not sign tokens of %s "
                "(iam.serviceAccounts.getOpenIdToken on that account): nothing is ever delivered",
                name,
                sa,
            )

    SIGNERS = {"roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountOpenIdTokenCreator"}

    def signs(self, account):
        """Whether Pub/Sub's agent may sign as the account: an agent that was made on request has no role by itself."""
        agent = "serviceAccount:service-%s@gcp-sa-pubsub.iam.gserviceaccount.com" % self.n
        key = "iam:projects/%s/serviceAccounts/%s" % (self.p, account)
        return self.granted(key, self.SIGNERS, agent) or self.granted(
            self.project_key, {"roles/pubsub.serviceAgent"}, agent
        )

    def run_services(self):
        for k, v in self.services():
            name = k.rsplit("/", 1)[1]
            sa = v["spec"]["template"]["spec"]["serviceAccountName"]
            if sa.endswith("-compute@developer.gserviceaccount.com"):
                self.say("WARN", "service %s runs as the default compute " "service account", name)
            image = v["spec"]["template"]["spec"]["containers"][0]["image"]
            m = re.match(r"([\w-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/", image)
            if (
                m
                and m.group(2) == self.p
                and "artifactregistry:projects/%s/locations/%s/repositories/%s" % m.group(2, 1, 3)
                not in self.s.res
            ):
                self.say(
                    "ERROR",
                    "service %s: its image lies in a repository " "that does not exist: %s",
                    name,
                    image,
                )

    def balancer(self):
        public = {}
        for k, v in self.of(r"compute:.*/(globalF|f)orwardingRules/[^/]+"):
            for r in self.reach(v.get("target", "")):
                public[r] = k.rsplit("/", 1)[1]
        for k, v in self.of(r"compute:.*/backendServices/[^/]+"):
            name = k.rsplit("/", 1)[1]
            if k not in public:
                self.say("WARN", "backend service %s is behind no forwarding " "rule", name)
            log = v.get("logConfig") or {}
            recorded = self.is_recorded(k)
            if recorded and not log.get("enable"):
                self.say("ERROR", "backend service %s does not log its requests", name)
            elif log.get("enable") and not recorded:
                self.say(
                    "ERROR",
                    "backend service %s logs every visitor's address and URL, and no sink reads that",
                    name,
                )
            elif float(log.get("sampleRate", 1)) < 1:
                self.say(
                    "WARN",
                    "backend service %s logs only a share of %s of " "its requests",
                    name,
                    log["sampleRate"],
                )
            if not v.get("backends"):
                self.say("ERROR", "backend service %s has no backend", name)
        for k, v in self.of(r"compute:.*/networkEndpointGroups/[^/]+"):
            svc = (v.get("cloudRun") or {}).get("service")
            if not svc:
                continue
            region = k.split("/")[3]
            key = "run:projects/%s/locations/%s/services/%s" % (self.p, region, svc)
            if key not in self.s.res:
                self.say("ERROR", "serverless NEG %s: no service %s in %s", v["name"], svc, region)
                continue
            ann = self.s.res[key]["metadata"]["annotations"]
            if ann.get("run.googleapis.com/ingress") == "internal":
                self.say(
                    "ERROR", "service %s is behind a load balancer but " "takes only internal traffic", svc
                )
            elif ann.get("run.googleapis.com/ingress") == "all":
                self.say("WARN", "service %s can be reached past the load " "balancer (ingress all)", svc)
            if ann.get("run.googleapis.com/invoker-iam-disabled", "").lower() != "true" and not self.granted(
                key, self.INVOKERS, "allUsers"
            ):
                self.say(
                    "ERROR",
                    "service %s is behind a load balancer, which "
                    "does not authenticate, but is not open to allUsers",
                    svc,
                )
        for k, v in self.of(r"compute:.*/backendBuckets/[^/]+"):
            b = "storage:b/" + v["bucketName"]
            if b not in self.s.res:
                self.say("ERROR", "backend bucket %s: bucket %s does not exist", v["name"], v["bucketName"])
                continue
            if not self.members(b, {"roles/storage.objectViewer", "roles/storage.legacyObjectReader"}) & {
                "allUsers"
            }:
                self.say(
                    "ERROR", "backend bucket %s: objects of %s are not " "public", v["name"], v["bucketName"]
                )
            objs = self.of(re.escape(b) + "/o/.+")
            if not objs:
                self.say("ERROR", "bucket %s is empty", v["bucketName"])
            for _, o in objs:
                cc = (o.get("cacheControl") or "").lower()
                if o.get("contentType", "").startswith("image/") and not re.search(
                    r"no-store|no-cache|max-age=0|private", cc
                ):
                    self.say(
                        "WARN",
                        "object %s has Cache-Control %r: browsers "
                        "keep the pixel and repeat views are not logged",
                        o["name"],
                        o.get("cacheControl"),
                    )

    def is_recorded(self, backend):
        """Whether a sink takes the request log of a URL map that leads to the backend service."""
        filters = [v.get("filter", "") for _, v in self.of(r"logging:projects/[^/]+/sinks/(?!_).+")]
        maps = [
            k.rsplit("/", 1)[1] for k, v in self.of(r"compute:.*/urlMaps/[^/]+") if backend in self.reach(v)
        ]
        return any(
            "http_load_balancer" in f and ("url_map_name" not in f or any('"%s"' % m in f for m in maps))
            for f in filters
        )

    def reach(self, value, seen=None):
        seen = set() if seen is None else seen
        for key, _ in find_refs(value):
            if key not in seen and key in self.s.res:
                seen.add(key)
                self.reach(self.s.res[key], seen)
        return seen

    def warehouse(self):
        tables = self.of(r"bigquery:projects/[^/]+/datasets/\w+/tables/[^/]+")
        if not tables or not self.services():
            return
        accounts = {
            "serviceAccount:" + v["spec"]["template"]["spec"]["serviceAccountName"] for _, v in self.services()
        }
        can = set()
        for k, v in self.of(r"bigquery:projects/[^/]+/datasets/\w+"):
            for a in v.get("access", []):
                if a.get("role") in (
                    "WRITER",
                    "OWNER",
                    "roles/bigquery.dataEditor",
                    "roles/bigquery.dataOwner",
                ):
                    can.add("serviceAccount:" + a.get("userByEmail", ""))
            can |= self.members(k, self.TABLE_WRITERS)
        for k, _ in tables:
            can |= self.members(k, self.TABLE_WRITERS)
        if not accounts & can:
            self.say("ERROR", "no service's account may write to a BigQuery " "table")

    def identities(self):
        used = {v["spec"]["template"]["spec"]["serviceAccountName"] for _, v in self.services()}
        for _, v in self.of(r"pubsub:.*/subscriptions/[^/]+"):
            used.add((v.get("pushConfig", {}).get("oidcToken") or {}).get("serviceAccountEmail"))
        for _, v in self.of(r"cloudbuild:projects/[^/]+/builds/[^/]+"):
            used.add(v.get("serviceAccount", "").rsplit("/", 1)[-1])
        for _, v in self.of(r"cloudscheduler:.*/jobs/[^/]+"):
            used.add((v.get("httpTarget", {}).get("oauthToken") or {}).get("serviceAccountEmail"))
        for k, v in self.of(r"iam:projects/[^/]+/serviceAccounts/[^/]+"):
            if v["email"] not in used:
                self.say("WARN", "service account %s is used by nothing", v["email"])
        for b in (self.s.policies.get(self.project_key) or {}).get("bindings", []):
            for m in b["members"]:
                if b["role"] in ("roles/owner", "roles/editor") or (
                    b["role"].endswith("dmin") and m.startswith("serviceAccount:")
                ):
                    self.say("ERROR", "%s has the broad role %s on the project", m, b["role"])
                elif b["role"] in self.WRITERS | self.READERS | self.INVOKERS and m.endswith(
                    "@%s.iam.gserviceaccount.com" % self.p
                ):
                    self.say(
                        "WARN", "%s has %s on the whole project instead of " "on one resource", m, b["role"]
                    )
        for k, pol in self.s.policies.items():
            for b in pol.get("bindings", []):
                for m in b.get("members", []):
                    mail = m.partition(":")[2]
                    if (
                        mail.endswith("@%s.iam.gserviceaccount.com" % self.p)
                        and "iam:projects/%s/serviceAccounts/%s" % (self.p, mail) not in self.s.res
                    ):
                        self.say("ERROR", "%s still names the deleted %s", k.split(":", 1)[1], m)


def wiring(store):
    return Wiring(store).run()


def report_wiring(store):
    bad = 0
    for sev, text in wiring(store):
        print("fakegcp: wiring: %s: %s" % (sev, text), file=sys.stderr)
        bad += sev == "ERROR"
    return 2 if bad else 0
