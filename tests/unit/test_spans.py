"""Spans of time as people type them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.spans import read_span, spell_span

whole_seconds = st.integers(0, 999_999 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("25s", timedelta(seconds=25)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("1d", timedelta(days=1)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("0s", timedelta(0)),
        ("007m", timedelta(minutes=7)),
        ("999999d", timedelta(days=999_999)),
    ],
)
def test_span_is_numbers_with_units(text: str, span: timedelta) -> None:
    """Days, hours, minutes, seconds, the larger first."""
    assert read_span(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "5 m",
        " 5m",
        "5m ",
        "-5m",
        "1.5h",
        "30m1h",
        "5m5m",
        "5M",
        "5w",
        "\u0665m",
        "1h,2h",
    ],
)
def test_anything_else_is_no_span(text: str) -> None:
    """Nothing is guessed: the caller says what to write."""
    assert read_span(text) is None


def test_number_without_end_is_no_span() -> None:
    """It must not run off the calendar."""
    assert read_span("1000000d") is None


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=2, seconds=5), "2d5s"),
        (timedelta(seconds=1, microseconds=900_000), "1s"),
    ],
)
def test_span_is_spelled_with_the_largest_units(span: timedelta, text: str) -> None:
    """To the second."""
    assert spell_span(span) == text


@given(span=whole_seconds)
def test_what_is_spelled_can_be_read_again(span: timedelta) -> None:
    """For every span that can be typed."""
    assert read_span(spell_span(span)) == span


@given(text=st.text(alphabet="0123456789dhms -.", max_size=12))
def test_what_is_read_is_a_span_that_is_not_negative(text: str) -> None:
    """Whatever is typed, nothing else comes out and nothing is raised."""
    span = read_span(text)

    assert span is None or span >= timedelta(0)
