# SPDX-License-Identifier: MIT
"""Lets Google's own ZetaSQL say which rows infra/sql shows, and compares them with the rule in plain Python.

    python judge_key.py ROOT

300 rows whose ids and values are as like each other as can be, so that a key which joins texts, or forgets NULL, fails.
"""

import json
import pathlib
import random
import re
import sys

from zetasql.api import CatalogBuilder, PreparedQueryBuilder
from zetasql.types import AnalyzerOptions, LanguageOptions, ZetaSQLBuiltinFunctionOptions

COLUMNS = ["event_id", "event_time", "type", "user_id", "client_time", "client_event_id"]
LANGUAGE = LanguageOptions.maximum_features()
CATALOG = CatalogBuilder("local").with_builtin_functions(
    ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)).build()
OPTIONS = AnalyzerOptions(language_options=LANGUAGE, default_timezone="UTC")


def run(sql):
    builder = PreparedQueryBuilder().set_sql(sql).set_analyzer_options(OPTIONS).set_catalog(CATALOG)
    with builder.prepare() as query:
        return [[cell.string_value for cell in row.cell] for row in query.execute().content.table_data.row]


def rows():
    pick = random.Random(7).choice
    times = [None, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z"]
    return [{
        "event_id": pick(["k1", "k1|a", *(f"e{n}" for n in range(150))]),
        "event_time": f"2026-01-0{pick('12')}T0{pick('0123456789')}:00:00Z", "type": pick(["a", "b", "a|b", ""]),
        "user_id": pick([None, "", "u1", "u1|", "u2"]), "client_time": pick(times),
        "client_event_id": pick([None, "", "k1", "k2", "k1|a"]),
        "_TABLE_SUFFIX": pick(["u1_20260101", "u1_20260102", "Zn_20260101"]),
    } for _ in range(300)]


def literal(column, value):
    if value is None:
        return "NULL"
    return ("TIMESTAMP " if column.endswith("_time") else "") + json.dumps(value)


def source(data):
    columns = [*COLUMNS, "_TABLE_SUFFIX"]
    types = ", ".join(f"{c} {'TIMESTAMP' if c.endswith('_time') else 'STRING'}" for c in columns)
    values = ",\n".join("(" + ", ".join(literal(c, row[c]) for c in columns) + ")" for row in data)
    return f"(SELECT * FROM UNNEST(ARRAY<STRUCT<{types}>>[\n{values}]))"


def query(text, data):
    """The query of a statement of infra/sql, over these rows instead of tables."""
    begin, end = text.index("\nSELECT *"), text.rindex(") = 1") + len(") = 1")
    sql = re.sub(r"`event_id`, `event_time`, .*,\n", ", ".join(COLUMNS) + ",\n", text[begin:end], count=1)
    sql = sql.replace("first_day", "DATE '2026-01-01'").replace("last_day", "DATE '2026-01-02'")
    return sql.replace("`PROJECT.pixel.pixel_*`", source(data))


def expected(data, is_view):
    earliest = {}
    for row in data:
        client = row["client_event_id"]
        key = (client, row["type"], row["client_time"], row["user_id"]) if client else row["event_id"]
        place = row["_TABLE_SUFFIX"] if is_view else ""
        order = (row["event_time"], row["event_id"])
        earliest[place, key] = min(order, earliest.get((place, key), order))
    return sorted(event_id for _, event_id in earliest.values())


def main():
    data = rows()
    for name in ("events", "events_between"):
        text = (pathlib.Path(sys.argv[1]) / f"infra/sql/{name}.sql").read_text()
        actual = sorted(row[0] for row in run(query(text, data)))
        wanted = expected(data, name == "events")
        if actual != wanted or len(wanted) == len(data):
            sys.exit(f"{name}: expected {wanted}\nactual {actual}")
    print("ZetaSQL shows the same rows")


main()
