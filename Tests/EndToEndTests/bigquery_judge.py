# SPDX-License-Identifier: MIT
"""Pushes rows with a value of every column type to a bq-loader whose BigQuery is PyPI's bqemulator, and
reads them back with google-cloud-bigquery. Usage: bigquery_judge.py BQ_LOADER

Prints one JSON object: how many rows were pushed, and what differs. bqemulator knows no templateSuffix, so
rows go to the table itself.
"""

import base64, datetime, decimal, glob, http.client, json, math, os, shutil, signal, socket, subprocess
import sys, tempfile, time, urllib.request

import duckdb_extension_spatial
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

D = decimal.Decimal
UTC = datetime.timezone.utc

# Without BIGNUMERIC, whose 76 digits bqemulator has no place for, and RANGE and INTERVAL, of which its
# client reads no rows. Column type, mode, what the loader is given (as LogParse writes it), what is read back.
CASES = [
    ("STRING", "NULLABLE", "é \U0001f600 \"q\" \\ \n \t", "é \U0001f600 \"q\" \\ \n \t"),
    ("STRING", "NULLABLE", "", ""),
    ("STRING", "REPEATED", ["a", "", "ü"], ["a", "", "ü"]),
    ("BYTES", "NULLABLE", base64.b64encode(bytes(range(256))).decode(), bytes(range(256))),
    ("INTEGER", "NULLABLE", "9223372036854775807", 2**63 - 1),
    ("INTEGER", "NULLABLE", "-9223372036854775808", -(2**63)),
    ("INTEGER", "REPEATED", ["1", "9007199254740993"], [1, 9007199254740993]),
    ("FLOAT", "NULLABLE", 0.1, 0.1),
    ("FLOAT", "NULLABLE", "NaN", math.nan),
    ("FLOAT", "NULLABLE", "-Infinity", -math.inf),
    ("NUMERIC", "NULLABLE", "12345678901234567890.123456789", D("12345678901234567890.123456789")),
    ("NUMERIC", "NULLABLE", "-0.000000001", D("-0.000000001")),
    ("BOOLEAN", "NULLABLE", True, True),
    ("BOOLEAN", "NULLABLE", False, False),
    ("TIMESTAMP", "NULLABLE", "2026-01-02T03:04:05.678901Z",
     datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)),
    ("DATE", "NULLABLE", "2024-02-29", datetime.date(2024, 2, 29)),
    ("TIME", "NULLABLE", "23:59:59.999999", datetime.time(23, 59, 59, 999999)),
    ("DATETIME", "NULLABLE", "2026-01-02T03:04:05.678901",
     datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)),
    ("JSON", "NULLABLE", '{"a":[1,null,"é"],"b":{}}', {"a": [1, None, "é"], "b": {}}),
    ("GEOGRAPHY", "NULLABLE", "POINT(1 2)", "POINT(1 2)"),
    ("RECORD", "NULLABLE", {"text": "x", "number": "7"}, {"text": "x", "number": 7}),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait(url, seconds=180):
    end = time.time() + seconds
    while True:
        try:
            return urllib.request.urlopen(url, timeout=20).read()
        except OSError as error:
            if time.time() > end:
                raise SystemExit(f"{url}: {error}")
            time.sleep(0.1)


def start_emulator(folder):
    """It wants to download an extension; PyPI has that too, so it is put where it looks."""
    import duckdb
    source = glob.glob(os.path.join(
        os.path.dirname(duckdb_extension_spatial.__file__), "extensions", "*", "spatial.duckdb_extension"))[0]
    target = os.path.join(folder, ".duckdb", "extensions", "v" + duckdb.__version__, "linux_amd64")
    os.makedirs(target)
    shutil.copy(source, target)
    port = free_port()
    program = os.path.join(os.path.dirname(sys.executable), "bqemulator")
    process = subprocess.Popen(
        [program, "start", "--rest-port", str(port), "--grpc-port", "0", "--log-level", "error"],
        env=dict(os.environ, HOME=folder), stdout=sys.stderr)
    return process, port


