# SPDX-License-Identifier: MIT
"""Clients that hold doors open, ask for more than they send, or send in odd pieces."""

import collections
import json
import random
import re
import resource
import socket
import struct
import threading
import time

from . import tokens
from .program import EVENT, PIXEL, Program, expect, free_port, log_entry, post_request, push_body, receive, statuses
from .stand_in import StandIn, published, pubsub

KEY = "0123456789abcdef0123"
# Content-Length of bodies that never come: as many large ones as are held at most, then smaller ones.
STALLED = [16_000_000] * 33 + [n for size in (1_000_000, 100_000, 10_000, 1000, 100, 12) for n in [size] * 12]


def in_little_memory():
    """What the service file of pixel-ingest allows: an allocation beyond it fails."""
    resource.setrlimit(resource.RLIMIT_DATA, (128 << 20, 128 << 20))


def pipelining(kit):
    """Forty connections with 120 requests each, whole or in pieces of one byte to 4,000: every answer, in order."""
    cloud = pubsub()
    ingest = Program(kit, "pixel-ingest", cloud.port)
    chance = random.Random(7)
    for turn in range(40):
        wanted = [_request(chance) for _ in range(120)]
        data = b"".join(request for request, _ in wanted)
        answer = _in_pieces(ingest, data, turn % 4, chance)
        heads = [request.lstrip().startswith(b"HEAD") for request, _ in wanted]
        seen = _statuses_in_order(answer, heads)
        expect(seen == [status for _, status in wanted], f"connection {turn}: {len(seen)} answers of 120")
    expect(ingest.alive, "pixel-ingest has ended")
    return f"4,800 answers in order, at most {ingest.memory()} MB"


def _request(chance):
    event = json.dumps({"type": "t", "x": "y" * chance.randrange(3000)}).encode()
    kind = chance.randrange(8)
    if kind == 0:
        return PIXEL.replace(b"Connection: close\r\n", b""), 200
    if kind == 1:
        return post_request(event, "/events"), 204
    if kind == 2:
        return b"POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + _chunked(event, chance), 204
    if kind == 3:
        return b"HEAD /pixel.gif?type=h HTTP/1.1\r\nHost: a\r\n\r\n", 200
    if kind == 4:
        # A body that looks like the next request.
        return b"GET /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /", 404
    if kind == 5:
        return b"\r\nOPTIONS /events HTTP/1.1\r\nHost: a\r\nOrigin: https://x.example\r\n\r\n", 204
    if kind == 6:
        return post_request(b"not", "/events"), 400
    return b"DELETE /pixel.png HTTP/1.1\r\nHost: a\r\n\r\n", 405


def _chunked(data, chance):
    chunks = b""
    while data:
        piece, data = data[:(size := chance.randrange(1, 500))], data[size:]
        chunks += b"%x%s\r\n%s\r\n" % (len(piece), chance.choice([b"", b";a=b", b';x="q;q"', b";" + b"z" * 100]), piece)
    return chunks + b"0\r\n" + chance.choice([b"", b"X-T: 1\r\n", b"A: b\r\nC:\td\r\n"]) + b"\r\n"


def _in_pieces(program, data, way, chance):
    received = []
    with program.connect(20) as connection:
        reader = threading.Thread(target=lambda: received.append(receive(connection, 30)))
        reader.start()
        while data:
            size = (len(data), chance.randrange(1, 4000), chance.randrange(1, 60), chance.choice([1, 2, 3, 1000]))[way]
            connection.sendall(data[:size])
            data = data[size:]
        connection.shutdown(socket.SHUT_WR)
        reader.join()
    return received[0]


def _statuses_in_order(answer, heads):
    found, position = [], 0
    for is_head in heads:
        end = answer.find(b"\r\n\r\n", position)
        if end < 0:
            break
        head = answer[position:end]
        status = int(head.split(b" ")[1])
        length = re.search(rb"(?i)content-length: (\d+)", head)
        position = end + 4 + (int(length.group(1)) if length and not is_head and status != 204 else 0)
        found.append(status)
    return found if position == len(answer) else found + ["and bytes behind the last answer"]


def stalled_bodies(kit):
    """105 posts whose bodies never come: the pixel is answered meanwhile, an honest post within 40 seconds."""
    cloud = pubsub()
    ingest = Program(kit, "pixel-ingest", cloud.port, WRITE_KEYS=KEY)
    held = _stall(ingest, "/events", "")

    def honest():
        expect(ingest.pixel() == [200], "the pixel was not answered")
        return ingest.post(EVENT, "/events", tokens.bearer(KEY))

    seconds = _until(honest, [204], 40)
    return f"an honest post came through after {seconds:.1f} s beside {len(held)} stalled ones"


