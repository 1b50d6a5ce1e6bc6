# SPDX-License-Identifier: MIT
"""Cloud Monitoring: alert policies and uptime checks."""

import copy
import re

from .cloud import on
from .common import ApiError
from .lag import later


def check_metrics(cloud, policy):
    """A log-based metric has to be there, and to be known to Cloud Monitoring, before a policy may name it."""
    for name in re.findall(r"logging\.googleapis\.com/user/([\w./-]+)", str(policy.get("conditions"))):
        text = (
            'Cannot find metric(s) that match type = "logging.googleapis.com/user/%s". If a metric was created '
            "recently, it could take up to 10 minutes for the metric to become available. "
            "Please try again soon." % name
        )
        if "logging:projects/%s/metrics/%s" % (cloud.project, name) not in cloud.s.res:
            raise ApiError(404, text)
        later(cloud, "metric " + name, 404, text)


@on("monitoring.projects.alertPolicies.create")
def alert_create(cloud, c):
    b = copy.deepcopy(c.body or {})
    if not b.get("displayName") or not b.get("conditions"):
        raise ApiError(400, "Field alert_policy needs display_name and at least " "one condition.")
    if b.get("combiner", "COMBINE_UNSPECIFIED") == "COMBINE_UNSPECIFIED":
        raise ApiError(400, "Field alert_policy.combiner is required.")
    for ch in b.get("notificationChannels", []):
        if "monitoring:" + cloud.norm_project(ch) not in cloud.s.res:
            raise ApiError(404, "Cannot find notification channel " + ch)
    check_metrics(cloud, b)
    rid = str(10**18 + cloud.s.seq())
    for i, cond in enumerate(b["conditions"]):
        kinds = [k for k in cond if k.startswith("condition")]
        if len(kinds) != 1:
            raise ApiError(400, "condition %d needs exactly one kind" % i)
        cond.setdefault(
            "name", "projects/%s/alertPolicies/%s/conditions/%d" % (cloud.project, rid, 10**18 + cloud.s.seq())
        )
    b.setdefault("enabled", True)
    return cloud.create(c, b, rid=rid)


@on("monitoring.projects.uptimeCheckConfigs.create")
def uptime_create(cloud, c):
    b = copy.deepcopy(c.body or {})
    if not b.get("displayName"):
        raise ApiError(400, "display_name is required")
    if b.get("period", "60s") not in ("60s", "300s", "600s", "900s"):
        raise ApiError(400, "period must be 60s, 300s, 600s or 900s")
    rid = re.sub(r"[^a-z0-9-]+", "-", b["displayName"].lower()) + "-%d" % cloud.s.seq()
    return cloud.create(c, b, rid=rid)
