"""Amounts, spans and dates in words; text and addresses from outside."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import stated_dates

from bot.domain.dates import is_precise, label
from bot.domain.events import DatePrecision, StatedDate
from bot.domain.messages import Stamp
from bot.rendering.untrusted import host, one_line, paragraphs, printable, web_address
from bot.rendering.words import counted, distance, lead, span, when
from bot.testing import DAY, HOUR, MINUTE, MONTH, MORNING, SECOND, START

WEEK, Q1, Q2 = DatePrecision(id=6), DatePrecision(id=8), DatePrecision(id=9)
FIRST_HALF, SECOND_HALF, YEAR = DatePrecision(id=12), DatePrecision(id=13), DatePrecision(id=14)


def stated(later: timedelta = timedelta(0), precision: DatePrecision | None = MINUTE) -> StatedDate:
    """A date some time after the start, to the minute unless the test says otherwise."""
    return StatedDate(date=START + later, precision=precision)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (1 / 60, "1 min"),
        (3.25, "3 h 15 min"),
        (24, "1 day"),
        (44 + 25 / 60, "1 day 20 h 25 min"),
        (48.5, "2 days 30 min"),
        (7 * 24, "7 days"),
        (7 * 24 + 3, "about 7 days"),
        (45 * 24 - 1, "about 45 days"),
    ],
)
def test_spans_are_exact_up_to_a_week(hours: float, words: str) -> None:
    """Minutes matter for a slip of hours, not for one of weeks."""
    assert span(timedelta(hours=hours)) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "a moment"),
        (1, "1 minute"),
        (90, "1 hour 30 minutes"),
        (24 * 60, "24 hours"),
        (36 * 60, "36 hours"),
        (48 * 60, "2 days"),
        (7 * 24 * 60 + 60, "7 days 1 hour"),
    ],
)
def test_lead_times_are_said_as_people_type_them(minutes: int, words: str) -> None:
    """A day before is "24 hours", as in the setting; from two days on, days are counted."""
    assert lead(timedelta(minutes=minutes)) == words


def test_one_is_singular() -> None:
    """Readers notice "1 updates"."""
    assert (counted(1, "update"), counted(2, "update")) == ("1 update", "2 updates")
    assert counted(0, "agency", "agencies") == "0 agencies"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (stated(), stated(timedelta(hours=2)), "2 h"),
        (stated(precision=SECOND), stated(timedelta(seconds=90), SECOND), "1 min"),
        (stated(precision=HOUR), stated(timedelta(hours=2, minutes=40)), "about 3 h"),
        (stated(precision=HOUR), stated(timedelta(hours=-1, minutes=59)), ""),
        (stated(precision=HOUR), stated(timedelta(days=9, hours=2), HOUR), "about 9 days"),
        (stated(precision=DAY), stated(timedelta(days=2), DAY), "2 days"),
        (stated(precision=None), stated(timedelta(days=-1), DAY), "1 day"),
        (stated(precision=MORNING), stated(timedelta(days=1), DAY), "1 day"),
        (stated(precision=MORNING), stated(precision=MORNING), ""),
        (stated(), stated(timedelta(days=2), DAY), ""),
        (stated(precision=WEEK), stated(timedelta(days=14), WEEK), "2 weeks"),
        (stated(precision=MONTH), stated(timedelta(days=62), MONTH), "2 months"),
        (stated(precision=MONTH), stated(timedelta(days=370), MONTH), "1 year"),
        (stated(precision=Q1), stated(precision=Q2), "1 quarter"),
        (stated(precision=Q1), stated(timedelta(days=365), Q1), "1 year"),
        (stated(precision=FIRST_HALF), stated(precision=SECOND_HALF), "6 months"),
        (stated(precision=YEAR), stated(timedelta(days=730), YEAR), "2 years"),
        (stated(precision=MONTH), stated(precision=MONTH), ""),
        (stated(precision=MONTH), stated(timedelta(days=365), Q1), ""),
        (stated(), StatedDate(date=None, precision=None), ""),
    ],
)
def test_a_distance_is_only_said_where_two_dates_can_be_subtracted(
    before: StatedDate, after: StatedDate, words: str
) -> None:
    """From "September" to "November" is no number of days, but it is two months."""
    assert distance(before, after) == words
    assert distance(after, before) == words


@given(date=stated_dates())
def test_only_a_clock_time_is_stamped(date: StatedDate) -> None:
    """A stamp lets readers' clients show a clock time, which a coarse date does not have."""
    pieces = when(date, relative=True)

    stamps = [piece for piece in pieces if isinstance(piece, Stamp)]
    assert bool(stamps) == is_precise(date)
    assert stamps or pieces == (label(date),)


