# SPDX-License-Identifier: MIT
"""scripts/estimate.sh: by examples that were computed by hand, and its tables in the documents."""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from estimate import model  # noqa: E402
from estimate.suffix import BadPattern, Suffix  # noqa: E402

# Round figures, so that the examples are easy and stay right when Google's prices change.
PRICES = {
    "cloud_run": {
        "vcpu_second": 0.00002, "gib_second": 0.000002, "million_requests": 0.5,
        "free_vcpu_seconds": 100_000, "free_gib_seconds": 100_000, "free_requests": 1_000_000,
        "always_on_vcpu_second": 0.00001, "always_on_gib_second": 0.000001, "rounding_seconds": 0.1,
    },
    "pubsub": {"tib": 40, "free_gib": 10, "bigquery_subscription_tib": 50, "minimum_bytes": 1000, "overhead_bytes": 100},
    "bigquery": {
        "streaming_200_mib": 0.01, "streaming_minimum_bytes": 1024, "active_gib_month": 0.02,
        "long_term_gib_month": 0.01, "long_term_after_months": 3, "free_gib": 10,
    },
    "balancer": {"rules_hour": 0.025, "processed_gib": 0.01},
    "cdn": {"lookup_10000": 0.01, "gib": 0.1},
    "traffic": {"gib": 0.2},
    "limits": {
        "bigquery_bytes_a_second": 1e9, "bigquery_tables_a_second": 10, "bigquery_tables_in_a_query": 1000,
        "bigquery_tables_in_a_dataset": 50_000, "pubsub_push_bytes_a_second": 1e8, "pubsub_push_note": "",
        "loader_new_tables_an_hour": 200,
    },
    "month": {"hours": 720},
    "monitoring": {"condition_month": 0.1, "conditions": 5, "note": ""},
    "armor": {"policy_month": 5, "rule_month": 1, "million_requests": 1},
    "assumptions": {
        "busy_share": 0.5, "request_bytes": 1000, "response_bytes": 500, "raw_days": 3,
        **{kind: {"open_seconds": seconds, "cpu_seconds": 0.0001, "memory_gib": 0.25, "concurrency": 100, "instances": 4}
           for kind, seconds in (("ingest_log", 0.002), ("ingest_publish", 0.03), ("parse", 0.03), ("load", 0.25))},
    },
}
# A gibihit a month: what is counted in bytes comes out in GiB.
GIBIHIT = 2**30 / 30


def traffic(hits_a_day, road="service", suffix="_{date}", users=1, **more) -> model.Traffic:
    return model.Traffic(hits_a_day, road, Suffix.of(suffix, users), **more)


def costs(*arguments, **more) -> dict:
    return {line.what: line.dollars for line in model.lines(traffic(*arguments, **more), PRICES)}


