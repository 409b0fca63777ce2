"""The stand-in's dates: offsets from the start, and LL2's stamps for vague dates."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.offsets import Offset, parse_offset
from bot.simulator.precision import PRECISION_WORDS, PRECISIONS, precision_of, snap

MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  hypothesis wants naive bounds
    max_value=datetime(2060, 1, 1),  # noqa: DTZ001  the same
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", Offset()),
        ("2d3h", Offset(exact=timedelta(days=2, hours=3))),
        ("-90m", Offset(exact=timedelta(minutes=-90))),
        ("1y6mo", Offset(months=18)),
        ("1mo2w", Offset(months=1, exact=timedelta(weeks=2))),
        ("25d11h45m11s", Offset(exact=timedelta(days=25, hours=11, minutes=45, seconds=11))),
    ],
)
def test_offset_is_numbers_with_units(text: str, expected: Offset) -> None:
    """An offset is the sum of its parts, turned round by a minus in front."""
    assert parse_offset(text) == expected


@pytest.mark.parametrize("text", ["", "2", "d", "2 d", "+2d", "2d-3h", "2.5h", "P2D"])
def test_other_texts_are_no_offsets(text: str) -> None:
    """What is not numbers with units is refused rather than guessed."""
    assert parse_offset(text) is None


def test_month_without_that_day_ends_on_its_last_day() -> None:
    """A month after 31 January is the last day of February."""
    start = datetime(2027, 1, 31, 12, tzinfo=UTC)

    assert Offset(months=1).after(start) == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert Offset(months=-2).after(start) == datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "expected", "number"),
    [
        ("Second", "2027-08-17T13:46:59", 0),
        ("Minute", "2027-08-17T13:46:00", 1),
        ("Hour", "2027-08-17T13:00:00", 2),
        ("Morning", "2027-08-17T13:00:00", 3),
        ("Afternoon", "2027-08-17T13:00:00", 4),
        ("Day", "2027-08-17T00:00:00", 5),
        ("Week", "2027-08-22T00:00:00", 6),
        ("Month", "2027-08-31T00:00:00", 7),
        ("Quarter", "2027-09-30T00:00:00", 10),
        ("Half", "2027-12-31T00:00:00", 13),
        ("Year", "2027-12-31T00:00:00", 14),
        ("Fiscal Year", "2027-09-30T00:00:00", 15),
        ("Decade", "2029-12-31T00:00:00", 16),
    ],
)
def test_stamp_stands_at_the_end_of_its_period(word: str, expected: str, number: int) -> None:
    """LL2 stamps a coarse date with the last day of its period at midnight."""
    moment = datetime(2027, 8, 17, 13, 46, 59, 5, tzinfo=UTC)

    stamp = snap(moment, word)
    precision = precision_of(stamp, word)

    assert stamp.isoformat() == f"{expected}+00:00"
    assert precision is not None
    assert precision.id == number


def test_no_precision_is_a_plain_day() -> None:
    """An event without a precision has a day and LL2's null."""
    moment = datetime(2027, 8, 17, 13, 46, tzinfo=UTC)

    assert snap(moment, None) == datetime(2027, 8, 17, tzinfo=UTC)
    assert precision_of(moment, None) is None


@given(MOMENTS, st.sampled_from(PRECISION_WORDS))
def test_stamping_twice_changes_nothing(moment: datetime, word: str) -> None:
    """A stamp lies in its own period, so it is its own stamp and keeps its precision."""
    stamp = snap(moment, word)

    assert snap(stamp, word) == stamp
    assert precision_of(stamp, word) in PRECISIONS


@given(MOMENTS)
def test_consecutive_quarters_have_consecutive_numbers(moment: datetime) -> None:
    """Four quarters from any day carry the four quarter precisions."""
    stamps = [snap(Offset(months=months).after(moment), "Quarter") for months in (0, 3, 6, 9)]

    found = {precision.id for stamp in stamps if (precision := precision_of(stamp, "Quarter"))}

    assert found == {8, 9, 10, 11}
