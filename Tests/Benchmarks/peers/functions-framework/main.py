# SPDX-License-Identifier: MIT
"""A pixel server as one writes it with Google's Functions Framework for Python."""

import flask
import functions_framework

GIF = (
    b"GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@functions_framework.http
def pixel(request: flask.Request) -> flask.Response:
    return flask.Response(
        GIF,
        mimetype="image/gif",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
