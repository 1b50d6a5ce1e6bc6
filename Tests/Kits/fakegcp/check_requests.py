#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds recorded requests against Google's API descriptions, and publish and insertAll against their documented limits.

    check_requests.py [--descriptions DIR] FILE

FILE has a JSON object a line: method, url, headers, body (the text that was sent). Prints one a request: its method in
the descriptions, `ok`, and the `problems`. Exits with 1 if a request has one, with 2 if there is no request at all.
DIR is googleapiclient/discovery_cache/documents of PyPI's google-api-python-client (or FAKEGCP_DESCRIPTIONS)."""

import argparse
import base64
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from controlplane.cloud import LEGACY  # noqa: E402
from controlplane.discovery import Discovery  # noqa: E402
from controlplane.requests import Fake  # noqa: E402
from controlplane.schema import Validator  # noqa: E402

# https://cloud.google.com/pubsub/quotas#resource_limits, https://cloud.google.com/bigquery/quotas#streaming_inserts
MEGABYTE = 1000 * 1000
PUBLISH = {"messages": 1000, "bytes": 10 * MEGABYTE, "attributes": 100, "key": 256, "value": 1024}
INSERT_ALL = {"rows": 50_000, "bytes": 10 * 1024 * 1024, "insert_id": 128}


def check(descriptions, recorded):
    """(method, problems) of one recorded request."""
    url = urllib.parse.urlsplit(recorded["url"])
    label = descriptions.label_of(url.netloc)[0] or descriptions.guess(recorded["method"], url.path)
    label, best, others = descriptions.find(label, recorded["method"], url.path)
    if not best:
        known = f": it takes {', '.join(sorted(others))}" if others else ""
        return None, [f"no method of {label} is {recorded['method']} {url.path}{known}"]
    method = best[1]
    query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    problems = Fake.check_query(method, query)
    text = recorded.get("body") or ""
    reference = (method.spec.get("request") or {}).get("$ref")
    if not text:
        return method.id, problems + ([f"a body of {reference} is missing"] if reference else [])
    if not reference:
        return method.id, problems + ["this method takes no body"]
    try:
        body = json.loads(text)
    except ValueError as error:
        return method.id, problems + [f"the body is no JSON: {error}"]
    validator = Validator(method.doc, label not in LEGACY)
    validator.run({"$ref": reference}, body)
    problems += validator.errors
    if method.id == "pubsub.projects.topics.publish":
        problems += publish_problems(body, len(text.encode()))
    if method.id == "bigquery.tabledata.insertAll":
        problems += insert_problems(body, len(text.encode()))
    return method.id, problems


def publish_problems(body, size):
    messages = body.get("messages", [])
    if not 1 <= len(messages) <= PUBLISH["messages"]:
        yield f"{len(messages)} messages: allowed are 1 to {PUBLISH['messages']}"
    if size > PUBLISH["bytes"]:
        yield f"{size} bytes: allowed are {PUBLISH['bytes']}"
    for number, message in enumerate(messages):
        attributes = message.get("attributes", {})
        if not attributes and not base64.b64decode(message.get("data", "")):
            yield f"messages[{number}]: has neither data nor attributes"
        if len(attributes) > PUBLISH["attributes"]:
            yield f"messages[{number}]: {len(attributes)} attributes"
        for key, value in attributes.items():
            if not 1 <= len(key.encode()) <= PUBLISH["key"] or key.startswith("goog"):
                yield f"messages[{number}]: attribute {key!r}"
            if len(value.encode()) > PUBLISH["value"]:
                yield f"messages[{number}].attributes.{key}: {len(value.encode())} bytes"


def insert_problems(body, size):
    rows = body.get("rows", [])
    if not 1 <= len(rows) <= INSERT_ALL["rows"]:
        yield f"{len(rows)} rows: allowed are 1 to {INSERT_ALL['rows']}"
    if size > INSERT_ALL["bytes"]:
        yield f"{size} bytes: allowed are {INSERT_ALL['bytes']}"
    for number, row in enumerate(rows):
        if len(row.get("insertId", "")) > INSERT_ALL["insert_id"]:
            yield f"rows[{number}].insertId: {len(row['insertId'])} characters"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--descriptions", default=os.environ.get("FAKEGCP_DESCRIPTIONS"))
    arguments.add_argument("file")
    given = arguments.parse_args()
    if not given.descriptions:
        arguments.error("needs --descriptions or FAKEGCP_DESCRIPTIONS")
    descriptions, count, wrong = Discovery(given.descriptions), 0, 0
    with open(given.file, encoding="utf-8") as lines:
        for line in lines:
            method, problems = check(descriptions, json.loads(line))
            count, wrong = count + 1, wrong + bool(problems)
            print(json.dumps({"method": method, "ok": not problems, "problems": problems}))
    sys.exit(2 if not count else 1 if wrong else 0)


if __name__ == "__main__":
    main()
