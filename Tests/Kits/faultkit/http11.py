# SPDX-License-Identifier: MIT
"""HTTP/1.1 on loopback: a server whose handler may cut, trickle or reset, and a pooled client."""

import asyncio
import gzip
import json
import socket
import struct
import sys
import time
import traceback
import urllib.parse
import urllib.request
import zlib

MAX_HEAD = 128 * 1024


MAX_BODY = 64 * 1024 * 1024


LOOPBACK = ("127.0.0.1", "::1", "localhost")


REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class BadRequest(Exception):
    pass


class Conn:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.gone = False

    def reset(self):
        """RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.writer.transport.abort()
        self.gone = True

    def close(self):
        self.writer.close()
        self.gone = True

    async def send(self, data):
        self.writer.write(data)
        try:
            await self.writer.drain()
        except (ConnectionError, OSError):
            self.gone = True


class Request:
    __slots__ = ("method", "target", "path", "query", "headers", "body", "conn", "t0", "version")

    def q(self, name, default=None):
        v = self.query.get(name)
        return v[0] if v else default

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Response:
    def __init__(
        self, status=200, obj=None, body=None, headers=None, ctype="application/json; charset=UTF-8"
    ):
        self.status, self.headers = status, dict(headers or {})
        self.body = body if body is not None else (b"" if obj is None else json.dumps(obj).encode())
        if self.body or status not in (204, 304):
            self.headers.setdefault("Content-Type", ctype)

    def encode(self, close=False, head_only=False):
        h = ["HTTP/1.1 %d %s" % (self.status, REASONS.get(self.status, "Status"))]
        for k, v in self.headers.items():
            h.append("%s: %s" % (k, v))
        h.append("Content-Length: %d" % len(self.body))
        if close:
            h.append("Connection: close")
        head = ("\r\n".join(h) + "\r\n\r\n").encode("latin-1")
        return head if head_only else head + self.body


async def read_head(reader):
    data = await reader.readuntil(b"\r\n\r\n")
    if len(data) > MAX_HEAD:
        raise BadRequest("head too long")
    lines = data[:-4].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        k, sep, v = line.partition(":")
        if not sep:
            raise BadRequest("bad header line")
        k = k.strip().lower()
        headers[k] = headers[k] + ", " + v.strip() if k in headers else v.strip()
    return lines[0], headers


async def read_body(reader, headers, limit=MAX_BODY):
    if "chunked" in headers.get("transfer-encoding", "").lower():
        out = bytearray()
        while True:
            line = (await reader.readuntil(b"\r\n"))[:-2]
            n = int(line.split(b";")[0].strip(), 16)
            if n == 0:
                while (await reader.readuntil(b"\r\n")) != b"\r\n":
                    pass
                return bytes(out)
            if len(out) + n > limit:
                raise BadRequest("body too long")
            out += await reader.readexactly(n)
            await reader.readexactly(2)
    n = int(headers.get("content-length", "0") or 0)
    if n > limit:
        raise BadRequest("body too long")
    return await reader.readexactly(n) if n else b""


class Server:
    """async handler(Request) -> Response or None (None: the handler dealt with the connection).
    async on_head(Request) -> True when it has dealt with the connection before the body was read."""

    def __init__(self, handler, on_head=None, host="127.0.0.1", port=0):
        if host not in LOOPBACK:
            raise SystemExit("the fault kit listens on loopback only")
        self.handler, self.on_head, self.host, self.port = handler, on_head, host, port
        self.srv = None
        self.open = set()
        self.refused = 0

    async def start(self):
        self.srv = await asyncio.start_server(
            self._conn, self.host, self.port, limit=MAX_HEAD, backlog=1024, reuse_address=True
        )
        self.port = self.srv.sockets[0].getsockname()[1]

    async def stop_listening(self, kill_open=True):
        if self.srv:
            self.srv.close()
            self.srv = None
        if kill_open:
            for c in list(self.open):
                c.reset()

    async def _conn(self, reader, writer):
        conn = Conn(reader, writer)
        self.open.add(conn)
        sock = writer.get_extra_info("socket")
        if sock is not None:
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                pass
        try:
            while not conn.gone:
                try:
                    start, headers = await read_head(reader)
                except (asyncio.IncompleteReadError, ConnectionError, OSError):
                    break
                except (BadRequest, asyncio.LimitOverrunError):
                    await conn.send(
                        Response(400, {"error": {"code": 400, "message": "bad request"}}).encode(close=True)
                    )
                    break
                req = Request()
                parts = start.split(" ")
                if len(parts) != 3:
                    await conn.send(
                        Response(400, {"error": {"code": 400, "message": "bad request line"}}).encode(
                            close=True
                        )
                    )
                    break
                req.method, req.target, req.version = parts
                u = urllib.parse.urlsplit(req.target)
                req.path, req.query = u.path, urllib.parse.parse_qs(u.query, keep_blank_values=True)
                req.headers, req.conn, req.t0, req.body = headers, conn, time.time(), b""
                if self.on_head and await self.on_head(req):
                    break
                if headers.get("expect", "").lower() == "100-continue":
                    await conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                try:
                    req.body = await read_body(reader, headers)
                    enc = headers.get("content-encoding", "").lower()
                    if enc == "gzip":
                        req.body = gzip.decompress(req.body)
                    elif enc == "deflate":
                        req.body = zlib.decompress(req.body)
                except (asyncio.IncompleteReadError, ConnectionError):
                    break
                except (BadRequest, ValueError, OSError, zlib.error, EOFError):
                    await conn.send(
                        Response(400, {"error": {"code": 400, "message": "bad body"}}).encode(close=True)
                    )
                    break
                try:
                    resp = await self.handler(req)
                except Exception as e:  # a bug in the stand-in must be loud, not look like a scripted fault
                    sys.stderr.write("faultkit: internal error: %r\n" % (e,))
                    traceback.print_exc()
                    resp = Response(
                        500, {"error": {"code": 500, "message": "FAULTKIT INTERNAL ERROR %r" % (e,)}}
                    )
                if resp is None:
                    if conn.gone:
                        break
                    continue
                close = headers.get("connection", "").lower() == "close" or req.version == "HTTP/1.0"
                await conn.send(resp.encode(close=close))
                if close:
                    break
        except (ConnectionError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(conn)
            if not conn.gone:
                try:
                    writer.close()
                except Exception:
                    pass


class Client:
    def __init__(self, url, max_idle=1024):
        u = urllib.parse.urlsplit(url)
        if u.scheme != "http" or u.hostname not in LOOPBACK:
            raise SystemExit("the fault kit talks to http://loopback only, not %r" % url)
        self.host, self.port = u.hostname, u.port or 80
        self.path = (u.path or "/") + ("?" + u.query if u.query else "")
        self.idle = []
        self.max_idle = max_idle

    async def _open(self):
        r, w = await asyncio.open_connection(self.host, self.port, limit=MAX_HEAD)
        s = w.get_extra_info("socket")
        if s is not None:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return r, w

    async def request(self, method, path, headers, body, timeout):
        """-> (status, headers, body). Raises ConnectionError / asyncio.TimeoutError / BadRequest."""
        return await asyncio.wait_for(self._request(method, path, headers, body), timeout)

    async def _request(self, method, path, headers, body):
        rw = None
        while self.idle:
            r, w = self.idle.pop()
            if not r.at_eof() and not w.is_closing():
                rw = (r, w)
                break
            w.close()
        if rw is None:
            rw = await self._open()
        r, w = rw
        ok = False
        try:
            h = [
                "%s %s HTTP/1.1" % (method, path),
                "Host: %s:%d" % (self.host, self.port),
                "Content-Length: %d" % len(body),
            ]
            h += ["%s: %s" % kv for kv in headers.items()]
            w.write(("\r\n".join(h) + "\r\n\r\n").encode("latin-1") + body)
            await w.drain()
            while True:
                start, rh = await read_head(r)
                status = int(start.split(" ")[1])
                if status >= 200 or status == 101:
                    break
                if status == 102:  # Pub/Sub treats 102 as an acknowledgement
                    break
            rb = b"" if status in (204, 304, 102) or method == "HEAD" else await self._rbody(r, rh)
            ok = rh.get("connection", "").lower() != "close" and not r.at_eof() and status != 102
            return status, rh, rb
        except asyncio.IncompleteReadError:
            raise ConnectionError("connection closed before the response was complete")
        except (IndexError, ValueError) as e:
            raise ConnectionError("not an HTTP response: %s" % e)
        finally:
            if ok and len(self.idle) < self.max_idle:
                self.idle.append((r, w))
            else:
                w.close()

    @staticmethod
    async def _rbody(r, rh):
        if "content-length" not in rh and "chunked" not in rh.get("transfer-encoding", "").lower():
            return await r.read(MAX_BODY)
        return await read_body(r, rh)

    def close(self):
        for _, w in self.idle:
            w.close()
        self.idle = []