def test_a_date_to_the_hour_is_stamped_at_the_full_hour() -> None:
    """The minutes that LL2 sends along mean nothing, and clients would show them."""
    date = stated(timedelta(minutes=37), HOUR)

    at = Stamp(at=START)
    assert when(date) == ("around ", at)


def test_a_date_to_the_second_is_stamped_exactly() -> None:
    """The fall-back text is the domain's own label."""
    date = stated(timedelta(seconds=27), SECOND)

    (stamp,) = when(date, relative=True)

    assert stamp == Stamp(at=START + timedelta(seconds=27), to_the_second=True, relative=True)


@given(text=st.text())
def test_text_from_outside_loses_only_what_cannot_be_shown(text: str) -> None:
    """No control character, lone surrogate or direction override reaches a platform."""
    shown = printable(text + "\x1b\u202e\u2066\ud800")

    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not {*shown} & {"\x1b", "\x00", "\x07", "\r", "\u202e", "\u2066", "\ud800"}
    assert {*text.replace("\r", "")} >= {*shown}


def test_emoji_and_right_to_left_letters_stay() -> None:
    """Joiners and marks belong to the text; only overrides are taken out."""
    text = "\U0001f468\u200d\U0001f469 \u05e9\u05dc\u05d5\u05dd \u200f"

    assert printable(text) == text


def test_newlines_are_made_one_kind() -> None:
    """LL2 sends carriage returns; Unicode has more; one empty line is enough."""
    assert paragraphs(" a\r\nb\rc\u2028d\n\n\n\ne\tf  g ") == "a\nb\nc\nd\n\ne f g"


def test_a_line_is_a_line() -> None:
    """A name with a newline would break a headline in two."""
    assert one_line("  Cygnus\r\n NG-27\u2029Berthing ") == "Cygnus NG-27 Berthing"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "//example.org",
        "tg://resolve?domain=evil",
        "discord://-/channels/1",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "HTTPS:evil.example",
        "https:/evil.example",
        "https://@evil.example/",
        "https://www.nasa.gov@evil.example/",
        "https://www.nasa.gov:x@evil.example/",
        "https://example.org/\x00",
        "https://example.org\r\n.evil.example/",
        "https://",
        "http://[broken",
        "https://example.org/a b",
        "https://example.org/\u202egpj",
        "https://example.org/" + "a" * 2048,
        "",
    ],
)
def test_only_web_addresses_are_linked(url: str) -> None:
    """A link that is no page, or hides where it leads, is left out."""
    assert web_address(url) is None


def test_a_web_address_is_kept_as_it_is() -> None:
    """Nothing is normalised away; only blanks around it go."""
    assert web_address(" https://example.org/a?b=c#d\n") == "https://example.org/a?b=c#d"


def test_a_host_is_named_without_its_prefix_or_user() -> None:
    """What stands before an @ is not where the link leads."""
    assert host("https://www.nasa.gov@evil.example:8080/x") == "evil.example"
    assert host("https://www.nasa.gov/x") == "nasa.gov"


def test_a_date_in_another_zone_is_shown_in_utc() -> None:
    """One zone for all readers, unless their client knows theirs."""
    away = datetime.fromisoformat("2027-03-01T14:00:00+02:00")

    assert when(StatedDate(date=away, precision=MINUTE))[0] == Stamp(at=START)
