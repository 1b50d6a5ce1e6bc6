# SPDX-License-Identifier: MIT
"""Reads queries and JSON documents with Python's own parsers, in batches over a pipe.

A request is the letter `q` or `j`, the number of inputs, their lengths, and the inputs themselves; the answer
a CRC-32 for each of what was read, or, if the letter is a capital, the length and the bytes of that. Numbers
have 32 bits in the machine's order. `Reading.swift` has the form of what was read.
"""

import json
import struct
import sys
import zlib
from array import array
from urllib.parse import parse_qsl, unquote_to_bytes


def query(data: bytes) -> bytes:
    if data.isascii():
        pairs = [(name.encode(), value.encode())
                 for name, value in parse_qsl(data.decode(), keep_blank_values=True, errors="replace")]
    else:
        # parse_qsl takes text, in which bytes that are not UTF-8 have no place.
        pairs = []
        for piece in filter(None, data.replace(b"+", b" ").split(b"&")):
            name, _, value = piece.partition(b"=")
            pairs.append((repaired(unquote_to_bytes(name)), repaired(unquote_to_bytes(value))))
    return b"".join([part for name, value in pairs for part in (name, b"\xff", value, b"\xfe")])


def repaired(data: bytes) -> bytes:
    return data.decode(errors="replace").encode()


class Number(str):
    pass


class Members(list):
    pass


def refuse(_):
    raise ValueError("NaN and Infinity are not JSON")


DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=refuse, object_pairs_hook=Members
)


def document(data: bytes) -> bytes:
    try:
        value = DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        return b"rejected"
    parts = []
    written(value, parts)
    return b"".join(parts)


def written(value, parts):
    kind = type(value)
    if kind is str:
        parts += b'"', text(value), b"\xff"
    elif kind is Number:
        parts += b"#", value.encode(), b"\xff"
    elif kind is Members:
        parts.append(b"{")
        for name, member in value:
            parts += b'"', text(name), b"\xff"
            written(member, parts)
        parts.append(b"}")
    elif kind is list:
        parts.append(b"[")
        for element in value:
            written(element, parts)
        parts.append(b"]")
    else:
        parts.append(b"0" if value is None else b"t" if value else b"f")


def text(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair becomes U+FFFD.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def main():
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while letter := source.read(1):
        read = query if letter in b"qQ" else document
        (count,) = struct.unpack("=I", source.read(4))
        lengths = array("I", source.read(4 * count))
        data = source.read(sum(lengths))
        answers, at = [], 0
        for length in lengths:
            answers.append(read(data[at:at + length]))
            at += length
        if letter.islower():
            sink.write(array("I", map(zlib.crc32, answers)).tobytes())
        else:
            for answer in answers:
                sink.write(struct.pack("=I", len(answer)) + answer)
        sink.flush()


main()
