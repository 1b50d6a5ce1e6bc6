# SPDX-License-Identifier: MIT
"""The command line: what runs, against which state, and what is checked."""

import argparse
import collections
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from .cloud import SCHEME
from .discovery import Discovery
from .logging_sinks import exported
from .requests import Fake
from .server import Handler, Recorder, Server
from .store import Store
from .wiring import report_wiring

# Each registers what it answers.
from . import (  # noqa: F401
    artifacts,
    bigquery,
    compute,
    iam,
    logging_sinks,
    monitoring,
    project,
    pubsub,
    run,
    storage,
)

APIS = (
    "appengine artifactregistry bigquery certificatemanager cloudbuild "
    "cloudresourcemanager compute dns iam iamcredentials logging "
    "monitoring pubsub run secretmanager serviceusage storage"
).split()


def make_tls(folder):
    """A throw-away certificate authority and one certificate, by openssl."""
    ca, key = os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key")
    crt, ckey = os.path.join(folder, "srv.pem"), os.path.join(folder, "srv.key")
    if not os.path.exists(crt):

        def run(*a):
            subprocess.run(["openssl"] + list(a), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        run(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "3650",
            "-subj",
            "/CN=fakegcp throw-away CA",
            "-keyout",
            key,
            "-out",
            ca,
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        )
        csr, ext = os.path.join(folder, "srv.csr"), os.path.join(folder, "srv.ext")
        run(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=*.googleapis.com",
            "-keyout",
            ckey,
            "-out",
            csr,
        )
        with open(ext, "w") as f:
            f.write(
                "subjectAltName=DNS:*.googleapis.com,DNS:googleapis.com,"
                "DNS:*.rep.googleapis.com,DNS:accounts.google.com,"
                "DNS:dl.google.com\nbasicConstraints=CA:FALSE\n"
                "extendedKeyUsage=serverAuth\n"
            )
        run(
            "x509",
            "-req",
            "-in",
            csr,
            "-CA",
            ca,
            "-CAkey",
            key,
            "-CAcreateserial",
            "-days",
            "3650",
            "-extfile",
            ext,
            "-out",
            crt + ".tmp",
        )
        os.replace(crt + ".tmp", crt)
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(crt, ckey)
    return ctx, ca


def environment(o, port, ca):
    """The variables that point the client programs at the fake."""
    conf = os.path.join(o.state, "gcloud-config")
    os.makedirs(conf, exist_ok=True)
    bqrc, boto = os.path.join(o.state, "bigqueryrc"), os.path.join(o.state, "boto")
    with open(bqrc, "w") as f:
        f.write("oauth_access_token = %s\n" % o.token)
    with open(boto, "w") as f:
        f.write(
            "[Credentials]\ngs_oauth2_refresh_token = fake\n"
            "[OAuth2]\nclient_id = fake\nclient_secret = fake\n"
            "provider_token_uri = %s://oauth2.googleapis.com/token\n" % o.transport
            + "[GSUtil]\ncheck_hashes = if_fast_else_skip\n"
            "[Boto]\nhttps_validate_certificates = True\n" + ("ca_certificates_file = %s\n" % ca if ca else "")
        )
    e = {
        "CLOUDSDK_CONFIG": conf,
        "CLOUDSDK_CORE_PROJECT": o.project,
        "CLOUDSDK_CORE_ACCOUNT": o.account,
        "CLOUDSDK_AUTH_ACCESS_TOKEN": o.token,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_SHOW_STRUCTURED_LOGS": "never",
        "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_STORAGE_USE_GRPC_IF_AVAILABLE": "false",
        "CLOUDSDK_CORE_PASS_CREDENTIALS_TO_GSUTIL": "false",
        "BIGQUERYRC": bqrc,
        "BOTO_CONFIG": boto,
        "FAKEGCP_URL": "http://127.0.0.1:%d" % port,
        "FAKEGCP_PROJECT": o.project,
        "FAKEGCP_PROJECT_NUMBER": o.project_number,
        "FAKEGCP_TRANSPORT": o.transport,
        "http_proxy": "http://127.0.0.1:%d" % port,
        "https_proxy": "http://127.0.0.1:%d" % port,
        "HTTPS_PROXY": "http://127.0.0.1:%d" % port,
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
        "CLOUDSDK_RUN_REGION": "",
        "CLOUDSDK_COMPUTE_REGION": "",
    }
    e = {k: v for k, v in e.items() if v != ""}
    if o.transport == "https":
        e.update(
            CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE=ca, CURL_CA_BUNDLE=ca, SSL_CERT_FILE=ca, REQUESTS_CA_BUNDLE=ca
        )
    else:
        for a in APIS:
            base = "http://%s.googleapis.com/" % a
            if a == "bigquery":
                base += "bigquery/v2/"
            elif a == "storage":
                base += "storage/v1/"
            elif a == "compute":
                base += "compute/v1/"
            e["CLOUDSDK_API_ENDPOINT_OVERRIDES_" + a.upper()] = base
        with open(bqrc, "a") as f:
            f.write("api = http://bigquery.googleapis.com\n")
    return e


def main():
    ap = argparse.ArgumentParser(
        prog="fakegcp",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run a command against an offline imitation of the Google " "Cloud control plane.",
        usage="fakegcp [options] -- COMMAND [ARG...]",
    )
    a = ap.add_argument
    a("--port", type=int, default=0, help="loopback port (default: any free)")
    a("--log", help="append every request to this JSON Lines file")
    a("--state", help="folder that keeps the project's state between runs " "(default: a temporary one)")
    a("--project", default="demo-project")
    a("--project-number", default="123456789012")
    a("--account", default="tester@example.com")
    a("--token", default="fake-access-token")
    a(
        "--transport",
        choices=("auto", "https", "http"),
        default="auto",
        help="https: real host names through a proxy with a throw-away CA (needs "
        "openssl); http: endpoint overrides (default: https if openssl exists)",
    )
    a(
        "--lro-polls",
        type=int,
        default=0,
        metavar="N",
        help="long-running operations stay unfinished for N answers",
    )
    a(
        "--fault",
        action="append",
        metavar="METHOD=CODE[:COUNT[:MESSAGE]]",
        help="fail the first COUNT calls of a method, * as wildcard, with Google's MESSAGE",
    )
    a(
        "--lag",
        type=int,
        default=0,
        metavar="N",
        help="what is new is unknown to the first N calls that need it: metrics, grants, accounts, NEGs",
    )
    a("--always-serving", action="store_true", help="fail if a write ends what served before it (serving.py)")
    a(
        "--activate-certificates",
        action="store_true",
        help="managed certificates of the state become ACTIVE first",
    )
    a("--allow-disabled-apis", action="store_true", help="do not require `services enable`")
    a("--read-only", action="store_true", help="refuse every write and fail if one was tried (for dry runs)")
    a(
        "--expect-unchanged",
        action="store_true",
        help="fail if the command changed the project (for second runs)",
    )
    a("--expect-empty", action="store_true", help="fail if resources are left afterwards (for teardown)")
    a(
        "--keep",
        action="append",
        default=[],
        metavar="REGEX",
        help="with --expect-empty: resources that may stay",
    )
    a("--check", action="store_true", help="check the pipeline's wiring in the final state")
    a(
        "--match",
        nargs=2,
        metavar=("SINK", "FILE"),
        help="tell which log entries (JSON Lines) a sink of the state exports",
    )
    a("--dump", action="store_true", help="print the state's resources and exit")
    a("--quiet", action="store_true")
    a(
        "--descriptions",
        metavar="DIR",
        default=os.environ.get("FAKEGCP_DESCRIPTIONS", ""),
        help="googleapiclient/discovery_cache/documents of PyPI's "
        "google-api-python-client [$FAKEGCP_DESCRIPTIONS]",
    )
    a("command", nargs=argparse.REMAINDER)
    o = ap.parse_args()
    cmd = o.command[1:] if o.command[:1] == ["--"] else o.command
    temp = None
    if not o.state:
        temp = o.state = tempfile.mkdtemp(prefix="fakegcp-")
    o.state = os.path.abspath(o.state)
    os.makedirs(o.state, exist_ok=True)
    store = Store(o.state, o.project, o.project_number)
    if o.dump:
        print(json.dumps({"resources": store.res, "policies": store.policies}, indent=1, sort_keys=True))
        return 0
    if o.match:
        return match_entries(store, *o.match)
    if o.check and not cmd:
        return report_wiring(store)
    if o.transport == "auto":
        o.transport = "https" if shutil.which("openssl") else "http"
    tls, ca = make_tls(o.state) if o.transport == "https" else (None, None)
    SCHEME[0] = o.transport
    disc, rec = Discovery(o.descriptions), Recorder(o.log)
    fake = Fake(o, store, disc, rec)
    srv = Server(("127.0.0.1", o.port), Handler)
    srv.disc, srv.rec, srv.tls, srv.answer = disc, rec, tls, fake.answer
    port = srv.server_address[1]
    threading.Thread(target=srv.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
    env = environment(o, port, ca)
    if not cmd:
        for k, v in sorted(env.items()):
            print("export %s='%s'" % (k, v))
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    if o.activate_certificates:
        activate_certificates(store)
    before = store.fingerprint()
    child = dict(os.environ)
    for k in list(child):
        if (
            k.startswith("CLOUDSDK_")
            or k.lower() == "all_proxy"
            or k in ("GOOGLE_APPLICATION_CREDENTIALS", "PUBSUB_EMULATOR_HOST")
        ):
            if k not in ("CLOUDSDK_PYTHON", "PUBSUB_EMULATOR_HOST"):
                child.pop(k)
    child.update(env)
    t0 = time.time()
    try:
        rc = subprocess.call(cmd, env=child)
    except OSError as e:
        print("fakegcp: %s" % e, file=sys.stderr)
        rc = 127
    srv.shutdown()
    after = store.fingerprint()
    rc = summary(o, rec, before, after, rc, time.time() - t0)
    if o.check:
        rc = report_wiring(store) or rc
    if temp:
        shutil.rmtree(temp, ignore_errors=True)
    return rc


def activate_certificates(store):
    """As when their domains' DNS has pointed at the address for an hour."""
    for key, cert in store.res.items():
        if "/sslCertificates/" in key and cert.get("managed"):
            cert["managed"]["status"] = "ACTIVE"
            cert["managed"]["domainStatus"] = {d: "ACTIVE" for d in cert["managed"]["domains"]}
    store.save()


def match_entries(store, name, path):
    """One line per entry; the status is 1 if an entry's own verdict differs.

    An entry may carry "_expect": true or false, which is not part of it.
    """
    sink = store.res.get("logging:projects/%s/sinks/%s" % (store.d["project"], name))
    if not sink:
        raise SystemExit("fakegcp: the state has no sink " + name)
    wrong = 0
    with open(path) as f:
        for n, line in enumerate(f, 1):
            if not line.strip():
                continue
            entry = json.loads(line)
            want = entry.pop("_expect", None)
            got, why = exported(sink, entry)
            bad = want is not None and want != got
            wrong += bad
            print("%s%d: %s: %s" % ("WRONG " if bad else "", n, "exported" if got else "dropped", why))
    return 1 if wrong else 0


def summary(o, rec, before, after, rc, took):
    """Print the verdict; the exit status is 2 when a check failed."""
    kinds = collections.Counter(r.get("kind") for r in rec.rows if r.get("problem"))
    out = lambda s: print("fakegcp: " + s, file=sys.stderr)
    failed = False
    for r in rec.rows:
        if r.get("kind") in ("schema", "outside", "bug", "write-refused", "gap"):
            out("%s: %s %s%s: %s" % (r["kind"].upper(), r["verb"], r["host"], r.get("path", ""), r["problem"]))
            failed = True
        elif r.get("note") and not o.quiet:
            out("note: %s: %s" % (r.get("method"), r["note"]))
    made = sorted(set(after) - set(before))
    gone = sorted(set(before) - set(after))
    diff = sorted(k for k in after if k in before and after[k] != before[k])
    if not o.quiet:
        out(
            "command ended with status %d after %.1f s; %d requests, %d writes;"
            " resources: %d made, %d changed, %d removed, %d in all"
            % (
                rc,
                took,
                len(rec.rows),
                sum(bool(r.get("changed")) for r in rec.rows),
                len(made),
                len(diff),
                len(gone),
                len(after),
            )
        )
        out(
            "answers with an error: "
            + (", ".join("%d %s" % (n, k) for k, n in sorted(kinds.items(), key=str)) or "none")
        )
    if o.expect_unchanged and (made or gone or diff):
        failed = True
        for word, keys in (("made", made), ("changed", diff), ("removed", gone)):
            for k in keys:
                out("NOT UNCHANGED: %s %s" % (word, k))
    if o.expect_empty:
        left = [
            k
            for k in after
            if not k.startswith("serviceusage:")
            and not re.search(r"/sinks/_(Default|Required)$", k)
            and not any(re.search(p, k) for p in o.keep)
        ]
        for k in left:
            failed = True
            out("LEFT BEHIND: " + k)
    return rc if rc else (2 if failed else 0)
