# SPDX-License-Identifier: MIT
"""Push tokens of Tests/Cases, and a program whose clock stands where they are valid."""

import ctypes.util
import glob
import json
import time

from .program import ROOT, Program
from .stand_in import StandIn

SETUP = json.loads((ROOT / "Tests/Cases/jwt_google_shape_setup.json").read_text())
TOKENS = {
    case["name"]: case["token"]
    for case in map(json.loads, (ROOT / "Tests/Cases/jwt_google_shape.jsonl").read_text().splitlines())
}
GOOD = TOKENS["google-shape/baseline"]
UNKNOWN_KEY = TOKENS["google-shape/kid url"]


def faketime():
    """Debian's libfaketime, or None."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    return found[0] if found else ctypes.util.find_library("faketime")


def keys(delay=0.0):
    """A server of the signing keys."""
    def answer(_):
        time.sleep(delay)
        return 200, {"Content-Type": "application/json", "Cache-Control": "max-age=3600"}, json.dumps(
            SETUP["jwks"]).encode()
    return StandIn(answer)


def verifying(kit, name, cloud, key_port, ready=True):
    """A program that verifies push tokens, in the middle of the recorded tokens' life."""
    return Program(
        kit, name, cloud, ready=ready, PUSH_AUTH="oidc", PUSH_AUDIENCE=SETUP["audience"],
        PUSH_SERVICE_ACCOUNT=SETUP["email"], PUSH_JWKS_URL=f"http://127.0.0.1:{key_port}/certs",
        LD_PRELOAD=faketime(), FAKETIME="2027-01-15 08:00:00", TZ="UTC", FAKETIME_DONT_FAKE_MONOTONIC="1")


def bearer(token):
    return f"Authorization: Bearer {token}\r\n"
