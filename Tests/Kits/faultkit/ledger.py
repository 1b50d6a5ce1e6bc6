# SPDX-License-Identifier: MIT
"""What a stand-in has seen, one JSON object per line."""

import json
import os
import time


class Ledger:
    """One JSON object per line, appended; every record carries epoch seconds in "t"."""

    def __init__(self, path):
        self.path = path
        self.f = None
        if path:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            self.f = open(path, "a", encoding="ascii", buffering=1 << 16)

    def write(self, ev, **kw):
        if self.f:
            rec = {"t": round(time.time(), 6), "ev": ev}
            rec.update(kw)
            self.f.write(json.dumps(rec, separators=(",", ":")) + "\n")

    def flush(self):
        if self.f:
            self.f.flush()

    def close(self):
        if self.f:
            self.f.flush()
            self.f.close()
            self.f = None


def read_ledger(path):
    out = []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            line = line.strip()
            if not line:
                continue
            try:
                out.append(json.loads(line))
            except ValueError:
                # A killed writer may leave one torn last line; anything else is worth seeing.
                out.append({"t": 0, "ev": "torn_line", "text": line[:120]})
    return out


def percentile(sorted_vals, p):
    if not sorted_vals:
        return None
    k = max(0, min(len(sorted_vals) - 1, int(-(-len(sorted_vals) * p // 100)) - 1))
    return sorted_vals[k]
