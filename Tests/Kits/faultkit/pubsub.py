#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Push broker stand-in for Cloud Pub/Sub: topics.publish (REST) and push subscriptions with
at-least-once behaviour, a ledger of every step, and forged pushes. Loopback only; ends by itself."""

import asyncio
import base64
import heapq
import itertools
import json
import random
import re
import sys
import time
import urllib.parse
import urllib.request

from faults import load_rules, respond_with_fault, supervise_down_windows
from http11 import BadRequest, Client, Response, Server
from ledger import Ledger
from process import announce, base_args, fk_admin, run_until_stopped
from push_tokens import FORGERIES
from tokens import check_access_token


def b64e(b):
    return base64.b64encode(b).decode()


ACK_CODES = (102, 200, 201, 202, 204)


DEFAULTS = {
    "ack_deadline_s": 10.0,
    "min_backoff_s": 0.1,
    "max_backoff_s": 2.0,
    "max_outstanding": 100,
    "slow_start": False,
    "dup_rate": 0.0,
    "dup_mode": "mixed",
    "dup_delay_s": 1.0,
    "reorder_s": 0.0,
    "dead_letter_topic": None,
    "max_delivery_attempts": 0,
    "auth": None,
    "unwrapped": False,
    "paused": False,
}


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % int(t % 1 * 1000)


class Sub:
    def __init__(self, broker, spec):
        unknown = set(spec) - set(DEFAULTS) - {"name", "topic", "push_endpoint"}
        if unknown:
            raise SystemExit("unknown subscription settings: %s" % ", ".join(sorted(unknown)))
        self.b = broker
        self.o = dict(DEFAULTS, **spec)
        self.name, self.topic = spec["name"], spec["topic"]
        self.client = Client(spec["push_endpoint"])
        self.heap, self.tick = [], itertools.count()
        self.outstanding = 0
        self.max_outstanding_seen = 0
        self.window = 1 if self.o["slow_start"] else self.o["max_outstanding"]
        self.wake = asyncio.Event()
        self.pending = {}  # messageId -> attempts so far
        self.n = {
            "acked": 0,
            "nacked": 0,
            "timeouts": 0,
            "conn_errors": 0,
            "dead_lettered": 0,
            "duplicates_sent": 0,
            "deliveries": 0,
        }
        self.status = {}
        self.auth_cache = (None, 0)
        self.auth_lock = asyncio.Lock()  # one token request at a time, however many pushes wait for it
        self.rng = random.Random("%s|%s" % (broker.args.seed, self.name))

    def add(self, msg):
        self.pending[msg["id"]] = 0
        due = time.monotonic() + (self.rng.uniform(0, self.o["reorder_s"]) if self.o["reorder_s"] else 0)
        heapq.heappush(self.heap, (due, next(self.tick), msg, False))
        self.wake.set()

    async def run(self):
        while True:
            self.wake.clear()
            now = time.monotonic()
            while (
                self.heap
                and self.heap[0][0] <= now
                and self.outstanding < self.window
                and not self.o["paused"]
            ):
                _, _, msg, dup = heapq.heappop(self.heap)
                self.outstanding += 1
                self.max_outstanding_seen = max(self.max_outstanding_seen, self.outstanding)
                self.b.spawn(self.deliver(msg, dup))
            wait = 0.5
            if self.heap and self.outstanding < self.window:
                wait = max(0.001, min(0.5, self.heap[0][0] - time.monotonic()))
            try:
                await asyncio.wait_for(self.wake.wait(), wait)
            except asyncio.TimeoutError:
                pass

    async def auth_header(self):
        a = self.o["auth"]
        if not a:
            return {}
        async with self.auth_lock:
            await self.refresh_auth(a)
        return {"Authorization": self.auth_cache[0]} if self.auth_cache[0] else {}

    async def refresh_auth(self, a):
        if self.auth_cache[1] < time.time():
            q = urllib.parse.urlencode(
                {
                    "mode": a.get("mode", "valid"),
                    "aud": a["audience"],
                    **({"email": a["email"]} if "email" in a else {}),
                }
            )
            c = Client(a["minter"])
            _, _, body = await c.request("GET", "/_fk/mint?" + q, {}, b"", 5)
            c.close()
            self.auth_cache = (json.loads(body)["authorization"], time.time() + a.get("cache_s", 1800))

    def body(self, msg, attempt):
        if self.o["unwrapped"]:
            return base64.b64decode(msg["data"])
        m = {
            "data": msg["data"],
            "messageId": msg["id"],
            "message_id": msg["id"],
            "publishTime": msg["publishTime"],
            "publish_time": msg["publishTime"],
        }
        if msg["attributes"]:
            m["attributes"] = msg["attributes"]
        if msg.get("orderingKey"):
            m["orderingKey"] = msg["orderingKey"]
        out = {
            "message": m,
            "subscription": "projects/%s/subscriptions/%s" % (self.b.args.project, self.name),
        }
        if self.o["dead_letter_topic"]:
            out["deliveryAttempt"] = attempt
        return json.dumps(out).encode()

    async def post(self, body, headers, timeout):
        """-> (outcome, status)"""
        h = {
            "Content-Type": "application/json",
            "User-Agent": "CloudPubSub-Google",
            "Accept": "application/json",
            "From": "noreply@google.com",
        }
        h.update(headers)
        try:
            st, _, _ = await self.client.request("POST", self.client.path, h, body, timeout)
            return ("ack" if st in ACK_CODES else "nack"), st
        except asyncio.TimeoutError:
            return "timeout", None
        except (ConnectionError, OSError, BadRequest, asyncio.LimitOverrunError):
            return "conn_error", None

    async def deliver(self, msg, dup):
        try:
            mid = msg["id"]
            if not dup and mid not in self.pending:
                return
            attempt = 0
            if not dup:
                self.pending[mid] += 1
                attempt = self.pending[mid]
            self.n["deliveries"] += 1
            t = time.time()
            try:
                outcome, st = await self.post(
                    self.body(msg, max(1, attempt)), await self.auth_header(), self.o["ack_deadline_s"]
                )
            except asyncio.CancelledError:
                raise
            except Exception as e:  # the kit's own trouble must neither lose a message nor pass unseen
                sys.stderr.write("faultkit: delivery of %s failed inside the kit: %r\n" % (mid, e))
                self.b.ledger.write("kit_error", sub=self.name, id=mid, error=repr(e))
                outcome, st = "conn_error", None
            ms = round((time.time() - t) * 1000, 2)
            self.status[str(st or outcome)] = self.status.get(str(st or outcome), 0) + 1
            self.b.ledger.write(
                "delivery",
                sub=self.name,
                id=mid,
                attempt=attempt,
                dup=dup,
                outcome=outcome,
                status=st,
                sent=round(t, 6),
                ms=ms,
            )
            if outcome == "ack":
                if self.o["slow_start"]:
                    self.window = min(self.o["max_outstanding"], self.window + 1)
                if dup:
                    return
                if self.pending.pop(mid, None) is not None:
                    self.n["acked"] += 1
                    self.b.ledger.write(
                        "acked",
                        sub=self.name,
                        id=mid,
                        attempts=attempt,
                        age_ms=round((time.time() - msg["t"]) * 1000, 2),
                    )
                    if (
                        self.o["dup_rate"]
                        and self.o["dup_mode"] in ("mixed", "after_ack")
                        and self.rng.random()
                        < self.o["dup_rate"] * (0.5 if self.o["dup_mode"] == "mixed" else 1)
                    ):
                        self.again(msg, self.rng.uniform(0, self.o["dup_delay_s"]))
                return
            if dup:
                return
            self.n[{"nack": "nacked", "timeout": "timeouts", "conn_error": "conn_errors"}[outcome]] += 1
            if self.o["slow_start"]:
                self.window = max(1, self.window // 2)
            k = self.o["max_delivery_attempts"]
            if self.o["dead_letter_topic"] and k and attempt >= k:
                self.pending.pop(mid, None)
                self.n["dead_lettered"] += 1
                self.b.ledger.write("dead_lettered", sub=self.name, id=mid, attempts=attempt)
                at = dict(
                    msg["attributes"],
                    CloudPubSubDeadLetterSourceDeliveryCount=str(attempt),
                    CloudPubSubDeadLetterSourceSubscription=self.name,
                    CloudPubSubDeadLetterSourceTopicPublishTime=msg["publishTime"],
                )
                self.b.publish(
                    self.o["dead_letter_topic"], msg["data"], at, None, via="dead_letter", source=mid
                )
                return
            back = min(self.o["max_backoff_s"], self.o["min_backoff_s"] * 2 ** min(attempt - 1, 30))
            heapq.heappush(
                self.heap, (time.monotonic() + back * self.rng.uniform(0.9, 1.1), next(self.tick), msg, False)
            )
        finally:
            self.outstanding -= 1
            self.wake.set()

    def again(self, msg, delay):
        self.n["duplicates_sent"] += 1
        heapq.heappush(self.heap, (time.monotonic() + delay, next(self.tick), msg, True))
        self.wake.set()

    def maybe_concurrent_dup(self, msg):
        if (
            self.o["dup_rate"]
            and self.o["dup_mode"] in ("mixed", "concurrent")
            and self.rng.random() < self.o["dup_rate"] * (0.5 if self.o["dup_mode"] == "mixed" else 1)
        ):
            self.again(msg, 0)


class Broker:
    def __init__(self, args, cfg):
        self.args, self.cfg = args, cfg
        self.rules = load_rules(args.faults)
        self.ledger = Ledger(args.ledger)
        self.stop = asyncio.Event()
        self.tasks = set()
        self.next_id = itertools.count(int(time.time() * 1000) * 1000)
        self.topics = set(cfg.get("topics", []))
        self.subs = [Sub(self, s) for s in cfg.get("subscriptions", [])]
        self.topics |= {s.topic for s in self.subs} | {
            s.o["dead_letter_topic"] for s in self.subs if s.o["dead_letter_topic"]
        }
        self.published = {t: 0 for t in self.topics}
        self.generated = 0
        self.feeding = False
        self.probed = False
        self.forging = bool(args.forge and args.template)
        self.forged = {}

    def spawn(self, coro):
        t = asyncio.ensure_future(coro)
        self.tasks.add(t)

        def done(x):
            self.tasks.discard(x)
            if not x.cancelled() and x.exception():
                sys.stderr.write("faultkit: delivery task failed: %r\n" % x.exception())

        t.add_done_callback(done)

    def publish(self, topic, data_b64, attributes, ordering, via, source=None):
        mid = str(next(self.next_id))
        now = time.time()
        msg = {
            "id": mid,
            "data": data_b64,
            "attributes": dict(attributes or {}),
            "orderingKey": ordering,
            "publishTime": iso(now),
            "t": now,
        }
        self.published[topic] = self.published.get(topic, 0) + 1
        self.ledger.write(
            "published",
            topic=topic,
            id=mid,
            via=via,
            source=source,
            attributes=msg["attributes"],
            data=data_b64,
        )
        for s in self.subs:
            if s.topic == topic:
                s.add(msg)
                s.maybe_concurrent_dup(msg)
        return mid

    def state(self):
        return {
            "published": self.published,
            "generated": self.generated,
            "feeding": self.feeding,
            "forged": self.forged,
            "rules": self.rules.report(),
            "subs": {
                s.name: {
                    **s.n,
                    "pending": len(s.pending),
                    "outstanding": s.outstanding,
                    "max_outstanding": s.max_outstanding_seen,
                    "window": s.window,
                    "status": s.status,
                }
                for s in self.subs
            },
        }

    def settled(self):
        return (
            not self.feeding
            and not self.forging
            and all(not s.pending and not s.heap and not s.outstanding for s in self.subs)
        )

    # ---------------------------------------------------------------- REST
    async def on_head(self, req):
        _, term = self.rules.pick("publish", req.path, req.method, early=True)
        if not term or not req.path.endswith(":publish"):
            return False
        try:
            await asyncio.wait_for(req.conn.reader.read(term[1].get("after_bytes", 100)), 5)
        except (asyncio.TimeoutError, ConnectionError):
            pass
        req.conn.reset()
        return True

    async def handle(self, req):
        a = fk_admin(req, self.rules, self.state, self.stop)
        if a:
            return a
        if req.path == "/_fk/publish" and req.method == "POST":
            rec = req.json()
            data, at = self.encode(rec)
            return Response(
                200,
                {
                    "id": self.publish(
                        rec.get("topic", self.args.topic), data, at, rec.get("orderingKey"), via="feed"
                    )
                },
            )
        if req.path == "/_fk/sub" and req.method == "POST":
            for s in self.subs:
                if s.name == req.q("name"):
                    s.o.update({k: v for k, v in req.json().items() if k in DEFAULTS})
                    s.wake.set()
                    return Response(200, {k: s.o[k] for k in DEFAULTS})
            return Response(404, {"error": "no such subscription"})
        m = re.match(r"^/v1/projects/([^/]+)/topics/([^/:]+):publish$", urllib.parse.unquote(req.path))
        if not m or req.method != "POST":
            return self.err(404, "NOT_FOUND", "unknown method %s %s" % (req.method, req.path))
        topic = m.group(2)
        lat, term = self.rules.pick("publish", topic, req.method)
        for _, f in lat:
            await asyncio.sleep((f.get("ms", 0) + random.uniform(0, f.get("jitter_ms", 0))) / 1000.0)
        if self.args.token_secret:
            why = check_access_token(self.args.token_secret, req.headers.get("authorization"))
            if why:
                self.ledger.write("publish_refused", topic=topic, why=why)
                return self.err(
                    401, "UNAUTHENTICATED", "Request had invalid authentication credentials (%s)." % why
                )
        if term and not term[1].get("commit", term[1]["kind"] in ("reset_after",)):
            self.ledger.write("publish_fault", topic=topic, fault=term[0], committed=False)
            self.ledger.flush()
            if term[1]["kind"] == "status":
                return self.err(term[1]["code"], term[1].get("reason", "UNAVAILABLE"), "faultkit: scripted")
            return await respond_with_fault(req, Response(200, {}), *term)
        r = self.do_publish(req, topic)
        self.ledger.flush()
        if term:
            self.ledger.write("publish_fault", topic=topic, fault=term[0], committed=r.status == 200)
            if term[1]["kind"] == "status":
                return self.err(
                    term[1]["code"],
                    term[1].get("reason", "UNAVAILABLE"),
                    "faultkit: scripted, after the publish took effect",
                )
            return await respond_with_fault(req, r, *term)
        return r

    @staticmethod
    def err(code, status, message):
        return Response(code, {"error": {"code": code, "message": message, "status": status}})

    def do_publish(self, req, topic):
        if topic not in self.topics:
            return self.err(404, "NOT_FOUND", "Resource not found (resource=%s)." % topic)
        if len(req.body) > 10_000_000:
            return self.err(400, "INVALID_ARGUMENT", "The request is too large.")
        try:
            msgs = req.json()["messages"]
            assert isinstance(msgs, list) and msgs
        except (ValueError, KeyError, TypeError, AssertionError):
            return self.err(400, "INVALID_ARGUMENT", "messages is missing or not a list")
        if len(msgs) > 1000:
            return self.err(
                400, "INVALID_ARGUMENT", "The value for message_count is too large. Maximum: 1000"
            )
        parsed = []
        for x in msgs:
            d, at = x.get("data", ""), x.get("attributes") or {}
            if not d and not at:
                return self.err(
                    400, "INVALID_ARGUMENT", "One or more messages in the publish request is empty."
                )
            try:
                raw = base64.b64decode(d, validate=True)
            except (ValueError, TypeError):
                return self.err(400, "INVALID_ARGUMENT", 'Base64 decoding failed for "%.40s"' % (d,))
            if len(at) > 100 or any(
                not isinstance(v, str)
                or len(k.encode()) > 256
                or len(v.encode()) > 1024
                or k.startswith("goog")
                for k, v in at.items()
            ):
                return self.err(400, "INVALID_ARGUMENT", "attribute limits exceeded")
            parsed.append((d, at, x.get("orderingKey"), len(raw)))
        ids = [self.publish(topic, d, at, o, via="rest") for d, at, o, _ in parsed]
        return Response(200, {"messageIds": ids})

    # ---------------------------------------------------------------- feeding
    def expand(self, template, seq, now):
        def sub(x):
            if isinstance(x, str):
                return (
                    x.replace("@SEQ@", str(seq))
                    .replace("@ISO@", iso(now))
                    .replace("@EPOCH@", "%.3f" % now)
                    .replace("@MOD10@", str(seq % 10 if isinstance(seq, int) else 0))
                    .replace("@MOD100@", str(seq % 100 if isinstance(seq, int) else 0))
                )
            if isinstance(x, dict):
                return {sub(k): sub(v) for k, v in x.items()}
            if isinstance(x, list):
                return [sub(v) for v in x]
            return x

        return sub(template)

    @staticmethod
    def encode(rec):
        """{"data": <any JSON value | string>, "data_base64": "...", "attributes": {...}} -> (b64, attributes)"""
        if "data_base64" in rec:
            return rec["data_base64"], rec.get("attributes")
        d = rec.get("data", "")
        return b64e(
            d.encode()
            if isinstance(d, str)
            else json.dumps(d, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        ), rec.get("attributes")

    def source(self):
        if self.args.messages:
            with open(self.args.messages, encoding="utf-8") as f:
                for line in f:
                    if line.strip():
                        yield json.loads(line)
        if self.args.template:
            with open(self.args.template, encoding="utf-8") as f:
                t = json.load(f)
            for i in range(self.args.first_seq, self.args.first_seq + self.args.count):
                yield self.expand(t, i, time.time())

    async def feed(self):
        if not (self.args.messages or self.args.template):
            return
        self.feeding = True
        await asyncio.sleep(self.args.start_delay)
        start, n = time.monotonic(), 0
        for rec in self.source():
            data, at = self.encode(rec)
            self.publish(rec.get("topic", self.args.topic), data, at, rec.get("orderingKey"), via="feed")
            n += 1
            self.generated = n
            if self.args.rate > 0:
                ahead = n / self.args.rate - (time.monotonic() - start)
                if ahead > 0.002:
                    await asyncio.sleep(ahead)
            elif n % 200 == 0:
                await asyncio.sleep(0)
        self.feeding = False
        self.ledger.write("fed", n=n)

    async def forge(self):
        """Pushes with bad credentials and well-formed bodies. Nothing with FORGED in its key may ever reach the sink."""
        if self.forging:
            try:
                await self.forge_all()
            finally:
                self.forging = False

    async def forge_all(self):
        with open(self.args.template, encoding="utf-8") as f:
            t = json.load(f)
        s = next((x for x in self.subs if x.name == self.args.forge_sub), self.subs[0])
        a = s.o["auth"]
        if not a:
            sys.stderr.write("faultkit: --forge needs a subscription with auth\n")
            return
        await asyncio.sleep(self.args.start_delay + 0.3)
        minter = Client(a["minter"])
        for i in range(self.args.forge):
            mode = FORGERIES[i % len(FORGERIES)]
            q = urllib.parse.urlencode(
                {"mode": mode, "aud": a["audience"], **({"email": a["email"]} if "email" in a else {})}
            )
            _, _, mb = await minter.request("GET", "/_fk/mint?" + q, {}, b"", 5)
            hdr = json.loads(mb)["authorization"]
            data, at = self.encode(self.expand(t, "FORGED-%s-%d" % (mode, i), time.time()))
            msg = {
                "id": "FORGED-%d" % i,
                "data": data,
                "attributes": dict(at or {}),
                "publishTime": iso(time.time()),
                "t": time.time(),
            }
            outcome, st = await s.post(
                s.body(msg, 1), {"Authorization": hdr} if hdr else {}, s.o["ack_deadline_s"]
            )
            d = self.forged.setdefault(mode, {})
            d[str(st or outcome)] = d.get(str(st or outcome), 0) + 1
            self.ledger.write("forged", mode=mode, status=st, outcome=outcome, id=msg["id"])
            await asyncio.sleep(self.args.forge_gap)
        minter.close()

    async def watch(self):
        calm = 0
        while True:
            await asyncio.sleep(0.2)
            self.ledger.flush()
            if self.args.stay:
                continue
            calm = (
                calm + 1
                if self.settled() and (self.generated or not (self.args.messages or self.args.template))
                else 0
            )
            if calm >= max(2, int(self.args.settle_s / 0.2)):
                if self.args.probe and not self.probed and self.args.template:
                    # liveness after the faults: one fresh message must still get through
                    self.probed = True
                    calm = 0
                    with open(self.args.template, encoding="utf-8") as f:
                        data, at = self.encode(
                            self.expand(json.load(f), self.args.first_seq + self.args.count, time.time())
                        )
                    self.ledger.write("probe", id=self.publish(self.args.topic, data, at, None, via="feed"))
                    continue
                self.ledger.write("settled")
                self.stop.set()
                return


async def main():
    p = base_args(__doc__)
    p.add_argument(
        "--config",
        required=True,
        help='JSON: {"topics":[...],"subscriptions":[{"name","topic","push_endpoint",...}]}',
    )
    p.add_argument("--project", default="fk-project")
    p.add_argument(
        "--messages", help="JSONL to publish: {topic?, data | data_base64, attributes?, orderingKey?}"
    )
    p.add_argument(
        "--template", help="JSON message template; @SEQ@ @ISO@ @EPOCH@ @MOD10@ @MOD100@ are filled in"
    )
    p.add_argument("--count", type=int, default=1000, help="messages made from the template")
    p.add_argument("--first-seq", type=int, default=0)
    p.add_argument("--rate", type=float, default=0.0, help="messages per second; 0 is as fast as possible")
    p.add_argument("--topic", default="input", help="topic for messages that name none")
    p.add_argument("--start-delay", type=float, default=0.0)
    p.add_argument("--forge", type=int, default=0, help="number of forged pushes")
    p.add_argument("--forge-gap", type=float, default=0.05)
    p.add_argument("--forge-sub", default="")
    p.add_argument(
        "--token-secret", default=None, help="when set, publish needs an access token of metadata.py"
    )
    p.add_argument(
        "--settle-s", type=float, default=1.5, help="end after this much calm with nothing pending"
    )
    p.add_argument(
        "--probe",
        action="store_true",
        help="when all is settled, publish one more message and settle again (liveness)",
    )
    p.add_argument("--stay", action="store_true", help="do not end when settled")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    with open(args.config, encoding="utf-8") as f:
        cfg = json.load(f)
    b = Broker(args, cfg)
    srv = Server(b.handle, b.on_head, port=args.port)
    await srv.start()
    announce(args, srv.port, role="pubsub")
    b.ledger.write("start", role="pubsub", subs=[s.o | {"auth": bool(s.o["auth"])} for s in b.subs])
    await run_until_stopped(
        b.stop,
        args,
        [
            supervise_down_windows(srv, b.rules, lambda s: b.ledger.write("listen", state=s)),
            b.feed(),
            b.forge(),
            b.watch(),
        ]
        + [s.run() for s in b.subs],
    )
    ok = b.settled()
    for t in list(b.tasks):
        t.cancel()
    for s in b.subs:
        for mid in s.pending:
            b.ledger.write("unsettled", sub=s.name, id=mid, attempts=s.pending[mid])
    b.ledger.write("end", state=b.state(), settled=ok)
    b.ledger.close()
    await srv.stop_listening()
    print(json.dumps({"role": "pubsub", "settled": ok, **b.state()}), flush=True)
    sys.exit(0 if ok else 3)


if __name__ == "__main__":
    asyncio.run(main())
