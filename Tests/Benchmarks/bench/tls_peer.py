# SPDX-License-Identifier: MIT
"""`peers/bigquery`, which stands in for BigQuery over TLS with a delay, and for the metadata server."""

import contextlib
import json
import subprocess
import urllib.request


class Peer:
    def __init__(self, process, certificate):
        self.certificate = certificate
        self.plain, self.secure = map(int, process.stdout.readline().split())

    def stats(self) -> dict:
        """How many inserts and rows there were."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.plain}/stats", timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def answering(bench, delay, users=0, down=False):
    """A peer that waits so many milliseconds before each answer, and in which so many users have a table;
    `down`, its answers are 503."""
    certificate = bench.work / f"certificate-{delay}-{down}.pem"
    process = subprocess.Popen(
        [bench.programs.bigquery_peer(), "-certificate", str(certificate), "-delay", f"{delay}ms",
         "-users", str(users), f"-down={str(down).lower()}"],
        stdout=subprocess.PIPE, text=True)
    try:
        yield Peer(process, certificate)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
