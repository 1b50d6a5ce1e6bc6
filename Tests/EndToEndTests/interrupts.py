#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ctrl-C at random moments of scripts/run-local.sh, each in a terminal of its own.

Usage: interrupts.py [--build] [COUNT [SEED]]

Each try starts the script in a new session, waits, and interrupts it: as a terminal does (the byte 3 from
its keyboard), or with SIGINT to the script alone, or to its whole process group. Within ten seconds the
script has to exit with 130; no process that it started may be left, and no temporary folder. PIXEL_BINARIES
says where the programs are. With --build the script has to build them first, in this clone.
"""
import os
import pathlib
import pty
import random
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 10.0
MARK = "PIXEL_INTERRUPT_TEST"
WAYS = ("terminal", "group", "script")


def command(mode, folder):
    script = [str(ROOT / "scripts/run-local.sh")]
    if mode == "check":
        return script + ["--check"]
    if mode == "replay":
        return script + ["--replay", str(folder / "entries.jsonl"), "--each"]
    base = random.randrange(20000, 29990)
    return script + ["--port", str(base), "--data", str(folder / "data")]


def left_behind(mark):
    """Processes that have inherited the mark."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if f"{MARK}={mark}".encode() not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            # A process that has ended and waits to be collected holds nothing.
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()[:200]!r}")
        except OSError:
            continue
    return found


def interrupt(way, process, terminal):
    if way == "terminal":
        os.write(terminal, b"\3")
    elif way == "group":
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid, signal.SIGINT)


def attempt(number, mode, way, moment, build):
    """One try: a list of what went wrong, and how long the end took."""
    mark = f"{os.getpid()}-{number}"
    with tempfile.TemporaryDirectory(prefix="interrupts-") as name:
        folder = pathlib.Path(name)
        temporary = folder / "tmp"
        temporary.mkdir()
        entries = folder / "entries.jsonl"
        entry = '{"insertId":"i%d","timestamp":"2026-01-02T03:04:05Z","httpRequest":{"requestMethod":"GET",' \
            '"requestUrl":"http://x/pixel.png?type=a&user_id=u%d"}}\n'
        entries.write_text("".join(entry % (i, i % 50) for i in range(20000)))
        environment = {**os.environ, MARK: mark, "TMPDIR": str(temporary)}
        if build:
            environment.pop("PIXEL_BINARIES", None)
        terminal, end = pty.openpty()
        output = folder / "output"

        def become_session():
            os.setsid()
            import fcntl
            import termios
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        with open(output, "wb") as out:
            process = subprocess.Popen(
                command(mode, folder), stdin=end, stdout=out, stderr=out, env=environment,
                preexec_fn=become_session)
        os.close(end)
        time.sleep(moment)
        faults = []
        if process.poll() is not None:
            os.close(terminal)
            done = mode != "serve" and process.returncode == 0
            return ([] if done else [f"ended before, with {process.returncode}"]), None
        began = time.monotonic()
        interrupt(way, process, terminal)
        try:
            status = process.wait(LIMIT)
            # A run that has printed its result is done, and says so: only its programs had still to end.
            finished = mode != "serve" and b"unaccounted for" in output.read_bytes()
            if status != 130 and not (finished and status == 0):
                faults.append(f"exit status {status}")
        except subprocess.TimeoutExpired:
            faults.append(f"runs still after {LIMIT} s")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        took = time.monotonic() - began
        # A killed process may take a moment to be gone.
        deadline = time.monotonic() + 0.5
        while left_behind(mark) and time.monotonic() < deadline:
            time.sleep(0.05)
        for line in left_behind(mark):
            faults.append("left: " + line)
            os.kill(int(line.split()[0]), signal.SIGKILL)
        faults += [f"left: {item}" for item in temporary.iterdir()]
        text = output.read_text(errors="replace")
        faults += [f"said: {line}" for line in text.splitlines() if "run-local.sh: line" in line]
        if faults:
            faults.append(text[-600:])
        os.close(terminal)
        return faults, took


def main():
    arguments = sys.argv[1:]
    build = "--build" in arguments
    arguments = [argument for argument in arguments if argument != "--build"]
    count = int(arguments[0]) if arguments else 10
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
    random.seed(seed)
    failed = 0
    slowest = 0.0
    modes = ("serve",) if build else ("serve", "check", "replay")
    for number in range(count):
        mode, way = modes[number % len(modes)], WAYS[number // len(modes) % len(WAYS)]
        # While it starts, most often; while it works; when it has long been running.
        moment = random.choice((random.uniform(0.05, 1), random.uniform(0.3, 3), random.uniform(2, 6)))
        if build:
            moment = random.uniform(1, 25)
        faults, took = attempt(number, mode, way, moment, build)
        while took is None and not faults:
            moment /= 2  # it was over before
            faults, took = attempt(number, mode, way, moment, build)
        slowest = max(slowest, took or 0)
        ended = "" if took is None else f"ended after {took:.1f} s"
        print(f"{number + 1:3} {mode:6} by {way:8} at {moment:4.1f} s: {ended}", flush=True)
        for fault in faults:
            print("    " + fault)
        failed += bool(faults)
    print(f"The seed was {seed}: {count - failed} of {count} ended well, the slowest after {slowest:.1f} s.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
