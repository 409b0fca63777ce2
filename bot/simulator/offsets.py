"""Moments relative to a scenario's start, such as `"2d3h"` or `"-1mo"`. Knows nothing of events."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_SIZES = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = {"y": 12, "mo": 1}
_PART = re.compile(r"(\d+)(mo|[ywdhms])")
_WHOLE = re.compile(r"-?(?:\d+(?:mo|[ywdhms]))+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Offset:
    """A signed distance from the scenario's start.

    Attributes:
        months: calendar months, because "next quarter" is no fixed number of days.
        exact: the rest, of fixed length.

    """

    months: int = 0
    exact: timedelta = timedelta()

    def after(self, anchor: datetime) -> datetime:
        """Return the moment this far from the anchor, in the anchor's time zone."""
        return add_months(anchor, self.months) + self.exact


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day `months` later, or that month's last day where there is no such day."""
    year, month0 = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month0 + 1)[1])
    return moment.replace(year=year, month=month0 + 1, day=day)


def parse_offset(text: str) -> Offset | None:
    """Return the offset written as `[-]N(y|mo|w|d|h|m|s)…`, or None where the text is not one."""
    if not _WHOLE.fullmatch(text):
        return None
    sign = -1 if text.startswith("-") else 1
    months = seconds = 0
    for number, unit in _PART.findall(text):
        months += int(number) * _MONTHS.get(unit, 0)
        seconds += int(number) * _SIZES.get(unit, 0)
    return Offset(months=sign * months, exact=timedelta(seconds=sign * seconds))
