# SPDX-License-Identifier: MIT
"""How long a clean release build takes of what ships."""

import os
import resource
import shutil
import subprocess
import time

from .programs import ROOT
from .report import Result, Sample, Target

TITLE = "seconds of a clean release build of the three programs"
PRODUCTS = ("pixel-ingest", "log-parse", "bq-loader")


def run(bench) -> Result:
    folder = bench.work / "clean"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["swift", "build", "--package-path", str(ROOT), "--scratch-path", str(folder), "-c", "release"]
    with bench.cores.starting_server("all"):
        # What a machine fetches once is not in it.
        subprocess.run(["swift", "package", *command[2:6], "resolve"], check=True, capture_output=True)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        for product in PRODUCTS:
            bench.say(f"build: {product}")
            subprocess.run([*command, "--product", product], check=True, capture_output=True)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    shutil.rmtree(folder, ignore_errors=True)
    return Result(
        "build", TITLE, ["programs", "seconds", "CPU seconds"], [["all three", f"{seconds:.0f}", f"{used:.0f}"]],
        [Target(f"with {os.cpu_count()} cores", Sample([seconds]), 60, at_most=True, unit=" s")],
        figures={"seconds": seconds, "cpuSeconds": used})
