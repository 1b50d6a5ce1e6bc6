# SPDX-License-Identifier: MIT
"""BigQuery's checks of a row against a schema, and of a table's name."""

import datetime
import math
import re
import unicodedata


def good_table_id(t):
    """Documented rule: letters, marks, numbers, connectors, dashes and spaces of Unicode, at most 1,024 bytes."""
    if not t or len(t.encode("utf-8", "surrogatepass")) > 1024:
        return False
    return all(
        unicodedata.category(c)[0] in "LMN" or unicodedata.category(c) in ("Pc", "Pd", "Zs") for c in t
    )


TS_RE = re.compile(
    r"^\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,6})?)?)?( ?(UTC|Z|[+-]\d{1,2}(:\d{2})?))?$",
    re.I,
)


def bad_scalar(t, v):
    """None when v fits type t, else a message like the service's."""
    t = t.upper()
    if t == "STRING":
        return None if isinstance(v, (str, int, float, bool)) else "Cannot convert value to string."
    if t in ("INTEGER", "INT64"):
        if isinstance(v, bool):
            return "Cannot convert value to integer (bad value): %s" % v
        try:
            f = int(v) if isinstance(v, (int, str)) else v
            if isinstance(f, float):
                if not f.is_integer():
                    raise ValueError
                f = int(f)
            if not -(2**63) <= f < 2**63:
                raise ValueError
            return None
        except (ValueError, TypeError, OverflowError):
            return "Cannot convert value to integer (bad value): %s" % (v,)
    if t in ("FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"):
        try:
            if isinstance(v, bool):
                raise ValueError
            float(v)
            return None
        except (ValueError, TypeError):
            return "Cannot convert value to floating point (bad value): %s" % (v,)
    if t in ("BOOLEAN", "BOOL"):
        ok = isinstance(v, bool) or (
            isinstance(v, str) and v.lower() in ("true", "false", "t", "f", "1", "0")
        )
        return None if ok else "Cannot convert value to boolean (bad value): %s" % (v,)
    if t == "TIMESTAMP":
        if isinstance(v, bool):
            return "Could not parse '%s' as a timestamp." % (v,)
        if isinstance(v, (int, float)):
            return None if math.isfinite(v) and abs(v) < 253402300800 else "Timestamp out of range: %s" % (v,)
        if isinstance(v, str):
            try:
                if abs(float(v)) < 253402300800:
                    return None
            except ValueError:
                pass
            if TS_RE.match(v.strip()):
                try:
                    y, mo, d = [int(x) for x in re.split(r"[- T]", v.strip())[:3]]
                    datetime.date(y, mo, d)
                    return None
                except ValueError:
                    pass
        return "Could not parse '%s' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]]" % (v,)
    if t == "DATE":
        try:
            datetime.date(*[int(x) for x in str(v).split("-")])
            return None
        except (ValueError, TypeError):
            return "Invalid date: '%s'" % (v,)
    if t == "BYTES":
        return None if isinstance(v, str) else "Cannot convert value to bytes."
    return None


def check_row(fields, row, ignore_unknown, prefix=""):
    errs = []
    if not isinstance(row, dict):
        return [("", "This field: %s is not a record." % (prefix or "row"))]
    by = {f["name"].lower(): f for f in fields}
    for k, v in row.items():
        f = by.get(k.lower())
        if f is None:
            if not ignore_unknown:
                errs.append((prefix + k, "no such field: %s." % (prefix + k)))
            continue
        mode = f.get("mode", "NULLABLE").upper()
        if v is None:
            if mode == "REQUIRED":
                errs.append((prefix + k, "Missing required field: %s." % (prefix + k)))
            elif mode == "REPEATED":
                errs.append((prefix + k, "Field value cannot be empty."))
            continue
        if mode == "REPEATED" and not isinstance(v, list):
            errs.append((prefix + k, "Repeated field must be an array: %s." % (prefix + k)))
            continue
        if mode != "REPEATED" and isinstance(v, list) and f["type"].upper() != "JSON":
            errs.append((prefix + k, "Array specified for non-repeated field: %s." % (prefix + k)))
            continue
        for x in v if mode == "REPEATED" else [v]:
            if f["type"].upper() in ("RECORD", "STRUCT"):
                errs += check_row(f.get("fields", []), x, ignore_unknown, prefix + k + ".")
            else:
                m = bad_scalar(f["type"], x)
                if m:
                    errs.append((prefix + k, m))
    have = {k.lower() for k in row}
    for f in fields:
        if f.get("mode", "").upper() == "REQUIRED" and f["name"].lower() not in have:
            errs.append((prefix + f["name"], "Missing required field: %s." % (prefix + f["name"])))
    return errs
