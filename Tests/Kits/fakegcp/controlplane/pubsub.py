# SPDX-License-Identifier: MIT
"""Pub/Sub: topics, subscriptions, snapshots."""

import copy
import re
import urllib.parse

from .cloud import on
from .lag import act_as, later
from .common import ApiError, now, seconds
from .schema import camel

PUBSUB_NAME = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~%+-]{2,254}\Z")


def pubsub_name_ok(key):
    if not PUBSUB_NAME.match(key.rsplit("/", 1)[-1]):
        raise ApiError(400, "Invalid resource name %r" % key)


def check_topic(cloud, t):
    r = seconds(t.get("messageRetentionDuration"))
    if r is not None and not 600 <= r <= 31 * 86400:
        raise ApiError(
            400, "Invalid topic message_retention_duration: must be " "between 10 minutes and 31 days."
        )


def check_archive(cloud, table):
    """Pub/Sub's agent has to write to the table's dataset, and that grant takes a while to be known."""
    dataset = re.split(r"[.:]", table)[-2] if re.search(r"[.:]", table) else ""
    key = "bigquery:projects/%s/datasets/%s" % (cloud.project, dataset)
    agent = "service-%s@gcp-sa-pubsub.iam.gserviceaccount.com" % cloud.number
    writers = ("WRITER", "OWNER", "roles/bigquery.dataEditor")
    if not any(
        a.get("userByEmail") == agent and a.get("role") in writers
        for a in (cloud.s.res.get(key) or {}).get("access", [])
    ):
        raise ApiError(403, "The caller does not have permission")
    later(cloud, "grant on " + key, 403, "The caller does not have permission")


def check_subscription(cloud, s, creating):
    topic = s.get("topic", "")
    if creating or topic != "_deleted-topic_":
        if not re.match(r"projects/[^/]+/topics/[^/]+\Z", topic):
            raise ApiError(400, "Invalid topic name %r" % topic)
        if "pubsub:" + cloud.norm_project(topic) not in cloud.s.res:
            raise ApiError(404, "Resource not found (resource=%s)." % topic.rsplit("/", 1)[-1])
    n = s.get("ackDeadlineSeconds") or 10
    if not 10 <= int(n) <= 600:
        raise ApiError(400, "Invalid ack deadline given: must be between 10 and " "600 seconds.")
    s["ackDeadlineSeconds"] = int(n)
    r = seconds(s.setdefault("messageRetentionDuration", "604800s"))
    if not 600 <= r <= 31 * 86400:
        raise ApiError(400, "Invalid message_retention_duration: must be " "between 10 minutes and 31 days.")
    s.setdefault("expirationPolicy", {"ttl": "2678400s"})
    ttl = seconds((s["expirationPolicy"] or {}).get("ttl"))
    if ttl is not None and ttl < 86400:
        raise ApiError(400, "Invalid expiration_policy.ttl: at least 1 day.")
    if ttl is not None and ttl < r:
        raise ApiError(400, "expiration_policy.ttl is shorter than " "message_retention_duration.")
    d = s.get("deadLetterPolicy")
    if d and d.get("deadLetterTopic"):
        if "pubsub:" + cloud.norm_project(d["deadLetterTopic"]) not in cloud.s.res:
            raise ApiError(404, "Resource not found (resource=%s)." % d["deadLetterTopic"].rsplit("/", 1)[-1])
        n = int(d.setdefault("maxDeliveryAttempts", 5))
        if not 5 <= n <= 100:
            raise ApiError(400, "max_delivery_attempts must be between 5 and " "100.")
    if creating and s.get("bigqueryConfig"):
        check_archive(cloud, s["bigqueryConfig"].get("table", ""))
    p = s.get("retryPolicy")
    if p is not None:
        lo = seconds(p.setdefault("minimumBackoff", "10s"))
        hi = seconds(p.setdefault("maximumBackoff", "600s"))
        if not 0 <= lo <= 600 or not 0 <= hi <= 600 or lo > hi:
            raise ApiError(
                400,
                "retry_policy: backoffs must lie between 0 and "
                "600 seconds, the minimum not above the maximum.",
            )
    push = s.setdefault("pushConfig", {})
    ep = push.get("pushEndpoint")
    if ep:
        u = urllib.parse.urlparse(ep)
        if u.scheme != "https" or not u.netloc:
            raise ApiError(
                400,
                "Invalid push endpoint given (endpoint=%s). " "Refer to the documentation for details." % ep,
            )
        tok = push.get("oidcToken") or {}
        if tok.get("serviceAccountEmail"):
            cloud.service_account_ok(tok["serviceAccountEmail"], "push subscription")
            if creating:
                act_as(cloud, tok["serviceAccountEmail"])
            tok.setdefault("audience", ep)
        elif push.get("oidcToken"):
            raise ApiError(400, "oidc_token without service_account_email.")
        if s.get("enableExactlyOnceDelivery"):
            raise ApiError(400, "Exactly-once delivery is not supported for " "push subscriptions.")
    elif push.get("oidcToken"):
        raise ApiError(400, "oidc_token without push_endpoint.")
    s["state"] = "ACTIVE"


