#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the kit: a right stage has to pass, stages with planted mistakes have to fail for the right reason.
   selftest.py [--out DIR] [--quick]"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = [
    {"name": "id", "type": "STRING", "mode": "REQUIRED"},
    {"name": "user", "type": "STRING"},
    {"name": "ts", "type": "TIMESTAMP"},
]
PROFILE = {
    "cmd": [sys.executable, os.path.join(HERE, "selftest_stage.py")],
    "push_path": "/push",
    "sub": {"max_outstanding": 100},
    "env": {
        "BQ_URL": "${BQ_URL}",
        "PUBSUB_URL": "${PUBSUB_URL}",
        "METADATA_URL": "${METADATA_URL}",
        "AUD": "${AUDIENCE}",
        "EMAIL": "${EMAIL}",
    },
    "auth": {"audience": "https://stage.example/push", "email": "pusher@fk-project.iam.gserviceaccount.com"},
    "bq_setup": {"datasets": {"d": {"tables": {"events": {"schema": {"fields": FIELDS}}}}}},
    "template": {"data": {"id": "e@SEQ@", "user": "u@MOD10@", "ts": "@ISO@"}},
    "template_explode": {"data": {"id": "e@SEQ@", "user": "u@SEQ@", "ts": "@ISO@"}},
    "reconcile": [
        "--msg-key",
        "data:id",
        "--row-key",
        "row:id",
        "--compare",
        "row:user=data:user",
        "--table-pattern",
        "d\\.events_u[0-9]+",
    ],
}
# mode, planted mistake, scenarios, text the verdict has to contain (None: has to pass)
CASES = [
    ("bq", "", "baseline,duplicates,reset_after,partial_commit,kill9,poison,forged,token_revoked", None),
    ("publish", "", "baseline,pub_reset_after,kill9", None),
    ("bq", "early_ack", "bq_503", "early_acks="),
    ("bq", "no_insertid", "reset_after", "duplicates_split="),
    ("bq", "ignore_row_errors", "row_errors_partial", "lost="),
    ("bq", "skip_email", "forged", "forged_accepted="),
    ("bq", "no_auth", "forged", "forged_accepted="),
    ("bq", "wrong_table", "baseline", "tables_outside_pattern="),
    ("bq", "garble", "baseline", "mismatched_fields="),
    ("bq", "crash", "baseline", "crashed"),
]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out")
    p.add_argument("--quick", action="store_true", help="mistakes only")
    p.add_argument("--count", type=int, default=600)
    a = p.parse_args()
    out = a.out or tempfile.mkdtemp(prefix="faultkit-selftest-")
    os.makedirs(out, exist_ok=True)
    bad = 0
    for mode, bug, names, want in CASES:
        if a.quick and want is None:
            continue
        prof = dict(PROFILE, env=dict(PROFILE["env"], BUG=bug, MODE=mode))
        if mode == "publish":
            prof["sink"] = "topic"
            prof["reconcile"] = PROFILE["reconcile"][:6]
        d = os.path.join(out, "%s-%s" % (mode, bug or "right"))
        os.makedirs(d, exist_ok=True)
        with open(os.path.join(d, "profile.json"), "w") as f:
            json.dump(prof, f, indent=1)
        subprocess.run(
            [
                sys.executable,
                os.path.join(HERE, "matrix.py"),
                "--profile",
                os.path.join(d, "profile.json"),
                "--scenario",
                names,
                "--count",
                str(a.count),
                "--scale",
                "0.1",
                "--out",
                d,
                "--max-seconds",
                "60",
            ],
            stdout=subprocess.DEVNULL,
        )
        with open(os.path.join(d, "matrix.json")) as f:
            for r in json.load(f):
                why = "; ".join(r.get("broken", [])) or r.get("why", "")
                ok = r["verdict"] == "PASS" if want is None else r["verdict"] == "FAIL" and want in why
                bad += not ok
                print(
                    "%-4s %-8s %-18s %-20s %-6s %s"
                    % ("ok" if ok else "BAD", mode, bug or "-", r["scenario"], r["verdict"], why),
                    flush=True,
                )
    print("selftest: %s" % ("all as expected" if not bad else "%d NOT as expected" % bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
