"""Dates in words by a channel's own clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.dates import label
from bot.domain.events import DatePrecision, StatedDate
from bot.testing import DAY, HOUR, MINUTE, SECOND

BERLIN, INDIA, SAO_PAULO = map(ZoneInfo, ("Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo"))


def stated(precision: DatePrecision, *, date: datetime | None = None) -> StatedDate:
    """An evening in July, unless the test says otherwise."""
    evening = datetime(2027, 7, 14, 22, 45, 10, tzinfo=UTC)
    return StatedDate(date=date or evening, precision=precision)


@pytest.mark.parametrize(
    ("precision", "zone", "words"),
    [
        (SECOND, BERLIN, "15 Jul 2027, 00:45:10 CEST"),
        (MINUTE, BERLIN, "15 Jul 2027, 00:45 CEST"),
        (MINUTE, SAO_PAULO, "14 Jul 2027, 19:45 UTC-03"),
        (HOUR, BERLIN, "15 Jul 2027, around 00:00 CEST"),
        (HOUR, INDIA, "15 Jul 2027, around 03:30 IST"),
        (DAY, BERLIN, "14 Jul 2027"),
    ],
)
def test_clock_time_is_told_in_the_zone(
    precision: DatePrecision, zone: ZoneInfo, words: str
) -> None:
    """A clock time follows the reader's zone with its day; a day without a time is LL2's."""
    assert label(stated(precision), zone) == words


def test_end_of_the_calendar_is_told_in_utc() -> None:
    """A moment that a zone's calendar cannot hold is told in UTC rather than not at all."""
    last = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=1)

    assert label(stated(MINUTE, date=last), BERLIN) == "31 Dec 9999, 23:58 UTC"
