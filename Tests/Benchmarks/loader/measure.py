# SPDX-License-Identifier: MIT
"""Measures bq-loader against a TLS stand-in for BigQuery. Started by scripts/bench-loader.sh."""

import argparse, base64, json, os, pathlib, socket, statistics, subprocess, tempfile, threading, time
import urllib.request

LUA = pathlib.Path(__file__).resolve().parent.parent / "load" / "one_push.lua"

# A row of 700 bytes, the size of an ordinary event.
ROW = {
    "event_id": "20260102T030405.123456789Z-1a2b3c4d5e6f", "event_time": "2026-01-02T03:04:05.123456Z",
    "received_time": "2026-01-02T03:04:06.000001Z", "type": "page_view", "user_id": "u1002",
    "session_id": "s-81c2", "page_url": "https://shop.example.com/catalogue/shoes?page=3&sort=price",
    "page_title": "Shoes, page 3", "utm_source": "newsletter", "utm_campaign": "winter",
    "value": "12.50", "currency": "EUR", "tags": ["a", "b"], "remote_ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
                  "Safari/537.36",
    "host": "track.example.com", "request_path": "/pixel.png", "method": "GET", "status": "200",
    "contract_version": "0123456789ab",
}
BODY = json.dumps({
    "message": {
        "data": base64.b64encode(json.dumps(ROW).encode()).decode(), "messageId": "12345678901",
        "publishTime": "2026-01-02T03:04:06.1Z", "attributes": {"event_id": ROW["event_id"]},
    },
    "subscription": "projects/p/subscriptions/bq-loader",
}).encode()
PUSH = (b"POST / HTTP/1.1\r\nHost: l\r\nContent-Type: application/json\r\nContent-Length: "
        + str(len(BODY)).encode() + b"\r\n\r\n" + BODY)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    def __init__(self, program, folder, delay):
        self.certificate = os.path.join(folder, "ca.pem")
        self.process = subprocess.Popen(
            [program, "-certificate", self.certificate, "-delay", f"{delay}ms"], stdout=subprocess.PIPE, text=True)
        self.plain, self.secure = map(int, self.process.stdout.readline().split())

    def stats(self):
        return json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.plain}/stats"))


class Loader:
    def __init__(self, program, peer, **own):
        self.port = free_port()
        environment = dict(
            HOST="127.0.0.1", PORT=str(self.port), PUSH_AUTH="none", BIGQUERY_DATASET="d",
            TEMPLATE_SUFFIX="_{date}", GOOGLE_CLOUD_PROJECT="p", LOG_FORMAT="json", MAX_IN_FLIGHT="5000",
            BIGQUERY_ENDPOINT=f"https://127.0.0.1:{peer.secure}", SSL_CERT_FILE=peer.certificate,
            GCE_METADATA_HOST=f"127.0.0.1:{peer.plain}", **own)
        self.began = time.perf_counter()
        self.process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL)

    def cpu(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def first_answer(self):
        """Milliseconds from exec to the first 204."""
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
                    client.sendall(PUSH)
                    if client.recv(4096).startswith(b"HTTP/1.1 204"):
                        return (time.perf_counter() - self.began) * 1000
            except OSError:
                time.sleep(0.0002)

    def stop(self):
        self.process.terminate()
        self.process.wait(15)


def longest_pause(loader, seconds):
    """The longest that the loop let a probe wait, in milliseconds, while others open connections."""
    worst = 0.0
    end = time.perf_counter() + seconds
    with socket.create_connection(("127.0.0.1", loader.port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < end:
            asked = time.perf_counter()
            client.sendall(b"GET /ready HTTP/1.1\r\nHost: l\r\n\r\n")
            client.recv(4096)
            worst = max(worst, (time.perf_counter() - asked) * 1000)
    return worst


def load(loader, connections, seconds, body_file):
    before = loader.cpu()
    done = subprocess.run(
        ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", str(LUA), "--timeout", "20s",
         f"http://127.0.0.1:{loader.port}/"],
        capture_output=True, text=True, env={**os.environ, "REQUEST_FILE": body_file})
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if said["failed"] or not said["requests"]:
        raise SystemExit(f"{said['failed']} of {said['requests']} pushes failed")
    return (loader.cpu() - before) * 1e6 / said["requests"], said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        body = os.path.join(folder, "push.json")
        pathlib.Path(body).write_bytes(BODY)
        cases = [
            ("0 ms", 0, 200, {}), ("25 ms", 25, 200, {}), ("25 ms, 1,000 pushes", 25, 1000, {}),
            ("25 ms, one row per insert", 25, 200, {"BATCH_ROWS": "1", "MAX_INSERTS": "60"}),
            ("25 ms, gzip", 25, 200, {"BATCH_GZIP": "on"}),
        ]
        print("| peer | pushes | CPU us per event | p50 ms | p99 ms | events/s | rows per insert | peak MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, delay, connections, own in cases:
            rounds = []
            for _ in range(options.rounds):
                peer = Peer(options.peer, folder, delay)
                loader = Loader(options.loader, peer, **own)
                loader.first_answer()
                load(loader, connections, 1, body)  # connections are open then
                begun = peer.stats()
                cpu, said = load(loader, connections, options.seconds, body)
                ended = peer.stats()
                per_insert = (ended["rows"] - begun["rows"]) / max(1, ended["inserts"] - begun["inserts"])
                rounds.append((cpu, said["p50"] / 1e3, said["p99"] / 1e3,
                               said["requests"] / said["microseconds"] * 1e6, per_insert, loader.peak()))
                loader.stop()
                peer.process.terminate()
                peer.process.wait()
            middle = [statistics.median(column) for column in zip(*rounds)]
            spread = f"{min(r[0] for r in rounds):.1f}-{max(r[0] for r in rounds):.1f}"
            print(f"| {name} | {connections} | {middle[0]:.1f} ({spread}) | {middle[1]:.1f} | {middle[2]:.1f} "
                  f"| {middle[3]:.0f} | {middle[4]:.0f} | {middle[5]:.1f} |", flush=True)

        starts, pauses = [], []
        for _ in range(max(5, options.rounds * 3)):
            peer = Peer(options.peer, folder, 0)
            loader = Loader(options.loader, peer)
            starts.append(loader.first_answer())
            loader.stop()
            loader = Loader(options.loader, peer, MAX_INSERTS="8", BATCH_ROWS="1")
            loader.first_answer()
            thread = threading.Thread(target=lambda: load(loader, 64, 1, body))
            thread.start()
            pauses.append(longest_pause(loader, 0.8))
            thread.join()
            loader.stop()
            peer.process.terminate()
            peer.process.wait()
        print(f"\nExec to the first 204, with libcurl's loading and a first TLS connection: median "
              f"{statistics.median(starts):.1f} ms, {min(starts):.1f} to {max(starts):.1f}.")
        print(f"Longest wait of a probe while seven more TLS connections open under load: median "
              f"{statistics.median(pauses):.1f} ms, least {min(pauses):.1f}.")


main()