class BilledTime(unittest.TestCase):
    def test_a_lone_request_is_billed_in_steps_of_100_ms(self):
        # Far apart, 30 ms are billed as 100 and 250 ms as 300.
        for kind, step in (("parse", 0.1), ("load", 0.3), ("ingest_log", 0.1)):
            service = model.Service(kind, kind, 0.0001, PRICES)
            self.assertAlmostEqual(service.billed_seconds / service.requests, step, delta=0.0001)

    def test_requests_that_are_open_together_share_an_instance(self):
        # 10 a second of 100 ms: one is open on average, none for 1/e of the time. 2,592,000 s × 0.632121 = 1,638,457.
        service = model.Service("parse", "parse", 10, PRICES)
        self.assertAlmostEqual(service.billed_seconds, 1_638_457, delta=1)

    def test_a_busy_service_needs_as_many_instances_as_its_requests_and_its_cpu_time_fill(self):
        # 1,000 a second of 250 ms are 250 open: 2.5 instances of 100. Of 100 µs they take 0.1 s of CPU: 0.2 at half.
        self.assertAlmostEqual(model.Service("load", "load", 1000, PRICES).billed_instances, 2.5)
        # 15,000 a second of 2 ms are 30 open, 0.3 instances; their 1.5 s of CPU need 3.
        self.assertAlmostEqual(model.Service("ingest", "ingest_log", 15_000, PRICES).billed_instances, 3)

    def test_billing_by_instance_has_whole_instances_and_no_price_for_requests(self):
        # 3 instances × 2,592,000 s × (0.00001 + 0.5 × 0.000001), since Cloud Run wants 512 MiB then = 81.648
        self.assertAlmostEqual(model.Service("load", "load", 1000, PRICES).by_instance, 81.648)
        # Three services of one instance each at 10 hits a second, but two of the loader's 2.5 open of 100: 1 each.
        self.assertAlmostEqual(costs(864_000, billing="instance")["Cloud Run, instances"], 3 * 27.216)
        self.assertNotIn("Cloud Run, requests", costs(864_000, billing="instance"))

    def test_billing_by_instance_pays_from_the_rate_at_which_both_cost_the_same(self):
        service = model.Service("parse", "parse", 1, PRICES)
        rate = service.pays_from() / 86400
        below, above = (model.Service("parse", "parse", rate * factor, PRICES) for factor in (0.97, 1.03))
        self.assertLess(below.by_request, below.by_instance)
        self.assertGreater(above.by_request, above.by_instance)

    def test_the_worst_month_is_what_instances_bound_and_what_they_do_not(self):
        # 2 + 1 + 1 instances × 2,592,000 s × (0.00002 + 0.25 × 0.000002) = 212.544
        bounded, rest = model.worst(traffic(864_000), PRICES, {"pixel-ingest": 2, "log-parse": 1, "bq-loader": 1})
        self.assertAlmostEqual(bounded, 212.544)
        found = costs(864_000)
        self.assertAlmostEqual(rest, sum(found.values()) - found["Cloud Run, vCPU"] - found["Cloud Run, memory"] - 0.5)

    def test_a_rate_limit_costs_its_policy_and_each_request(self):
        # 5 + 1, and 25.92 million requests.
        self.assertAlmostEqual(costs(864_000, rate_limit=True)["Cloud Armor"], 31.92)
        self.assertNotIn("Cloud Armor", costs(864_000))

    def test_alert_conditions_have_a_price_on_every_road(self):
        for road in ("service", "bucket", "direct"):
            self.assertAlmostEqual(costs(1, road)["Alert conditions"], 0.5)

    def test_what_is_free_is_free_once_for_all_services(self):
        # 10 hits a second: three services with 25,920,000 requests each. 77,760,000 - 1,000,000 = 76.76 × 0.5
        found = costs(864_000)
        self.assertAlmostEqual(found["Cloud Run, requests"], 38.38)
        # Ingest and parse 1,638,457 s each; load 2,592,000 × (1 - e^-3) = 2,462,951. Together 5,739,865.
        self.assertAlmostEqual(found["Cloud Run, vCPU"], (5_739_865 - 100_000) * 0.00002, delta=0.001)
        self.assertAlmostEqual(found["Cloud Run, memory"], (5_739_865 / 4 - 100_000) * 0.000002, delta=0.001)
        self.assertEqual(costs(100)["Cloud Run, requests"], 0)

    def test_a_bucket_needs_no_collector(self):
        # 51,840,000 - 1,000,000 = 50.84 × 0.5
        self.assertAlmostEqual(costs(864_000, "bucket")["Cloud Run, requests"], 25.42)


class Bytes(unittest.TestCase):
    def test_pubsub_counts_a_message_on_each_way_and_as_1000_bytes_at_least(self):
        # Entries of 1,500 + 100 and rows of 300 + 100, counted as 1,000: 2 × 2,600 GiB - 10 = 5,190 × 40 / 1,024.
        found = costs(GIBIHIT, entry_bytes=1500, row_bytes=300)
        self.assertAlmostEqual(found["Pub/Sub, publish and push"], 202.734, delta=0.001)
        # The archive has no free part: 1,600 × 50 / 1,024.
        self.assertAlmostEqual(found["Pub/Sub, raw archive"], 78.125)

    def test_a_streamed_row_counts_as_1024_bytes_at_least(self):
        # 1,024 GiB are 1,048,576 MiB: 5,242.88 × 0.01; rows of 2,048 bytes twice that.
        self.assertAlmostEqual(costs(GIBIHIT, row_bytes=300)["BigQuery, streaming"], 52.4288)
        self.assertAlmostEqual(costs(GIBIHIT, row_bytes=2048)["BigQuery, streaming"], 104.8576)

    def test_storage_is_cheaper_after_three_months_and_its_first_10_gib_are_free(self):
        # 1,000 GiB a month. Three at 0.02, nine at 0.01, three days of 1,500 GiB of entries: 150 at 0.02; 10 free.
        found = costs(GIBIHIT, row_bytes=1000, entry_bytes=1500, keep_months=12)
        self.assertAlmostEqual(found["BigQuery, storage"], (3000 + 150 - 10) * 0.02 + 9000 * 0.01)
        self.assertEqual(costs(100)["BigQuery, storage"], 0)

    def test_each_road_pays_for_what_stands_before_it(self):
        # A hit of 1,000 bytes and an answer of 500, 2^30 hits, a month of 720 hours.
        service, bucket, direct = (costs(GIBIHIT, road) for road in ("service", "bucket", "direct"))
        self.assertAlmostEqual(service["Load balancer, rules"], 18)
        self.assertAlmostEqual(service["Load balancer, data"], 15)
        self.assertAlmostEqual(service["Traffic to visitors"], 100)
        self.assertAlmostEqual(bucket["CDN, lookups"], 1073.74, delta=0.01)
        self.assertAlmostEqual(bucket["CDN, traffic to visitors"], 50)
        self.assertAlmostEqual(direct["Traffic to visitors"], 100)
        self.assertFalse([what for what in direct if "balancer" in what or "CDN" in what])


