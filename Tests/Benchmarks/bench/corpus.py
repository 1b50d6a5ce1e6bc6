# SPDX-License-Identifier: MIT
"""Pub/Sub pushes of load balancer log entries, as the parsers get them: about 2.6 KB each, with 14 query
parameters of which 11 have a column. Always the same ones."""

import base64
import json
import random
from urllib.parse import quote, quote_plus

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
]
TITLES = ["Garden chairs & tables", "Übersicht – Neuheiten", "50% off: summer sale", "日本語のページ", "Home"]
DIGITS = "0123456789abcdef"


def pushes(count=1000, seed=1) -> list:
    """The bodies of `count` pushes, each on one line."""
    chance = random.Random(seed)
    return [_push(chance, entry(chance, number), number) for number in range(count)]


def entry(chance, number) -> str:
    moment = f"2026-01-02T03:{number // 60 % 60:02}:{number % 60:02}.{chance.randrange(10**6):06}"
    address = f"203.0.113.{chance.randrange(1, 255)}"
    host = "https://shop.example.com"
    value = {
        "insertId": _hex(chance, 13),
        "jsonPayload": {
            "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
            "backendTargetProjectNumber": "projects/123456789012",
            "cacheDecision": ["RESPONSE_HAS_CONTENT_TYPE", "CACHE_MODE_USE_ORIGIN_HEADERS"],
            "cacheId": f"FRA-{_hex(chance, 8)}",
            "remoteIp": address,
            "statusDetails": "response_sent_by_backend",
        },
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "https://track.example.com/pixel.png?" + _query(chance, host),
            "requestSize": str(chance.randrange(300, 1500)),
            "status": 200,
            "responseSize": "243",
            "userAgent": chance.choice(AGENTS),
            "remoteIp": address,
            "serverIp": "10.128.0.21",
            "referer": host + "/",
            "cacheHit": chance.random() < 0.8,
            "cacheLookup": True,
            "latency": f"0.{chance.randrange(10**6):06}s",
        },
        "resource": {
            "type": "http_load_balancer",
            "labels": {
                "backend_service_name": "track-backend",
                "forwarding_rule_name": "track-https-rule",
                "project_id": "example-project",
                "target_proxy_name": "track-https-proxy",
                "url_map_name": "track-url-map",
                "zone": "global",
            },
        },
        "timestamp": moment + "Z",
        "severity": "INFO",
        "logName": "projects/example-project/logs/requests",
        "trace": f"projects/example-project/traces/{_hex(chance, 32)}",
        "receiveTimestamp": f"{moment}{chance.randrange(1000):03}Z",
        "spanId": _hex(chance, 16),
    }
    text = _compact(value)
    # A third comes as protobuf's JSON of other languages has it.
    return text.replace("&", "\\u0026").replace("=", "\\u003d") if number % 3 == 0 else text


def _query(chance, host) -> str:
    page = f"{host}/c/{_hex(chance, 6)}?sort=price&page={chance.randrange(1, 9)}"
    parameters = [
        ("type", chance.choice(["page_view", "search", "purchase"])),
        ("user_id", f"u{chance.randrange(10**6)}"),
        ("session_id", _hex(chance, 24)),
        ("page_url", quote(page, safe="")),
        ("page_title", chance.choice([quote, quote_plus])(chance.choice(TITLES))),
        ("page_referrer", quote(f"https://www.example.org/?q={_hex(chance, 8)}", safe="")),
        ("utm_source", "newsletter"),
        ("utm_medium", "email"),
        ("value", f"{chance.randrange(1, 500)}.{chance.randrange(1, 99):02}1"),
        ("quantity", str(chance.randrange(1, 20))),
        ("language", "de-DE"),
        # No column has these names.
        ("cb", str(chance.randrange(10**9))),
        ("sdk", "web-1.4.2"),
        ("gclid", _hex(chance, 40)),
    ]
    return "&".join(f"{name}={value}" for name, value in parameters)


def push_of(query, more="") -> str:
    """One push of an entry with this query, and with `more` behind its members."""
    text = (
        '{"insertId":"abc","httpRequest":{"requestMethod":"GET","requestUrl":'
        f'"https://track.example.com/pixel.png?{query}","status":200}},'
        f'"timestamp":"2026-01-02T03:44:05.123456Z"{more}}}'
    )
    return _push(random.Random(1), text, 0)


def _push(chance, text, number) -> str:
    published = f"2026-01-02T03:{number // 60 % 60:02}:{number % 60:02}.{chance.randrange(1000):03}Z"
    message_id = str(chance.randrange(10**16, 10**17))
    return _compact({
        "message": {
            "attributes": {"logging.googleapis.com/timestamp": published},
            "data": base64.b64encode(text.encode()).decode(),
            "messageId": message_id, "message_id": message_id,
            "publishTime": published, "publish_time": published,
        },
        "subscription": "projects/example-project/subscriptions/log-parse",
    })


def _hex(chance, count) -> str:
    return "".join(chance.choice(DIGITS) for _ in range(count))


def _compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
