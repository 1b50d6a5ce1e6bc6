#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a stage under test through the fault matrix: starts the stand-ins and the stage, acts (kill -9,
SIGTERM, key rotation ...), reconciles, reports. Loopback only; every process it starts is ended by PID.

  matrix.py --profile profile.json --scenario all --out out/ [--scale 0.2] [--count 3000]
  matrix.py --list

The profile says how to start the stage and how its rows are recognised; see README.md."""

import argparse
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from scenarios import POISON, publish_scenarios, scenarios

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url, data=None, timeout=3):
    req = urllib.request.Request(url, data=data, method="POST" if data is not None else "GET")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(req, timeout=timeout) as r:
        return json.loads(r.read() or b"{}")


def fill(x, v):
    if isinstance(x, str):
        for k, y in v.items():
            x = x.replace("${%s}" % k, str(y))
        return x
    if isinstance(x, list):
        return [fill(y, v) for y in x]
    if isinstance(x, dict):
        return {k: fill(y, v) for k, y in x.items()}
    return x


def die_with_parent():
    """Linux: the stage is killed when this runner is killed."""
    try:
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
    except (OSError, AttributeError):
        pass


class Stage:
    def __init__(self, prof, v, out, log):
        self.prof, self.v, self.out, self.log = prof, v, out, log
        self.p = None
        self.peak_kb = 0
        self.starts = 0
        self.exits = []

    def start(self, override=None):
        v = dict(self.v, **(override or {}))
        env = dict(os.environ)
        env.update(fill(self.prof.get("env", {}), v))
        env["PORT"] = str(v["PORT"])
        self.starts += 1
        f = open(os.path.join(self.out, "stage-%d.log" % self.starts), "wb")
        self.p = subprocess.Popen(
            fill(self.prof["cmd"], v),
            env=env,
            cwd=self.prof.get("cwd"),
            stdout=f,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        f.close()
        end = time.time() + self.prof.get("start_timeout_s", 15)
        while time.time() < end:
            if self.p.poll() is not None:
                raise RuntimeError(
                    "the stage ended at once, exit %s; see stage-%d.log" % (self.p.returncode, self.starts)
                )
            try:
                socket.create_connection(("127.0.0.1", v["PORT"]), 0.3).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the stage does not listen on port %s" % v["PORT"])

    def sample(self):
        try:
            with open("/proc/%d/status" % self.p.pid) as f:
                for line in f:
                    if line.startswith("VmHWM"):
                        self.peak_kb = max(self.peak_kb, int(line.split()[1]))
        except (OSError, AttributeError):
            pass

    def end(self, sig, grace):
        """-> seconds until it was gone; SIGKILL after the grace, as Cloud Run does."""
        if self.p is None or self.p.poll() is not None:
            return 0.0
        self.sample()
        t = time.time()
        self.p.send_signal(sig)
        try:
            self.p.wait(grace)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait(5)
        d = round(time.time() - t, 2)
        self.exits.append({"signal": sig.name, "s": d, "code": self.p.returncode, "over_grace": d >= grace})
        return d


class Run:
    def __init__(self, a, prof, name, sc):
        self.a, self.prof, self.name, self.sc = a, prof, name, sc
        self.out = os.path.join(a.out, name)
        os.makedirs(self.out, exist_ok=True)
        for f in os.listdir(self.out):
            os.unlink(os.path.join(self.out, f))
        self.procs = []
        self.notes = []

    def path(self, n):
        return os.path.join(self.out, n)

    def put(self, n, obj):
        with open(self.path(n), "w") as f:
            json.dump(obj, f, indent=1)
        return self.path(n)

    def helper(self, prog, *args):
        ready = self.path(prog + ".ready")
        cmd = [
            sys.executable,
            os.path.join(HERE, prog),
            "--ready-file",
            ready,
            "--parent-pid",
            str(os.getpid()),
            "--max-seconds",
            str(self.a.max_seconds + 20),
        ] + list(args)
        f = open(self.path(prog + ".out"), "wb")
        p = subprocess.Popen(cmd, stdout=f, stderr=subprocess.STDOUT)
        f.close()
        self.procs.append(p)
        end = time.time() + 60  # an RSA key is made in plain Python first
        while time.time() < end and not os.path.exists(ready):
            if p.poll() is not None:
                raise RuntimeError("%s ended at once; see %s.out" % (prog, prog))
            time.sleep(0.02)
        with open(ready) as g:
            return p, json.load(g)["url"]

    def rule_hits(self, prog):
        """hits per rule, from the last line the stand-in printed"""
        try:
            with open(self.path(prog + ".out")) as f:
                last = json.loads([line for line in f if line.startswith("{")][-1])
            return {"%d %s" % (i, r["name"]): r["hits"] for i, r in enumerate(last.get("rules", []))}
        except (OSError, ValueError, IndexError):
            return {}

    def go(self):
        a, prof, sc = self.a, self.prof, self.sc
        auth = prof.get("auth")
        if sc.get("needs_auth") and not auth:
            return {"scenario": self.name, "verdict": "SKIPPED", "why": "the profile has no auth"}
        secret = prof.get("token_secret", "faultkit")
        publishes = prof.get("sink") == "topic"
        stage = None
        try:
            _, md = self.helper(
                "metadata.py",
                "--ledger",
                self.path("metadata.jsonl"),
                "--key-file",
                os.path.join(a.out, "keys.json"),
                "--token-secret",
                secret,
                "--faults",
                self.put("md_faults.json", {"rules": sc["md_faults"]}),
                *(["--push-email", auth["email"]] if auth else []),
                *sc["md"]
            )
            bq = ""
            if not publishes:
                _, bq = self.helper(
                    "bigquery.py",
                    "--ledger",
                    self.path("bq.jsonl"),
                    "--setup",
                    self.put("setup.json", prof["bq_setup"]),
                    "--token-secret",
                    secret,
                    "--faults",
                    self.put("bq_faults.json", {"rules": sc["bq_faults"]}),
                    *sc["bq"]
                )
            port = free_port()
            v = {
                "PORT": port,
                "BQ_URL": bq,
                "METADATA_URL": md,
                "METADATA_HOST": md.split("//")[1],
                "JWKS_URL": md + "/oauth2/v3/certs",
                "TOKEN_SECRET": secret,
                "BIN": a.binaries,
                "OUT": self.out,
                "AUDIENCE": auth["audience"] if auth else "",
                "EMAIL": auth["email"] if auth else "",
                "PUBSUB_URL": "",
            }
            sub = dict(
                {
                    "name": "in",
                    "topic": "input",
                    "push_endpoint": "http://127.0.0.1:%d%s" % (port, prof.get("push_path", "/")),
                },
                **prof.get("sub", {})
            )
            sub.update(sc["sub"])
            if auth:
                sub["auth"] = dict(
                    {"audience": auth["audience"], "email": auth["email"], "minter": md},
                    **sc.get("sub_auth", {})
                )
            cfg = {"topics": ["input", "output", "dead"], "subscriptions": [sub]}
            tmpl = prof["template_explode"] if sc.get("explode") else prof["template"]
            feed = sc["feed"]
            # the broker needs the stage's port, the stage may need the broker's URL: the port is fixed first
            pport = free_port()
            v["PUBSUB_URL"] = "http://127.0.0.1:%d" % pport
            if prof.get("publish_token", publishes):
                pub_auth = ["--token-secret", secret]
            else:
                pub_auth = []
            stage = Stage(prof, v, self.out, self.notes)
            stage.start(sc.get("first_env"))
            extra = []
            if sc.get("poison"):
                with open(self.path("poison.jsonl"), "w") as f:
                    for i in range(sc["poison"]):
                        f.write(json.dumps(POISON[i % len(POISON)](i)) + "\n")
                extra = ["--messages", self.path("poison.jsonl")]
            t0 = time.time()
            pp, ps = self.helper(
                "pubsub.py",
                "--port",
                str(pport),
                "--ledger",
                self.path("pubsub.jsonl"),
                "--config",
                self.put("pubsub.json", cfg),
                "--template",
                self.put("template.json", tmpl),
                "--probe",
                "--count",
                str(feed["count"]),
                "--rate",
                str(feed.get("rate", 0)),
                "--start-delay",
                "0.2",
                "--settle-s",
                str(max(1.5, sub.get("dup_delay_s", 1) + 0.5)),
                "--faults",
                self.put("pub_faults.json", {"rules": sc["pub_faults"]}),
                *extra,
                *pub_auth,
                *sc["pub"]
            )
            for u in (md, bq):
                if u:
                    get(u + "/_fk/clock", b"")
            todo = sorted(sc["actions"], key=lambda x: x["at_s"])
            deadline = t0 + a.max_seconds
            died = None
            vain_actions = []
            while pp.poll() is None and time.time() < deadline:
                time.sleep(0.05)
                stage.sample()
                if stage.p.poll() is not None and died is None:
                    died = {"code": stage.p.returncode, "at_s": round(time.time() - t0, 1)}
                    self.notes.append("the stage ended by itself: %s" % died)
                    stage.exits.append(
                        {"signal": "none", "code": stage.p.returncode, "s": 0, "over_grace": False}
                    )
                    time.sleep(0.5)
                    stage.start()  # a platform would start it again; the report shows it
                    died = None
                if todo and time.time() - t0 >= todo[0]["at_s"]:
                    act = todo[0]
                    if "when" in act:
                        try:
                            whole = get(ps + "/_fk/state")
                        except OSError:
                            continue
                        st = whole["subs"]["in"]
                        alive = whole["feeding"] or st["pending"] or not whole["generated"]
                        if (
                            st["outstanding"] < act["when"]["outstanding"]
                            and time.time() - t0 < act["at_s"] + 30
                            and alive
                        ):
                            continue
                        self.notes.append("%s with %d outstanding" % (act["do"], st["outstanding"]))
                        if not st["outstanding"]:
                            vain_actions.append(act["do"])
                    todo.pop(0)
                    if act["do"] == "kill":
                        stage.end(signal.SIGKILL, 5)
                    elif act["do"] == "term":
                        d = stage.end(signal.SIGTERM, a.grace)
                        self.notes.append("SIGTERM: gone after %.2f s, exit %s" % (d, stage.p.returncode))
                    elif act["do"] == "rotate":
                        get(md + "/_fk/rotate?drop_old=1", b"", timeout=30)
                        continue
                    time.sleep(act.get("restart_s", 0.5))
                    stage.start()
            late = pp.poll() is None
            if late:
                pp.terminate()
                pp.wait(10)
            wall = round(time.time() - t0, 1)
            stage.sample()
            stop_s = stage.end(signal.SIGTERM, a.grace)
            for u in (bq, md):
                if u:
                    try:
                        get(u + "/_fk/stop", b"")
                    except OSError:
                        pass
            for p in self.procs:
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
            cmd = [
                sys.executable,
                os.path.join(HERE, "reconcile.py"),
                "--pubsub",
                self.path("pubsub.jsonl"),
                "--json",
                self.path("report.json"),
                "--min-messages",
                str(min(10, feed["count"])),
            ]
            cmd += ["--sink-topic", "output"] if publishes else ["--bq", self.path("bq.jsonl")]
            cmd += prof.get("reconcile", []) + sc["reconcile"]
            r = subprocess.run(cmd, capture_output=True, text=True)
            with open(self.path("report.txt"), "w") as f:
                f.write(r.stdout + r.stderr)
            with open(self.path("report.json")) as f:
                rep = json.load(f)
            rep["broken"] = list(rep["broken"])
            # a fault that never struck proves nothing
            vain = []
            for prog, spec in (
                ("bigquery.py", sc["bq_faults"]),
                ("pubsub.py", sc["pub_faults"]),
                ("metadata.py", sc["md_faults"]),
            ):
                kinds = [r["fault"]["kind"] for r in spec]
                if not spec or (publishes and prog == "bigquery.py"):
                    continue
                hits = self.rule_hits(prog)
                struck = sum(hits.values()) if hits else 0
                if "down" in kinds:
                    led = {
                        "bigquery.py": "bq.jsonl",
                        "pubsub.py": "pubsub.jsonl",
                        "metadata.py": "metadata.jsonl",
                    }[prog]
                    with open(self.path(led)) as f:
                        struck += sum('"ev":"listen"' in line for line in f)
                if not struck:
                    vain.append(prog)
            if vain:
                rep["broken"].append("the scripted faults of %s never struck" % ", ".join(vain))
            if vain_actions:
                rep["broken"].append("%s struck an idle stage: raise --count" % ", ".join(vain_actions))
            if todo:
                rep["broken"].append("%d planned action(s) never happened" % len(todo))
            self_ends = [e for e in stage.exits if e["signal"] == "none"]
            if self_ends:
                rep["broken"].append(
                    "the stage crashed %d time(s): %s" % (len(self_ends), [e["code"] for e in self_ends])
                )
            terms = [e for e in stage.exits if e["signal"] == "SIGTERM"]
            if any(e["over_grace"] for e in terms):
                rep["broken"].append("SIGTERM not obeyed within %.0f s" % a.grace)
            verdict = "REPORT" if sc.get("report_only") else rep["verdict"] if not rep["broken"] else "FAIL"
            res = {
                "scenario": self.name,
                "what": sc["what"],
                "verdict": verdict,
                "broken": rep["broken"],
                "wall_s": wall,
                "peak_rss_mb": round(stage.peak_kb / 1024, 1),
                "exits": stage.exits,
                "stop_s": stop_s,
                "notes": self.notes,
                "lost": rep["lost"],
                "early_acks": rep["early_acks"],
                "unsettled": rep["unsettled"],
                "dups": rep["duplicates_same_insertId"],
                "split_dups": rep["duplicates_split"],
                "acked": rep["acked"],
                "sink_rows": rep["sink_rows"],
                "deduped": rep["row_results"].get("deduped", 0),
                "tables": rep["tables"],
                "forged_accepted": rep["forged_accepted"],
                "probe_ack_ms": rep["probe_ack_ms"],
                "faults": {k: self.rule_hits(k) for k in ("bigquery.py", "pubsub.py", "metadata.py")},
                "acked_per_s": rep["acked_per_s"],
                "commit_p99_ms": (rep["publish_to_commit_ms"] or {}).get("p99"),
                "deliveries": rep["deliveries"],
                "outcomes": rep["insertAll"]["outcomes"],
            }
            self.put("result.json", res)
            return res
        except (RuntimeError, OSError, ValueError, KeyError) as e:
            return {"scenario": self.name, "verdict": "ERROR", "why": "%s: %s" % (type(e).__name__, e)}
        finally:
            if stage and stage.p and stage.p.poll() is None:
                stage.p.kill()
                stage.p.wait(5)
            for p in self.procs:
                if p.poll() is None:
                    p.kill()
                    p.wait(5)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--profile")
    p.add_argument("--scenario", default="all", help="name, several with commas, or all")
    p.add_argument("--out", default="faultkit-out")
    p.add_argument("--count", type=int, default=3000)
    p.add_argument("--scale", type=float, default=1.0, help="shrinks the long times; 1.0 for acceptance")
    p.add_argument(
        "--grace", type=float, default=10.0, help="seconds between SIGTERM and SIGKILL (Cloud Run: 10)"
    )
    p.add_argument("--max-seconds", type=float, default=180.0, help="per scenario")
    p.add_argument("--binaries", default=".build/release", help="folder of the programs: ${BIN} in a profile")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    if a.list:
        for k, v in scenarios(a.count, a.scale).items():
            print("%-20s %s" % (k, v["what"]))
        print('for a stage with "sink": "topic":')
        for k, v in publish_scenarios(a.count, a.scale).items():
            print("%-20s %s" % (k, v["what"]))
        return
    if not a.profile:
        p.error("--profile is needed")
    signal.signal(signal.SIGTERM, lambda *x: sys.exit(1))  # the finally clauses end what was started
    with open(a.profile) as f:
        prof = json.load(f)
    S = (publish_scenarios if prof.get("sink") == "topic" else scenarios)(a.count, a.scale)
    names = list(S) if a.scenario == "all" else a.scenario.split(",")
    os.makedirs(a.out, exist_ok=True)
    results = []
    for n in names:
        if n not in S:
            p.error("no scenario %r; see --list" % n)
        r = Run(a, prof, n, S[n]).go()
        results.append(r)
        print(
            "%-20s %-9s %s"
            % (
                n,
                r["verdict"],
                r.get("why")
                or "%5.1fs acked %-5s rows %-5s lost %s early %s dup %s/%s unsettled %s %s %s"
                % (
                    r["wall_s"],
                    r["acked"],
                    r["sink_rows"],
                    r["lost"],
                    r["early_acks"],
                    r["dups"],
                    r["split_dups"],
                    r["unsettled"],
                    "; ".join(r["notes"]),
                    "; ".join(r["broken"]),
                ),
            ),
            flush=True,
        )
        with open(os.path.join(a.out, "matrix.json"), "w") as f:
            json.dump(results, f, indent=1)
    bad = [r for r in results if r["verdict"] not in ("PASS", "REPORT", "SKIPPED")]
    print("%d scenarios, %d not passed" % (len(results), len(bad)))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(1)
