# SPDX-License-Identifier: MIT
"""The program under test as a process: started, killed, told to end, and started again."""

import ctypes
import os
import signal
import socket
import subprocess
import time


def fill(x, v):
    if isinstance(x, str):
        for k, y in v.items():
            x = x.replace("${%s}" % k, str(y))
        return x
    if isinstance(x, list):
        return [fill(y, v) for y in x]
    if isinstance(x, dict):
        return {k: fill(y, v) for k, y in x.items()}
    return x


def die_with_parent():
    """Linux: the stage is killed when this runner is killed."""
    try:
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
    except (OSError, AttributeError):
        pass


class Stage:
    def __init__(self, prof, v, out, log):
        self.prof, self.v, self.out, self.log = prof, v, out, log
        self.p = None
        self.peak_kb = 0
        self.starts = 0
        self.exits = []

    def start(self, override=None):
        v = dict(self.v, **(override or {}))
        env = dict(os.environ)
        env.update(fill(self.prof.get("env", {}), v))
        env["PORT"] = str(v["PORT"])
        self.starts += 1
        f = open(os.path.join(self.out, "stage-%d.log" % self.starts), "wb")
        self.p = subprocess.Popen(
            fill(self.prof["cmd"], v),
            env=env,
            cwd=self.prof.get("cwd"),
            stdout=f,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        f.close()
        end = time.time() + self.prof.get("start_timeout_s", 15)
        while time.time() < end:
            if self.p.poll() is not None:
                raise RuntimeError(
                    "the stage ended at once, exit %s; see stage-%d.log" % (self.p.returncode, self.starts)
                )
            try:
                socket.create_connection(("127.0.0.1", v["PORT"]), 0.3).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the stage does not listen on port %s" % v["PORT"])

    def sample(self):
        try:
            with open("/proc/%d/status" % self.p.pid) as f:
                for line in f:
                    if line.startswith("VmHWM"):
                        self.peak_kb = max(self.peak_kb, int(line.split()[1]))
        except (OSError, AttributeError):
            pass

    def end(self, sig, grace):
        """-> seconds until it was gone; SIGKILL after the grace, as Cloud Run does."""
        if self.p is None or self.p.poll() is not None:
            return 0.0
        self.sample()
        t = time.time()
        self.p.send_signal(sig)
        try:
            self.p.wait(grace)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait(5)
        d = round(time.time() - t, 2)
        self.exits.append({"signal": sig.name, "s": d, "code": self.p.returncode, "over_grace": d >= grace})
        return d
