# SPDX-License-Identifier: MIT
"""The servers that are compared: ours, and the peers with their configuration from `peers/`."""

import os
import pathlib
import re
import shutil
import subprocess

from .server import PATH, Program

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"


class Absent(Exception):
    """A peer that can't be had here, and why."""


class Catalogue:
    """Makes each program on first use and remembers those that are absent."""

    def __init__(self, work, static, development, say):
        self._work = pathlib.Path(work)
        self._static = static
        self._development = development
        self._say = say
        self._made = {}
        self.absent = {}

    def ours(self) -> Program:
        """The static executable: what ships."""
        return self._pixel("pixel-ingest", self._static)

    def ours_with_call_lines(self) -> Program:
        """One log line for each call, or nothing while the program has no such setting."""
        said = subprocess.run([self._static, "--help"], capture_output=True, text=True, check=True)
        if "LOG_CALLS" not in said.stdout:
            raise Absent("pending: this build has no LOG_CALLS")
        return self._pixel("pixel-ingest, a line per call", self._static, LOG_CALLS="all")

    def ours_development(self) -> Program:
        """As `swift build -c release` leaves it, with the toolchain's shared libraries."""
        return self._pixel("pixel-ingest, shared libraries", self._development)

    def handler(self, takes, how) -> Program:
        """A function of pushes whose handler is written in this way; with the toolchain's libraries."""
        environment = {"TAKES": takes, "HANDLER": how, "PUSH_AUTH": "none", "HOST": "127.0.0.1"}
        # Without its debug information, which valgrind cannot read.
        binary = self._work / "push-handlers"
        if "push-handlers" not in self._made:
            source = self._development.parent / "PushHandlers"
            subprocess.run(["strip", "-o", str(binary), str(source)], check=True)
            self._made["push-handlers"] = True
        return Program(f"{takes}, {how}", "", [str(binary)], {"PORT": "{port}", **environment})

    def peers(self, *makers) -> list:
        """Those programs that can be had; the others are named once and skipped."""
        found = []
        for make in makers:
            name = make.__name__.replace("_", " ")
            try:
                if name not in self._made:
                    self._made[name] = make()
                found.append(self._made[name])
            except (Absent, OSError, subprocess.SubprocessError) as problem:
                if name not in self.absent:
                    self._say(f"Without {name}: {problem}")
                self.absent[name] = str(problem)
        return found

    # Peers

    def nginx(self) -> Program:
        return self._nginx("nginx", "off")

    def nginx_json_log(self) -> Program:
        return self._nginx("nginx, JSON log", "access.log calls")

    def nginx_json_log_buffered(self) -> Program:
        return self._nginx("nginx, JSON log, 64k buffer", "access.log calls buffer=64k flush=1s")

    def nginx_alone(self) -> Program:
        """One process, so that a tool that counts instructions sees all of them."""
        return self._nginx("nginx", "off", "-g", "master_process off;")

    def go(self) -> Program:
        self._need("go")
        binary = self._work / "go" / "pixel"
        if "go binary" not in self._made:
            self._say("Building the Go peer")
            subprocess.run(
                ["go", "build", "-ldflags", "-s -w", "-o", str(binary), "."],
                cwd=PEERS / "go", check=True, capture_output=True, timeout=600,
                env=_environment(GOCACHE=self._work / "go" / "cache", CGO_ENABLED="0", GOFLAGS=""),
            )
            self._made["go binary"] = True
        version = _first_match(["go", "version"], r"go(\d[\d.]*)")
        return Program("Go net/http", version, [str(binary)], {"PORT": "{port}"})

    def functions_framework(self) -> Program:
        folder = self._work / "venv"
        wanted = (PEERS / "functions-framework" / "requirements.txt").read_text()
        stamp = folder / "installed.txt"
        if not stamp.exists() or stamp.read_text() != wanted:
            self._say("Installing the functions-framework peer (PyPI)")
            subprocess.run(["python3", "-m", "venv", str(folder)], check=True, capture_output=True)
            subprocess.run(
                [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
                 "-r", PEERS / "functions-framework" / "requirements.txt"],
                check=True, capture_output=True, timeout=600,
            )
            stamp.write_text(wanted)
        python = _first_match([folder / "bin" / "python", "--version"], r"(\d[\d.]*)")
        command = [str(folder / "bin" / "functions-framework"), "--host", "127.0.0.1"]
        command += ["--port", "{port}", "--target", "pixel"]
        source = PEERS / "functions-framework" / "main.py"
        return Program(
            "functions-framework", f"{wanted.strip().rpartition('=')[2]} on Python {python}",
            [*command, "--source", str(source)], {"PYTHONDONTWRITEBYTECODE": "1"},
        )

    # Parts

    def _pixel(self, name, binary, **settings) -> Program:
        version = _first_match([binary, "--version"], r"(\d[\d.]*)")
        environment = {"INGEST_MODE": "log", "HOST": "127.0.0.1", "PORT": "{port}"}
        environment |= {"LOG_FORMAT": "json", **settings}
        return Program(
            name, version, [str(binary)], environment, logs="LOG_CALLS" in settings
        )

    def _nginx(self, name, access_log, *arguments) -> Program:
        self._need("nginx")
        version = _first_match(["nginx", "-v"], r"nginx/([\d.]+)")

        def prepare(port, folder):
            (folder / "temp").mkdir(exist_ok=True)
            text = (PEERS / "nginx" / "nginx.conf").read_text()
            text = text.replace("@PORT@", str(port)).replace("@ACCESS_LOG@", access_log)
            (folder / "nginx.conf").write_text(text)

        command = ["nginx", "-p", "{folder}", "-c", "{folder}/nginx.conf", "-e", "stderr", *arguments]
        return Program(name, version, command, prepare=prepare, logs=access_log != "off")

    def _need(self, program):
        if not shutil.which(program, path=PATH):
            raise Absent("not installed")


def _environment(**more) -> dict:
    return {**os.environ, "PATH": PATH, **{key: str(value) for key, value in more.items()}}


def _first_match(command, pattern) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=True, env=_environment()
    )
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "?"
