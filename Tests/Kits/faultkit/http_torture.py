#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""HTTP/1.1 hardening checks against a server on loopback.

 cases FILE.jsonl    raw requests {name, request_base64, expect, binding, complete, max_2xx}
 slowloris           many connections that never finish their head
 slowbody            many connections that never finish their body
 floods              header count, header size, URL length, body size, pipelining, connection churn
 fuzz                mutations of the good requests of FILE.jsonl, with a seed

Each ends with one JSON line. A check fails when the server dies (--pid), stops answering the health
request, or answers a case against its label. "reject" means: no 2xx beyond max_2xx."""

import argparse
import base64
import collections
import gzip
import json
import os
import random
import re
import socket
import sys
import time

STATUS = re.compile(rb"(?:^|\r\n\r\n|\n)HTTP/1\.[01] (\d{3})")


class Target:
    def __init__(self, a):
        if a.host not in ("127.0.0.1", "::1", "localhost"):
            raise SystemExit("loopback only")
        self.a = a

    def connect(self, timeout=None):
        s = socket.create_connection((self.a.host, self.a.port), timeout or self.a.timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def send(self, raw, half_close=False, timeout=None):
        """-> (list of status codes, ending) ; ending: closed | reset | silent"""
        buf, end = b"", "silent"
        try:
            s = self.connect(timeout)
        except OSError as e:
            return [], "refused:%s" % e.__class__.__name__
        try:
            try:
                s.sendall(raw)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
            except OSError:
                end = "reset"
            stop = time.monotonic() + (timeout or self.a.timeout)
            while time.monotonic() < stop and len(buf) < 1 << 20:
                s.settimeout(max(0.05, stop - time.monotonic()))
                try:
                    d = s.recv(65536)
                except socket.timeout:
                    break
                except OSError:
                    end = "reset"
                    break
                if not d:
                    end = "closed"
                    break
                buf += d
                # a complete answer on a kept-alive connection: a short wait for a further one is enough
                stop = min(stop, time.monotonic() + self.a.quiet)
        finally:
            s.close()
        return [int(x) for x in STATUS.findall(buf)], end

    def healthy(self):
        if self.a.pid:
            try:
                os.kill(self.a.pid, 0)
                with open("/proc/%d/stat" % self.a.pid) as f:
                    if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return False
            except OSError:
                return False
        for _ in range(3):
            st, _ = self.send(
                b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % self.a.health.encode(),
                timeout=3,
            )
            if st and st[0] < 500:
                return True
            time.sleep(0.2)
        return False

    def rss_mb(self):
        try:
            with open("/proc/%d/status" % self.a.pid) as f:
                return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))
        except (OSError, StopIteration):
            return None


def load(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


def judge(c, st, end):
    ok2 = sum(1 for x in st if 200 <= x < 300)
    refused = any(x in (400, 405, 411, 413, 414, 417, 426, 431, 500, 501, 505) for x in st)
    if end.startswith("refused"):
        return "server gone"
    if c["expect"] == "reject" or not c.get("complete", True):
        if ok2 > c.get("max_2xx", 0):
            return "answered %s" % st
        if c["expect"] == "reject" and not refused and end == "silent" and not st:
            return "no answer, not closed"  # waits for more: for a broken request a slow leak
        if any(x >= 500 and x not in (501, 505) for x in st):
            return "5xx %s" % st
        return None
    if not st and end != "closed":
        return "no answer"
    if st and st[0] in (400, 411, 413, 414, 431, 501, 505):
        return "refused %s" % st
    if not st:
        return "closed without an answer"
    if any(x >= 500 for x in st):
        return "5xx %s" % st
    return None


def cmd_cases(t, a):
    res = collections.Counter()
    wrong = []
    for c in load(a.file):
        raw = base64.b64decode(c["request_base64"])
        st, end = t.send(raw)
        w = judge(c, st, end)
        must = c.get("binding", "source") == "must"
        res["cases"] += 1
        if w is None:
            res["as_labelled"] += 1
        else:
            res["against_must" if must else "against_source"] += 1
            wrong.append([c["name"], c["expect"], "must" if must else "source", w])
        if res["cases"] % 20 == 0 and not t.healthy():
            res["dead"] = 1
            wrong.append([c["name"], "", "must", "server no longer healthy after this block of 20"])
            break
    res["healthy_at_end"] = int(t.healthy())
    for w in wrong:
        print("  %-60s expect %-7s (%s): %s" % tuple(w))
    return dict(res), not (res["against_must"] or res["dead"]) and bool(res["healthy_at_end"])


def trickle(t, a, first, drip):
    socks, gone, t0 = [], [], time.monotonic()
    r0 = t.rss_mb()
    try:
        for _ in range(a.connections):
            try:
                s = t.connect(2)
                s.setblocking(False)
                s.send(first)
                socks.append(s)
            except OSError:
                break
        opened = len(socks)
        slow = 0
        nxt = time.monotonic()
        while time.monotonic() - t0 < a.seconds and socks:
            if time.monotonic() >= nxt:
                nxt = time.monotonic() + 2
                t1 = time.monotonic()
                if not t.healthy():
                    slow += 1
                lat = time.monotonic() - t1
                gone.append(round(lat * 1000))
                for s in list(socks):
                    try:
                        s.send(drip)
                    except (BlockingIOError, InterruptedError):
                        pass
                    except OSError:
                        socks.remove(s)
                        s.close()
                        continue
                    try:
                        if s.recv(4096) == b"":
                            raise OSError
                    except (BlockingIOError, InterruptedError):
                        pass
                    except OSError:
                        socks.remove(s)
                        s.close()
            time.sleep(0.05)
        closed_after = round(time.monotonic() - t0, 1) if not socks else None
        r = {
            "opened": opened,
            "still_open": len(socks),
            "all_closed_after_s": closed_after,
            "health_failures": slow,
            "health_ms_max": max(gone or [0]),
            "rss_mb_before": r0,
            "rss_mb_after": t.rss_mb(),
        }
        return r, slow == 0 and (not a.must_close or not socks) and opened == a.connections
    finally:
        for s in socks:
            s.close()


def cmd_slowloris(t, a):
    return trickle(t, a, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-a: ", b"b")


def cmd_slowbody(t, a):
    return trickle(
        t,
        a,
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"
        % a.path.encode(),
        b" ",
    )


def cmd_floods(t, a):
    H = b"GET %s HTTP/1.1\r\nHost: localhost\r\n" % a.path.encode()
    P = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % a.path.encode()
    out, ok = {}, True
    r0 = t.rss_mb()

    def run(name, raw, refuse=True, **kw):
        nonlocal ok
        st, end = t.send(raw, timeout=10, **kw)
        bad = (refuse and any(200 <= x < 300 for x in st)) or any(
            x >= 500 and x not in (501, 505) for x in st
        )
        h = t.healthy()
        out[name] = {"status": st[:3], "end": end, "healthy": h, "ok": h and not bad}
        ok = ok and h and not bad

    run("headers 1000 small", H + b"".join(b"X-%d: y\r\n" % i for i in range(1000)) + b"\r\n")
    run("headers 100000 small", H + b"".join(b"a:b\r\n" for i in range(100000)) + b"\r\n")
    run("header 1 MB", H + b"X-a: " + b"y" * 1000000 + b"\r\n\r\n")
    run("header name 1 MB", H + b"n" * 1000000 + b": y\r\n\r\n")
    run(
        "url 9 KB (legal)",
        b"GET %s?%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (a.path.encode(), b"a" * 9000),
        refuse=False,
    )
    run("url 1 MB", b"GET %s?%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (a.path.encode(), b"a" * 1000000))
    run(
        "query 100000 pairs",
        b"GET %s?%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        % (a.path.encode(), b"&".join(b"k%d=v" % i for i in range(100000))),
    )
    run("body declared 10 GB", P + b"Content-Length: 10000000000\r\n\r\n{}")
    run("body chunk declared 4 GB", P + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\nx")
    run("body 64 MB of spaces", P + b"Content-Length: 67108864\r\n\r\n" + b" " * 67108864)
    run(
        "body chunked 1-byte x 200000",
        P + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 200000 + b"0\r\n\r\n",
    )
    run(
        "chunk extension 1 MB",
        P + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 1000000 + b"\r\n \r\n0\r\n\r\n",
    )
    run("trailers 100000", P + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a:b\r\n" * 100000 + b"\r\n")
    bomb = gzip.compress(b" " * (200 << 20), 9)
    run(
        "gzip body 200 MB from %d KB" % (len(bomb) >> 10),
        P + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb,
    )
    run("json depth 1000000", P + b"Content-Length: 1000000\r\n\r\n" + b"[" * 1000000)
    run("10000 pipelined GETs", (H + b"\r\n") * 10000, refuse=False)
    run("empty lines 1 MB", b"\r\n" * 500000)
    n = 0
    for _ in range(2000):
        try:
            s = t.connect(2)
            s.close()
            n += 1
        except OSError:
            break
    h = t.healthy()
    out["connect and close x2000"] = {"done": n, "healthy": h, "ok": h}
    ok = ok and h
    r1 = t.rss_mb()
    for k, v in out.items():
        if not v["ok"]:
            print("  %-40s %s" % (k, v))
    return {
        "checks": len(out),
        "failed": [k for k, v in out.items() if not v["ok"]],
        "rss_mb_before": r0,
        "rss_mb_after": r1,
        "detail": out,
    }, ok


def cmd_fuzz(t, a):
    rng = random.Random(a.seed)
    good = [base64.b64decode(c["request_base64"]) for c in load(a.file)]
    if a.path != "/":
        good = [g.replace(b" / ", b" " + a.path.encode() + b" ", 1) for g in good]
    toks = [
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b"chunked",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"0\r\n\r\n",
        b"HTTP/1.1",
        b"HTTP/9.9",
        b"\xff\xfe",
        b"%00",
        b"%",
        b"A" * 5000,
        b"Expect: 100-continue\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    n, odd, t0 = 0, [], time.monotonic()
    while n < a.count and time.monotonic() - t0 < a.seconds:
        b = bytearray(rng.choice(good))
        for _ in range(rng.randrange(1, 8)):
            i = rng.randrange(len(b) + 1)
            k = rng.randrange(6)
            if k == 0 and b:
                b[min(i, len(b) - 1)] = rng.randrange(256)
            elif k == 1:
                b[i:i] = rng.choice(toks)
            elif k == 2:
                del b[i : i + rng.randrange(1, 20)]
            elif k == 3:
                j = rng.randrange(len(b) + 1)
                b[i:i] = b[min(i, j) : max(i, j)][:2000]
            elif k == 4:
                b = b[:i] + bytearray(rng.choice(good))[rng.randrange(8) :]
            else:
                b[i:i] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 16)))
        st, end = t.send(bytes(b), half_close=True, timeout=a.timeout)
        n += 1
        if any(x >= 500 and x not in (501, 505) for x in st) or end.startswith("refused"):
            odd.append(
                {
                    "n": n,
                    "status": st,
                    "end": end,
                    "request_base64": base64.b64encode(bytes(b)).decode()[:4000],
                }
            )
        if (n % 200 == 0 or end.startswith("refused")) and not t.healthy():
            return {"executions": n, "dead_after": n, "odd": odd[-3:], "seed": a.seed}, False
    return {
        "executions": n,
        "seconds": round(time.monotonic() - t0, 1),
        "odd": odd[:5],
        "odd_count": len(odd),
        "seed": a.seed,
    }, not odd and t.healthy()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["cases", "slowloris", "slowbody", "floods", "fuzz"])
    p.add_argument("file", nargs="?")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--pid", type=int, default=0, help="of the server: watched for death and for memory")
    p.add_argument("--health", default="/", help="path that must go on answering below 500")
    p.add_argument("--path", default="/", help="path of the requests made here")
    p.add_argument("--timeout", type=float, default=1.5)
    p.add_argument("--quiet", type=float, default=0.15, help="silence that ends the reading of an answer")
    p.add_argument("--connections", type=int, default=500)
    p.add_argument("--seconds", type=float, default=40)
    p.add_argument(
        "--must-close",
        action="store_true",
        help="trickling connections must all be closed by the server in time",
    )
    p.add_argument("--count", type=int, default=20000)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    if a.what in ("cases", "fuzz") and not a.file:
        p.error("a JSONL file is needed")
    t = Target(a)
    if not t.healthy():
        print(json.dumps({"what": a.what, "ok": False, "why": "not healthy before the start"}))
        sys.exit(2)
    res, ok = {
        "cases": cmd_cases,
        "slowloris": cmd_slowloris,
        "slowbody": cmd_slowbody,
        "floods": cmd_floods,
        "fuzz": cmd_fuzz,
    }[a.what](t, a)
    print(json.dumps({"what": a.what, "ok": bool(ok), **res}))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
