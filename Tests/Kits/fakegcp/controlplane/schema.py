# SPDX-License-Identifier: MIT
"""Checks JSON against the schemas of a description."""

import base64
import re

CAMEL = re.compile(r"_([a-z0-9])")


def camel(s):
    return CAMEL.sub(lambda m: m.group(1).upper(), s)


def jtype(v):
    return {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
        dict: "object",
        type(None): "null",
    }[type(v)]


class Validator:
    """Checks JSON against a discovery schema, the way the servers do."""

    def __init__(self, doc, proto):
        self.doc, self.proto, self.errors = doc, proto, []

    def bad(self, where, what):
        self.errors.append("%s: %s" % (where or "(body)", what))

    def run(self, schema, v, where=""):
        """Validate v; the returned value has lowerCamelCase names."""
        if "$ref" in schema:
            schema = self.doc["schemas"][schema["$ref"]]
        t = schema.get("type", "any")
        if v is None or t == "any":
            return v
        if t == "object":
            if not isinstance(v, dict):
                self.bad(where, "expected an object, got " + jtype(v))
                return v
            props, extra = schema.get("properties"), schema.get("additionalProperties")
            out = {}
            for k, x in v.items():
                at = (where + "." if where else "") + k
                key = k
                if props is not None and k not in props and self.proto and camel(k) in props:
                    key = camel(k)
                if props is not None and key in props:
                    out[key] = self.run(props[key], x, at)
                elif extra is not None:
                    out[k] = self.run(extra, x, at)
                else:
                    self.bad(at, "unknown name %r: cannot find field" % k)
            return out
        if t == "array":
            if not isinstance(v, list):
                self.bad(where, "expected an array, got " + jtype(v))
                return v
            return [self.run(schema.get("items", {}), x, "%s[%d]" % (where, i)) for i, x in enumerate(v)]
        self.scalar(schema, t, v, where)
        return v

    def scalar(self, schema, t, v, where):
        fmt = schema.get("format")
        if t == "boolean":
            if not isinstance(v, bool) and v not in ("true", "false"):
                self.bad(where, "expected a boolean, got %r" % (v,))
        elif t == "integer" or fmt in ("int64", "uint64"):
            if isinstance(v, bool) or not re.match(r"-?\d+\Z", str(v)):
                self.bad(where, "expected an integer, got %r" % (v,))
            else:
                n = int(v)
                lo, hi = {
                    "int32": (-(2**31), 2**31 - 1),
                    "uint32": (0, 2**32 - 1),
                    "uint64": (0, 2**64 - 1),
                }.get(fmt, (-(2**63), 2**63 - 1))
                if not lo <= n <= hi:
                    self.bad(where, "%s is out of range for %s" % (v, fmt))
        elif t == "number":
            try:
                if isinstance(v, bool):
                    raise ValueError
                float(v)
            except (TypeError, ValueError):
                self.bad(where, "expected a number, got %r" % (v,))
        elif t == "string":
            if not isinstance(v, str):
                self.bad(where, "expected a string, got " + jtype(v))
            elif schema.get("enum") and v not in schema["enum"]:
                self.bad(where, "invalid value %r, not one of %s" % (v, ", ".join(schema["enum"][:12])))
            elif fmt == "google-duration" and not re.match(r"-?\d+(\.\d{1,9})?s\Z", v):
                self.bad(where, "illegal duration %r" % v)
            elif fmt in ("google-datetime", "date-time") and not re.match(
                r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d" r"(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", v
            ):
                self.bad(where, "illegal timestamp %r" % v)
            elif fmt == "byte":
                try:
                    base64.b64decode(v.replace("-", "+").replace("_", "/") + "=" * (-len(v) % 4), validate=True)
                except ValueError:
                    self.bad(where, "not base64")

    def mask(self, schema, path):
        """True when a field mask path exists in the schema."""
        if path in ("*", ""):
            return True
        node = schema
        for part in path.split("."):
            while "$ref" in node:
                node = self.doc["schemas"][node["$ref"]]
            if node.get("type") == "array":
                return False
            props = node.get("properties", {})
            if part in props:
                node = props[part]
            elif camel(part) in props:
                node = props[camel(part)]
            elif "additionalProperties" in node:
                node = node["additionalProperties"]
            else:
                return False
        return True
