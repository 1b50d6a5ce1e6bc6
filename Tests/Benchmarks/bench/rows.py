# SPDX-License-Identifier: MIT
"""Pushes of rows, as bq-loader gets them: what LogParse makes of an ordinary page view, 700 bytes."""

import base64
import json

ROW = {
    "event_id": "20260102T030405.123456789Z-1a2b3c4d5e6f", "event_time": "2026-01-02T03:04:05.123456Z",
    "received_time": "2026-01-02T03:04:06.000001Z", "type": "page_view", "user_id": "u1002",
    "session_id": "s-81c2", "page_url": "https://shop.example.com/catalogue/shoes?page=3&sort=price",
    "page_title": "Shoes, page 3", "utm_source": "newsletter", "utm_campaign": "winter",
    "value": "12.50", "currency": "EUR", "tags": ["a", "b"], "remote_ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
                  "Safari/537.36",
    "host": "track.example.com", "request_path": "/pixel.png", "method": "GET", "status": "200",
    "contract_version": "0123456789ab",
}
# The table that TEMPLATE_SUFFIX's default, _{user_id}_{date}, gives it.
TABLE = "pixel_u1002_20260102"
HEALTH = b"GET /health HTTP/1.1\r\nHost: bq-loader\r\n\r\n"


def table_of(user) -> str:
    return TABLE.replace("u1002", user)


def push(**changes) -> bytes:
    row = {**ROW, **changes}
    body = json.dumps({
        "message": {
            "data": base64.b64encode(json.dumps(row).encode()).decode(), "messageId": "12345678901",
            "publishTime": "2026-01-02T03:04:06.1Z", "attributes": {"event_id": row["event_id"]},
        },
        "subscription": "projects/p/subscriptions/bq-loader",
    }).encode()
    head = f"POST / HTTP/1.1\r\nHost: l\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
