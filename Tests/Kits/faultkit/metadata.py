#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stand-in for the GCE/Cloud Run metadata server and for Google's token-signing keys.

 /computeMetadata/v1/instance/service-accounts/default/token       access tokens with expiry
 /computeMetadata/v1/instance/service-accounts/default/identity    ID tokens (RS256) for an audience
 /oauth2/v3/certs                                                  the JWKS of the signing keys
 /_fk/mint?mode=...&aud=...&email=...                              tokens for push requests, good or forged
 /_fk/rotate (POST), /_fk/rotate?drop_old=1                        a new signing key
RSA is done with Python integers, so nothing beyond the standard library is needed."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time

from faults import load_rules, respond_with_fault, supervise_down_windows
from http11 import Response, Server
from ledger import Ledger
from process import announce, base_args, fk_admin, run_until_stopped
from push_tokens import jwk, jwt, new_key, spki_pem, u64
from tokens import access_token


class Metadata:
    def __init__(self, args):
        self.args = args
        self.rules = load_rules(args.faults)
        self.ledger = Ledger(args.ledger)
        self.stop = asyncio.Event()
        self.keys = []
        self.counts = {"token": 0, "identity": 0, "certs": 0, "minted": 0, "refused": 0}
        self.attacker = None
        if args.key_file and os.path.exists(args.key_file):
            with open(args.key_file) as f:
                saved = json.load(f)
            self.keys, self.attacker = saved["keys"], saved["attacker"]
        if not self.keys:
            self.keys = [new_key("fk-1")]
            self.attacker = new_key("fk-attacker")
            if args.key_file:
                with open(args.key_file, "w") as f:
                    json.dump({"keys": self.keys, "attacker": self.attacker}, f)
        self.cached = None

    def state(self):
        return {"counts": self.counts, "kids": [k["kid"] for k in self.keys], "rules": self.rules.report()}

    def claims(self, aud, email, now=None, ttl=3600):
        now = int(time.time() if now is None else now)
        return {
            "aud": aud,
            "azp": "113774264463038321964",
            "email": email,
            "email_verified": True,
            "exp": now + ttl,
            "iat": now,
            "iss": "https://accounts.google.com",
            "sub": "113774264463038321964",
        }

    def mint(self, mode, aud, email):
        """-> value of the Authorization header, or None for no header at all."""
        k, a = self.keys[-1], self.attacker
        c = self.claims(aud, email)
        B = "Bearer "
        if mode == "valid":
            return B + jwt(k, c)
        if mode == "none":
            return None
        if mode == "garbage":
            return B + "not.a.token"
        if mode == "basic_auth":
            return "Basic " + base64.b64encode(b"admin:admin").decode()
        if mode == "alg_none":
            return B + u64(b'{"alg":"none","typ":"JWT"}') + "." + u64(json.dumps(c).encode()) + "."
        if mode in ("hs256_pem", "hs256_n"):
            secret = (
                spki_pem(k).encode()
                if mode == "hs256_pem"
                else k["n"].to_bytes((k["n"].bit_length() + 7) // 8, "big")
            )
            si = (
                u64(json.dumps({"alg": "HS256", "kid": k["kid"], "typ": "JWT"}).encode())
                + "."
                + u64(json.dumps(c).encode())
            )
            return B + si + "." + u64(hmac.new(secret, si.encode(), hashlib.sha256).digest())
        if mode == "wrong_key":
            return B + jwt(dict(a, kid=k["kid"]), c)
        if mode == "embedded_jwk":
            return B + jwt(dict(a, kid=k["kid"]), c, {"jwk": jwk(a)})
        if mode == "jku":
            return B + jwt(a, c, {"jku": "http://127.0.0.1:%d/_fk/attacker_certs" % self.port})
        if mode == "unknown_kid":
            return B + jwt(a, c)
        if mode == "no_kid":
            return B + jwt(a, c, {"kid": None})
        if mode == "expired":
            return B + jwt(k, self.claims(aud, email, time.time() - 7200))
        if mode == "not_yet":
            return B + jwt(k, self.claims(aud, email, time.time() + 7200))
        edit = {
            "wrong_aud": {"aud": "https://other.example/push"},
            "wrong_email": {"email": "mallory@evil.iam.gserviceaccount.com"},
            "unverified_email": {"email_verified": False},
            "email_string_true": {"email_verified": "true"},
            "no_email": {"email": None},
            "wrong_iss": {"iss": "https://accounts.google.com.evil.example"},
            "no_exp": {"exp": None},
            "sub_only": {"email": None, "email_verified": None},
        }.get(mode)
        if edit is not None:
            c.update(edit)
            return B + jwt(k, {x: v for x, v in c.items() if v is not None})
        if mode == "rs1":
            return B + jwt(k, c, alg="sha1")
        if mode == "rs384":
            return B + jwt(k, c, {"alg": "RS384"}, alg="sha384")
        good = jwt(k, c)
        h, p, s = good.split(".")
        if mode == "truncated":
            return B + good[:-20]
        if mode == "bit_flip":
            raw = bytearray(base64.urlsafe_b64decode(s + "=" * (-len(s) % 4)))
            raw[10] ^= 4
            return B + h + "." + p + "." + u64(bytes(raw))
        if mode == "payload_swap":
            c["email"] = "mallory@evil.iam.gserviceaccount.com"
            return B + h + "." + u64(json.dumps(c).encode()) + "." + s
        raise ValueError("unknown mode %r" % mode)

    async def handle(self, req):
        a = fk_admin(req, self.rules, self.state, self.stop)
        if a:
            return a
        if req.path == "/_fk/mint":
            self.counts["minted"] += 1
            try:
                return Response(
                    200,
                    {
                        "authorization": self.mint(
                            req.q("mode", "valid"), req.q("aud", ""), req.q("email", self.args.push_email)
                        )
                    },
                )
            except ValueError as e:
                return Response(400, {"error": str(e)})
        if req.path == "/_fk/rotate" and req.method == "POST":
            self.keys.append(new_key("fk-%d" % (len(self.keys) + 1)))
            if req.q("drop_old"):
                self.keys = self.keys[-1:]
            self.ledger.write("rotate", kids=[k["kid"] for k in self.keys])
            self.ledger.flush()
            return Response(200, {"kids": [k["kid"] for k in self.keys]})
        if req.path == "/_fk/attacker_certs":
            self.ledger.write("ALARM", what="the stage fetched a key set named by a token (jku)")
            self.ledger.flush()
            return Response(200, {"keys": [jwk(self.attacker)]})
        op = (
            "certs"
            if req.path in ("/oauth2/v3/certs", "/certs")
            else (
                "token"
                if req.path.endswith("/token")
                else "identity" if req.path.endswith("/identity") else "metadata"
            )
        )
        lat, term = self.rules.pick(op, req.target, req.method)
        for _, f in lat:
            await asyncio.sleep(f.get("ms", 0) / 1000.0)
        self.ledger.write("req", op=op, fault=term[0] if term else None, target=req.target[:200])
        self.ledger.flush()
        if term and term[1]["kind"] == "status":
            return Response(
                term[1]["code"], body=term[1].get("message", "faultkit").encode(), ctype="text/plain"
            )
        if op == "certs":
            self.counts["certs"] += 1
            resp = Response(
                200,
                {"keys": [jwk(k) for k in self.keys]},
                headers={
                    "Cache-Control": "public, max-age=%d, must-revalidate, no-transform"
                    % self.args.certs_max_age
                },
            )
        else:
            if req.headers.get("metadata-flavor") != "Google" or "x-forwarded-for" in req.headers:
                self.counts["refused"] += 1
                return Response(
                    403,
                    body=b"Missing Metadata-Flavor:Google header.",
                    ctype="text/plain",
                    headers={"Metadata-Flavor": "Google"},
                )
            resp = self.metadata(op, req)
            resp.headers["Metadata-Flavor"] = "Google"
            resp.headers["Server"] = "Metadata Server for faultkit"
        if term:
            if term[1]["kind"] == "stale_token" and op == "token":
                old = access_token(self.args.token_secret, -5)
                return Response(
                    200,
                    {"access_token": old, "expires_in": 3599, "token_type": "Bearer"},
                    headers={"Metadata-Flavor": "Google"},
                )
            return await respond_with_fault(req, resp, *term)
        return resp

    def metadata(self, op, req):
        p = req.path
        if op == "token":
            self.counts["token"] += 1
            now = time.time()
            # like the real one: the same token is handed out until little of its life is left;
            # a margin of at least the whole life means a new token every time
            margin, ttl = self.args.refresh_margin_s, self.args.token_ttl
            if not self.cached or margin >= ttl or self.cached[1] - now < min(margin, ttl / 2):
                self.cached = (
                    access_token(self.args.token_secret, self.args.token_ttl),
                    now + self.args.token_ttl,
                )
            return Response(
                200,
                {
                    "access_token": self.cached[0],
                    "expires_in": int(self.cached[1] - now),
                    "token_type": "Bearer",
                },
            )
        if op == "identity":
            self.counts["identity"] += 1
            aud = req.q("audience")
            if not aud:
                return Response(400, body=b"non-empty audience parameter required", ctype="text/plain")
            return Response(
                200,
                body=jwt(self.keys[-1], self.claims(aud, self.args.push_email)).encode(),
                ctype="text/html",
            )
        fixed = {
            "/": "computeMetadata/\n",
            "/computeMetadata/v1/project/project-id": self.args.project,
            "/computeMetadata/v1/project/numeric-project-id": "123456789012",
            "/computeMetadata/v1/instance/region": "projects/123456789012/regions/europe-west1",
            "/computeMetadata/v1/instance/zone": "projects/123456789012/zones/europe-west1-1",
            "/computeMetadata/v1/instance/id": "00c527f6d4faultkit",
            "/computeMetadata/v1/instance/service-accounts/default/email": self.args.push_email,
            "/computeMetadata/v1/instance/service-accounts/default/scopes": "https://www.googleapis.com/auth/cloud-platform",
        }
        if p in fixed:
            return Response(200, body=fixed[p].encode(), ctype="application/text")
        return Response(404, body=b"not found", ctype="text/plain")


async def main():
    p = base_args(__doc__)
    p.add_argument("--project", default="fk-project")
    p.add_argument("--push-email", default="pusher@fk-project.iam.gserviceaccount.com")
    p.add_argument("--token-ttl", type=float, default=3600.0)
    p.add_argument("--refresh-margin-s", type=float, default=240.0)
    p.add_argument("--token-secret", default="faultkit")
    p.add_argument("--certs-max-age", type=int, default=20000)
    p.add_argument(
        "--key-file", help="keeps the generated keys between runs (2048-bit generation takes a second or two)"
    )
    args = p.parse_args()
    md = Metadata(args)
    srv = Server(md.handle, port=args.port)
    await srv.start()
    md.port = srv.port
    announce(args, srv.port, role="metadata")

    def changed(s):
        md.ledger.write("listen", state=s)
        md.ledger.flush()

    await run_until_stopped(md.stop, args, [supervise_down_windows(srv, md.rules, changed)])
    md.ledger.write("end", state=md.state())
    md.ledger.close()
    await srv.stop_listening()
    print(json.dumps({"role": "metadata", **md.counts, "rules": md.rules.report()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
