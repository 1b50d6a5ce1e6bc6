# SPDX-License-Identifier: MIT
"""Whether a hit that comes now is answered, and a message that comes now has somewhere to go.

With --always-serving this is asked after each write: what served before it has to serve after it, as if hits were sent
all the while.
"""

from .wiring import Wiring


def serving(store):
    """Names of the rules that answer and of the push subscriptions that reach a service."""
    look = Wiring(store)
    rules = {
        "rule " + key.rsplit("/", 1)[1]
        for key, rule in look.of(r"compute:.*/(globalF|f)orwardingRules/[^/]+")
        if answers(look, rule)
    }
    pushes = {
        "subscription " + key.rsplit("/", 1)[1]
        for key, one in look.of(r"pubsub:projects/[^/]+/subscriptions/[^/]+")
        if (one.get("pushConfig") or {}).get("pushEndpoint")
        and look.service_of(one["pushConfig"]["pushEndpoint"])[0]
    }
    return rules | pushes


def answers(look, rule):
    """A proxy with a certificate that is active (if it is one with any), a map, and behind it something that is there."""
    behind = {key: look.s.res[key] for key in look.reach(rule.get("target", ""))}
    certificates = [one for key, one in behind.items() if "/sslCertificates/" in key]
    if certificates and not any((one.get("managed") or {}).get("status") == "ACTIVE" for one in certificates):
        return False
    if any(one.get("defaultUrlRedirect") for key, one in behind.items() if "/urlMaps/" in key):
        return True
    for key, one in behind.items():
        if "/backendBuckets/" in key and "storage:b/" + one.get("bucketName", "") in look.s.res:
            return True
        if "/networkEndpointGroups/" in key:
            place = "run:projects/%s/locations/%s/services/%s" % (
                look.p,
                key.split("/regions/")[1].split("/")[0],
                (one.get("cloudRun") or {}).get("service"),
            )
            if place in look.s.res:
                return True
    return False
