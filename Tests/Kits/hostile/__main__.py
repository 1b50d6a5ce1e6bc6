# SPDX-License-Identifier: MIT
"""Runs drivers against the release programs and says of each whether they behaved. Loopback only.

`python3 -m hostile --binaries DIR [DRIVER…]`; scripts/dev/hostile.sh builds and calls this."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from . import answers, clients, names
from .program import Wrong

DRIVERS = {
    function.__name__.replace("_", "-"): function
    for function in (
        clients.pipelining, clients.pipelined_pushes, clients.stalled_bodies, clients.stalled_pushes,
        clients.amplified_bodies, clients.reset_connections, clients.crowd, names.slow_resolver, names.moved_address,
        names.certificates, answers.odd_answers)
}


class Missing(Exception):
    """What a driver needs is not here."""


class Kit:
    """What drivers share: where the programs are, a folder to write in, and all that was started."""

    def __init__(self, binaries, folder):
        self.binaries, self.folder, self.started = pathlib.Path(binaries).resolve(), pathlib.Path(folder), []

    @staticmethod
    def need(there, name):
        if not there:
            raise Missing(f"{name} is not installed")

    def need_program(self, name):
        self.need(shutil.which(name), name)

    def end(self):
        for program in self.started:
            if program.alive:
                program.process.kill()
                program.process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binaries", required=True, help="folder of the release programs")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("driver", nargs="*", help="default: all of them")
    given = arguments.parse_args()
    if given.list:
        for name, driver in DRIVERS.items():
            print(f"{name:18} {driver.__doc__}")
        return
    unknown = [name for name in given.driver if name not in DRIVERS]
    if unknown:
        arguments.error(f"there is no driver {unknown[0]}: allowed are {', '.join(DRIVERS)}")
    wrong = sum(run(name, DRIVERS[name], given.binaries) for name in given.driver or DRIVERS)
    print(f"{wrong} of {len(given.driver or DRIVERS)} drivers found something")
    sys.exit(1 if wrong else 0)


def run(name, driver, binaries):
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kit = Kit(binaries, folder)
        try:
            verdict, is_wrong = f"right {name}: {driver(kit)}", False
        except Missing as missing:
            verdict, is_wrong = f"SKIPPED {name}: {missing}", False
        except Wrong as wrong:
            verdict, is_wrong = f"WRONG {name}: {wrong} ({driver.__doc__})", True
        finally:
            kit.end()
    print(f"{verdict}" + ("" if verdict.startswith("SKIPPED") else f" [{time.monotonic() - began:.0f} s]"), flush=True)
    return is_wrong


if __name__ == "__main__":
    main()
