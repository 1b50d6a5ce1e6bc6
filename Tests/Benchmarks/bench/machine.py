# SPDX-License-Identifier: MIT
"""What the figures were taken on, and on which of its cores."""

import contextlib
import os
import pathlib
import platform
import re
import resource


class Cores:
    """One core for the server, another one for the load, so that they do not share time."""

    def __init__(self):
        usable = sorted(os.sched_getaffinity(0))
        self.all = set(usable)
        self.are_apart = len(usable) > 1
        self.server = usable[0]
        self.load = usable[1] if self.are_apart else usable[0]

    def settle(self):
        """Moves this process to the load's core, and its children with it."""
        os.sched_setaffinity(0, {self.load})

    @contextlib.contextmanager
    def starting_server(self, where="server"):
        """What is started inside begins on the server's core, on the load's, or may use `all` of them."""
        cores = {"server": {self.server}, "load": {self.load}, "all": self.all}[where]
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, {self.load})


def allow_many_connections():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def kind() -> str:
    """Processor and system, without a name of the machine."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", info, re.M)
    name = model.group(1).strip() if model else platform.machine()
    guest = ", virtual" if re.search(r"^flags\s*:.*\bhypervisor\b", info, re.M) else ""
    release = re.match(r"\d+\.\d+", platform.release())
    return (
        f"{os.cpu_count()} cores {name} ({platform.machine()}{guest}), {distribution()}, "
        f"Linux {release.group(0) if release else '?'}"
    )


def load_average() -> float:
    return os.getloadavg()[0]


def distribution() -> str:
    with contextlib.suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return "Linux"
