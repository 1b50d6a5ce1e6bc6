# SPDX-License-Identifier: MIT
"""scripts/dev/steps.sh: what the test command says of steps that fail, and of what was skipped."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(script):
    """(status, lines) of a script that has the steps' functions."""
    head = f'set -euo pipefail; source "{ROOT}/scripts/lib.sh"; source "{ROOT}/scripts/dev/steps.sh"\n'
    done = subprocess.run(["bash", "-c", head + script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.splitlines()


class Steps(unittest.TestCase):
    def test_all_passed_only_if_nothing_was_skipped(self):
        status, lines = run("step one true; verdict")
        self.assertEqual((status, lines[-1]), (0, "All passed."))

    def test_a_skipped_step_is_named_with_its_reason(self):
        status, lines = run("deploy() { say 'SKIPPED: gcloud is not installed'; }; step deployment deploy; verdict")
        self.assertEqual(status, 0)
        self.assertEqual(
            lines[-1], "All that could run passed; skipped: deployment, because gcloud is not installed.")

    def test_reasons_stand_apart_and_many_names_are_counted(self):
        _, lines = run(
            "work() { for n in 1 2 3 4 5; do echo \"SKIPPED t$n: no cases\"; done; echo 'SKIPPED a: no b'; }\n"
            "step tests work; verdict")
        self.assertEqual(
            lines[-1], "All that could run passed; skipped: a, because no b; 5 tests, because no cases.")

    def test_a_step_that_fails_in_its_middle_ends_the_run(self):
        status, lines = run("work() { echo before; false; echo behind; }; step work work; verdict")
        self.assertEqual(status, 1)
        self.assertIn("before", lines)
        self.assertNotIn("behind", lines)
        self.assertTrue(lines[-1].startswith("FAILED: work"), lines)

    def test_skipped_tests_are_read_from_swift_testing_s_lines(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(
                '➜ Test "each invalid sequence: replaced" skipped: "PIPELINE_CASES does not name a folder"\n'
                '➜ Test "events of PyPI\'s cloudevents arrive" skipped: "part of scripts/test.sh --all"\n'
                '➜ Suite BrowserTests skipped: "chromium is not installed"\n'
                "✔ Test run with 3 tests in 1 suite passed after 0.1 seconds.\n")
            file.flush()
            _, lines = run(f"skipped_tests {file.name}")
        self.assertEqual(lines, [
            "SKIPPED each invalid sequence  replaced: PIPELINE_CASES does not name a folder",
            "SKIPPED BrowserTests: chromium is not installed",
        ])


if __name__ == "__main__":
    unittest.main()
