# SPDX-License-Identifier: MIT
"""Runs the SQL of infra/ and the table tool against PyPI's bqemulator, and compares actual rows.

    python check_tables.py TOOL ROOT

TOOL is the program pixel, ROOT the repository. Prints "all N checks passed".
"""

import datetime
import decimal
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

PROJECT = "check"
passed = 0


def check(what, actual, expected):
    """One comparison; the first that differs ends the run."""
    global passed
    if actual != expected:
        sys.exit(f"{what}:\n  expected {expected}\n  actual   {actual}")
    passed += 1


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Emulator:
    """bqemulator on a port of its own; its home has the extension that it would download otherwise."""

    def __init__(self, folder):
        import duckdb
        import duckdb_extension_spatial

        version = f"v{duckdb.__version__}"
        source = pathlib.Path(duckdb_extension_spatial.__file__).parent / "extensions" / version
        target = folder / "home/.duckdb/extensions" / version / "linux_amd64"
        target.mkdir(parents=True)
        shutil.copy(source / "spatial.duckdb_extension", target)
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        program = pathlib.Path(sys.executable).parent / "bqemulator"
        ports = ["--rest-port", str(port), "--grpc-port", str(free_port())]
        self.log = open(folder / "emulator.log", "wb")
        self.process = subprocess.Popen(
            [program, "start", *ports], env={**os.environ, "HOME": str(folder / "home")},
            stdout=self.log, stderr=self.log)
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/bigquery/v2/projects/{PROJECT}/datasets").read()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    sys.exit("bqemulator did not start")
                time.sleep(0.1)

    def stop(self):
        self.process.kill()  # all that it has is in memory
        self.process.wait(20)

    def refuses(self, sql):
        """Whether a statement fails, without a client that tries again for minutes."""
        body = json.dumps({"query": sql, "useLegacySql": False}).encode()
        request = urllib.request.Request(
            f"{self.url}/bigquery/v2/projects/{PROJECT}/queries", data=body,
            headers={"Content-Type": "application/json", "Connection": "close"})
        try:
            urllib.request.urlopen(request, timeout=20).read()
            return False
        except OSError:  # an error's answer, or a connection that it closes instead
            return True


