# SPDX-License-Identifier: MIT
"""One scenario: the stand-ins, the stage, what is done to it meanwhile, and the verdict."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from scenarios import POISON
from stage import Stage

HERE = os.path.dirname(os.path.abspath(__file__))
# The stand-ins with faults of their own, where a scenario has these, and the ledgers that they keep.
STAND_INS = {
    "bigquery.py": ("bq_faults", "bq.jsonl"),
    "pubsub.py": ("pub_faults", "pubsub.jsonl"),
    "metadata.py": ("md_faults", "metadata.jsonl"),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url, data=None, timeout=3):
    """GET, or POST with `data`; never through a proxy."""
    request = urllib.request.Request(url, data=data, method="POST" if data is not None else "GET")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"{}")


class Run:
    def __init__(self, options, profile, name, scenario):
        self.options, self.profile, self.name, self.scenario = options, profile, name, scenario
        self.publishes = profile.get("sink") == "topic"
        self.auth = profile.get("auth")
        self.secret = profile.get("token_secret", "faultkit")
        self.out = os.path.join(options.out, name)
        os.makedirs(self.out, exist_ok=True)
        for file in os.listdir(self.out):
            os.unlink(os.path.join(self.out, file))
        self.processes, self.notes, self.idle_actions = [], [], []
        self.stage = None

    def go(self):
        """The result of the scenario; nothing that it started is left."""
        if self.scenario.get("needs_auth") and not self.auth:
            return {"scenario": self.name, "verdict": "SKIPPED", "why": "the profile has no auth"}
        try:
            return self._go()
        except (RuntimeError, OSError, ValueError, KeyError) as problem:
            why = "%s: %s" % (type(problem).__name__, problem)
            return {"scenario": self.name, "verdict": "ERROR", "why": why}
        finally:
            if self.stage and self.stage.p and self.stage.p.poll() is None:
                self.stage.p.kill()
                self.stage.p.wait(5)
            for process in self.processes:
                if process.poll() is None:
                    process.kill()
                    process.wait(5)

    def _go(self):
        metadata, bigquery = self._start_google()
        # The broker pushes to the stage, and the stage may publish to the broker: both ports are fixed first.
        port, pubsub_port = free_port(), free_port()
        self.stage = Stage(self.profile, self._values(metadata, bigquery, port, pubsub_port), self.out, self.notes)
        self.stage.start(self.scenario.get("first_env"))
        began = time.time()
        broker, pubsub = self._start_broker(metadata, port, pubsub_port)
        for url in filter(None, (metadata, bigquery)):
            ask(url + "/_fk/clock", b"")
        left = self._act(began, broker, pubsub, metadata)
        if broker.poll() is None:
            broker.terminate()
            broker.wait(10)
        seconds = round(time.time() - began, 1)
        self.stage.sample()
        stopped = self.stage.end(signal.SIGTERM, self.options.grace)
        self._end_stand_ins(bigquery, metadata)
        report = self._reconcile()
        report["broken"] = list(report["broken"]) + self._own_findings(left)
        return self._result(report, seconds, stopped)

    # ---------------------------------------------------------------- what is started

    def path(self, name):
        return os.path.join(self.out, name)

    def put(self, name, value):
        with open(self.path(name), "w") as file:
            json.dump(value, file, indent=1)
        return self.path(name)

    def _start(self, program, *arguments):
        """(process, URL) of a stand-in that listens."""
        ready = self.path(program + ".ready")
        life = ["--parent-pid", str(os.getpid()), "--max-seconds", str(self.options.max_seconds + 20)]
        with open(self.path(program + ".out"), "wb") as output:
            process = subprocess.Popen(
                [sys.executable, os.path.join(HERE, program), "--ready-file", ready, *life, *arguments],
                stdout=output, stderr=subprocess.STDOUT)
        self.processes.append(process)
        end = time.time() + 60  # an RSA key is made in plain Python first
        while time.time() < end and not os.path.exists(ready):
            if process.poll() is not None:
                raise RuntimeError("%s ended at once; see %s.out" % (program, program))
            time.sleep(0.02)
        with open(ready) as file:
            return process, json.load(file)["url"]

    def _faults(self, program):
        faults, ledger = STAND_INS[program]
        rules = self.put(faults + ".json", {"rules": self.scenario[faults]})
        return ["--ledger", self.path(ledger), "--faults", rules]

    def _start_google(self):
        """URLs of the metadata server and of BigQuery, which a stage that publishes does not need."""
        email = ["--push-email", self.auth["email"]] if self.auth else []
        keys = ["--key-file", os.path.join(self.options.out, "keys.json"), "--token-secret", self.secret]
        _, metadata = self._start(
            "metadata.py", *self._faults("metadata.py"), *keys, *email, *self.scenario["md"])
        if self.publishes:
            return metadata, ""
        setup = ["--setup", self.put("setup.json", self.profile["bq_setup"]), "--token-secret", self.secret]
        _, bigquery = self._start("bigquery.py", *self._faults("bigquery.py"), *setup, *self.scenario["bq"])
        return metadata, bigquery

    def _values(self, metadata, bigquery, port, pubsub_port):
        """What `${…}` stands for in a profile."""
        auth = self.auth or {"audience": "", "email": ""}
        return {
            "PORT": port, "BQ_URL": bigquery, "PUBSUB_URL": "http://127.0.0.1:%d" % pubsub_port,
            "METADATA_URL": metadata, "METADATA_HOST": metadata.split("//")[1],
            "JWKS_URL": metadata + "/oauth2/v3/certs", "TOKEN_SECRET": self.secret, "BIN": self.options.binaries,
            "OUT": self.out, "AUDIENCE": auth["audience"], "EMAIL": auth["email"],
        }

    def _subscription(self, metadata, port):
        endpoint = "http://127.0.0.1:%d%s" % (port, self.profile.get("push_path", "/"))
        subscription = {
            "name": "in", "topic": "input", "push_endpoint": endpoint, **self.profile.get("sub", {}),
            **self.scenario["sub"],
        }
        if self.auth:
            subscription["auth"] = {
                "audience": self.auth["audience"], "email": self.auth["email"], "minter": metadata,
                **self.scenario.get("sub_auth", {}),
            }
        return subscription

    def _start_broker(self, metadata, port, pubsub_port):
        subscription, feed = self._subscription(metadata, port), self.scenario["feed"]
        config = self.put("pubsub.json", {"topics": ["input", "output", "dead"], "subscriptions": [subscription]})
        template = self.profile["template_explode" if self.scenario.get("explode") else "template"]
        arguments = [
            "--port", str(pubsub_port), "--config", config, "--template", self.put("template.json", template),
            "--probe", "--count", str(feed["count"]), "--rate", str(feed.get("rate", 0)), "--start-delay", "0.2",
            "--settle-s", str(max(1.5, subscription.get("dup_delay_s", 1) + 0.5)),
        ]
        if self.scenario.get("poison"):
            with open(self.path("poison.jsonl"), "w") as file:
                for number in range(self.scenario["poison"]):
                    file.write(json.dumps(POISON[number % len(POISON)](number)) + "\n")
            arguments += ["--messages", self.path("poison.jsonl")]
        if self.profile.get("publish_token", self.publishes):
            arguments += ["--token-secret", self.secret]
        return self._start("pubsub.py", *self._faults("pubsub.py"), *arguments, *self.scenario["pub"])

    # ---------------------------------------------------------------- what is done to the stage

    def _act(self, began, broker, pubsub, metadata):
        """Kills, ends and rotates as the scenario says until the broker has settled; the actions that are left."""
        left = sorted(self.scenario["actions"], key=lambda action: action["at_s"])
        while broker.poll() is None and time.time() < began + self.options.max_seconds:
            time.sleep(0.05)
            self.stage.sample()
            if self.stage.p.poll() is not None:
                self._start_again(round(time.time() - began, 1))
            if left and time.time() - began >= left[0]["at_s"] and self._is_due(left[0], began, pubsub):
                self._do(left.pop(0), metadata)
        return left

    def _start_again(self, at):
        """As a platform would; the report shows it."""
        code = self.stage.p.returncode
        self.notes.append("the stage ended by itself: %s" % {"code": code, "at_s": at})
        self.stage.exits.append({"signal": "none", "code": code, "s": 0, "over_grace": False})
        time.sleep(0.5)
        self.stage.start()

    def _is_due(self, action, began, pubsub):
        """Whether as much is outstanding as the action waits for, for thirty seconds at most."""
        if "when" not in action:
            return True
        try:
            state = ask(pubsub + "/_fk/state")
        except OSError:
            return False
        waiting = state["subs"]["in"]
        alive = state["feeding"] or waiting["pending"] or not state["generated"]
        is_late = time.time() - began >= action["at_s"] + 30
        if waiting["outstanding"] < action["when"]["outstanding"] and alive and not is_late:
            return False
        self.notes.append("%s with %d outstanding" % (action["do"], waiting["outstanding"]))
        if not waiting["outstanding"]:
            self.idle_actions.append(action["do"])
        return True

    def _do(self, action, metadata):
        if action["do"] == "rotate":
            ask(metadata + "/_fk/rotate?drop_old=1", b"", timeout=30)
            return
        if action["do"] == "kill":
            self.stage.end(signal.SIGKILL, 5)
        else:
            seconds = self.stage.end(signal.SIGTERM, self.options.grace)
            self.notes.append("SIGTERM: gone after %.2f s, exit %s" % (seconds, self.stage.p.returncode))
        time.sleep(action.get("restart_s", 0.5))
        self.stage.start()

    def _end_stand_ins(self, *urls):
        for url in filter(None, urls):
            try:
                ask(url + "/_fk/stop", b"")
            except OSError:
                pass
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    # ---------------------------------------------------------------- what came of it

    def _reconcile(self):
        """The judge's report on the ledgers."""
        sink = ["--sink-topic", "output"] if self.publishes else ["--bq", self.path("bq.jsonl")]
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "reconcile.py"), "--pubsub", self.path("pubsub.jsonl"),
             "--json", self.path("report.json"), "--min-messages", str(min(10, self.scenario["feed"]["count"])), *sink,
             *self.profile.get("reconcile", []), *self.scenario["reconcile"]],
            capture_output=True, text=True)
        with open(self.path("report.txt"), "w") as file:
            file.write(done.stdout + done.stderr)
        with open(self.path("report.json")) as file:
            return json.load(file)

    def _own_findings(self, left):
        """What the ledgers cannot show."""
        found = []
        if vain := self._faults_that_never_struck():
            found.append("the scripted faults of %s never struck" % ", ".join(vain))
        if self.idle_actions:
            found.append("%s struck an idle stage: raise --count" % ", ".join(self.idle_actions))
        if left:
            found.append("%d planned action(s) never happened" % len(left))
        if crashes := [end["code"] for end in self.stage.exits if end["signal"] == "none"]:
            found.append("the stage crashed %d time(s): %s" % (len(crashes), crashes))
        if any(end["over_grace"] for end in self.stage.exits if end["signal"] == "SIGTERM"):
            found.append("SIGTERM not obeyed within %.0f s" % self.options.grace)
        return found

    def _faults_that_never_struck(self):
        """A fault that never struck proves nothing."""
        vain = []
        for program, (faults, ledger) in STAND_INS.items():
            rules = self.scenario[faults]
            if not rules or (self.publishes and program == "bigquery.py"):
                continue
            struck = sum(self._hits(program).values())
            if any(rule["fault"]["kind"] == "down" for rule in rules):
                with open(self.path(ledger)) as lines:
                    struck += sum('"ev":"listen"' in line for line in lines)
            if not struck:
                vain.append(program)
        return vain

    def _hits(self, program):
        """How often each rule struck, from the last line that the stand-in printed."""
        try:
            with open(self.path(program + ".out")) as lines:
                last = json.loads([line for line in lines if line.startswith("{")][-1])
            return {"%d %s" % (n, rule["name"]): rule["hits"] for n, rule in enumerate(last.get("rules", []))}
        except (OSError, ValueError, IndexError):
            return {}

    def _result(self, report, seconds, stopped):
        verdict = report["verdict"] if not report["broken"] else "FAIL"
        result = {
            "scenario": self.name, "what": self.scenario["what"],
            "verdict": "REPORT" if self.scenario.get("report_only") else verdict, "broken": report["broken"],
            "wall_s": seconds, "peak_rss_mb": round(self.stage.peak_kb / 1024, 1), "exits": self.stage.exits,
            "stop_s": stopped, "notes": self.notes, "lost": report["lost"], "early_acks": report["early_acks"],
            "unsettled": report["unsettled"], "dups": report["duplicates_same_insertId"],
            "split_dups": report["duplicates_split"], "acked": report["acked"], "sink_rows": report["sink_rows"],
            "deduped": report["row_results"].get("deduped", 0), "tables": report["tables"],
            "forged_accepted": report["forged_accepted"], "probe_ack_ms": report["probe_ack_ms"],
            "faults": {program: self._hits(program) for program in STAND_INS},
            "acked_per_s": report["acked_per_s"], "deliveries": report["deliveries"],
            "commit_p99_ms": (report["publish_to_commit_ms"] or {}).get("p99"),
            "outcomes": report["insertAll"]["outcomes"],
        }
        self.put("result.json", result)
        return result
