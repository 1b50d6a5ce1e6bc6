# SPDX-License-Identifier: MIT
"""Sizes of the images that ship."""

import re
import shutil
import subprocess

from .programs import ROOT
from .report import Result, Sample, Target

TITLE = "MB of the container images"
COLUMNS = ["image", "MB", "MB compressed"]
MOST = 13


def run(bench) -> Result:
    if not shutil.which("buildah"):
        bench.say("Without images: buildah is not installed.")
        return Result("images", TITLE, COLUMNS, [["buildah is not installed", "", ""]])
    bench.say("images: building the three of them, which takes minutes the first time")
    done = subprocess.run([ROOT / "scripts/build-images.sh", "--builder", "buildah"], capture_output=True, text=True)
    found = re.findall(r"^(\S+) (\d+) bytes, (\d+) compressed", done.stdout, re.M)
    if done.returncode != 0 or not found:
        bench.say(f"Without images: {done.stderr.strip()[-300:]}")
        return Result("images", TITLE, COLUMNS, [["could not be built", "", ""]])
    sizes = {name: (int(whole) / 1e6, int(small) / 1e6) for name, whole, small in sorted(found)}
    return Result(
        "images", TITLE, COLUMNS, [[name, f"{whole:.2f}", f"{small:.2f}"] for name, (whole, small) in sizes.items()],
        [Target(name, Sample([whole]), MOST, at_most=True, unit=" MB") for name, (whole, _) in sizes.items()], figures=sizes)
