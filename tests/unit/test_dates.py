"""What a date means at its precision: windows and labels."""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from samples import stated
from strategies import EVERY_PRECISION, UNKNOWN_PRECISION, dates

from bot.domain.dates import Grain, grain, is_precise, label, shift, window
from bot.domain.events import DatePrecision, StatedDate
from bot.testing import AFTERNOON, DAY, HOUR, MINUTE, MONTH, MORNING, PRECISIONS, SECOND, WEEK

Q1, Q2, Q3, Q4, H1, H2, YEAR, FISCAL_YEAR, DECADE = PRECISIONS[8:]
FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def span(text: str, precision: DatePrecision | None) -> tuple[str, str]:
    """The window of a date, as text."""
    found = window(stated(text, precision))
    assert found is not None
    return (f"{found.start:%Y-%m-%d %H:%M:%S}", f"{found.end:%Y-%m-%d %H:%M:%S}")


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        (SECOND, "30 Sep 2026, 13:05:10 UTC"),
        (MINUTE, "30 Sep 2026, 13:05 UTC"),
        (HOUR, "30 Sep 2026, around 13:00 UTC"),
        (MORNING, "30 Sep 2026, in the morning (local time)"),
        (AFTERNOON, "30 Sep 2026, in the afternoon (local time)"),
        (DAY, "30 Sep 2026"),
        (WEEK, "week of 28 Sep 2026"),
        (MONTH, "September 2026"),
        (Q1, "Q1 2026"),
        (Q2, "Q2 2026"),
        (Q3, "Q3 2026"),
        (Q4, "Q4 2026"),
        (H1, "first half of 2026"),
        (H2, "second half of 2026"),
        (YEAR, "2026"),
        (FISCAL_YEAR, "fiscal year 2026"),
        (DECADE, "the 2020s"),
        (None, "30 Sep 2026"),
        (UNKNOWN_PRECISION, "30 Sep 2026"),
    ],
)
def test_label_says_the_date_at_its_own_precision(
    precision: DatePrecision | None, words: str
) -> None:
    """Every precision has its wording; one that is missing or new to us shows the day only."""
    date = stated("2026-09-30 13:05:10", precision)

    said = label(date)

    assert said == words


def test_label_without_a_date_says_so() -> None:
    """A null date is a fact that can be told."""
    assert label(StatedDate(date=None, precision=MINUTE)) == "date not known"


def test_label_is_in_utc_whatever_zone_the_date_carries() -> None:
    """The words say UTC, so the clock beside them is UTC."""
    eastern = timezone(timedelta(hours=-4))
    date = datetime(2026, 9, 30, 21, 5, tzinfo=eastern)

    said = label(StatedDate(date=date, precision=MINUTE))

    assert said == "1 Oct 2026, 01:05 UTC"


@given(date=dates, precision=st.sampled_from(EVERY_PRECISION))
@example(date=FIRST_MOMENT, precision=DECADE)
@example(date=LAST_SECOND, precision=DECADE)
def test_no_label_coarser_than_an_hour_shows_a_clock_time(
    date: datetime, precision: DatePrecision | None
) -> None:
    """LL2 stamps vague dates with a placeholder clock; nobody may see it."""
    told = StatedDate(date=date, precision=precision)

    said = label(told)

    has_clock = bool(re.search(r"\d:\d|UTC", said))
    assert has_clock == is_precise(told)


@pytest.mark.parametrize("placeholder", ["00:00:00", "01:00:00", "02:00:00", "23:59:59"])
@pytest.mark.parametrize(
    "precision", [one for one in PRECISIONS if one.id > HOUR.id], ids=lambda one: str(one.name)
)
def test_order_keeping_clock_of_a_vague_date_means_nothing(
    precision: DatePrecision, placeholder: str
) -> None:
    """LL2 writes 01:00 or 02:00 on a vague date to keep an order (facts-ll2, section 4)."""
    plain = stated("2026-12-31 00:00:00", precision)
    marked = stated(f"2026-12-31 {placeholder}", precision)

    moved = shift(plain, marked)

    assert moved is None
    assert label(plain) == label(marked)


