# SPDX-License-Identifier: MIT
"""Arguments in, tables out."""

import argparse
import json
import pathlib
import re
import sys

from . import model
from .suffix import BadPattern, Suffix

ROADS = ("service", "bucket", "direct")
SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "infra" / "prices.json"
# What may follow a number, in lower or upper case: thousands, millions, billions.
UNITS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}
SIZES = {"10 thousand": 1e4, "1 million": 1e6, "100 million": 1e8}


def main() -> int:
    options = _options()
    prices = _prices(options.prices)
    if options.worst:
        print(worst(options, prices))
        return 0
    if options.table == "billing":
        print(billing_table(options, prices))
        return 0
    if options.table:
        print(summary(options, prices))
        return 0
    traffic = _traffic(options, options.hits_per_day, options.road)
    print(f"US dollars a month for {options.hits_per_day:,.0f} hits a day on the road '{options.road}',"
          f" at prices of {prices['date']} ({prices['region']})\n")
    found = model.lines(traffic, prices)
    for line in found:
        print(f"  {line.what:<28}{_dollars(line.dollars):>12}   {line.how}")
    print(f"  {'Total':<28}{_dollars(sum(line.dollars for line in found)):>12}")
    print("\nQueries, building images and people are not in it. Prices and assumptions: infra/prices.json")
    _hint(traffic, prices)
    print(f"\nLimits, if the busiest hour is {options.peak:g} times the average\n")
    for limit in model.limits(traffic, prices):
        print(f"  {limit.what:<40}{_nearness(limit.share):<6}{limit.how}")
    return 0


def worst(options, prices) -> str:
    """One line for scripts/deploy.sh: what a month could cost, what bounds it, and what doesn't."""
    names = ("pixel-ingest", "log-parse", "bq-loader")
    instances = dict(zip(names, (int(each) for each in options.instances.split(","))))
    # What is stored of it can be deleted: a month's own counts.
    options.keep_months = 1
    traffic = _traffic(options, options.worst * 86400, options.road)
    bounded, rest = model.worst(traffic, prices, instances)
    count = sum(instances[each.name] for each in model.services(traffic, prices))
    return (f"Worst month: {bounded:,.0f} USD for {count} instances always busy, which MAX_INSTANCES_* bound;"
            f" and for {options.worst:,.0f} made-up hits a second all month {rest:,.0f} USD more"
            " (requests, messages, rows, traffic), which they don't bound")


def billing_table(options, prices) -> str:
    """Markdown: all of a month by request and by instance."""
    sizes = {"1 million": 1e6, "10 million": 1e7, "100 million": 1e8}
    lines = [f"| | {' | '.join(f'{size} hits a day' for size in sizes)} |", "|---|---:|---:|---:|"]
    for road in ROADS:
        for billing in ("request", "instance"):
            totals = []
            for hits in sizes.values():
                options.billing = billing
                totals.append(sum(line.dollars for line in model.lines(_traffic(options, hits, road), prices)))
            lines.append(f"| `{road}`, `BILLING={billing}` | {' | '.join(f'{total:,.0f}' for total in totals)} |")
    return "\n".join(lines)


def summary(options, prices) -> str:
    """Markdown: each road at three sizes."""
    lines = [f"| | {' | '.join(f'{size} hits a {options.table}' for size in SIZES)} |", "|---|---:|---:|---:|"]
    days = prices["month"]["hours"] / 24
    for road in ROADS:
        cells = []
        for hits in SIZES.values():
            traffic = _traffic(options, hits / days if options.table == "month" else hits, road)
            cells.append(f"{sum(line.dollars for line in model.lines(traffic, prices)):,.0f}")
        lines.append(f"| `{road}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _prices(path) -> dict:
    try:
        prices = json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        _refuse(f"--prices is '{path}', which can't be read: {problem}")
    lacking = _lacking(json.loads(SHIPPED.read_text()), prices)
    if lacking:
        _refuse(f"--prices is '{path}', where {' '.join(lacking)} needs a value like that in infra/prices.json")
    return prices


def _lacking(shipped, found, name=()) -> tuple:
    """The way to what `found` has not, or in another form; numbers that something is divided by are above 0."""
    if isinstance(shipped, dict):
        if not isinstance(found, dict):
            return name or ("everything",)
        wanted = (key for key in shipped if key not in ("what", "sources"))
        return next(filter(None, (_lacking(shipped[key], found.get(key), (*name, key)) for key in wanted)), ())
    if isinstance(shipped, str):
        return () if isinstance(found, str) else name
    divides = name[0] in ("limits", "month", "assumptions") or name[-1] == "rounding_seconds"
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool) and 0 <= found < float("inf")
    return () if is_number and (found > 0 or not divides) else name


