# SPDX-License-Identifier: MIT
"""The servers that are compared: ours, and the peers with their configuration from `peers/`."""

import os
import pathlib
import re
import shutil
import subprocess

from .server import PATH, Program

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
PEERS, PARSERS, PARTS = HERE / "peers", HERE / "parsers", HERE / "parts"
# The programs of this folder's package.
MEASURED = ("PushHandlers", "ParseCore", "ParseFoundation", "PartsCore", "PartsFoundation")


class Absent(Exception):
    """A peer that can't be had here, and why."""


class Catalogue:
    """Makes each program on first use and remembers those that are absent."""

    def __init__(self, work, static, binaries, measured, say):
        self._work = pathlib.Path(work)
        self._static = static
        self._binaries = binaries
        self._measured = measured
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
        return self._pixel("pixel-ingest, shared libraries", self._binaries / "pixel-ingest")

    def ours_with_loops(self, count) -> Program:
        return self._pixel(f"pixel-ingest, {count} loops", self._static, WORKERS=str(count))

    def ours_for_counting(self) -> Program:
        """The same without debug information."""
        return self._pixel("pixel-ingest", self._stripped("pixel-ingest"))

    def loader(self, bigquery, **settings) -> Program:
        """`bq-loader` with a stand-in for BigQuery on that port, over plain HTTP."""
        binary = self._stripped("bq-loader")
        return Program("bq-loader", _first_match([binary, "--version"], r"(\d[\d.]*)"), [binary], {
            "HOST": "127.0.0.1", "PORT": "{port}", "LOG_FORMAT": "json", "PUSH_AUTH": "none",
            "BIGQUERY_DATASET": "pixel", "GOOGLE_CLOUD_PROJECT": "bench",
            "BIGQUERY_EMULATOR_HOST": f"127.0.0.1:{bigquery}", **settings,
        })

    def loader_by_tls(self, name, peer, **settings) -> Program:
        """`swift build -c release`, as it is in the cloud: TLS, a token from the metadata server."""
        binary = self._binaries / "bq-loader"
        return Program(name, _first_match([binary, "--version"], r"(\d[\d.]*)"), [str(binary)], {
            "HOST": "127.0.0.1", "PORT": "{port}", "LOG_FORMAT": "json", "PUSH_AUTH": "none",
            "BIGQUERY_DATASET": "pixel", "GOOGLE_CLOUD_PROJECT": "bench", "TEMPLATE_SUFFIX": "_{{date}}",
            "MAX_IN_FLIGHT": "5000", "BIGQUERY_ENDPOINT": f"https://127.0.0.1:{peer.secure}",
            "SSL_CERT_FILE": str(peer.certificate), "GCE_METADATA_HOST": f"127.0.0.1:{peer.plain}", **settings,
        })

    def bigquery_peer(self) -> str:
        """The stand-in for BigQuery that speaks TLS."""
        return self._go_build(PEERS / "bigquery", "bigquery")

    def handler(self, takes, how) -> Program:
        """A function of pushes whose handler is written in this way; with the toolchain's libraries."""
        environment = {"TAKES": takes, "HANDLER": how, "PUSH_AUTH": "none", "HOST": "127.0.0.1"}
        binary = self._stripped("PushHandlers")
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
        binary, version = self._go_build(PEERS / "go", "pixel"), self._go_version()
        return Program("Go net/http", version, [binary], {"PORT": "{port}"})

    def functions_framework(self) -> Program:
        return self._function("pixel", PEERS / "functions-framework" / "main.py")

    # Parsers, and the services around them

    def parser_ours(self) -> Program:
        return Program("LogParse", "0.1.0", [self._stripped("ParseCore")])

    def parser_foundation(self) -> Program:
        version = _first_match(["swift", "--version"], r"Swift version (\d[\d.]*)")
        return Program("Foundation", version, [self._stripped("ParseFoundation")])

    def parser_go(self) -> Program:
        return Program("Go encoding/json, net/url", self._go_version(), [self._go_parser()])

    def parser_python(self) -> Program:
        version = _first_match(["python3", "--version"], r"(\d[\d.]*)")
        return Program("Python json, urllib", version, ["python3", str(PARSERS / "python" / "parse.py")])

    def parser_node(self) -> Program:
        self._need("node")
        version = _first_match(["node", "--version"], r"(\d[\d.]*)")
        return Program("Node JSON, URL", version, ["node", str(PARSERS / "node" / "parse.mjs")])

    def service_ours(self, pubsub) -> Program:
        """`swift build -c release`, with the publishing of each event to a stand-in for Pub/Sub."""
        binary = self._binaries / "log-parse"
        return Program("log-parse, with publishing", _first_match([binary, "--version"], r"(\d[\d.]*)"),
                       [str(binary)], {
            "HOST": "127.0.0.1", "PORT": "{port}", "LOG_FORMAT": "json", "PUSH_AUTH": "none",
            "CONTRACT": str(PARSERS / "contract.json"), "GOOGLE_CLOUD_PROJECT": "bench",
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{pubsub}",
        })

    def publishing(self, pubsub) -> Program:
        """`swift build -c release`, each hit published to a stand-in for Pub/Sub before it is answered."""
        return self._pixel(
            "pixel-ingest, publishing", self._binaries / "pixel-ingest", INGEST_MODE="publish", PUBLISH_TIMEOUT="30s",
            GOOGLE_CLOUD_PROJECT="bench", PUBSUB_EMULATOR_HOST=f"127.0.0.1:{pubsub}")

    def cut_off(self, name, how, pubsub) -> Program:
        """A program whose Pub/Sub, on that port, is away."""
        return Program(f"{name}, Pub/Sub {how}", "", [str(self._binaries / name)], {
            "HOST": "127.0.0.1", "PORT": "{port}", "LOG_FORMAT": "json", "GOOGLE_CLOUD_PROJECT": "bench",
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{pubsub}",
            **({"PUSH_AUTH": "none", "CONTRACT": str(PARSERS / "contract.json")} if name == "log-parse" else {}),
        })

    # The whole chain

    def pubsub_peer(self, parse, loader) -> Program:
        """A stand-in for Pub/Sub that pushes to the programs on these ports."""
        return Program("Pub/Sub's stand-in", self._go_version(), [
            self._go_build(PEERS / "pubsub", "pubsub"), f"pixel-logs=http://127.0.0.1:{parse}/",
            f"pixel-events=http://127.0.0.1:{loader}/", "pixel-rejected=",
        ], {"PORT": "{port}"})

    def in_chain(self, port, pubsub) -> Program:
        """`log-parse` with the contract that is deployed."""
        return Program("log-parse, in the chain", "", [str(self._binaries / "log-parse")], {
            "HOST": "127.0.0.1", "PORT": str(port), "LOG_FORMAT": "json", "PUSH_AUTH": "none",
            "CONTRACT": str(ROOT / "infra/contracts/pixel.json"), "PRIVACY_LIST": str(ROOT / "infra/privacy.json"),
            "GOOGLE_CLOUD_PROJECT": "bench", "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{pubsub}",
        })

    # Base64 and query strings

    def parts_ours(self) -> Program:
        return Program("ours", "0.1.0", [self._stripped("PartsCore")])

    def parts_foundation(self) -> Program:
        version = _first_match(["swift", "--version"], r"Swift version (\d[\d.]*)")
        return Program("Foundation", version, [self._stripped("PartsFoundation")])

    def parts_go(self) -> Program:
        return Program("Go encoding/base64, net/url", self._go_version(), [self._go_build(PARTS / "go", "parts")])

    def parts_python(self) -> Program:
        version = _first_match(["python3", "--version"], r"(\d[\d.]*)")
        return Program("Python base64, urllib", version, ["python3", str(PARTS / "python" / "parts.py")])

    def parts_node(self) -> Program:
        self._need("node")
        version = _first_match(["node", "--version"], r"(\d[\d.]*)")
        return Program("Node Buffer, URLSearchParams", version, ["node", str(PARTS / "node" / "parts.mjs")])

    def service_go(self) -> Program:
        command = [self._go_parser(), str(PARSERS / "contract.json")]
        return Program("Go net/http, encoding/json", self._go_version(), command, {"PORT": "{port}"})

    def service_functions_framework(self) -> Program:
        source = PARSERS / "python" / "parse.py"
        return self._function("push", source, CONTRACT=str(PARSERS / "contract.json"))

    # Parts

    def _stripped(self, product) -> str:
        """A copy without its debug information, which valgrind cannot read."""
        copy = self._work / "stripped" / product
        if copy not in self._made:
            copy.parent.mkdir(exist_ok=True)
            folder = self._measured if product in MEASURED else self._binaries
            subprocess.run(["strip", "-o", str(copy), str(folder / product)], check=True)
            self._made[copy] = True
        return str(copy)

    def _go_version(self) -> str:
        return _first_match(["go", "version"], r"go(\d[\d.]*)")

    def _go_parser(self) -> str:
        return self._go_build(PARSERS / "go", "parse")

    def _go_build(self, folder, name) -> str:
        self._need("go")
        binary = self._work / "go" / name
        if f"go {name}" not in self._made:
            self._say(f"Building the Go peer {name}")
            subprocess.run(
                ["go", "build", "-ldflags", "-s -w", "-o", str(binary), "."],
                cwd=folder, check=True, capture_output=True, timeout=600,
                env=_environment(GOCACHE=self._work / "go" / "cache", CGO_ENABLED="0", GOFLAGS=""),
            )
            self._made[f"go {name}"] = True
        return str(binary)

    def _function(self, target, source, **environment) -> Program:
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
        command += ["--port", "{port}", "--target", target]
        return Program(
            "functions-framework", f"{wanted.strip().rpartition('=')[2]} on Python {python}",
            [*command, "--source", str(source)], {"PYTHONDONTWRITEBYTECODE": "1", **environment},
        )

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
