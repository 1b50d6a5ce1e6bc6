# SPDX-License-Identifier: MIT
"""The life of a stand-in: arguments, readiness, its admin paths, its end."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time

from http11 import Response


def base_args(doc):
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--port", type=int, default=0, help="0 picks a free one")
    p.add_argument("--ledger", default=None, help="JSONL file, appended")
    p.add_argument("--faults", default=None, help="JSON file of fault rules")
    p.add_argument("--max-seconds", type=float, default=300.0, help="the program ends by itself after this")
    p.add_argument("--ready-file", default=None, help="written with {port,pid,url} once listening")
    p.add_argument("--parent-pid", type=int, default=0, help="end when this process is gone")
    return p


def announce(args, port, **extra):
    info = {"port": port, "pid": os.getpid(), "url": "http://127.0.0.1:%d" % port}
    info.update(extra)
    print(json.dumps(info), flush=True)
    if args.ready_file:
        tmp = args.ready_file + ".tmp"
        with open(tmp, "w") as f:
            json.dump(info, f)
        os.replace(tmp, args.ready_file)


async def run_until_stopped(stop, args, extra_tasks=()):
    loop = asyncio.get_running_loop()
    for s in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(s, stop.set)
        except (NotImplementedError, RuntimeError):
            pass
    tasks = [asyncio.ensure_future(t) for t in extra_tasks]
    end = time.monotonic() + args.max_seconds
    while not stop.is_set() and time.monotonic() < end:
        if args.parent_pid:
            try:
                os.kill(args.parent_pid, 0)
            except OSError:
                break
        for t in tasks:
            if t.done() and not t.cancelled() and t.exception():
                sys.stderr.write("faultkit: task failed: %r\n" % t.exception())
                stop.set()
        try:
            await asyncio.wait_for(stop.wait(), 0.2)
        except asyncio.TimeoutError:
            pass
    for t in tasks:
        t.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def fk_admin(req, rules, state, stop):
    """Common /_fk/ endpoints; None when the path is not one of them."""
    if not req.path.startswith("/_fk/"):
        return None
    what = req.path[5:]
    if what == "state":
        return Response(200, state())
    if what == "rules" and req.method == "POST":
        try:
            rules.load(req.json())
        except (ValueError, KeyError) as e:
            return Response(400, {"error": str(e)})
        return Response(200, {"rules": rules.report()})
    if what == "clock" and req.method == "POST":
        rules.restart_clock()
        return Response(200, {"ok": True})
    if what == "stop" and req.method == "POST":
        stop.set()
        return Response(200, {"ok": True})
    return None
