# SPDX-License-Identifier: MIT
"""What happens in each scenario of the matrix: faults, load, kills, and what the judge allows."""

import copy


def scenarios(n, sc):
    """n messages, sc scales the times (1.0 = the figures of the acceptance table)."""

    def s(x):
        return round(x * sc, 2)

    def ins(fault, **m):
        return {"match": dict({"op": "insertAll"}, **m), "fault": fault}

    def some(fault, p):
        return [
            ins(fault, nth=[2]),
            ins(fault, prob=p),
        ]  # the second request for certain, others by chance

    steady = {"count": n, "rate": max(50, n / s(60) if sc >= 1 else n / 6)}
    S = {}

    def add(name, what, **kw):
        S[name] = dict(
            {
                "what": what,
                "bq_faults": [],
                "pub_faults": [],
                "md_faults": [],
                "sub": {},
                "feed": {"count": n},
                "actions": [],
                "reconcile": [],
                "bq": [],
                "md": [],
                "pub": [],
            },
            **kw
        )

    add(
        "baseline",
        "no faults; the kit itself must show nothing lost, nothing twice",
        reconcile=["--max-nacked", "0"],
    )
    add(
        "burst",
        "all messages at once, 500 pushes outstanding",
        sub={"max_outstanding": 500},
        reconcile=["--max-nacked", "0"],
    )
    add(
        "duplicates",
        "20% of the messages delivered twice, order shuffled",
        sub={"dup_rate": 0.2, "reorder_s": s(2), "dup_delay_s": s(3)},
    )
    add(
        "bq_503",
        "every insertAll answers 503 for 60 s",
        bq_faults=[ins({"kind": "status", "code": 503}, after_s=1, until_s=1 + s(60))],
        feed={"count": n, "rate": n / (s(60) + 2)},
    )
    add(
        "bq_down",
        "BigQuery refuses connections for 60 s",
        bq_faults=[{"match": {"after_s": 1, "until_s": 1 + s(60)}, "fault": {"kind": "down"}}],
        feed={"count": n, "rate": n / (s(60) + 2)},
    )
    add(
        "bq_429",
        "30% answer 429 rateLimitExceeded",
        bq_faults=some({"kind": "status", "code": 429}, 0.3),
        feed=steady,
    )
    add(
        "bq_403_rate",
        "30% answer 403 rateLimitExceeded, the form older quota errors take",
        bq_faults=some({"kind": "status", "code": 403, "reason": "rateLimitExceeded"}, 0.3),
        feed=steady,
    )
    add(
        "bq_500_empty",
        "20% answer 500 with no body",
        bq_faults=some({"kind": "status", "code": 500, "empty": True}, 0.2),
        feed=steady,
    )
    add(
        "reset_before",
        "15% of the connections are reset before the commit",
        bq_faults=some({"kind": "reset_before"}, 0.15),
        feed=steady,
    )
    add(
        "reset_mid_request",
        "15% are reset while the request body is being sent",
        bq_faults=some({"kind": "reset_mid_request", "after_bytes": 200}, 0.15),
        feed=steady,
    )
    add(
        "reset_after",
        "15% are reset after the commit: the rows are in, the answer is lost",
        bq_faults=some({"kind": "reset_after"}, 0.15),
        feed=steady,
    )
    add(
        "half_response",
        "15% get half an answer after the commit",
        bq_faults=some({"kind": "half_response", "commit": True}, 0.15),
        feed=steady,
    )
    add(
        "status_after_commit",
        "15% commit and answer 503",
        bq_faults=some({"kind": "status", "code": 503, "commit": True}, 0.15),
        feed=steady,
    )
    add(
        "partial_commit",
        "15% commit half of the rows and answer 503",
        bq_faults=some({"kind": "partial_commit", "fraction": 0.5}, 0.15),
        feed=steady,
    )
    add(
        "garbage_200",
        "10% answer 200 with an HTML page and do not commit",
        bq_faults=some({"kind": "garbage"}, 0.1),
        feed=steady,
    )
    add(
        "not_http",
        "10% answer bytes that are not HTTP",
        bq_faults=some({"kind": "not_http"}, 0.1),
        feed=steady,
    )
    add(
        "slow_bq",
        "every insertAll takes 0.5 to 2.5 s",
        bq_faults=[ins({"kind": "latency", "ms": s(500), "jitter_ms": s(2000)})],
    )
    add(
        "hang",
        "3% of the insertAlls never answer (30 s)",
        bq_faults=some({"kind": "hang", "s": s(30)}, 0.03),
        feed=steady,
    )
    add(
        "slow_body",
        "5% answer a few bytes per second after the commit",
        bq_faults=some({"kind": "slow_body", "commit": True, "bytes_per_s": 20}, 0.05),
        feed=steady,
    )
    add(
        "row_errors",
        "1% of the rows are refused once or twice (scripted), the rest of their batch is stopped",
        bq_faults=[ins({"kind": "row_errors", "fraction": 0.01, "reason": "backendError"}, until_s=s(30))],
        feed={"count": n, "rate": n / s(30)},
    )
    add(
        "row_errors_partial",
        "1% of the rows are refused while the others of the batch are committed",
        bq_faults=[
            ins(
                {"kind": "row_errors", "fraction": 0.01, "reason": "timeout", "mode": "partial"},
                until_s=s(30),
            )
        ],
        feed={"count": n, "rate": n / s(30)},
    )
    add(
        "template_404",
        "insertAll answers 404 for 5 s after a template table appeared",
        bq=["--template-insert-404-s", str(s(5))],
    )
    add(
        "token_expiry",
        "access tokens live 3 s",
        md=["--token-ttl", "3", "--refresh-margin-s", "0.5"],
        feed={"count": n, "rate": n / 12},
    )
    add(
        "token_revoked",
        "all access tokens die twice in mid-run",
        md=["--refresh-margin-s", "100000"],
        bq_faults=[ins({"kind": "revoke"}, nth=[5, 15])],
        feed={"count": n, "rate": n / 8},
    )
    add(
        "token_stale",
        "the metadata server hands out dead tokens for 5 s",
        md=["--token-ttl", "2", "--refresh-margin-s", "0.5"],
        md_faults=[
            {"match": {"op": "token", "after_s": 2, "until_s": 2 + s(5)}, "fault": {"kind": "stale_token"}}
        ],
        feed={"count": n, "rate": n / 10},
    )
    add(
        "metadata_down",
        "the metadata server is away for 10 s while tokens live 2 s",
        md=["--token-ttl", "2", "--refresh-margin-s", "0.5"],
        md_faults=[{"match": {"after_s": 2, "until_s": 2 + s(10)}, "fault": {"kind": "down"}}],
        feed={"count": n, "rate": n / (s(10) + 4)},
    )
    add(
        "kill9",
        "kill -9 three times in mid-batch, started again each time",
        actions=[
            {
                "when": {"outstanding": max(3, min(50, n // 100))},
                "at_s": 1 + i * 2,
                "do": "kill",
                "restart_s": 0.5,
            }
            for i in range(3)
        ],
        feed={"count": n, "rate": n / 8},
        bq_faults=[ins({"kind": "latency", "ms": 150, "jitter_ms": 200})],
        sub={"max_outstanding": 300},
    )
    add(
        "sigterm_500",
        "SIGTERM with 500 pushes in flight (10 s grace), then a new instance",
        sub={"max_outstanding": 500},
        bq_faults=[ins({"kind": "latency", "ms": 1000, "jitter_ms": 500})],
        feed={"count": max(n, 2000)},
        actions=[{"when": {"outstanding": 500}, "at_s": 0.3, "do": "term", "restart_s": 0.5}],
    )
    add(
        "sigterm_bq_down",
        "SIGTERM while BigQuery is down: nothing may be acknowledged",
        bq_faults=[{"match": {"after_s": 1, "until_s": 1 + s(30)}, "fault": {"kind": "down"}}],
        feed={"count": n, "rate": n / (s(30) + 2)},
        actions=[{"at_s": 2, "do": "term", "restart_s": 1}],
    )
    add(
        "dns_failure",
        "the first instance has a BigQuery host that does not resolve; a second one is right",
        actions=[{"at_s": s(15), "do": "term", "restart_s": 0.2}],
        first_env={"BQ_URL": "https://faultkit-does-not-exist.invalid:1"},
    )
    add(
        "poison",
        "2% malformed messages among the good; dead letter after 5 attempts",
        poison=50,
        sub={"dead_letter_topic": "dead", "max_delivery_attempts": 5, "max_backoff_s": 0.5},
        reconcile=["--expect-no-row", "POISON", "--max-dead-lettered", "0"],
    )
    add(
        "forged",
        "200 pushes with bad credentials, 26 ways",
        needs_auth=True,
        pub=["--forge", "200", "--forge-gap", "0.02"],
    )
    add(
        "rotate_keys",
        "the signing key is rotated in mid-run, the old one dropped",
        needs_auth=True,
        actions=[{"at_s": 2, "do": "rotate"}],
        feed={"count": n, "rate": n / 8},
        sub_auth={"cache_s": 1},
    )
    add(
        "table_explosion",
        "every message names another user: how many tables appear?",
        explode=True,
        feed={"count": min(n, 2000)},
        bq=["--max-tables", "500"],
        report_only=True,
    )
    add(
        "swallowed",
        "10% answer 200 and keep nothing (a table deleted and made again): no client can notice, only reconciliation can; the kit has to",
        bq_faults=some({"kind": "swallow"}, 0.1),
        feed=steady,
        report_only=True,
    )
    add(
        "chaos",
        "2% each of most faults, duplicates, 3 kills",
        sub={"dup_rate": 0.1, "reorder_s": 1, "max_outstanding": 200},
        feed={"count": n, "rate": n / 15},
        bq_faults=[
            ins({"kind": k, **kw}, prob=0.02)
            for k, kw in (
                ("reset_before", {}),
                ("reset_after", {}),
                ("half_response", {"commit": True}),
                ("garbage", {}),
                ("partial_commit", {}),
                ("hang", {"s": s(10)}),
            )
        ]
        + [ins({"kind": "status", "code": c}, prob=0.02) for c in (429, 500, 502, 503)]
        + [ins({"kind": "latency", "ms": 20, "jitter_ms": 300})],
        md=["--token-ttl", "4", "--refresh-margin-s", "1"],
        actions=[
            {
                "when": {"outstanding": max(3, min(50, n // 100))},
                "at_s": 3 + 3 * i,
                "do": "kill",
                "restart_s": 0.5,
            }
            for i in range(3)
        ],
    )
    return S


def publish_scenarios(n, sc):
    """For a stage whose sink is topics.publish."""

    def s(x):
        return round(x * sc, 2)

    def pub(fault, **m):
        return {"match": dict({"op": "publish"}, **m), "fault": fault}

    def some(fault, p):
        return [pub(fault, nth=[2]), pub(fault, prob=p)]

    keep = scenarios(n, sc)
    steady = keep["bq_429"]["feed"]
    S = {
        k: keep[k]
        for k in (
            "baseline",
            "burst",
            "duplicates",
            "poison",
            "forged",
            "rotate_keys",
            "metadata_down",
            "token_expiry",
        )
    }
    base = dict(keep["baseline"], reconcile=[])
    S["duplicates"] = dict(
        S["duplicates"], reconcile=["--max-duplicates", "1000000"]
    )  # a stateless stage passes duplicates on; the event id must stay the same

    def add(name, what, **kw):
        S[name] = dict(copy.deepcopy(base), what=what, **kw)

    add(
        "pub_503",
        "publish answers 503 for 60 s",
        pub_faults=[pub({"kind": "status", "code": 503}, after_s=1, until_s=1 + s(60))],
        feed={"count": n, "rate": n / (s(60) + 2)},
    )
    add(
        "pub_429",
        "30% answer 429",
        pub_faults=some({"kind": "status", "code": 429, "reason": "RESOURCE_EXHAUSTED"}, 0.3),
        feed=steady,
    )
    add(
        "pub_reset_before",
        "15% reset before the publish took effect",
        pub_faults=some({"kind": "reset_before"}, 0.15),
        feed=steady,
    )
    add(
        "pub_reset_after",
        "15% reset after it took effect (duplicates with another messageId are unavoidable here)",
        pub_faults=some({"kind": "reset_after"}, 0.15),
        feed=steady,
        reconcile=["--max-duplicates", "1000000"],
    )
    add(
        "pub_slow",
        "every publish takes 0.5 to 2.5 s",
        pub_faults=[pub({"kind": "latency", "ms": s(500), "jitter_ms": s(2000)})],
    )
    add("pub_hang", "3% never answer", pub_faults=some({"kind": "hang", "s": s(30)}, 0.03), feed=steady)
    add("pub_garbage", "10% answer 200 with HTML", pub_faults=some({"kind": "garbage"}, 0.1), feed=steady)
    add(
        "kill9",
        "kill -9 three times",
        actions=keep["kill9"]["actions"],
        feed=keep["kill9"]["feed"],
        sub=keep["kill9"]["sub"],
        pub_faults=[pub({"kind": "latency", "ms": 150, "jitter_ms": 200})],
        reconcile=["--max-duplicates", "1000000"],
    )
    add(
        "sigterm_500",
        "SIGTERM with 500 in flight",
        actions=keep["sigterm_500"]["actions"],
        feed=keep["sigterm_500"]["feed"],
        sub=keep["sigterm_500"]["sub"],
        pub_faults=[pub({"kind": "latency", "ms": 1000, "jitter_ms": 500})],
        reconcile=["--max-duplicates", "1000000"],
    )
    return S


# Messages no stage can turn into a row. Each carries POISON so that the reconciler knows it.
POISON = [
    lambda i: {"data": "POISON-%d not json" % i},
    lambda i: {"data": {"POISON": i}},
    lambda i: {"data": ["POISON", i]},
    lambda i: {"data": '"POISON-%d' % i},
    lambda i: {"data": "null", "attributes": {"POISON": str(i)}, "data_base64": "//5QT0lTT04A"},
    lambda i: {"data": "[" * 5000 + '"POISON"'},
    lambda i: {"data": '{"POISON":1e999,"x":' + "9" * 400 + "}"},
    lambda i: {"data": "POISON\u0000\u0001\u202e"},
]
