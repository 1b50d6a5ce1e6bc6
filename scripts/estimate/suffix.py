# SPDX-License-Identifier: MIT
"""How many tables a TEMPLATE_SUFFIX makes."""

import re
from dataclasses import dataclass

PART = re.compile(r"\{(date|month|hour)\}|\{bucket:([A-Za-z_][A-Za-z0-9_]*):([0-9]{1,6})\}|\{([A-Za-z_][A-Za-z0-9_]*)\}"
                  r"|([A-Ya-z0-9_]+)")


class BadPattern(Exception):
    pass


@dataclass(frozen=True)
class Suffix:
    # Tables beside each other at one time: users, or groups of them.
    groups: float
    # How many times a day those begin anew: 1 with {date}, 24 with {hour}, 1/30 with {month}, else 0.
    begin_anew: float

    @classmethod
    def of(cls, pattern, users):
        at, groups, begin_anew = 0, 1.0, 0.0
        while at < len(pattern):
            part = PART.match(pattern, at)
            if not part:
                raise BadPattern(
                    f"--suffix is '{pattern}': allowed are {{column}}, {{bucket:column:N}}, {{date}}, {{month}}, "
                    "{hour}, letters but Z, digits and _")
            at = part.end()
            time, bucket, count, column, _ = part.groups()
            if time:
                begin_anew = max(begin_anew, {"hour": 24, "date": 1, "month": 1 / 30}[time])
            elif bucket:
                if not 2 <= int(count) <= 1000:
                    raise BadPattern(f"--suffix is '{pattern}': allowed are 2 to 1000 groups in a bucket")
                groups *= min(int(count), users)
            elif column:
                groups *= users
        return cls(groups, begin_anew)

    @property
    def new_a_day(self) -> float:
        """Once all users are known; without a date, tables are only made for new ones."""
        return self.groups * self.begin_anew

    def kept(self, months) -> float:
        """At the end of that many months."""
        return max(self.groups, self.new_a_day * months * 30)

    def days_in_a_query(self, tables) -> float:
        """How many days one query can read."""
        return float("inf") if self.new_a_day == 0 else tables / self.new_a_day
