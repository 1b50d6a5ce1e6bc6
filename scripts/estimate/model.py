# SPDX-License-Identifier: MIT
"""The cost of a month, and how near to limits it is. No input or output."""

import math
from dataclasses import dataclass

from .suffix import Suffix

GIB, MIB = 2**30, 2**20


@dataclass(frozen=True)
class Traffic:
    hits_a_day: float
    road: str
    suffix: Suffix
    ingest_mode: str = "log"
    peak: float = 3
    entry_bytes: float = 1500
    row_bytes: float = 1000
    keep_months: float = 12
    billing: str = "request"
    rate_limit: bool = False


@dataclass(frozen=True)
class Line:
    what: str
    dollars: float
    how: str


@dataclass(frozen=True)
class Limit:
    what: str
    share: float
    how: str


class Service:
    """A Cloud Run service that gets so many requests a second, evenly."""

    def __init__(self, name, kind, rate, prices):
        self.name, self.rate, self.kind_name, self.all_prices = name, rate, kind, prices
        self.prices, self.busy_share = prices["cloud_run"], prices["assumptions"]["busy_share"]
        self.kind = prices["assumptions"][kind]
        self.seconds = prices["month"]["hours"] * 3600

    def instances(self, rate) -> float:
        """How many are at work at once: enough for the requests that are open, and for their CPU time."""
        return max(rate * self.kind["open_seconds"] / self.kind["concurrency"],
                   rate * self.kind["cpu_seconds"] / self.busy_share)

    @property
    def billed_instances(self) -> float:
        """An instance is billed while a request is open, in steps of 100 ms. Requests come by chance, so that
        some are open together: with n open on average, none is for e^-n of the time."""
        step = self.prices["rounding_seconds"]
        open_seconds = math.ceil(self.kind["open_seconds"] / step - 1e-9) * step
        return max(1 - math.exp(-self.rate * open_seconds), self.instances(self.rate))

    @property
    def billed_seconds(self) -> float:
        return self.seconds * self.billed_instances

    @property
    def requests(self) -> float:
        return self.seconds * self.rate

    @property
    def by_request(self) -> float:
        """Dollars without anything free."""
        return (self.billed_seconds * (self.prices["vcpu_second"] + self.kind["memory_gib"] * self.prices["gib_second"])
                + self.requests / 1e6 * self.prices["million_requests"])

    @property
    def by_instance(self) -> float:
        """Dollars if its instances are billed whether they work or not, and requests are free."""
        instances = max(1, math.ceil(self.instances(self.rate)))
        return self.seconds * instances * self.instance_second

    @property
    def instance_second(self) -> float:
        """Dollars of a second of one instance that is billed as such: it needs 512 MiB then."""
        memory = max(self.kind["memory_gib"], 0.5)
        return self.prices["always_on_vcpu_second"] + memory * self.prices["always_on_gib_second"]

    def pays_from(self) -> float:
        """The hits a day from which on billing by instance is cheaper, to one part in a hundred."""
        low, high = 1.0, 1e9
        while high / low > 1.01:
            middle = math.sqrt(low * high)
            each = Service(self.name, self.kind_name, middle / 86400, self.all_prices)
            low, high = (low, middle) if each.by_instance < each.by_request else (middle, high)
        return high


def services(traffic, prices) -> list:
    rate = traffic.hits_a_day / 86400
    found = [Service("log-parse", "parse", rate, prices), Service("bq-loader", "load", rate, prices)]
    if traffic.road != "bucket":
        publishes = traffic.road == "direct" or traffic.ingest_mode == "publish"
        found.insert(0, Service("pixel-ingest", "ingest_publish" if publishes else "ingest_log", rate, prices))
    return found


def lines(traffic, prices) -> list:
    each = services(traffic, prices)
    by_request = traffic.billing == "request"
    found = cloud_run(each, prices["cloud_run"]) if by_request else cloud_run_by_instance(each)
    found += pubsub(traffic, prices) + [logging(traffic, prices), alerts(prices)] + bigquery(traffic, prices)
    return found + front(traffic, prices)


