# SPDX-License-Identifier: MIT
"""Cloud Logging's filter language, over entries as JSON."""

import json
import re
import urllib.parse

from .common import ApiError
from .schema import camel


class LogFilter:
    """Parser and evaluator for the Logging query language (common subset).

    Comparisons (= != > >= < <= : =~ !~), AND, OR, NOT, unary minus, implied
    AND, parentheses, value lists, log_id(), bare global terms, -- comments.
    """

    TOKEN = re.compile(
        r"\s+|--[^\n]*|(?P<str>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|"
        r"(?P<op>=~|!~|!=|>=|<=|=|>|<|:)|(?P<par>[()])|(?P<comma>,)|"
        r"(?P<word>-?[^\s()=!<>:~\",']+)",
        re.S,
    )
    HTTP = dict.fromkeys(
        "requestMethod requestUrl userAgent remoteIp serverIp " "referer latency protocol".split(), ""
    )
    HTTP.update(
        requestSize=0,
        status=0,
        responseSize=0,
        cacheFillBytes=0,
        cacheLookup=False,
        cacheHit=False,
        cacheValidatedWithOriginServer=False,
    )
    # Fields with their defaults; None: anything may follow (payload, labels).
    ENTRY = {
        "logName": "",
        "textPayload": "",
        "timestamp": "",
        "insertId": "",
        "receiveTimestamp": "",
        "severity": "DEFAULT",
        "trace": "",
        "spanId": "",
        "traceSampled": False,
        "httpRequest": HTTP,
        "jsonPayload": None,
        "protoPayload": None,
        "labels": None,
        "metadata": None,
        "apphub": None,
        "apphubDestination": None,
        "apphubSource": None,
        "errorGroups": None,
        "otel": None,
        "resource": {"type": "", "labels": None},
        "operation": {"id": "", "producer": "", "first": False, "last": False},
        "sourceLocation": {"file": "", "line": 0, "function": ""},
        "split": {"uid": "", "index": 0, "totalSplits": 0},
    }
    SEVERITY = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"]

    def __init__(self, expr):
        self.t, pos = [], 0
        while pos < len(expr):
            m = self.TOKEN.match(expr, pos)
            if not m:
                raise ApiError(
                    400,
                    "Unparseable filter: syntax error at line "
                    "%d, column %d" % (expr.count("\n", 0, pos) + 1, pos - expr.rfind("\n", 0, pos)),
                )
            if m.lastgroup:
                self.t.append((m.lastgroup, m.group(m.lastgroup), pos))
            pos = m.end()
        self.i = 0
        self.tree = self.conj() if self.t else ("true",)
        if self.i < len(self.t):
            self.fail("unexpected %r" % self.t[self.i][1])

    def fail(self, what):
        at = self.t[self.i][2] if self.i < len(self.t) else "the end"
        raise ApiError(400, "Unparseable filter: %s at offset %s" % (what, at))

    def peek(self):
        return self.t[self.i][:2] if self.i < len(self.t) else (None, None)

    def take(self):
        tok = self.peek()
        self.i += 1
        return tok

    # NOT binds tightest, then OR, then AND: "a OR b AND c" is (a OR b) AND c.
    # Juxtaposition is an AND.
    def conj(self):
        parts = [self.disj()]
        while True:
            kind, text = self.peek()
            if (kind, text) == ("word", "AND"):
                self.take()
            elif kind is None or text == ")" or kind == "comma":
                break
            parts.append(self.disj())
        return parts[0] if len(parts) == 1 else ("and", parts)

    def disj(self):
        parts = [self.unary()]
        while self.peek() == ("word", "OR"):
            self.take()
            parts.append(self.unary())
        return parts[0] if len(parts) == 1 else ("or", parts)

    def unary(self):
        kind, text = self.peek()
        if (kind, text) == ("word", "NOT") or (kind, text) == ("word", "-"):
            self.take()
            return ("not", self.unary())
        if text == "(":
            self.take()
            node = self.conj()
            if self.take()[1] != ")":
                self.i -= 1
                self.fail("missing )")
            return node
        return self.comparison()

    @staticmethod
    def unquote(kind, text):
        if kind != "str":
            return text
        return re.sub(r"\\(.)", lambda m: m.group(1) if m.group(1) in "\"'\\" else m.group(0), text[1:-1])

    def comparison(self):
        kind, text = self.take()
        if kind not in ("word", "str"):
            self.i -= 1
            self.fail("expected a comparison")
        neg = kind == "word" and len(text) > 1 and text.startswith("-") and not re.match(r"-\d", text)
        if neg:
            text = text[1:]
        nk, nt = self.peek()
        if kind == "word" and nt == "(" and text in ("log_id", "sample", "ip_in_net", "source"):
            self.take()
            args = []
            while self.peek()[1] != ")":
                k, v = self.take()
                if k is None:
                    self.fail("missing )")
                if k != "comma":
                    args.append(self.unquote(k, v))
            self.take()
            node = ("call", text, args)
        elif nk == "op":
            op = self.take()[1]
            if self.peek()[1] == "(":
                self.take()
                node = self.value_list(text, op)
                if self.take()[1] != ")":
                    self.i -= 1
                    self.fail("missing )")
            else:
                k, v = self.take()
                if k not in ("word", "str"):
                    self.i -= 1
                    self.fail("expected a value after %r" % op)
                # an unquoted value may contain ':' (timestamps, URLs)
                node = self.leaf(text, op, self.unquote(k, v))
        else:
            node = ("text", self.unquote(kind, text))
        return ("not", node) if neg else node

    def default_of(self, parts, strict=False):
        node = self.ENTRY
        for p in parts:
            if node is None:
                return None
            if not isinstance(node, dict):
                node = {}
            p = p.strip('"')
            node = node[p] if p in node else node.get(camel(p), KeyError)
            if node is KeyError:
                if strict:
                    self.fail("%r is no field of a log entry" % ".".join(parts))
                return None
        return None if isinstance(node, dict) else node

    def leaf(self, field, op, value):
        self.default_of(re.findall(r'"[^"]*"|[^.]+', field), strict=True)
        if op in ("=~", "!~"):
            if re.search(r"\(\?[=!<]|\\[1-9]|(?<!\\)[*+?}]\+", value):
                self.fail("RE2 has no such construct as in %r" % value)
            try:
                re.compile(value)
            except re.error as e:
                self.fail("bad regular expression %r (%s)" % (value, e))
        return ("cmp", field, op, value)

    def value_list(self, field, op):
        node, how = None, "or"
        while True:
            k, v = self.take()
            if k not in ("word", "str"):
                self.i -= 1
                self.fail("expected a value")
            leaf = self.leaf(field, op, self.unquote(k, v))
            word = self.peek()
            node = leaf if node is None else (how, [node, leaf])
            if word not in (("word", "OR"), ("word", "AND")):
                return node
            how = self.take()[1].lower()

    # -- evaluation --

    def match(self, entry, node=None):
        node = node or self.tree
        kind = node[0]
        if kind == "true":
            return True
        if kind == "and":
            return all(self.match(entry, n) for n in node[1])
        if kind == "or":
            return any(self.match(entry, n) for n in node[1])
        if kind == "not":
            return not self.match(entry, node[1])
        if kind == "text":
            return node[1].lower() in json.dumps(entry).lower()
        if kind == "call":
            if node[1] == "log_id":
                name = urllib.parse.unquote(entry.get("logName", "").partition("/logs/")[2])
                return name == node[2][0]
            return True
        _, field, op, want = node
        have = [entry]
        parts = re.findall(r'"[^"]*"|[^.]+', field)
        for p in parts:
            p = p.strip('"')
            nxt = []
            for h in have:
                for x in (h if isinstance(h, list) else [h]):
                    if isinstance(x, dict) and (p in x or camel(p) in x):
                        nxt.append(x.get(p, x.get(camel(p))))
            have = nxt
        flat = []
        for h in have:
            flat += h if isinstance(h, list) else [h]
        if want == "*" and op == ":":  # presence
            return bool(flat)
        if not flat:
            # A field of the LogEntry type compares as its default value; in a
            # payload or label a missing field fails every comparison.
            default = self.default_of(parts)
            if default is None:
                return False
            flat = [default]
        return any(self.compare(field, v, op, want) for v in flat)

    def compare(self, field, v, op, want):
        if isinstance(v, (dict, list)):
            v = json.dumps(v)
        text = str(v).lower() if isinstance(v, bool) else str(v)
        if op == "=~":
            return re.search(want, text) is not None
        if op == "!~":
            return re.search(want, text) is None
        if op == ":":
            return want.lower() in text.lower()
        if op in ("=", "!="):
            same = text.lower() == want.lower()
            try:
                same = same or float(text) == float(want)
            except ValueError:
                pass
            return same == (op == "=")
        a, b = text, want
        if field == "severity" and want.upper() in self.SEVERITY:
            a, b = self.SEVERITY.index(text.upper()), self.SEVERITY.index(want.upper())
        else:
            try:
                a, b = float(text), float(want)
            except ValueError:
                pass
        return {">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b}[op]
