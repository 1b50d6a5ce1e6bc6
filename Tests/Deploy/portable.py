#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks in the operator's scripts for what a Mac does not have: its bash is 3.2, and its sed, date, stat are BSD's.

Neither can be had on Debian, so this list of constructs stands for them. A line that ends in "# Debian only" is
exempt: the script has said before what it needs.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = [
    path
    for pattern in ("scripts/*.sh", "infra/lib/*.sh", "infra/parts/*.sh", "infra/images/pin.sh")
    for path in sorted(glob.glob(os.path.join(ROOT, pattern)))
    # These two run the programs, which are Linux's; they say so.
    if os.path.basename(path) not in ("test.sh", "run-local.sh")
]

# What it is, and how it looks.
CONSTRUCTS = [
    ("bash 4: associative array", r"\b(declare|local|typeset|readonly) -[a-z]*A"),
    ("bash 4: ;;& and ;&", r";;?&(?!&)"),
    ("bash 4: case of a value", r"\$\{[A-Za-z_][A-Za-z_0-9]*(\[[^]]*\])?(\^|,)"),
    ("bash 4.4: quoting of a value", r"@[QEPAaKkUuL]\}"),
    ("bash 4: variable", r"\b(BASHPID|EPOCHREALTIME|EPOCHSECONDS|BASH_ARGV0|SRANDOM)\b"),
    ("bash 4: mapfile", r"\b(mapfile|readarray|coproc)\b"),
    ("bash 4.3: wait -n", r"\bwait -n"),
    ("bash 4.2: -v", r"\[\[ (! )?-v "),
    ("bash 4.3: reference", r"\b(declare|local) -n\b"),
    ("bash 4: redirection", r"&>>|\|&"),
    ("bash 4: negative length or index", r"\$\{[A-Za-z_]+:[^}:]*:-[0-9]|\[-1\]\}"),
    ("bash 4: date in printf", r"printf .*%\([^)]*\)T"),
    ("GNU sed: no ; before }", r"\bsed\b.*\{[^}'\"]*[a-z]\}'"),
    ("GNU sed: newline in a replacement", r"\bsed\b[^|]*s/[^/]*/[^/]*\\n"),
    ("GNU sed: -i without suffix", r"\bsed -i\b"),
    ("GNU regular expression", r"\b(sed|grep)\b[^|]*\\([bBsSwW<>]|[+?|])"),
    ("GNU grep: -P", r"\bgrep -[a-zA-Z]*P"),
    ("GNU date", r"\bdate\b[^|)]*( -d |--date|%N|%[0-9]N| -[uR]*d )"),
    ("GNU stat", r"\bstat (-c|--format)"),
    ("GNU coreutils", r"\b(sha256sum|realpath|readlink -f|nproc|tac|shuf|numfmt)\b|(?<![-\w])timeout [0-9]"),
    ("GNU du, touch, cp, sort, head, xargs", r"\bdu -[a-z]*b|\btouch [^|]*-d|\bcp --|\bsort -[a-z]*V|\bhead -n -|\bxargs -[a-z0-9]*r"),
    ("base64 -d", r"(?<!openssl )\bbase64 -d"),
    ("BSD paste needs a -", r"\bpaste -s[a-z]*d? ?[^ ]* *\)"),
]
# The one place that knows both names of the program.
KNOWN = {"infra/lib/cloud.sh": ["sha256sum >/dev/null; then sha256sum"]}


def problems(path):
    text = open(path, encoding="utf-8").read()
    name = os.path.relpath(path, ROOT)
    empty = set(re.findall(r"\b([A-Za-z_]+)=\(\)", text))
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#") or line.endswith("# Debian only"):
            continue
        if any(known in line for known in KNOWN.get(name, ())):
            continue
        for what, pattern in CONSTRUCTS:
            if re.search(pattern, line):
                yield "%s:%d: %s: %s" % (name, number, what, line.strip())
        # Before 4.4, an empty array is an unset variable.
        for array in set(re.findall(r'"[^"]*\$\{([A-Za-z_]+)\[[@*]\]\}', line)) & empty:
            guarded = "${%s[@]+" % array in line or "${#%s[@]} -" % array in line
            if not guarded and not checked_before(text, number, array):
                yield "%s:%d: bash before 4.4: %s may be empty: %s" % (name, number, array, line.strip())


def checked_before(text, number, array):
    """Whether one of the lines before says that there is something in it, as [[ ${#x[@]} -gt 0 ]] || return."""
    lines = text.split("\n")[max(0, number - 16) : number]
    return any("${#%s[@]}" % array in line for line in lines)


def main():
    found = [one for path in SCRIPTS for one in problems(path)]
    for one in found:
        print(one)
    print("%d scripts, %d constructs, %d found" % (len(SCRIPTS), len(CONSTRUCTS) + 1, len(found)))
    # A list that finds nothing in what is known to be wrong would be no list.
    bad = ['declare -A x', 'a) ;;&', 'echo "${x^^}"', 'echo "${x@Q}"', 'echo $BASHPID', 'sed -n 1p | mapfile x', "sed -n '2{s/a/b/p}'",
           "date -d yesterday", "date +%s.%N", "stat -c %s x", "sha256sum x", "base64 -d x", "grep '\\bx'", "wait -n", "sed 's/a/&\\nb/'"]
    for line in bad:
        if not any(re.search(pattern, line) for _, pattern in CONSTRUCTS):
            found.append(line)
            print("the list does not find: " + line)
    return 1 if found else 0


sys.exit(main())
