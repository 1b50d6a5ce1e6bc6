# SPDX-License-Identifier: MIT
"""The same work with Python's json and urllib, as one writes it. Called like parse-core; `push` is the same as
a function of the Functions Framework."""

import base64
import json
import os
import sys
import time
from urllib.parse import parse_qsl, urlsplit

RESERVED = {
    "event_id", "event_time", "received_time", "request_path", "host", "referer", "user_agent", "remote_ip",
    "method", "status", "cache_hit",
}


class Parser:
    def __init__(self, columns):
        self.types = {each["name"]: each["type"] for each in columns if each["name"] not in RESERVED}
        self.required = [each["name"] for each in columns if each.get("mode") == "REQUIRED"]

    def parse(self, push: bytes) -> bytes:
        message = json.loads(push)["message"]
        entry = json.loads(base64.b64decode(message["data"]))
        request = entry["httpRequest"]
        url = urlsplit(request["requestUrl"])
        if url.path != "/pixel.png" or request["requestMethod"] not in ("GET", "HEAD", "POST"):
            raise ValueError("no event")
        row = {}
        for name, text in parse_qsl(url.query, keep_blank_values=True):
            kind = self.types.get(name)
            if kind is None or name in row:
                continue
            value = convert(text, kind)
            if value is not None:
                row[name] = value
        row["event_id"] = f"{compact(entry['timestamp'])}-{entry['insertId']}"
        row["event_time"] = entry["timestamp"][:26] + "Z"
        row["received_time"] = entry["receiveTimestamp"][:26] + "Z"
        row["request_path"] = url.path
        row["host"] = url.hostname
        row["referer"] = request["referer"]
        row["user_agent"] = request["userAgent"]
        row["remote_ip"] = request["remoteIp"]
        row["method"] = request["requestMethod"]
        row["status"] = str(request["status"])
        row["cache_hit"] = request["cacheHit"]
        for name in self.required:
            if name not in row:
                raise ValueError("no event")
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def convert(text, kind):
    try:
        if kind == "INTEGER":
            return str(int(text))
        if kind == "NUMERIC":
            float(text)
        return text
    except ValueError:
        return None


def compact(moment) -> str:
    """2026-01-02T03:44:05.123456Z as 20260102T034405.123456000Z."""
    return moment.replace("-", "").replace(":", "").rstrip("Z").ljust(25, "0") + "Z"


def read_contract(path) -> Parser:
    with open(path, encoding="utf-8") as file:
        return Parser(json.load(file))


if "CONTRACT" in os.environ:
    import flask
    import functions_framework

    service = read_contract(os.environ["CONTRACT"])

    @functions_framework.http
    def push(request: flask.Request):
        service.parse(request.get_data())
        return "", 204


def main(contract, file, mode, seconds=1):
    parser = read_contract(contract)
    with open(file, "rb") as source:
        pushes = source.read().splitlines()
    if mode == "rows":
        for each in pushes:
            sys.stdout.buffer.write(parser.parse(each) + b"\n")
        return
    for each in pushes:
        parser.parse(each)
    began, count = time.process_time(), 0
    while time.process_time() - began < float(seconds):
        for each in pushes:
            parser.parse(each)
        count += len(pushes)
    print((time.process_time() - began) * 1e9 / count)


if __name__ == "__main__":
    main(*sys.argv[1:])
