# SPDX-License-Identifier: MIT
"""Servers that answer as a driver says: a thread a connection, which may write whatever it likes."""

import json
import socket
import threading
import time

JSON = {"Content-Type": "application/json"}
INSERTED = b'{"kind":"bigquery#tableDataInsertAllResponse"}'
GOOGLE = {"Metadata-Flavor": "Google"}


class StandIn:
    """`handler(request)` gives (status, headers, body), or None to close; `request.connection` takes raw bytes."""

    def __init__(self, handler, port=0, host="127.0.0.1", tls=None):
        self.handler, self.tls, self.requests = handler, tls, []
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(256)
        self._connections = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        """Also ends the connections that there are."""
        for connection in [self._listener, *self._connections]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            # The one that can be closed: TLS takes the first one's descriptor.
            self._connections.append(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as lines:
                while request := Request.read(lines, connection):
                    self.requests.append(request)
                    answer = self.handler(request)
                    if answer is None:
                        break
                    connection.sendall(encoded(*answer))
                    if answer[1].get("Connection") == "close":
                        break
        except (OSError, ValueError):
            pass
        finally:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()


class Request:
    @classmethod
    def read(cls, lines, connection):
        start = lines.readline().decode("latin-1").split(" ")
        if len(start) != 3:
            return None
        request = cls()
        request.time, request.connection = time.monotonic(), connection
        request.method, request.path, request.headers = start[0], start[1], {}
        while (line := lines.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            request.headers[name.lower()] = value.strip()
        request.body = lines.read(int(request.headers.get("content-length", "0")))
        return request


def encoded(status, headers, body):
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body


def metadata(request):
    """The metadata server's answers, or None for another request."""
    if "computeMetadata" not in request.path:
        return None
    if "/token" in request.path:
        return 200, GOOGLE, b'{"access_token":"t0k","expires_in":3600,"token_type":"Bearer"}'
    return 200, GOOGLE, b"project"


def published(request):
    """What Pub/Sub answers to a publish."""
    count = len(json.loads(request.body)["messages"])
    return 200, JSON, json.dumps({"messageIds": [str(n) for n in range(count)]}).encode()


def pubsub(delay=0.0):
    """Metadata server and Pub/Sub in one, which takes so long for a publish."""
    def answer(request):
        if known := metadata(request):
            return known
        time.sleep(delay)
        return published(request)
    return StandIn(answer)