@pytest.mark.parametrize(
    ("precision", "start", "end"),
    [
        (SECOND, "2026-09-30 13:05:00", "2026-09-30 13:06:00"),
        (MINUTE, "2026-09-30 13:05:00", "2026-09-30 13:06:00"),
        (HOUR, "2026-09-30 13:00:00", "2026-09-30 14:00:00"),
        (MORNING, "2026-09-30 00:00:00", "2026-10-01 00:00:00"),
        (AFTERNOON, "2026-09-30 00:00:00", "2026-10-01 00:00:00"),
        (DAY, "2026-09-30 00:00:00", "2026-10-01 00:00:00"),
        (WEEK, "2026-09-28 00:00:00", "2026-10-05 00:00:00"),
        (MONTH, "2026-09-01 00:00:00", "2026-10-01 00:00:00"),
        (Q1, "2026-01-01 00:00:00", "2026-04-01 00:00:00"),
        (Q2, "2026-04-01 00:00:00", "2026-07-01 00:00:00"),
        (Q3, "2026-07-01 00:00:00", "2026-10-01 00:00:00"),
        (Q4, "2026-10-01 00:00:00", "2027-01-01 00:00:00"),
        (H1, "2026-01-01 00:00:00", "2026-07-01 00:00:00"),
        (H2, "2026-07-01 00:00:00", "2027-01-01 00:00:00"),
        (YEAR, "2026-01-01 00:00:00", "2027-01-01 00:00:00"),
        (FISCAL_YEAR, "2026-01-01 00:00:00", "2027-01-01 00:00:00"),
        (DECADE, "2020-01-01 00:00:00", "2030-01-01 00:00:00"),
        (None, "2026-09-30 00:00:00", "2026-10-01 00:00:00"),
        (UNKNOWN_PRECISION, "2026-09-30 00:00:00", "2026-10-01 00:00:00"),
    ],
)
def test_window_is_the_period_that_the_precision_names(
    precision: DatePrecision | None, start: str, end: str
) -> None:
    """A stated date allows its minute, hour, day, week … and no more; weeks start on Monday."""
    assert span("2026-09-30 13:05:10", precision) == (start, end)


def test_no_date_has_no_window() -> None:
    """Without a date nothing can be said, at whatever precision."""
    assert window(StatedDate(date=None, precision=MONTH)) is None


@given(date=dates, precision=st.sampled_from(EVERY_PRECISION))
@example(date=FIRST_MOMENT, precision=WEEK)
@example(date=FIRST_MOMENT, precision=DECADE)
@example(date=LAST_SECOND, precision=SECOND)
@example(date=LAST_SECOND, precision=WEEK)
@example(date=LAST_SECOND, precision=DECADE)
def test_window_is_never_empty_and_holds_its_date(
    date: datetime, precision: DatePrecision | None
) -> None:
    """True for the whole calendar; a quarter or a half counts by its number, not by its stamp."""
    found = window(StatedDate(date=date, precision=precision))

    assert found is not None
    assert found.start < found.end
    if precision is None or not Q1.id <= precision.id <= H2.id:
        assert found.start <= date < found.end or found.end == LAST_SECOND
    assert found.start.year <= date.year


@given(one=dates, other=dates, precision=st.sampled_from(EVERY_PRECISION))
@example(one=datetime(5, 1, 1, tzinfo=UTC), other=datetime(10, 6, 1, tzinfo=UTC), precision=DECADE)
def test_windows_of_one_precision_are_equal_or_apart(
    one: datetime, other: datetime, precision: DatePrecision | None
) -> None:
    """They tile the calendar, so two dates at one precision are either the same or moved."""
    first = window(StatedDate(date=one, precision=precision))
    second = window(StatedDate(date=other, precision=precision))

    assert first is not None
    assert second is not None
    assert first == second or first.end <= second.start or second.end <= first.start


def test_grains_get_coarser_with_the_ids_of_ll2() -> None:
    """LL2 numbers its precisions from fine to coarse; ours must keep that order."""
    grains = [grain(stated("2026-09-30", one)) for one in PRECISIONS]

    assert all(finer <= coarser for finer, coarser in pairwise(grains))
    assert {*grains} == {*Grain}


@pytest.mark.parametrize("precision", EVERY_PRECISION, ids=str)
def test_only_an_hour_or_better_is_precise(precision: DatePrecision | None) -> None:
    """Countdowns and reminders need an hour; an unknown precision gives no right."""
    precise = is_precise(stated("2026-09-30 13:05:10", precision))

    assert precise == (precision in {SECOND, MINUTE, HOUR})
    assert not is_precise(StatedDate(date=None, precision=precision))
