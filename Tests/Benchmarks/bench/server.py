# SPDX-License-Identifier: MIT
"""A server under test: its processes, their CPU time and memory, and its end."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field

PROC = pathlib.Path("/proc")
# Debian keeps servers where a person's PATH may not look.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@dataclass(frozen=True)
class Program:
    """How a server is started. `{port}` in the command and the environment becomes the port."""

    name: str
    version: str
    command: list
    environment: dict = field(default_factory=dict)
    # Called with the port and the folder to run in before each start.
    prepare: callable = None
    logs: bool = False


class ServerFailed(Exception):
    pass


class Server:
    def __init__(self, program, cores, folder, wrapper=(), where="server"):
        self.program = program
        self.port = free_port()
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log = self._folder / "output.log"
        if program.prepare:
            program.prepare(self.port, self._folder)
        fill = lambda text: text.format(port=self.port, folder=self._folder)
        environment = {key: fill(value) for key, value in program.environment.items()}
        command = [*wrapper, *map(fill, program.command)]
        # Opened for appending, so that the file may be emptied while it is written.
        with open(self._log, "ab") as output, cores.starting_server(where):
            self.began = time.perf_counter_ns()
            self._process = subprocess.Popen(
                command, env={"PATH": PATH, "HOME": str(self._folder), **environment},
                cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # Readiness

    def wait_until_it_answers(self, request, within=30.0, pause=0.0) -> float:
        """Seconds from before the start to the first complete 200 or 204."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self.program.name} ended: {self.last_words()}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=within) as client:
                    client.sendall(request)
                    if client.recv(4096).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 204 ")):
                        return (time.perf_counter_ns() - self.began) / 1e9
            except OSError:
                pass
            if pause:
                time.sleep(pause)
        raise ServerFailed(f"{self.program.name} does not answer: {self.last_words()}")

    def last_words(self) -> str:
        return self._log.read_text(errors="replace").strip()[-300:] or "it said nothing"

    # Measures, over all processes of the server

    def processes(self) -> list:
        found, open_ends = [], [self._process.pid]
        while open_ends:
            pid = open_ends.pop()
            found.append(pid)
            for thread in _entries(PROC / str(pid) / "task"):
                open_ends += map(int, _read(thread / "children").split())
        return found

    def cpu_seconds(self) -> float:
        """The scheduler's nanoseconds; where a kernel does not keep them, its clock ticks."""
        total = 0.0
        for pid in self.processes():
            threads = [_read(each / "schedstat") for each in _entries(PROC / str(pid) / "task")]
            if any(threads):
                total += sum(int(text.split()[0]) for text in threads if text) / 1e9
            else:
                fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
                total += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0
        return total

    def resident(self) -> float:
        """MiB in memory now."""
        return self._status("VmRSS")

    def peak_resident(self) -> float:
        """MiB at most, each process by its own peak."""
        return self._status("VmHWM")

    def own(self) -> float:
        """MiB in memory now that are not pages of files, as the executable's and its libraries' are."""
        return self._status("RssAnon")

    def descriptors(self) -> int:
        return sum(len(_entries(PROC / str(pid) / "fd")) for pid in self.processes())

    def _status(self, key) -> float:
        kilobytes = 0
        for pid in self.processes():
            for line in _read(PROC / str(pid) / "status").splitlines():
                if line.startswith(key + ":"):
                    kilobytes += int(line.split()[1])
        return kilobytes / 1024

    def empty_log(self):
        for file in self._folder.glob("*.log"):
            os.truncate(file, 0)

    # End

    def stop(self, within=10.0) -> int:
        everyone = self.processes()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
            for pid in everyone[1:]:
                _kill(pid)
        self.empty_log()
        return code


def forget_executable(program):
    """Drops its executable from the page cache, so that its pages come from the disk as on a machine that
    did not build it. A file that was just written lies there in larger pieces, which are mapped whole:
    up to twice the memory, for the same program."""
    path = shutil.which(program.command[0], path=PATH)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _entries(folder) -> list:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(file) -> str:
    """What a file of /proc says; nothing if its process has gone."""
    try:
        return file.read_text()
    except OSError:
        return ""
