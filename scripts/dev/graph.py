#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints which module uses which, and where files of one module use each other in a circle.

Usage: scripts/dev/graph.py [--files MODULE] [--check] [--package FOLDER]

A module uses another one if one of its files imports it. A file uses another one of its module if it names a type,
a function or a constant that the other one declares, or a member that an extension there adds and no third file has.

--files MODULE  prints the uses between the files of one module instead.
--check         ends with status 1 if modules use each other in a circle, or if more than three files of
                FunctionRuntime, HTTPServer or LogParse do.
"""
import argparse
import pathlib
import re
import sys

LARGEST_CIRCLE = 3
CHECKED = ["FunctionRuntime", "HTTPServer", "LogParse"]
# Folders whose folders are modules; `Main` inside a module is a module of its own.
HOMES = ["Runtime", "Functions", "scripts", "Tests"]

TYPE = re.compile(r"^(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|internal|final|open|indirect|nonisolated) )*"
                  r"(?:struct|class|enum|protocol|actor|typealias) (\w+)", re.M)
TOP_LEVEL = re.compile(r"^(?:@\w+ )*(?:(?:public|package|internal|nonisolated(?:\(unsafe\))?) )*(?:func|let|var) (\w+)",
                       re.M)
EXTENSION = re.compile(r"^(?:(?:public|package) )?extension ([\w.<>? ]+?)(?:: [^{]+|where [^{]+)?\{(.*?)^\}", re.M | re.S)
MEMBER = re.compile(r"^  (?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|internal|static|class|mutating|nonmutating|final"
                    r"|override|consuming|borrowing|convenience) )*(?:func|let|var) (\w+)", re.M)


def code_of(path):
    """The file without comments and texts."""
    text = path.read_text()
    text = re.sub(r'"""(.*?)"""', '""', text, flags=re.S)
    # What is interpolated into a text is code.
    text = re.sub(r'"((?:\\.|[^"\\\n])*)"', lambda m: " ".join(re.findall(r"\\\(([^)]*)\)", m.group(1))) or '""', text)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def modules(package):
    """Each module's files by its name."""
    found = {}
    for home in HOMES:
        for folder in sorted((package / home).iterdir()):
            if not folder.is_dir() or folder.name.startswith("."):
                continue
            files = sorted(folder.rglob("*.swift"))
            main = [file for file in files if file.relative_to(folder).parts[0] == "Main"]
            rest = [file for file in files if file not in main and file.name != "Package.swift"]
            if rest and home != "Tests" or rest and not folder.name == "Benchmarks":
                found[folder.name] = rest
            if main:
                found[folder.name + "Main"] = main
    return found


def module_uses(found):
    uses = {}
    for name, files in found.items():
        imported = set()
        for file in files:
            imported |= set(re.findall(r"^(?:@testable )?import (\w+)", file.read_text(), re.M))
        uses[name] = sorted((imported & found.keys()) - {name})
    return uses


def file_uses(files):
    """The uses between files of one module, by their names without `.swift`."""
    code = {file.stem: code_of(file) for file in files}
    owners, members = {}, {}
    for name, text in code.items():
        for declared in TYPE.findall(text) + TOP_LEVEL.findall(text):
            owners.setdefault(declared, set()).add(name)
        for _, body in EXTENSION.findall(text):
            for declared in MEMBER.findall(body):
                members.setdefault(declared, set()).add(name)
    declared_anywhere, bound = {}, {}
    for name, text in code.items():
        for declared in re.findall(r"\b(?:func|let|var|case) (\w+)", text):
            declared_anywhere.setdefault(declared, set()).add(name)
        # Parameters, and what a closure takes.
        bound[name] = {word for pair in re.findall(r"(\w+) in\b|(\w+):", text) for word in pair}
    uses = {}
    for name, text in code.items():
        words = set(re.findall(r"\b[A-Za-z_]\w*\b", text))
        used = set()
        for word in words:
            for places in (owners, members):
                at = places.get(word, set())
                if len(at) != 1 or name in at:
                    continue
                # A member's name that another file declares, too, may be that one's.
                if places is members and (
                        declared_anywhere.get(word, set()) - at or word in owners or word in bound[name]):
                    continue
                used |= at
        uses[name] = sorted(used)
    return uses


def circles(uses):
    """What uses itself over others: Tarjan's strongly connected components with more than one member."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in uses[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                component.append(stack.pop())
                on_stack.discard(component[-1])
                if component[-1] == node:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10_000)
    for node in uses:
        if node not in index:
            visit(node)
    return sorted(found, key=lambda circle: (-len(circle), circle))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--files")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--package", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    found = modules(options.package)
    if options.files:
        if options.files not in found:
            sys.exit(f"graph.py: there is no module '{options.files}': allowed are {', '.join(sorted(found))}")
        for name, used in sorted(file_uses(found[options.files]).items()):
            print(f"{name} -> {', '.join(used)}" if used else name)
        return
    problems = []
    uses = module_uses(found)
    for name, used in uses.items():
        print(f"{name} -> {', '.join(used)}" if used else name)
    print()
    for circle in circles(uses):
        problems.append(f"These modules use each other in a circle: {', '.join(circle)}")
    for name, files in found.items():
        for circle in circles(file_uses(files)):
            print(f"{name}: {len(circle)} files in a circle: {', '.join(circle)}")
            if name in CHECKED and len(circle) > LARGEST_CIRCLE:
                problems.append(f"{name}: more than {LARGEST_CIRCLE} files use each other in a circle: "
                                f"{', '.join(circle)}")
    for problem in problems:
        print(f"graph.py: {problem}", file=sys.stderr)
    if options.check and problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
