#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the tables of settings in the programs' pages from the programs' own --help, or checks them.

Usage: scripts/dev/settings-tables.py [--bin FOLDER] [--write]

--bin FOLDER  where the programs are (.build/release)
--write       writes the tables; without it a table that differs ends the script with status 1

A table stands between the lines <!-- settings: WHICH --> and <!-- end of settings -->. WHICH is `all` for what all
programs have, `push` for PUSH_…, `privacy`, or a program for the rest of its settings.
"""
import argparse
import pathlib
import re
import subprocess
import sys

PACKAGE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["pixel-ingest", "log-parse", "bq-loader"]
PAGES = ["Functions/PixelIngest/README.md", "Functions/LogParse/README.md", "Functions/BQLoader/README.md",
         "Runtime/README.md", "infra/privacy.md"]
PRIVACY = {"PRIVACY_SIGNALS", "PRIVACY_LIST", "IP_POLICY", "CONSENT_PARAMETER"}
# Their defaults are those of the machine that the program runs on, and their texts say which.
OF_THE_MACHINE = {"LOG_FORMAT", "MAX_BUFFERED_BYTES"}
ROW = re.compile(r"^  ([A-Z][A-Z0-9_]*)  +(.*?)(?: \[([^][]*)\]| (\(required\)))?$")
TABLE = re.compile(r"(<!-- settings: ([a-z-]+) -->\n)(.*?)(<!-- end of settings -->)", re.S)


def settings_of(program):
    """Name -> (default as a cell, help), in the order of --help."""
    answer = subprocess.run([program, "--help"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    if answer.returncode != 0:
        sys.exit(f"settings-tables.py: {program} --help ended with {answer.returncode}: {answer.stderr.strip()}")
    found = {}
    for line in answer.stdout.splitlines():
        match = ROW.match(line)
        if not match:
            continue
        name, text, default, required = match.groups()
        if name in OF_THE_MACHINE:
            default = None
        cell = "required" if required else f"`{default}`" if default else ""
        found[name] = (cell, text.replace("|", "\\|"))
    return found


def table(rows):
    lines = ["| setting | default | what it is for |", "|---|---|---|"]
    for name, (default, text) in rows.items():
        lines.append(f"| `{name}` | {default + ' ' if default else ''}| {text} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=PACKAGE / ".build/release")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    settings = {name: settings_of(options.bin / name) for name in PROGRAMS}
    everywhere = {name for name, _ in set.intersection(*(set(rows.items()) for rows in settings.values()))}
    shared = settings["log-parse"]
    tables = {
        "all": {name: row for name, row in shared.items() if name in everywhere},
        "privacy": {name: row for name, row in shared.items() if name in PRIVACY},
        "push": {name: row for name, row in shared.items() if name.startswith("PUSH_")},
    }
    for program, rows in settings.items():
        tables[program] = {name: row for name, row in rows.items()
                           if not any(name in tables[other] for other in ("all", "push", "privacy"))}
    stale, seen = [], set()
    for page in PAGES:
        path = PACKAGE / page
        text = path.read_text()

        def fresh(match):
            if match[2] not in tables:
                sys.exit(f"settings-tables.py: {page} has a table '{match[2]}': allowed are {', '.join(tables)}")
            seen.add(match[2])
            return match[1] + table(tables[match[2]]) + match[4]

        new = TABLE.sub(fresh, text)
        if new == text:
            continue
        if options.write:
            path.write_text(new)
        else:
            stale.append(page)
    for name in tables.keys() - seen:
        sys.exit(f"settings-tables.py: no page has the table '{name}'")
    if stale:
        sys.exit(f"settings-tables.py: {', '.join(stale)}: the programs' --help says something else. "
                 "Run scripts/dev/settings-tables.py --write.")


if __name__ == "__main__":
    main()
