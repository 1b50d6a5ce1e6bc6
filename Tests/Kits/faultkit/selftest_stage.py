# SPDX-License-Identifier: MIT
"""A small stage for testing the kit itself: micro-batches pushes into insertAll (or topics.publish when
MODE=publish) and acknowledges after success. BUG= plants known mistakes the judge has to find:
 early_ack, no_insertid, ignore_row_errors, skip_email, no_auth, wrong_table, garble, crash"""
import asyncio
import base64
import hashlib
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from http11 import BadRequest, Client, Response, Server

BUG = set(filter(None, os.environ.get("BUG", "").split(",")))
PUBLISH = os.environ.get("MODE") == "publish"
AUD, EMAIL = os.environ.get("AUD", ""), os.environ.get("EMAIL", "")
TARGET = os.environ["PUBSUB_URL" if PUBLISH else "BQ_URL"]
TROUBLE = (ConnectionError, OSError, asyncio.TimeoutError, ValueError, KeyError, BadRequest)
DER = bytes.fromhex("3031300d060960864801650304020105000420")


def u64d(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


class Stage:
    def __init__(self):
        self.queue, self.wake = [], asyncio.Event()
        self.token, self.keys, self.keys_t, self.lock = None, {}, 0, asyncio.Lock()
        self.sink = None if ".invalid" in TARGET else Client(TARGET)
        self.md = Client(os.environ["METADATA_URL"])
        self.n = 0

    async def access(self, force):
        if force or not self.token or self.token[1] - time.time() < 1:
            st, _, b = await self.md.request(
                "GET",
                "/computeMetadata/v1/instance/service-accounts/default/token",
                {"Metadata-Flavor": "Google"},
                b"",
                2,
            )
            if st != 200:
                raise ConnectionError("metadata %d" % st)
            j = json.loads(b)
            self.token = (j["access_token"], time.time() + j["expires_in"])
        return self.token[0]

    async def verify(self, header):
        if "no_auth" in BUG or not AUD:
            return True
        try:
            h, p, s = header.removeprefix("Bearer ").split(".")
            head, c, sig = json.loads(u64d(h)), json.loads(u64d(p)), u64d(s)
            if head.get("alg") != "RS256" or not isinstance(head.get("kid"), str):
                return False
            async with self.lock:
                if head["kid"] not in self.keys and time.time() - self.keys_t > 1:
                    self.keys_t = time.time()
                    _, _, b = await self.md.request("GET", "/oauth2/v3/certs", {}, b"", 2)
                    self.keys = {k["kid"]: int.from_bytes(u64d(k["n"]), "big") for k in json.loads(b)["keys"]}
            n = self.keys.get(head["kid"])
            if not n or len(sig) != 256:
                return False
            t = DER + hashlib.sha256((h + "." + p).encode()).digest()
            if (
                pow(int.from_bytes(sig, "big"), 65537, n).to_bytes(256, "big")
                != b"\0\1" + b"\xff" * (253 - len(t)) + b"\0" + t
            ):
                return False
            now = time.time()
            who = "skip_email" in BUG or (c.get("email") == EMAIL and c.get("email_verified") is True)
            return (
                who
                and c.get("aud") == AUD
                and c.get("iss") in ("https://accounts.google.com", "accounts.google.com")
                and c["exp"] > now - 60
                and c.get("iat", 0) < now + 60
            )
        except Exception:
            return False

    async def handle(self, req):
        if req.path != "/push" or req.method != "POST":
            return Response(404, {})
        if not await self.verify(req.headers.get("authorization", "")):
            return Response(403, {})
        try:
            m = req.json()["message"]
            d = json.loads(base64.b64decode(m["data"]))
            row = {"id": str(d["id"]), "user": str(d["user"]), "ts": d["ts"]}
        except Exception:
            return Response(400, {"error": "cannot be a row"})
        self.n += 1
        if "crash" in BUG and self.n == 200:
            os._exit(139)
        if "garble" in BUG and self.n % 50 == 0:
            row["user"] += "x"
        fut = asyncio.get_running_loop().create_future()
        self.queue.append((row, fut))
        self.wake.set()
        if "early_ack" in BUG:
            return Response(204)
        return Response(204) if await fut else Response(503, {})

    async def batcher(self):
        while True:
            await self.wake.wait()
            await asyncio.sleep(0.02)
            batch, self.queue = self.queue[:500], self.queue[500:]
            if not self.queue:
                self.wake.clear()
            if batch:
                asyncio.ensure_future(self.flush(batch))

    async def flush(self, batch):
        if PUBLISH:
            body = {
                "messages": [{"data": base64.b64encode(json.dumps(r).encode()).decode()} for r, _ in batch]
            }
            await self.send("/v1/projects/fk-project/topics/output:publish", body, batch)
            return
        by_user = {}
        for x in batch:
            by_user.setdefault(x[0]["user"].rstrip("x") if "garble" in BUG else x[0]["user"], []).append(x)
        jobs = []
        for user, xs in by_user.items():
            rows = [{"json": r} if "no_insertid" in BUG else {"json": r, "insertId": r["id"]} for r, _ in xs]
            suffix = "_oops" if "wrong_table" in BUG and len(jobs) == 1 else "_" + user
            jobs.append(
                self.send(
                    "/bigquery/v2/projects/p/datasets/d/tables/events/insertAll",
                    {"rows": rows, "templateSuffix": suffix},
                    xs,
                )
            )
        await asyncio.gather(*jobs)

    async def send(self, path, body, xs):
        body = json.dumps(body).encode()
        end, back, ok, bad, force = time.time() + 8, 0.05, False, set(), False
        while time.time() < end:
            try:
                token = await self.access(force)
                if self.sink is None:
                    await asyncio.get_running_loop().getaddrinfo("faultkit-does-not-exist.invalid", 1)
                st, _, rb = await self.sink.request(
                    "POST",
                    path,
                    {"Authorization": "Bearer " + token, "Content-Type": "application/json"},
                    body,
                    3,
                )
                force = st == 401
                if st == 200:
                    j = json.loads(rb)
                    if PUBLISH:
                        ok = len(j["messageIds"]) == len(xs)
                    elif j["kind"] == "bigquery#tableDataInsertAllResponse":
                        ok = True
                        bad = (
                            set()
                            if "ignore_row_errors" in BUG
                            else {e["index"] for e in j.get("insertErrors", [])}
                        )
                    if ok:
                        break
            except TROUBLE:
                pass
            await asyncio.sleep(back)
            back = min(1, back * 2)
        for i, (_, fut) in enumerate(xs):
            if not fut.done():
                fut.set_result(ok and i not in bad)


async def main():
    st = Stage()
    srv = Server(st.handle, port=int(os.environ["PORT"]))
    await srv.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    task = asyncio.ensure_future(st.batcher())
    try:
        await asyncio.wait_for(stop.wait(), 300)
    except asyncio.TimeoutError:
        pass
    srv.srv.close()
    end = time.time() + 8
    while time.time() < end and st.queue:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    task.cancel()


asyncio.run(main())