def worst(traffic, prices, instances) -> tuple:
    """Dollars of a month in which somebody makes up hits: of instances that are always busy, which MAX_INSTANCES_* bound,
    and of what they do not bound at this traffic's rate. `instances`: of each service, by its name."""
    each = services(traffic, prices)
    price = prices["cloud_run"]
    bounded = sum(
        one.seconds * instances[one.name] * (
            one.instance_second if traffic.billing == "instance"
            else price["vcpu_second"] + one.kind["memory_gib"] * price["gib_second"])
        for one in each)
    rest = sum(line.dollars for line in lines(traffic, prices)
               if line.what not in ("Cloud Run, vCPU", "Cloud Run, memory", "Cloud Run, instances", "Alert conditions"))
    return bounded, rest


def cloud_run(found, price) -> list:
    seconds = sum(each.billed_seconds for each in found)
    memory = sum(each.billed_seconds * each.kind["memory_gib"] for each in found)
    requests = sum(each.requests for each in found)
    shares = ", ".join(f"{each.name} {min(each.billed_instances, 999):.2f}" for each in found)
    return [
        Line("Cloud Run, vCPU", beyond(seconds, price["free_vcpu_seconds"]) * price["vcpu_second"],
             f"{seconds:,.0f} s billed; instances at work on average: {shares}"),
        Line("Cloud Run, memory", beyond(memory, price["free_gib_seconds"]) * price["gib_second"], f"{memory:,.0f} GiB s"),
        Line("Cloud Run, requests", beyond(requests, price["free_requests"]) / 1e6 * price["million_requests"],
             f"{requests:,.0f}, hits and pushes"),
    ]


def cloud_run_by_instance(found) -> list:
    shares = ", ".join(f"{each.name} {max(1, math.ceil(each.instances(each.rate)))}" for each in found)
    return [Line("Cloud Run, instances", sum(each.by_instance for each in found),
                 f"billed all the time, with 512 MiB, nothing free taken off: {shares}")]


def alerts(prices) -> Line:
    price = prices["monitoring"]
    return Line("Alert conditions", price["conditions"] * price["condition_month"],
                f"{price['conditions']} of them, in infra/alerts")


def pubsub(traffic, prices) -> list:
    price = prices["pubsub"]
    entry, row = (max(size + price["overhead_bytes"], price["minimum_bytes"])
                  for size in (traffic.entry_bytes, traffic.row_bytes))
    hits = _hits(traffic, prices)
    # Published and pushed, on both topics; the archive gets each entry a second time.
    gib, archived = 2 * hits * (entry + row) / GIB, hits * entry / GIB
    return [
        Line("Pub/Sub, publish and push", beyond(gib, price["free_gib"]) / 1024 * price["tib"], f"{gib:,.1f} GiB"),
        Line("Pub/Sub, raw archive", archived / 1024 * price["bigquery_subscription_tib"],
             f"{archived:,.1f} GiB by a BigQuery subscription"),
    ]


def logging(traffic, prices) -> Line:
    return Line("Cloud Logging", 0.0, "entries are routed, which is free, and excluded from storage")


def bigquery(traffic, prices) -> list:
    price, hits = prices["bigquery"], _hits(traffic, prices)
    streamed = hits * max(traffic.row_bytes, price["streaming_minimum_bytes"]) / MIB
    month = hits * traffic.row_bytes / GIB
    raw = hits * traffic.entry_bytes / GIB * prices["assumptions"]["raw_days"] / (prices["month"]["hours"] / 24)
    young = min(traffic.keep_months, price["long_term_after_months"]) * month + raw
    old = max(0, traffic.keep_months - price["long_term_after_months"]) * month
    free_young = min(young, price["free_gib"])
    stored = ((young - free_young) * price["active_gib_month"]
              + beyond(old, price["free_gib"] - free_young) * price["long_term_gib_month"])
    return [
        Line("BigQuery, streaming", streamed / 200 * price["streaming_200_mib"],
             f"{streamed:,.0f} MiB, a row as {max(traffic.row_bytes, price['streaming_minimum_bytes']):,.0f} bytes"),
        Line("BigQuery, storage", stored, f"{young + old:,.1f} GiB after {traffic.keep_months:g} months, the archive in it"),
    ]