def stalled_pushes(kit):
    """105 pushes with a token of an unknown key whose bodies never come: an honest push is taken within 40 seconds."""
    kit.need(tokens.faketime(), "libfaketime")
    cloud, keys = pubsub(), tokens.keys()
    parse = tokens.verifying(kit, "log-parse", cloud.port, keys.port)
    good = tokens.bearer(tokens.GOOD)
    expect(parse.post(push_body(log_entry("before")), headers=good) == [204], "an honest push was not taken before")
    held = _stall(parse, "/", tokens.bearer(tokens.UNKNOWN_KEY))
    seconds = _until(lambda: parse.post(push_body(log_entry("honest")), headers=good), [204], 40)
    expect(len(keys.requests) <= 3, f"the keys were fetched {len(keys.requests)} times")
    return f"an honest push came through after {seconds:.1f} s beside {len(held)} stalled ones"


def _stall(program, path, headers):
    held = []
    for size in STALLED:
        connection = program.connect()
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {size}\r\n\r\n".encode())
        held.append(connection)
    return held


def _until(attempt, wanted, within):
    began = time.monotonic()
    while True:
        seen = attempt()
        took = time.monotonic() - began
        if seen == wanted:
            return took
        expect(took < within, f"after {took:.0f} s the answer was still {seen}")
        time.sleep(1)


def amplified_bodies(kit):
    """Lists of 500 events with a user agent of 30 KB, which each event repeats, while Pub/Sub is slow: no more than 128 MB."""
    cloud = pubsub(delay=1)
    ingest = Program(kit, "pixel-ingest", cloud.port, prepare=in_little_memory)
    request = post_request(b"\n".join([EVENT] * 500), "/events", f"User-Agent: {'U' * 30000}\r\n", close=True)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append((statuses(ingest.send(request, 25)) or [0])[0]))
        for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(ingest.alive, f"pixel-ingest has ended: {ingest.log()[-300:]}")
    _until(lambda: ingest.pixel(10), [200], 30)
    counts = collections.Counter(answers)
    expect(set(counts) <= {200, 204, 413, 429, 503}, f"answers: {dict(counts)}")
    return f"answers {dict(sorted(counts.items()))}, at most {ingest.memory()} MB"


def reset_connections(kit):
    """For eight seconds hits of 30 KB whose senders reset the connection at once, while Pub/Sub is slow: no more than 128 MB."""
    cloud = pubsub(delay=1)
    ingest = Program(kit, "pixel-ingest", cloud.port, prepare=in_little_memory)
    hit = b"GET /pixel.png?type=a&x=%s HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n\r\n" % (b"y" * 24000, b"u" * 6000)
    sent, end = 0, time.monotonic() + 8
    while time.monotonic() < end and ingest.alive:
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                connection.connect(("127.0.0.1", ingest.port))
                connection.sendall(hit)
                sent += 1
            except OSError:
                pass
        time.sleep(0.0003 if sent % 3 == 0 else 0)
    expect(ingest.alive, "pixel-ingest has ended")
    expect(ingest.answers("/health", 5), "pixel-ingest does not answer any more")
    return f"{sent} hits, at most {ingest.memory()} MB"


def crowd(kit):
    """18,000 connections to a program that may have 1,024 descriptors: it does not spin, and serves again at once."""
    cloud = pubsub()
    ingest = Program(
        kit, "pixel-ingest", cloud.port,
        prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _ in range(min(18_000, hard - 500)):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", ingest.port))
        held.append(connection)
    time.sleep(1)
    before = ingest.processor_time()
    time.sleep(5)
    used = ingest.processor_time() - before
    for connection in held:
        connection.close()
    expect(ingest.alive, "pixel-ingest has ended")
    seconds = _until(lambda: ingest.pixel(1), [200], 70)
    expect(used < 2.5, f"{used:.1f} s of CPU in 5 s while nothing could be accepted")
    return f"{len(held)} connections, {used:.2f} s of CPU in 5 s, served again after {seconds:.1f} s"


def pipelined_pushes(kit):
    """Pushes pipelined while the signing keys are fetched: each is answered, by log-parse and by bq-loader."""
    kit.need(tokens.faketime(), "libfaketime")
    keys, good, port = tokens.keys(delay=1.5), tokens.bearer(tokens.GOOD), free_port()
    cloud = StandIn(_cloud_for_loader, port)
    elsewhere = log_entry("other", "https://t.example.com/other")
    for name, data in (("log-parse", elsewhere), ("bq-loader", b"not json"), ("log-parse", log_entry("row"))):
        program = tokens.verifying(kit, name, cloud.port, keys.port, ready=False)
        expect(program.answers("/health", 20), f"{name} does not answer")
        requests = b"".join(post_request(push_body(data, str(n)), headers=good) for n in range(4))
        seen = statuses(program.send(requests, 8))
        expect(program.alive, f"{name} has ended: {program.log()[-400:]}")
        expect(len(seen) == 4 and set(seen) <= {204, 503}, f"{name} answered {seen}")
        program.stop()
    return "4 answers each"


def _cloud_for_loader(request):
    if "computeMetadata" in request.path:
        return 200, {"Metadata-Flavor": "Google"}, b'{"access_token":"t","expires_in":3600}'
    if ":publish" in request.path:
        return published(request)
    return 200, {}, b'{"tables":[]}' if "/tables?" in request.path else b'{"schema":{"fields":[]}}'