@on("pubsub.projects.topics.create")
def topic_create(cloud, c):
    pubsub_name_ok(cloud.key(c))
    check_topic(cloud, c.body or {})
    key = cloud.key(c)
    if key in cloud.s.res:
        raise ApiError(409, "Resource already exists in the project " "(resource=%s)." % key.rsplit("/", 1)[-1])
    return cloud.create(c)


@on("pubsub.projects.topics.patch")
def topic_patch(cloud, c):
    key = cloud.key(c)
    new = copy.deepcopy(cloud.need(key))
    if not (c.body or {}).get("updateMask"):
        raise ApiError(
            400,
            "The update_mask in the UpdateTopicRequest must be "
            "set, and must contain a non-empty paths list.",
        )
    cloud.apply_mask(c, new, c.body.get("topic") or {}, c.body["updateMask"], "Topic")
    check_topic(cloud, new)
    cloud.s.res[key] = new
    return new


@on("pubsub.projects.topics.delete")
def topic_delete(cloud, c):
    key = cloud.key(c)
    cloud.need(key, "Resource not found (resource=%s)." % key.rsplit("/", 1)[-1])
    for k, v in cloud.s.res.items():
        if k.startswith("pubsub:") and v.get("topic") == key.split(":", 1)[1]:
            v["topic"] = "_deleted-topic_"
    cloud.s.drop(key)
    return {}


@on("pubsub.projects.topics.publish")
def topic_publish(cloud, c):
    cloud.need(cloud.key(c))
    msgs = (c.body or {}).get("messages") or []
    if not msgs or any(not m.get("data") and not m.get("attributes") for m in msgs):
        raise ApiError(400, "A message needs data or attributes.")
    return {"messageIds": [str(cloud.s.seq()) for _ in msgs]}


@on("pubsub.projects.topics.subscriptions.list")
def topic_subscriptions(cloud, c):
    topic = cloud.key(c).rsplit("/", 1)[0].split(":", 1)[1]
    return {
        "subscriptions": [
            v["name"]
            for k, v in sorted(cloud.s.res.items())
            if "/subscriptions/" in k and v.get("topic") == topic
        ]
    }


@on("pubsub.projects.subscriptions.create")
def sub_create(cloud, c):
    key = cloud.key(c)
    pubsub_name_ok(key)
    if key in cloud.s.res:
        raise ApiError(409, "Resource already exists in the project " "(resource=%s)." % key.rsplit("/", 1)[-1])
    body = dict(c.body or {})
    check_subscription(cloud, body, True)
    return cloud.create(c, body)


@on("pubsub.projects.subscriptions.patch")
def sub_patch(cloud, c):
    key = cloud.key(c)
    new = copy.deepcopy(cloud.need(key))
    mask = (c.body or {}).get("updateMask")
    if not mask:
        raise ApiError(
            400,
            "The update_mask in the UpdateSubscriptionRequest "
            "must be set, and must contain a non-empty paths list.",
        )
    for f in ("topic", "filter", "enableMessageOrdering"):
        if f in [camel(x) for x in mask.split(",")]:
            raise ApiError(400, "The field %s is immutable." % f)
    cloud.apply_mask(c, new, c.body.get("subscription") or {}, mask, "Subscription")
    check_subscription(cloud, new, False)
    cloud.s.res[key] = new
    return new


@on("pubsub.projects.subscriptions.modifyPushConfig")
def sub_push(cloud, c):
    key = cloud.key(c)
    new = copy.deepcopy(cloud.need(key))
    new["pushConfig"] = (c.body or {}).get("pushConfig") or {}
    check_subscription(cloud, new, False)
    cloud.s.res[key] = new
    return {}


@on("pubsub.projects.subscriptions.pull")
def sub_pull(cloud, c):
    s = cloud.need(cloud.key(c))
    if s.get("pushConfig", {}).get("pushEndpoint"):
        raise ApiError(
            400, "This method is not supported for this " "subscription type.", status="FAILED_PRECONDITION"
        )
    return {}


@on("pubsub.projects.snapshots.create")
def snapshot_create(cloud, c):
    sub = cloud.need("pubsub:" + cloud.norm_project((c.body or {}).get("subscription", "")))
    key = cloud.key(c)
    cloud.exists(key)
    cloud.s.res[key] = {
        "name": key.split(":", 1)[1],
        "topic": sub["topic"],
        "expireTime": now(),
        "labels": (c.body or {}).get("labels", {}),
    }
    return cloud.s.res[key]


@on("pubsub.projects.subscriptions.seek")
def sub_seek(cloud, c):
    cloud.need(cloud.key(c))
    snap = (c.body or {}).get("snapshot")
    if snap:
        cloud.need("pubsub:" + cloud.norm_project(snap))
    return {}
