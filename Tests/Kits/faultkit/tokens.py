# SPDX-License-Identifier: MIT
"""Access tokens that the stand-ins agree on: a life, and a keyed hash."""

import hashlib
import hmac
import random
import time


def access_token(secret, ttl_s, now=None, label="fk"):
    now = time.time() if now is None else now
    body = "%s.%d.%d.%08x" % (label, int(now * 1000), int((now + ttl_s) * 1000), random.getrandbits(32))
    mac = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()[:24]
    return "ya29." + body + "." + mac


def check_access_token(secret, header, min_iat=0.0, now=None):
    """None when good, else a reason."""
    now = time.time() if now is None else now
    if not header:
        return "missing"
    if not header.startswith("Bearer ya29."):
        return "malformed"
    tok = header[len("Bearer ya29.") :]
    body, _, mac = tok.rpartition(".")
    good = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()[:24]
    if not hmac.compare_digest(mac, good):
        return "bad signature"
    try:
        iat, exp = [int(x) / 1000.0 for x in body.split(".")[-3:-1]]
    except ValueError:
        return "malformed"
    if now >= exp:
        return "expired"
    if iat < min_iat:
        return "revoked"
    return None
