"""Which moves of a date are news, and which way they go."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import stated
from strategies import EVERY_PRECISION, UNKNOWN_PRECISION, dates, near_dates, stated_dates

from bot.domain.dates import Shift, label, shift
from bot.domain.events import DatePrecision, StatedDate
from bot.testing import AFTERNOON, DAY, HOUR, MINUTE, MONTH, MORNING, PRECISIONS, SECOND, WEEK

Q1, Q2, Q3, Q4, H1, H2, YEAR, FISCAL_YEAR, DECADE = PRECISIONS[8:]
OPPOSITE = {
    Shift.EARLIER: Shift.LATER,
    Shift.LATER: Shift.EARLIER,
    Shift.MORE_PRECISE: Shift.LESS_PRECISE,
    Shift.LESS_PRECISE: Shift.MORE_PRECISE,
    None: None,
}


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (("2026-09-30 13:05:10", MINUTE), ("2026-09-30 13:05:50", MINUTE), None),
        (("2026-09-30 13:05:10", SECOND), ("2026-09-30 13:05:50", SECOND), None),
        (("2026-09-30 13:05:00", MINUTE), ("2026-09-30 13:06:00", MINUTE), Shift.LATER),
        (("2026-09-30 13:05:00", SECOND), ("2026-09-29 13:05:00", SECOND), Shift.EARLIER),
        (("2026-09-30 13:00:00", HOUR), ("2026-09-30 13:40:00", HOUR), None),
        (("2026-09-30 13:00:00", HOUR), ("2026-09-30 14:00:00", HOUR), Shift.LATER),
        (("2026-03-01", MONTH), ("2026-03-31 23:59:00", MONTH), None),
        (("2026-09-30", MONTH), ("2026-08-31", MONTH), Shift.EARLIER),
        (("2026-09-28", WEEK), ("2026-10-04", WEEK), None),
        (("2026-09-28", WEEK), ("2026-10-05", WEEK), Shift.LATER),
        (("2026-09-30", Q3), ("2026-12-31", Q4), Shift.LATER),
        (("2026-06-30", H1), ("2026-12-31", H2), Shift.LATER),
        (("2026-12-31 01:00:00", YEAR), ("2026-12-31 02:00:00", YEAR), None),
        (("2026-12-31", YEAR), ("2027-12-31", YEAR), Shift.LATER),
        (("2026-12-31", DECADE), ("2029-12-31", DECADE), None),
        (("2026-09-30", MONTH), ("2026-09-28 11:45:11", SECOND), Shift.MORE_PRECISE),
        (("2026-09-28 11:45:11", SECOND), ("2026-09-30", MONTH), Shift.LESS_PRECISE),
        (("2026-09-30", MONTH), ("2026-09-30", DAY), Shift.MORE_PRECISE),
        (("2026-09-30", Q3), ("2026-08-14 13:05:00", MINUTE), Shift.MORE_PRECISE),
        (("2026-09-30", Q3), ("2026-10-14 13:05:00", MINUTE), Shift.LATER),
        (("2026-08-14 13:05:00", MINUTE), ("2026-12-31", Q4), Shift.LATER),
        (("2026-08-14 13:05:00", MINUTE), ("2026-12-31", YEAR), Shift.LESS_PRECISE),
        (("2026-09-30 13:05:00", MINUTE), ("2026-09-30 13:05:00", SECOND), Shift.MORE_PRECISE),
        (("2026-09-30", DAY), ("2026-09-30", MORNING), Shift.MORE_PRECISE),
        (("2026-09-30 13:05:00", None), ("2026-09-30 00:00:00", DAY), None),
        (("2026-09-30 13:05:00", None), ("2026-09-30 13:05:00", MINUTE), Shift.MORE_PRECISE),
        (("2026-09-30", UNKNOWN_PRECISION), ("2026-09-30", None), None),
    ],
)
def test_move_is_judged_at_the_stated_precision(
    before: tuple[str, DatePrecision | None],
    after: tuple[str, DatePrecision | None],
    moved: Shift | None,
) -> None:
    """Apart: earlier or later. Overlapping: more or less precise. The same window: no news."""
    assert shift(stated(*before), stated(*after)) is moved


def test_morning_and_afternoon_of_one_day_are_different_times() -> None:
    """Who was told "in the morning" must hear of "in the afternoon", though the day is the same."""
    morning, afternoon = stated("2026-09-30", MORNING), stated("2026-09-30", AFTERNOON)

    assert shift(morning, afternoon) is Shift.LATER
    assert shift(afternoon, morning) is Shift.EARLIER


def test_date_found_is_more_precise_and_date_lost_is_less() -> None:
    """A null date is the vaguest of all."""
    none, vague = StatedDate(date=None, precision=None), stated("2026-12-31", DECADE)

    assert shift(none, vague) is Shift.MORE_PRECISE
    assert shift(vague, none) is Shift.LESS_PRECISE
    assert shift(none, replace(none, precision=DAY)) is None


@given(before=stated_dates(), after=stated_dates())
def test_the_way_back_is_the_opposite_move(before: StatedDate, after: StatedDate) -> None:
    """Earlier mirrors later, more precise mirrors less precise, silence mirrors silence."""
    assert shift(after, before) is OPPOSITE[shift(before, after)]


@given(before=stated_dates(dates), after=stated_dates(dates))
def test_the_way_back_is_the_opposite_move_on_the_whole_calendar(
    before: StatedDate, after: StatedDate
) -> None:
    """The edges of the calendar are no exception."""
    assert shift(after, before) is OPPOSITE[shift(before, after)]


@given(date=stated_dates(dates))
def test_a_date_that_stays_is_no_news(date: StatedDate) -> None:
    """Nothing moved."""
    assert shift(date, date) is None


@given(
    before=stated_dates(),
    nudge=st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    precision=st.sampled_from(EVERY_PRECISION),
    same=st.booleans(),
)
def test_silent_move_does_not_change_what_readers_see(
    before: StatedDate, nudge: timedelta, precision: DatePrecision | None, *, same: bool
) -> None:
    """What is not news reads the same. Seconds are let pass, and a year's being fiscal."""
    date = None if before.date is None else before.date + nudge
    after = StatedDate(date=date, precision=before.precision if same else precision)

    is_news = shift(before, after) is not None

    let_pass = {before.precision, after.precision} in ({SECOND}, {YEAR, FISCAL_YEAR})
    assert is_news or let_pass or label(before) == label(after)


@given(one=near_dates, other=near_dates, precision=st.sampled_from((*PRECISIONS[:8], YEAR, DECADE)))
def test_move_at_one_precision_goes_the_way_of_the_clock(
    one: datetime, other: datetime, precision: DatePrecision
) -> None:
    """If a move at one precision is news at all, it is earlier or later as the stamps say."""
    before = StatedDate(date=one, precision=precision)
    after = StatedDate(date=other, precision=precision)

    moved = shift(before, after)

    assert moved in {None, Shift.LATER if other > one else Shift.EARLIER}