class Tables(unittest.TestCase):
    def test_a_pattern_makes_so_many_tables(self):
        for pattern, new_a_day, kept, days in (
            ("_{user_id}_{date}", 50, 18_000, 20), ("_{bucket:user_id:16}_{date}", 16, 5760, 62.5),
            ("_{bucket:user_id:100}_{date}", 50, 18_000, 20), ("_{date}", 1, 360, 1000), ("_{hour}", 24, 8640, 41.667),
            ("_{month}", 1 / 30, 12, 30_000), ("_{user_id}", 0, 50, math.inf), ("", 0, 1, math.inf),
        ):
            suffix = Suffix.of(pattern, users=50)
            self.assertAlmostEqual(suffix.new_a_day, new_a_day, msg=pattern)
            self.assertAlmostEqual(suffix.kept(12), kept, msg=pattern)
            self.assertAlmostEqual(suffix.days_in_a_query(1000), days, delta=0.001, msg=pattern)

    def test_what_is_no_pattern_is_refused(self):
        for pattern in ("_{", "_Z", "_{date", "-", "_{bucket:user_id}", "{a b}", "_{bucket:user_id:1}", "_{bucket:user_id:1001}"):
            self.assertRaises(BadPattern, Suffix.of, pattern, 1)

    def test_limits_are_shares_of_the_busiest_hour(self):
        # 10 hits a second, 30 in the busiest: 30 × 1,024 bytes; 8,640 users a day, 0.3 new tables a second, 1,080 an hour.
        found = {each.what: each.share for each in
                 model.limits(traffic(864_000, suffix="_{user_id}_{date}", users=8640, peak=3), PRICES)}
        self.assertAlmostEqual(found["BigQuery: bytes streamed a second"], 30_720 / 1e9)
        self.assertAlmostEqual(found["BigQuery: new tables a second"], 0.03)
        self.assertAlmostEqual(found["MAX_NEW_TABLES_PER_HOUR"], 1080 / 200)
        self.assertAlmostEqual(found["BigQuery: tables in a query"], 31 * 8.64)
        self.assertAlmostEqual(found["BigQuery: tables in a dataset"], 8640 * 360 / 50_000)
        self.assertAlmostEqual(found["Pub/Sub: bytes pushed a second"], 30 * 2700 / 1e8)
        self.assertAlmostEqual(found["Cloud Run: instances of bq-loader"], 0.25)

    def test_without_a_date_a_query_over_all_users_reads_each_ones_table(self):
        for pattern, share in (("_{user_id}", 8.64), ("_{bucket:user_id:16}", 0.016), ("", 0.001)):
            found = model.limits(traffic(864_000, suffix=pattern, users=8640), PRICES)
            self.assertAlmostEqual(next(each.share for each in found if each.what == "BigQuery: tables in a query"), share)


