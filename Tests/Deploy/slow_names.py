# SPDX-License-Identifier: MIT
"""Runs a static function with a name server that takes 12 seconds, and says whether it stays responsive.

    unshare --net --mount python3 Tests/Deploy/slow_names.py ROOT NAME

ROOT is an unpacked image with /function, NAME the function in it. The network namespace has nothing but this
loopback interface, so that the name server can have port 53. Prints one line; another exit code than 0 is a failure.
"""

import base64
import fcntl
import http.server
import json
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

SLOW = 12
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
PORT, CLOUD = 8080, 8081
SETTINGS = {
    "HOST": "127.0.0.1", "PORT": str(PORT), "LOG_FORMAT": "json", "PUSH_AUTH": "none", "DRAIN_TIMEOUT": "1s",
    "GCE_METADATA_HOST": f"metadata.slow.example:{CLOUD}", "PUBSUB_EMULATOR_HOST": f"pubsub.slow.example:{CLOUD}",
    "BIGQUERY_EMULATOR_HOST": f"bigquery.slow.example:{CLOUD}", "BIGQUERY_DATASET": "d",
}
ENTRY = {
    "insertId": "i", "timestamp": "2026-01-02T03:04:05Z", "resource": {"type": "http_load_balancer"},
    "httpRequest": {"requestMethod": "GET", "requestUrl": "https://t.example.com/pixel.png?type=a", "status": 200},
}
ROW = {"event_id": "e1", "event_time": "2026-01-02T03:04:05Z"}


def loopback_up():
    """What `ip link set lo up` does, without iproute2."""
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


class NameServer(threading.Thread):
    """Answers each question for an IPv4 address with 127.0.0.1, after `wait` seconds; has none for others."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wait, self.asked = SLOW, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    def run(self):
        while True:
            question, sender = self.socket.recvfrom(512)
            self.asked += 1
            threading.Timer(self.wait, self.answer, (question, sender)).start()

    def answer(self, question, sender):
        end = question.index(b"\0", 12) + 5
        is_address = question[end - 4:end - 2] == b"\0\1"
        head = question[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, is_address, 0, 0)
        record = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 1, 4) + bytes((127, 0, 0, 1)) if is_address else b""
        self.socket.sendto(head + question[12:end] + record, sender)


class Cloud(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"p" if self.path.endswith("project-id") else b"{}")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b'{"messageIds":["1"]}' if self.path.endswith(":publish") else b'{"kind":"x"}')

    def answer(self, body):
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(text, within):
    """The status of the answer to one request, and how long it took; 0 for no answer in time."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", PORT), timeout=within) as client:
            client.sendall(text)
            return int(client.recv(4096).split()[1]), time.monotonic() - began
    except (OSError, IndexError):
        return 0, time.monotonic() - began


HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def work(name):
    if name == "pixel-ingest":
        path, body = "/events", b'{"type":"a"}'
    else:
        data = base64.b64encode(json.dumps(ENTRY if name == "log-parse" else ROW).encode()).decode()
        path, body = "/", json.dumps({"message": {"data": data, "messageId": "1"}}).encode()
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def start(root, name):
    settings = {**SETTINGS, "CONTRACT": "/contracts/pixel.json"} if name == "log-parse" else SETTINGS
    program = subprocess.Popen(
        [CHROOT, root, "/function"], env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while ask(HEALTH, 1)[0] != 200:
        if program.poll() is not None:
            sys.exit(f"the function ended with {program.returncode}")
        time.sleep(0.02)
    return program


def main():
    root, name = sys.argv[1], sys.argv[2]
    loopback_up()
    # Swift looks there for its own path. The namespace takes the mount along when it ends.
    subprocess.run(["mount", "--rbind", "/proc", f"{root}/proc"], check=True)
    resolver = pathlib.Path(root, "etc/resolv.conf")
    resolver.parent.mkdir(exist_ok=True)
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:20 attempts:1\n")
    try:
        print(look(root, name))
    finally:
        resolver.unlink()


def look(root, name):
    names = NameServer()
    names.start()
    cloud = http.server.ThreadingHTTPServer(("127.0.0.1", CLOUD), Cloud)
    threading.Thread(target=cloud.serve_forever, daemon=True).start()

    # 1. Health, while names are slow and requests wait for them.
    program = start(root, name)
    threading.Thread(target=ask, args=(work(name), 60), daemon=True).start()
    slowest, end = 0.0, time.monotonic() + SLOW + 2
    while time.monotonic() < end:
        status, took = ask(HEALTH, 10)
        slowest = max(slowest, took if status == 200 else 10)
        time.sleep(0.05)
    if slowest > 1:
        sys.exit(f"health took {slowest:.1f} s while the name server was slow")
    if names.asked == 0:
        sys.exit("the name server was never asked")

    # 2. Recovery, once the name server is well again.
    names.wait = 0
    began = time.monotonic()
    while ask(work(name), 45)[0] not in (200, 204):
        if time.monotonic() - began > 30:
            sys.exit("no request succeeds after the name server is well again")
        time.sleep(0.2)
    recovered = time.monotonic() - began
    program.send_signal(signal.SIGTERM)
    program.wait(20)

    # 3. The end, in the middle of it.
    names.wait = SLOW
    program = start(root, name)
    threading.Thread(target=ask, args=(work(name), 60), daemon=True).start()
    time.sleep(3)
    began = time.monotonic()
    program.send_signal(signal.SIGTERM)
    program.wait(30)
    gone = time.monotonic() - began
    if gone > 5 or program.returncode != 0:
        sys.exit(f"gone {gone:.1f} s after SIGTERM with {program.returncode}")
    return f"health within {slowest * 1000:.0f} ms, served again after {recovered:.1f} s, gone after {gone:.1f} s"


main()
