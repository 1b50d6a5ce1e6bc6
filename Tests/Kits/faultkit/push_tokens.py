# SPDX-License-Identifier: MIT
"""RSA and JWTs in plain Python, good and forged, so that the kit needs nothing but the standard library."""

import base64
import hashlib
import json
import secrets


def u64(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def _prime(bits, rnd):
    small = [p for p in range(3, 2000) if all(p % q for q in range(2, int(p**0.5) + 1))]
    while True:
        n = rnd.getrandbits(bits) | (3 << (bits - 2)) | 1
        if any(n % p == 0 for p in small):
            continue
        d, r = n - 1, 0
        while d % 2 == 0:
            d, r = d // 2, r + 1
        for _ in range(12):
            a = rnd.randrange(2, n - 1)
            x = pow(a, d, n)
            if x in (1, n - 1):
                continue
            for _ in range(r - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                break
        else:
            return n


def new_key(kid, bits=2048):
    rnd = secrets.SystemRandom()
    while True:
        p, q = _prime(bits // 2, rnd), _prime(bits // 2, rnd)
        n, phi = p * q, (p - 1) * (q - 1)
        if n.bit_length() == bits and p != q and phi % 65537:
            return {"kid": kid, "n": n, "d": pow(65537, -1, phi), "p": p, "q": q}


PREFIX = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
}


def sign(key, data, alg="sha256"):
    k = (key["n"].bit_length() + 7) // 8
    t = PREFIX[alg] + hashlib.new(alg, data).digest()
    em = int.from_bytes(b"\x00\x01" + b"\xff" * (k - len(t) - 3) + b"\x00" + t, "big")
    m1, m2 = pow(em, key["d"] % (key["p"] - 1), key["p"]), pow(em, key["d"] % (key["q"] - 1), key["q"])
    h = (m1 - m2) * pow(key["q"], -1, key["p"]) % key["p"]
    return (m2 + h * key["q"]).to_bytes(k, "big")


def jwk(key):
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": key["kid"],
        "n": u64(key["n"].to_bytes((key["n"].bit_length() + 7) // 8, "big")),
        "e": "AQAB",
    }


def spki_pem(key):
    def tlv(t, b):
        n = len(b)
        size = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])
        return bytes([t]) + size + b

    def ib(i):
        return tlv(
            2, b"\0" * (1 if i.bit_length() % 8 == 0 else 0) + i.to_bytes((i.bit_length() + 7) // 8, "big")
        )

    der = tlv(
        0x30,
        tlv(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        + tlv(3, b"\0" + tlv(0x30, ib(key["n"]) + ib(65537))),
    )
    b = base64.b64encode(der).decode()
    return (
        "-----BEGIN PUBLIC KEY-----\n"
        + "\n".join(b[i : i + 64] for i in range(0, len(b), 64))
        + "\n-----END PUBLIC KEY-----\n"
    )


def jwt(key, claims, header=None, alg="sha256"):
    h = {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    h.update(header or {})
    h = {k: v for k, v in h.items() if v is not None}
    si = (
        u64(json.dumps(h, separators=(",", ":")).encode())
        + "."
        + u64(json.dumps(claims, separators=(",", ":")).encode())
    )
    return si + "." + u64(sign(key, si.encode(), alg))


FORGERIES = [
    "none",
    "garbage",
    "basic_auth",
    "alg_none",
    "hs256_pem",
    "hs256_n",
    "wrong_key",
    "embedded_jwk",
    "jku",
    "unknown_kid",
    "no_kid",
    "expired",
    "not_yet",
    "wrong_aud",
    "wrong_email",
    "unverified_email",
    "email_string_true",
    "no_email",
    "wrong_iss",
    "no_exp",
    "rs1",
    "rs384",
    "truncated",
    "bit_flip",
    "payload_swap",
    "sub_only",
]
