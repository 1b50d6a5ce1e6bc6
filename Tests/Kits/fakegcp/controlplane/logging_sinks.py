# SPDX-License-Identifier: MIT
"""Cloud Logging: sinks and what they export."""

import copy
import re

from .cloud import on
from .common import ApiError, now
from .logfilter import LogFilter


def check_filter(expr):
    """Reject a log filter that does not parse."""
    if len(expr) > 20000:
        raise ApiError(400, "Filter is longer than 20000 characters")
    LogFilter(expr)


def exported(sink, entry):
    """Would this sink export this log entry?  (answer, reason)"""
    if sink.get("disabled"):
        return False, "the sink is disabled"
    if not LogFilter(sink.get("filter", "")).match(entry):
        return False, "the filter does not match"
    for e in sink.get("exclusions", []):
        if not e.get("disabled") and LogFilter(e["filter"]).match(entry):
            return False, "exclusion %s matches" % e.get("name")
    return True, "the filter matches"


def check_sink(cloud, s):
    if not re.match(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99}|_Default|_Required)\Z", s.get("name", "")):
        raise ApiError(400, "Invalid sink name %r" % s.get("name"))
    d = s.get("destination", "")
    if not re.match(
        r"(pubsub\.googleapis\.com/projects/[^/]+/topics/[^/]+|"
        r"storage\.googleapis\.com/[a-z0-9._-]+|"
        r"bigquery\.googleapis\.com/projects/[^/]+/datasets/\w+|"
        r"logging\.googleapis\.com/projects/[^/]+"
        r"(/locations/[^/]+/buckets/[^/]+)?)\Z",
        d,
    ):
        raise ApiError(400, "Invalid sink destination %r" % d)
    check_filter(s.get("filter", ""))
    names = [e.get("name") for e in s.get("exclusions", [])]
    if len(set(names)) != len(names) or len(names) > 50:
        raise ApiError(400, "Exclusion names must be unique, 50 at most.")
    for e in s.get("exclusions", []):
        if not e.get("filter"):
            raise ApiError(400, "An exclusion needs a filter.")
        check_filter(e["filter"])


@on("logging.projects.sinks.create", "logging.sinks.create")
def sink_create(cloud, c):
    body = dict(c.body or {})
    check_sink(cloud, body)
    body["writerIdentity"] = (
        "serviceAccount:service-%s@gcp-sa-logging." "iam.gserviceaccount.com" % cloud.number
        if c.flag("uniqueWriterIdentity")
        else "serviceAccount:cloud-logs@system.gserviceaccount.com"
    )
    body["resourceName"] = cloud.key(c).split(":", 1)[1] + "/" + body["name"]
    return cloud.create(c, body, rid=body["name"])


@on("logging.projects.sinks.patch", "logging.projects.sinks.update", "logging.sinks.update")
def sink_update(cloud, c):
    key = cloud.key(c)
    old = cloud.need(key, "Sink %s does not exist;" % key.rsplit("/", 1)[-1])
    new, body = copy.deepcopy(old), dict(c.body or {})
    # Without a mask the server behaves as with destination,filter,includeChildren
    mask = c.q("updateMask") or "destination,filter,includeChildren"
    cloud.apply_mask(c, new, body, mask, "LogSink")
    if c.flag("uniqueWriterIdentity"):
        new["writerIdentity"] = (
            "serviceAccount:service-%s@gcp-sa-logging." "iam.gserviceaccount.com" % cloud.number
        )
    check_sink(cloud, new)
    new["updateTime"] = now()
    cloud.s.res[key] = new
    return new


@on("logging.projects.sinks.delete", "logging.sinks.delete")
def sink_delete(cloud, c):
    if cloud.key(c).endswith("/_Required"):
        raise ApiError(400, "The sink _Required cannot be deleted.")
    return cloud.delete(c)


@on("logging.entries.write", "logging.entries.list")
def log_entries(cloud, c):
    return {}
