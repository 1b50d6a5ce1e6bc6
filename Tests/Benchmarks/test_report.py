# SPDX-License-Identifier: MIT
"""When a target is met, and when the command fails."""

import unittest
from xml.dom import minidom

from bench import plot
from bench.report import Result, Sample, Target


class Verdicts(unittest.TestCase):
    def test_a_bound_is_missed_when_three_quarters_of_the_rounds_miss_it(self):
        for values, bound, at_most, verdict in (
            ([1.3, 1.3, 1.4], 1.3, False, "met"), ([1.0, 1.3, 1.4], 1.3, False, "met"),
            ([1.0, 1.29, 1.31], 1.3, False, "within the spread"), ([1.0, 1.1, 1.2], 1.3, False, "MISSED"),
            ([16, 15, 16], 16, True, "met"), ([15, 17, 18], 16, True, "within the spread"),
            ([17, 17, 18], 16, True, "MISSED"), ([5831], 5831, True, "met"), ([5832], 5831, True, "MISSED"),
        ):
            target = Target("it", Sample(values), bound, at_most)
            self.assertEqual(target.verdict, verdict, msg=(values, bound))
            self.assertEqual(Result("r", "t", ["a"], [["b"]], [target]).is_missed, verdict == "MISSED")


class Charts(unittest.TestCase):
    def test_a_page_is_svg_with_every_point_inside(self):
        charts = [plot.Chart("flat & even", "loops", [(1, 5.0), (10, 5.0)]), plot.Chart("steep", "n", [(1, 2), (64, 9e6)])]
        page = minidom.parseString(plot.page(charts, "2026 <here>"))
        dots = page.getElementsByTagName("circle")
        self.assertEqual(len(dots), 4)
        for dot in dots:
            self.assertTrue(0 <= float(dot.getAttribute("cx")) <= plot.WIDTH)
            self.assertTrue(0 <= float(dot.getAttribute("cy")) <= plot.HEIGHT)


if __name__ == "__main__":
    unittest.main()
