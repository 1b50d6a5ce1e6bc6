# SPDX-License-Identifier: MIT
"""As ours, with base64 and urllib.parse."""

import base64
import sys
import time
from urllib.parse import parse_qsl


def query(line):
    return sum(len(name.encode()) + len(value.encode()) for name, value in parse_qsl(line, keep_blank_values=True))


file, part, seconds = sys.argv[1:]
with open(file, encoding="ascii") as source:
    lines = source.read().split()
work = (lambda line: len(base64.b64decode(line))) if part == "base64" else query
total = sum(map(work, lines))
began, count = time.process_time(), 0
while time.process_time() - began < float(seconds):
    assert sum(map(work, lines)) == total
    count += len(lines)
print((time.process_time() - began) * 1e9 / count, total)