def push(port, row):
    data = base64.b64encode(json.dumps(row, ensure_ascii=False).encode()).decode()
    body = json.dumps({"message": {"data": data, "messageId": "1"}, "subscription": "s"})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    return connection.getresponse().status


def equal(want, got, kind):
    if kind == "JSON" and isinstance(got, str):
        got = json.loads(got)
    if kind == "GEOGRAPHY":
        return str(got).replace(" ", "") == want.replace(" ", "")
    if isinstance(want, float) and math.isnan(want):
        return isinstance(got, float) and math.isnan(got)
    return got == want


def main():
    # A test runner may have blocked signals; what is started here has to hear SIGTERM.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    problems = []
    folder = tempfile.mkdtemp()
    emulator, port = start_emulator(folder)
    loader = None
    try:
        base = f"http://127.0.0.1:{port}"
        end = time.time() + 180
        while True:
            try:
                urllib.request.urlopen(f"{base}/bigquery/v2/projects/p/datasets", timeout=20).read()
                break
            except OSError:
                if time.time() > end or emulator.poll() is not None:
                    raise SystemExit("bqemulator does not start")
                time.sleep(0.2)
        client = bigquery.Client(
            project="p", credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=base))
        client.create_dataset("d")
        fields = [bigquery.SchemaField("event_id", "STRING", "REQUIRED")]
        for index, (kind, mode, _, _) in enumerate(CASES):
            inner = [bigquery.SchemaField("text", "STRING"), bigquery.SchemaField("number", "INTEGER")]
            fields.append(bigquery.SchemaField(
                f"c{index}", kind, mode, fields=inner if kind == "RECORD" else ()))
        client.create_table(bigquery.Table("p.d.events", fields))

        own = free_port()
        loader = subprocess.Popen(
            [sys.argv[1]], stdout=sys.stderr,
            env=dict(os.environ, HOST="127.0.0.1", PORT=str(own), PUSH_AUTH="none", BIGQUERY_DATASET="d",
                     BIGQUERY_TABLE="events", TEMPLATE_SUFFIX="", GOOGLE_CLOUD_PROJECT="p",
                     BIGQUERY_EMULATOR_HOST=base, PUBSUB_EMULATOR_HOST="127.0.0.1:1"))
        wait(f"http://127.0.0.1:{own}/ready")

        # Each value alone, then all in one row, then one row that is large enough to be compressed.
        rows = {f"one-{i}": {f"c{i}": case[2]} for i, case in enumerate(CASES)}
        rows["all"] = {f"c{i}": case[2] for i, case in enumerate(CASES)}
        rows["large"] = {"c0": "large " * 4000}
        for name, row in rows.items():
            status = push(own, {"event_id": name, **row})
            if status != 204:
                problems.append(f"{name}: pushed, answered {status}")
        # It calls a GEOGRAPHY bytes, so that is read as text.
        place = [case[0] for case in CASES].index("GEOGRAPHY")
        sql = f"SELECT * EXCEPT (c{place}) FROM `p.d.events`"
        got = {row["event_id"]: dict(row) for row in client.query(sql).result()}
        sql = f"SELECT event_id, ST_ASTEXT(c{place}) AS c{place} FROM `p.d.events`"
        for row in client.query(sql).result():
            got[row["event_id"]].update(row)
        if sorted(got) != sorted(rows):
            problems.append(f"rows: {sorted(set(rows) ^ set(got))}")
        for i, (kind, _, _, want) in enumerate(CASES):
            for name in (f"one-{i}", "all"):
                value = got.get(name, {}).get(f"c{i}")
                if not equal(want, value, kind):
                    problems.append(f"{name} {kind}: wanted {want!r}, got {value!r}")
        if got.get("large", {}).get("c0") != "large " * 4000:
            problems.append("large: not what was sent")
        print(json.dumps({"rows": len(rows), "types": len({case[0] for case in CASES}), "problems": problems}))
    finally:
        for process in (loader, emulator):
            if process:
                process.terminate()
                process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


main()