class Tables:
    """A dataset with the contract's template table, and what people do with it."""

    def __init__(self, emulator, tool, root, dataset):
        self.emulator, self.tool, self.root, self.dataset = emulator, tool, root, dataset
        self.client = bigquery.Client(
            project=PROJECT, credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=emulator.url))
        contract = json.loads((root / "infra/contracts/pixel.json").read_text())
        self.schema = [bigquery.SchemaField.from_api_repr(column) for column in contract]
        self.client.create_dataset(dataset)
        self.make("pixel")

    def make(self, name, *rows):
        table = bigquery.Table(f"{PROJECT}.{self.dataset}.{name}", schema=self.schema)
        self.client.create_table(table)
        self.add(name, *rows)

    def add(self, name, *rows):
        if rows:
            check(name, self.client.insert_rows_json(f"{PROJECT}.{self.dataset}.{name}", rows), [])

    def rows(self, sql, **days):
        parameters = [bigquery.ScalarQueryParameter(name, "DATE", day) for name, day in days.items()]
        job = self.client.query(
            sql, job_config=bigquery.QueryJobConfig(query_parameters=parameters), retry=None,
            job_retry=None)
        return [tuple(row.values()) for row in job.result(timeout=60, retry=None)]

    def run(self, *arguments, status=0):
        """The tool's answer."""
        place = ["--project", PROJECT, "--dataset", self.dataset, "--endpoint", self.emulator.url]
        done = subprocess.run(
            [self.tool, "tables", *arguments, *place], cwd=self.root, capture_output=True, text=True, timeout=120)
        if done.returncode != status:
            sys.exit(f"{arguments}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def make_function(self):
        """events_between as the tool writes it, with its wildcard written out as the tables it matches.

        The emulator does so in queries and views; in a table function it fails.
        """
        sql = self.run("view", "events_between", "--dry-run").split("\n", 1)[1]
        wildcard = f"`{PROJECT}.{self.dataset}.pixel_*`"
        check("events_between names one wildcard", sql.count(wildcard), 1)
        check("the emulator refuses a wildcard in a function", self.emulator.refuses(sql), True)
        names = [t.table_id for t in self.client.list_tables(self.dataset)]
        union = " UNION ALL ".join(
            f"SELECT *, '{name[6:]}' AS _TABLE_SUFFIX FROM `{PROJECT}.{self.dataset}.{name}`"
            for name in sorted(names) if name.startswith("pixel_"))
        self.rows(sql.replace(wildcard, f"({union})"))


def event(event_id, time, type="page_view", user="u1", **more):
    """A row as bq-loader sends it."""
    return {"event_id": event_id, "event_time": f"2026-01-{time}Z", "type": type, "user_id": user, **more}


def fill(tables):
    page = "https://shop.example/"
    news = {"utm_source": "mail", "utm_campaign": "news"}
    first = [
        event("a1", "01T10:00:00", page_url=page + "?x=1", session_id="s1", tags=["new", "de"],
              page_referrer="https://search.example/q", **news),
        event("a2", "01T10:10:00", type="search", session_id="s1", tags=["de"]),
        event("a3", "01T10:20:00", type="purchase", order_id="o1", value="19.90", currency="EUR", quantity=2),
        event("a4", "01T12:00:00", page_url=page + "a#top", session_id="s2",
              page_referrer="https://shop.example/"),
    ]
    # Each event of the first table twice, as after a redelivery.
    tables.make("pixel_u1_20260101", *first, *first)
    tables.make(
        "pixel_u1_20260102",
        event("b1", "02T09:00:00", page_url=page + "a", session_id="s3"),
        event("b2", "02T09:01:00", page_url=page, session_id="s3"),
        event("b3", "02T09:05:00", type="purchase", order_id="o1", value="19.90", currency="EUR", quantity=2))
    tables.make(
        "pixel_u2_20260101",
        event("c1", "01T23:59:59", user="u2", page_url=page, session_id="s4", **news,
              client_time="2020-01-01T00:00:00Z", received_time="2026-01-02T00:00:09Z"),
        event("c2", "01T23:59:59.5", user="u2", type="search", _unparsed='{"quantity":"many"}'))
    tables.make("pixel_Zo_20260103", event("d1", "03T00:00:00", user="u3", page_url=page, cache_hit=True))
    tables.make("pixel_Zn_20260103", {**event("d2", "03T08:00:00"), "user_id": None})


def check_view(tables):
    made = tables.run("view", "events")
    check("view", made, "events: made\n")
    everything = tables.rows(
        "SELECT table_suffix, CAST(table_date AS STRING), event_id FROM pixel.events ORDER BY 1, 3")
    check("each event once", everything, [
        ("Zn_20260103", "2026-01-03", "d2"), ("Zo_20260103", "2026-01-03", "d1"),
        *[("u1_20260101", "2026-01-01", f"a{n}") for n in range(1, 5)],
        *[("u1_20260102", "2026-01-02", f"b{n}") for n in range(1, 4)],
        ("u2_20260101", "2026-01-01", "c1"), ("u2_20260101", "2026-01-01", "c2")])
    check("the tables have repeats", tables.rows("SELECT COUNT(*) FROM `pixel.pixel_*`"), [(15,)])
    by_date = "SELECT event_id FROM pixel.events WHERE table_date = DATE '2026-01-02' ORDER BY 1"
    check("a filter by date", tables.rows(by_date), [("b1",), ("b2",), ("b3",)])
    by_suffix = "SELECT event_id FROM pixel.events WHERE table_suffix = 'u2_20260101' ORDER BY 1"
    check("a filter by suffix", tables.rows(by_suffix), [("c1",), ("c2",)])
    values = "SELECT value, quantity, tags, event_time FROM pixel.events WHERE event_id IN ('a2', 'a3') ORDER BY 1"
    utc = datetime.timezone.utc
    got = [tuple(str(v) if i == 0 and v is not None else v for i, v in enumerate(row))
           for row in tables.rows(values)]
    check("values", sorted(got, key=lambda row: row[3]), [
        (None, None, ["de"], datetime.datetime(2026, 1, 1, 10, 10, tzinfo=utc)),
        ("19.900000000", 2, [], datetime.datetime(2026, 1, 1, 10, 20, tzinfo=utc))])


def check_function(tables):
    tables.make_function()
    sql = "SELECT event_id FROM pixel.events_between(@first_day, @last_day) ORDER BY 1"
    def ids(first, last):
        return "".join(row[0] for row in tables.rows(sql, first_day=first, last_day=last))
    check("all days", ids("2026-01-01", "2026-01-03"), "a1a2a3a4b1b2b3c1c2d1d2")
    check("one day", ids("2026-01-02", "2026-01-02"), "b1b2b3")
    check("last two", ids("2026-01-02", "2026-01-03"), "b1b2b3d1d2")
    check("before", ids("2025-01-01", "2025-12-31"), "")


def plain(value):
    """As JSON has it. Whether an average is NUMERIC or FLOAT64 is the emulator's own."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value if value is None or isinstance(value, (int, float)) else str(value)


def check_queries(tables):
    expected = json.loads((pathlib.Path(__file__).parent / "queries.json").read_text())
    files = sorted((tables.root / "infra/queries").glob("*.sql"))
    check("each query has its rows", [f.stem for f in files], sorted(expected))
    for file in files:
        sql = file.read_text()
        check(f"{file.name} says what it answers", sql.startswith("-- ") and "?" in sql.split("\n")[0], True)
        rows = tables.rows(sql.strip().rstrip(";"), first_day="2026-01-01", last_day="2026-01-03")
        check(file.name, [[plain(value) for value in row] for row in rows], expected[file.stem])


def check_list(tables):
    lines = tables.run("list").split("\n")
    fields = {line.split()[0]: line.split()[1:] for line in lines[1:6]}
    check("rows of a table", fields["pixel_u1_20260101"][0], "8")
    check("tables", re.split(r" +", lines[6])[:3], ["5", "tables", "15"])


def check_move(tables):
    def events():
        return tables.rows("SELECT event_id FROM pixel.events ORDER BY 1")

    def moved():
        return tables.rows("SELECT event_id, table_suffix FROM pixel.events_moved ORDER BY 1")

    before = events()
    old = ("--before", "2026-01-02")
    tables.run("move", "--drop", *old, status=2)
    dry = tables.run("move", "--dry-run", *old)
    check("dry run", "would move 2 tables, 2026-01-01" in dry, True)
    names = lambda: sorted(t.table_id for t in tables.client.list_tables("pixel"))
    check("a dry run makes nothing", "events_moved" in names(), False)

    said = tables.run("move", *old)
    check("moved, each event once", "2026-01-01: 2 tables moved: 10 rows, 6 events; moved 6 rows, 6 events" in said, True)
    check("where they were", moved(), [
        ("a1", "u1_20260101"), ("a2", "u1_20260101"), ("a3", "u1_20260101"), ("a4", "u1_20260101"),
        ("c1", "u2_20260101"), ("c2", "u2_20260101")])
    archive = tables.client.get_table(f"{PROJECT}.pixel.events_moved")
    check("partitioned", (archive.time_partitioning.type_, archive.time_partitioning.field), ("DAY", "event_time"))
    check("clustered", archive.clustering_fields, ["type", "user_id", "event_time"])

    # Stopped half-way: some of a day's events are there already.
    tables.rows("DELETE FROM pixel.events_moved WHERE event_id IN ('a2', 'c1')")
    said = tables.run("move", "--drop", *old, status=1)
    check("what is not moved is kept", "2026-01-01: kept, not all is moved" in said, True)
    check("nothing dropped", "pixel_u1_20260101" in names(), True)
    tables.run("move", *old)
    check("completed, nothing twice", len(moved()), 6)
    said = tables.run("move", *old)
    check("run again", "2 tables were moved before" in said, True)

    tables.run("view", "events", "--archive", "events_moved")
    check("the view shows each event once while both have it", events(), before)
    # A row that came late: it is not dropped with its table.
    tables.add("pixel_u2_20260101", event("c3", "01T23:00:00", user="u2"))
    tables.run("move", "--drop", *old, status=1)
    check("a late row keeps its table", "pixel_u2_20260101" in names(), True)
    tables.run("move", *old)
    tables.run("move", "--drop", *old)
    check("dropped, and only those", names(), [
        "events", "events_moved", "pixel", "pixel_Zn_20260103", "pixel_Zo_20260103", "pixel_u1_20260102"])
    # The emulator writes a view's wildcard out when the view is made; BigQuery would not need this.
    tables.run("view", "events", "--archive", "events_moved")
    check("all events are there still", events(), sorted(before + [("c3",)]))
    day = "SELECT event_id FROM pixel.events WHERE table_date = DATE '2026-01-01' AND table_suffix = 'u2_20260101' ORDER BY 1"
    check("a moved table is found by its suffix and date", tables.rows(day), [("c1",), ("c2",), ("c3",)])


def check_first_view(tables):
    """A new dataset: nothing matches the wildcard yet."""
    said = tables.run("view", "events")
    check("an empty table is made", said.split("\n")[0].startswith("pixel_Ze: made, empty"), True)
    check("the view is empty", tables.rows("SELECT COUNT(*) FROM fresh.events"), [(0,)])
    check("once", tables.run("view", "events"), "events: updated\n")  # it doesn't tell a view's query


def check_clients(tables):
    """A client's own id: an event that it sent twice is one, and nobody can hide another's by sending its id."""
    mine = {"client_event_id": "k1", "client_time": "2026-01-01T10:00:00.5Z"}
    tie = {"client_event_id": "k2", "client_time": "2026-01-01T11:00:00Z"}
    none = {"client_event_id": "k3", "client_time": "2026-01-01T12:00:00Z"}
    tables.make(
        "pixel_u1_20260101",
        event("a3", "01T10:00:09", **mine), event("a1", "01T10:00:01", **mine), event("a1", "01T10:00:01", **mine),
        event("a2", "01T10:00:02", **mine),
        event("b1", "01T10:00:03", type="purchase", **mine),
        event("b2", "01T10:00:00", **{**mine, "client_time": "2026-01-01T10:00:00.4Z"}),
        event("b3", "01T09:00:00", client_event_id="k1"), event("b4", "01T09:00:01", client_event_id="k1"),
        event("c2", "01T11:00:00", **tie), event("c1", "01T11:00:00", **tie),
        event("d1", "01T11:00:00", client_event_id=""), event("d2", "01T11:00:00", client_event_id=""),
        event("d3", "01T11:00:00"), event("d3", "01T11:00:00"), event("k1", "01T11:00:00"))
    tables.make("pixel_u2_20260101", event("e1", "01T10:00:00", user="u2", **mine))
    tables.make(
        "pixel_Zn_20260101", {**event("f2", "01T12:00:02", **none), "user_id": None},
        {**event("f1", "01T12:00:01", **none), "user_id": None}, event("f3", "01T12:00:00", user="", **none))
    # Sent again after midnight; and once more in the overflow table.
    tables.make("pixel_u1_20260102", event("a4", "02T00:00:01", **mine), event("g1", "02T00:00:01", **tie))
    tables.make("pixel_Zo_20260102", event("a5", "02T00:00:02", **mine))
    first = ["a1", "b1", "b2", "b3", "c1", "d1", "d2", "d3", "e1", "f1", "f3", "k1"]
    tables.run("view", "events")
    ids = lambda rows: [row[0] for row in rows]
    check("one row of each event a table", ids(tables.rows(
        "SELECT event_id FROM twice.events WHERE table_date = DATE '2026-01-01' ORDER BY 1")), first)
    check("what came again after midnight, or elsewhere, shows in each table", ids(tables.rows(
        "SELECT event_id FROM twice.events WHERE client_event_id = 'k1' AND type = 'page_view' AND user_id = 'u1' "
        "AND client_time = TIMESTAMP '2026-01-01 10:00:00.5Z' ORDER BY 1")), ["a1", "a4", "a5"])
    tables.make_function()
    sql = "SELECT event_id FROM twice.events_between(@first_day, @last_day) ORDER BY 1"
    days = lambda first, last: ids(tables.rows(sql, first_day=f"2026-01-0{first}", last_day=f"2026-01-0{last}"))
    check("each once over two days", days(1, 2), first)
    check("by itself the second day has its own", days(2, 2), ["a4", "g1"])

    # The same tables by contracts that have less.
    def with_columns(*names):
        contract = json.loads((tables.root / "infra/contracts/pixel.json").read_text())
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump([c for c in contract if c["name"] in ("event_id", "event_time", *names)], file)
            file.flush()
            tables.run("view", "events", "--contract", file.name)
        return ids(tables.rows("SELECT event_id FROM twice.events WHERE table_date = DATE '2026-01-01' ORDER BY 1"))
    check("without type and time one event of an id and user", with_columns("client_event_id", "user_id"),
          ["b3", "c1", "d1", "d2", "d3", "e1", "f1", "f3", "k1"])
    check("without the client's id each message", with_columns("type", "user_id"), [
        "a1", "a2", "a3", "b1", "b2", "b3", "b4", "c1", "c2", "d1", "d2", "d3", "e1", "f1", "f2", "f3", "k1"])


def check_whole(tables):
    """Without a suffix: one table."""
    tables.add("pixel", event("w1", "01T10:00:00"), event("w1", "01T10:00:00"), event("w2", "02T22:59:00"))
    tables.run("view", "--suffix", "", "--time-zone", "Europe/Berlin")
    sql = "SELECT event_id, CAST(table_date AS STRING) FROM whole.events ORDER BY 1"
    check("one table, each event once", tables.rows(sql), [("w1", "2026-01-01"), ("w2", "2026-01-02")])
    sql = "SELECT event_id FROM whole.events_between(DATE '2026-01-02', DATE '2026-01-02')"
    check("its days", tables.rows(sql), [("w2",)])


def main():
    tool, root = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(pathlib.Path(folder))
        try:
            tables = Tables(emulator, tool, root, "pixel")
            fill(tables)
            check_view(tables)
            check_list(tables)
            check_function(tables)
            check_queries(tables)
            check_move(tables)
            check_first_view(Tables(emulator, tool, root, "fresh"))
            check_clients(Tables(emulator, tool, root, "twice"))
            check_whole(Tables(emulator, tool, root, "whole"))
        finally:
            emulator.stop()
    print(f"all {passed} checks passed")


main()