class Command(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([ROOT / "scripts" / "estimate.sh", *arguments], capture_output=True, text=True)

    def test_wrong_arguments_get_a_sentence_that_names_them(self):
        shipped = json.loads((ROOT / "infra" / "prices.json").read_text())
        right = {"--hits-per-day": "1M", "--road": "direct", "--suffix": "_{date}"}
        for name, value, says in (
            ("--hits-per-day", "many", "a number from 1"), ("--hits-per-day", "0", "a number from 1"),
            ("--hits-per-day", "-5", "--hits-per-day"), ("--road", "cdn", "service, bucket, direct"),
            ("--suffix", "_Z", "{bucket:column:N}"), ("--peak", "0", "a number from 1"), ("--nope", "1", "--nope"),
            ("--ingest-mode", "both", "log, publish"), ("--table", "year", "day, month"),
        ):
            said = self.run_it(*(text for pair in {**right, name: value}.items() for text in pair))
            self.assertEqual((said.returncode, said.stdout), (2, ""), msg=name)
            self.assertIn(says, said.stderr)
        for content, says in (
            (None, "can't be read"), ("", "can't be read"), ("[]", "everything needs"), ("{}", "date needs"),
            (json.dumps({**shipped, "month": {"hours": 0}}), "month hours"),
            (json.dumps({**shipped, "cdn": {**shipped["cdn"], "gib": "0.08"}}), "cdn gib"),
        ):
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "prices.json"
                if content is not None:
                    file.write_text(content)
                said = self.run_it(*(text for pair in {**right, "--prices": file}.items() for text in pair))
            self.assertEqual((said.returncode, said.stdout, said.stderr.count("\n")), (2, "", 1), msg=content)
            self.assertIn(says, said.stderr)
        for name in right:
            said = self.run_it(*(text for pair in right.items() if pair[0] != name for text in pair))
            self.assertEqual(said.returncode, 2)
            self.assertIn(f"{name} is missing", said.stderr)

    def test_thousands_millions_and_billions_in_lower_and_upper_case(self):
        for text, hits in (
            ("500", "500"), ("10k", "10,000"), ("10K", "10,000"), ("1m", "1,000,000"), ("1M", "1,000,000"),
            ("2.5m", "2,500,000"), ("2b", "2,000,000,000"), ("10B", "10,000,000,000"), ("1_000k", "1,000,000"),
            ("1000B", "1,000,000,000,000"),
        ):
            said = self.run_it("--hits-per-day", text, "--road", "direct", "--suffix", "_{date}")
            self.assertEqual((said.returncode, said.stderr), (0, ""), msg=text)
            self.assertIn(f" for {hits} hits a day ", said.stdout, msg=text)

    def test_a_number_that_is_none_gets_one_sentence_with_what_is_allowed(self):
        for text in ("", "k", "1kk", "1mb", "1G", "1t", "1 M", "1e6", "1,000", ".5k", "1.k", "inf", "nan", "0b", "0.0001k", "-5", "-5k",
                     "-.5m", "1001B", "9" * 400, "\u0661k", "1\u212a", "10\n"):
            said = self.run_it("--hits-per-day", text, "--road", "direct", "--suffix", "_{date}")
            self.assertEqual((said.returncode, said.stdout), (2, ""), msg=text)
            self.assertEqual(said.stderr, f"estimate.sh: --hits-per-day is '{text}': allowed is a number from 1 to "
                             "1,000,000,000,000, as 500, 10k, 2.5M or 1B; see --help\n", msg=text)

    def test_the_documents_ask_whose_the_users_are_and_the_estimate_agrees(self):
        for document, later in (("README.md", "scripts/run-local.sh"), ("infra/config.example.sh", "\nPROJECT=")):
            text = (ROOT / document).read_text()
            question = text.index("are your users accounts or visitors?")
            self.assertLess(question, text.index(later), msg=document)
            for suffix in ("_{user_id}_{date}", "_{bucket:user_id:16}_{date}"):
                self.assertIn(suffix, text[question:question + 1500], msg=document)
        accounts = ("--hits-per-day", "1M", "--road", "direct", "--suffix", "_{user_id}_{date}", "--users", "30")
        self.assertNotIn("OVER", self.run_it(*accounts).stdout)
        self.assertIn("OVER", self.run_it(*accounts[:-2]).stdout)
        visitors = (*accounts[:5], "_{bucket:user_id:16}_{date}")
        self.assertNotIn("OVER", self.run_it(*visitors).stdout)

    def test_the_total_is_the_sum_of_the_lines(self):
        said = self.run_it("--hits-per-day", "10k", "--road", "direct", "--suffix", "")
        rows = [line[2:].split("  ") for line in said.stdout.splitlines() if line.startswith("  ")]
        dollars = {row[0]: float([cell for cell in row[1:] if cell.strip()][0]) for row in rows[:rows.index(
            next(row for row in rows if row[0] == "Total")) + 1]}
        self.assertAlmostEqual(dollars.pop("Total"), sum(dollars.values()), delta=0.05)
        self.assertEqual(said.returncode, 0)

    def test_every_price_has_its_page_and_a_date(self):
        prices = json.loads((ROOT / "infra" / "prices.json").read_text())
        self.assertRegex(prices["date"], r"^\d{4}-\d\d-\d\d$")
        priced = {"cloud_run", "pubsub", "logging", "bigquery", "balancer", "cdn", "traffic"}
        self.assertLessEqual(priced, prices["sources"].keys() & prices.keys())

    def test_the_documents_commands_run(self):
        commands = [command for document in ("README.md", "infra/README.md")
                    for command in re.findall(r"scripts/estimate\.sh --hits[^`\n]*", (ROOT / document).read_text())]
        self.assertEqual(len(commands), 2)
        for command in commands:
            said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
            self.assertEqual((said.returncode, said.stderr), (0, ""), msg=command)
            self.assertIn("Total", said.stdout)

    def test_the_documents_show_what_it_prints(self):
        for document, table in (("README.md", "day"), ("infra/README.md", "month"), ("infra/README.md", "billing")):
            printed = self.run_it("--table", table).stdout
            self.assertTrue(printed in (ROOT / document).read_text(),
                            f"{document} is to show what scripts/estimate.sh --table {table} prints:\n{printed}")


if __name__ == "__main__":
    unittest.main()
