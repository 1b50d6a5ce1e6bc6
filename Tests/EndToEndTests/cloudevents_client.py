# SPDX-License-Identifier: MIT
"""Sends events with PyPI's cloudevents 2.x to a port of this machine; prints what it has sent as JSON."""
import base64
import http.client
import json
import sys
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent


def events():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=timezone.utc)
    shared = {"source": "/client", "type": "com.example.test", "specversion": "1.0", "time": moment}
    yield CloudEvent({**shared, "id": "json", "datacontenttype": "application/json"}, {"a": ["é", 1]})
    yield CloudEvent(
        {**shared, "id": "bytes", "datacontenttype": "application/octet-stream"}, bytes(range(256)))
    yield CloudEvent(
        {**shared, "id": "text", "datacontenttype": "text/plain", "subject": "a b % \" €"}, "hello")
    yield CloudEvent({**shared, "id": "extension", "extname": "Euro € 😀"})


def main(port):
    sent = []
    for event in events():
        for mode, encode in (("binary", to_binary_event), ("structured", to_structured_event)):
            message = encode(event)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/", body=message.body, headers=dict(message.headers))
            status = connection.getresponse().status
            connection.close()
            data = event.get_data()
            if isinstance(data, str):
                data = data.encode()
            sent.append({
                "mode": mode, "status": status, "id": event.get_id(),
                "subject": event.get_subject(), "extname": event.get_extension("extname"),
                "time": event.get_time().timestamp(),
                "json": data if isinstance(data, dict) else None,
                "data": base64.b64encode(data).decode() if isinstance(data, bytes) else None,
            })
    print(json.dumps(sent))


main(int(sys.argv[1]))