def _traffic(options, hits, road) -> model.Traffic:
    users = options.users or max(1, hits / 10)
    return model.Traffic(
        hits, road, Suffix.of(options.suffix, users), options.ingest_mode, options.peak, options.entry_bytes,
        options.row_bytes, options.keep_months, options.billing, options.rate_limit)


def _hint(traffic, prices):
    for each in model.services(traffic, prices):
        setting = {"pixel-ingest": "BILLING_INGEST", "log-parse": "BILLING_PARSE", "bq-loader": "BILLING_LOADER"}[each.name]
        gain = each.by_request - each.by_instance
        better = "instance" if gain > 0 else "request"
        print(f"{each.name}: {_dollars(each.by_request)} by request, {_dollars(each.by_instance)} by instance:"
              f" {setting}={better} saves {_dollars(abs(gain))}; by instance pays from {each.pays_from():,.0f} hits a day on.")


def _dollars(amount) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def _nearness(share) -> str:
    return "OVER" if share > 1 else "near" if share >= 0.5 else "ok"


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="estimate.sh", add_help=False, usage=argparse.SUPPRESS, allow_abbrev=False)
    options.error = _refuse
    options.add_argument("--hits-per-day", type=_number("--hits-per-day", 1, 1e12))
    options.add_argument("--road", type=_choice("--road", ROADS))
    options.add_argument("--suffix")
    options.add_argument("--ingest-mode", type=_choice("--ingest-mode", ("log", "publish")), default="log")
    options.add_argument("--users", type=_number("--users", 1, 1e12))
    options.add_argument("--peak", type=_number("--peak", 1, 1000), default=3)
    options.add_argument("--entry-bytes", type=_number("--entry-bytes", 1, 256e3), default=1500)
    options.add_argument("--row-bytes", type=_number("--row-bytes", 1, 9e6), default=1000)
    options.add_argument("--keep-months", type=_number("--keep-months", 0, 1200), default=12)
    options.add_argument("--prices", type=pathlib.Path, required=True)
    options.add_argument("--table", type=_choice("--table", ("day", "month", "billing")))
    options.add_argument("--billing", type=_choice("--billing", ("request", "instance")), default="request")
    options.add_argument("--rate-limit", action="store_true")
    options.add_argument("--worst", type=_number("--worst", 1, 1e7))
    options.add_argument("--instances", default="10,4,4")
    chosen = options.parse_args(_joined(sys.argv[1:]))
    chosen.suffix = "_{date}" if chosen.suffix is None and chosen.table else chosen.suffix
    for name in ("hits_per_day", "road", "suffix"):
        if not chosen.table and not (chosen.worst and name == "hits_per_day") and getattr(chosen, name) is None:
            _refuse(f"--{name.replace('_', '-')} is missing")
    try:
        Suffix.of(chosen.suffix, 1)
    except BadPattern as problem:
        _refuse(str(problem))
    return chosen


def _joined(arguments) -> list:
    """`--name -5k` as `--name=-5k`: argparse takes `-5k` for an option, and then would not say what is allowed."""
    joined = []
    for argument in arguments:
        if re.match(r"-[0-9.]", argument) and joined and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _number(option, least, most):
    def read(text):
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kmb]?)", text.replace("_", ""), re.ASCII | re.IGNORECASE)
        value = float(found[1]) * UNITS[found[2].lower()] if found else None
        if value is None or not least <= value <= most:
            _refuse(f"{option} is '{text}': allowed is a number from {least:,.0f} to {most:,.0f}, as 500, 10k, 2.5M or 1B")
        return value
    return read


def _choice(option, allowed):
    def read(text):
        if text not in allowed:
            _refuse(f"{option} is '{text}': allowed are {', '.join(allowed)}")
        return text
    return read


def _refuse(problem):
    print(f"estimate.sh: {problem}; see --help", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