def front(traffic, prices) -> list:
    """What a visitor's request passes on its way."""
    shape, hits = prices["assumptions"], _hits(traffic, prices)
    answered = hits * shape["response_bytes"] / GIB
    rules = Line("Load balancer, rules", prices["month"]["hours"] * prices["balancer"]["rules_hour"], "up to five rules")
    out = Line("Traffic to visitors", answered * prices["traffic"]["gib"], f"{answered:,.1f} GiB")
    if traffic.road == "direct":
        return [out]
    if traffic.road == "bucket":
        return [
            rules,
            Line("CDN, lookups", hits / 10_000 * prices["cdn"]["lookup_10000"], f"{hits:,.0f}"),
            Line("CDN, traffic to visitors", answered * prices["cdn"]["gib"], f"{answered:,.1f} GiB"),
        ]
    limited = []
    if traffic.rate_limit:
        price = prices["armor"]
        limited = [Line("Cloud Armor", price["policy_month"] + price["rule_month"] + hits / 1e6 * price["million_requests"],
                        "one policy, one rule, each request")]
    processed = hits * (shape["request_bytes"] + shape["response_bytes"]) / GIB
    return [rules, Line("Load balancer, data", processed * prices["balancer"]["processed_gib"], f"{processed:,.1f} GiB"), out] + limited


def limits(traffic, prices) -> list:
    bounds, busiest = prices["limits"], traffic.hits_a_day / 86400 * traffic.peak
    price, suffix = prices["bigquery"], traffic.suffix
    streamed = busiest * max(traffic.row_bytes, price["streaming_minimum_bytes"])
    pushed = busiest * (traffic.entry_bytes + traffic.row_bytes + 2 * prices["pubsub"]["overhead_bytes"])
    new_a_second = suffix.new_a_day / 86400 * traffic.peak
    most = bounds["bigquery_tables_in_a_query"]
    days = suffix.days_in_a_query(most)
    if math.isinf(days):
        share = suffix.groups / most
        how = "one table" if suffix.groups <= 1 else f"a query over all users reads {suffix.groups:,.0f} of {most:,}"
    else:
        share, how = 31 / days, f"a query over {days:,.1f} days reads {most:,}"
    found = [
        Limit("BigQuery: bytes streamed a second", streamed / bounds["bigquery_bytes_a_second"],
              f"{streamed / 1e6:,.1f} of {bounds['bigquery_bytes_a_second'] / 1e6:,.0f} MB in the busiest hour; 300 outside EU and US"),
        Limit("BigQuery: tables in a query", share, how),
        Limit("BigQuery: new tables a second", new_a_second / bounds["bigquery_tables_a_second"],
              f"{new_a_second:,.2f} of {bounds['bigquery_tables_a_second']} in the busiest hour, {suffix.new_a_day:,.0f} a day"),
        Limit("BigQuery: tables in a dataset", suffix.kept(traffic.keep_months) / bounds["bigquery_tables_in_a_dataset"],
              f"{suffix.kept(traffic.keep_months):,.0f} of {bounds['bigquery_tables_in_a_dataset']:,}, above which listing is slow"),
    ]
    if suffix.groups > 1:
        an_hour = suffix.new_a_day / 24 * traffic.peak
        found.append(Limit(
            "MAX_NEW_TABLES_PER_HOUR", an_hour / bounds["loader_new_tables_an_hour"],
            f"{an_hour:,.0f} of {bounds['loader_new_tables_an_hour']}, the default; the rest goes to the overflow table"))
    found.append(Limit(
        "Pub/Sub: bytes pushed a second", pushed / bounds["pubsub_push_bytes_a_second"],
        f"{pushed / 1e6:,.1f} of {bounds['pubsub_push_bytes_a_second'] / 1e6:,.0f} MB {bounds['pubsub_push_note']}"))
    for each in services(traffic, prices):
        needed = max(1, math.ceil(each.instances(busiest)))
        found.append(Limit(f"Cloud Run: instances of {each.name}", needed / each.kind["instances"],
                           f"{needed} of {each.kind['instances']}, the default of MAX_INSTANCES, in the busiest hour"))
    return found


def beyond(amount, free) -> float:
    return max(0.0, amount - free)


def _hits(traffic, prices) -> float:
    """In a month."""
    return traffic.hits_a_day * prices["month"]["hours"] / 24
