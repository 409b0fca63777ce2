"""When the poller asks next: calm, and at expected moments faster."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rhythms import PERIOD, a_headroom, a_video
from strategies import EVERY_PRECISION

from bot.domain.events import DatePrecision, Event, VidUrl
from bot.domain.watching import Headroom
from bot.services.rhythm import next_poll, room_in, sustainable
from bot.testing import DAY, HOUR, MINUTE, SECOND, START, an_event

CALM = timedelta(minutes=5)
FAST = timedelta(minutes=2)
NOTHING = timedelta(0)
MINUTES = timedelta(minutes=1)


def calmly(cap: int = 14) -> Headroom:
    """What it leaves after an hour of the calm rhythm, right after a poll."""
    return a_headroom(*(CALM * step for step in range(13)), cap=cap)


def pause(*events: Event, headroom: Headroom | None = None, calm: timedelta = CALM) -> timedelta:
    """How long to wait from `START`, by default after a calm hour."""
    return next_poll(events, headroom or calmly(), now=START, calm=calm)


def streamed(start: timedelta, end: timedelta | None = None, **changes: Any) -> Event:
    """An event far off, with a webcast."""
    return an_event(vid_urls=(a_video(start, end),), **changes)


def test_calm_rhythm_is_kept_when_nothing_is_near() -> None:
    """As the owner set it: not slower, since a slow hour saves nothing for a later one."""
    assert pause() == CALM
    assert pause(an_event()) == CALM


@pytest.mark.parametrize("since", [2, 6, 9])
def test_polls_are_fast_after_the_date(since: int) -> None:
    """How an event went is told in the minutes after it."""
    assert pause(an_event(date=START - since * MINUTES)) == FAST


@pytest.mark.parametrize("since", [1, 5, 9])
def test_polls_are_fast_after_the_planned_start_of_a_webcast(since: int) -> None:
    """That is when LL2 says that it is live."""
    assert pause(streamed(-since * MINUTES)) == FAST


@pytest.mark.parametrize("since", [10, 30, 600])
def test_moment_passes(since: int) -> None:
    """Ten minutes later the rhythm is calm."""
    assert pause(an_event(date=START - since * MINUTES)) == CALM
    assert pause(streamed(-since * MINUTES)) == CALM


def test_webcast_that_is_live_already_is_no_moment() -> None:
    """What was expected has come; the budget is kept for the outcome."""
    assert pause(streamed(-3 * MINUTES, webcast_live=True)) == CALM


@pytest.mark.parametrize("precision", EVERY_PRECISION, ids=str)
def test_only_a_precise_date_makes_a_moment(precision: DatePrecision | None) -> None:
    """The raw clock of a vague date means nothing."""
    waited = pause(an_event(date=START - 5 * MINUTES, date_precision=precision))

    assert waited == (FAST if precision in {SECOND, MINUTE, HOUR} else CALM)


@pytest.mark.parametrize(("ahead", "waited"), [(2, 4), (1, 3), (0, 2), (3, 5), (20, 5)])
def test_poll_falls_on_the_beginning_of_a_moment(ahead: int, waited: int) -> None:
    """The last calm poll is drawn near, but not so near that two would fall together."""
    assert pause(an_event(date=START + ahead * MINUTES)) == waited * MINUTES
    assert pause(streamed((ahead + 1) * MINUTES)) == waited * MINUTES


def test_nearest_of_several_moments_counts() -> None:
    """Events overlap."""
    near, far = an_event(date=START + MINUTES), an_event(date=START + timedelta(days=2))

    assert pause(far, near, streamed(timedelta(hours=5))) == 3 * MINUTES


def test_haste_ends_where_it_would_cost_the_calm_rhythm() -> None:
    """After three fast polls in an hour a fourth would leave a gap later."""
    after_three = a_headroom(*(FAST * step for step in range(4)), *(CALM * n for n in range(2, 13)))

    assert pause(an_event(date=START - 8 * MINUTES), headroom=after_three) >= CALM


def test_haste_goes_on_while_the_budget_holds_it() -> None:
    """Right after a start too, and where the calm rhythm is a little more than the budget holds."""
    moment = an_event(date=START - 5 * MINUTES)

    assert pause(moment, headroom=a_headroom(NOTHING, FAST)) == FAST
    assert pause(moment, headroom=a_headroom(cap=12)) == FAST


def test_large_budget_follows_the_key() -> None:
    """In hot windows every second request is spent, at a moment what LL2's pace is worth."""
    rich = a_headroom(*(CALM * step for step in range(13)), cap=209)

    assert pause(an_event(date=START + 90 * MINUTES), headroom=rich) == PERIOD / 209 * 2
    assert pause(an_event(date=START - 5 * MINUTES), headroom=rich) == timedelta(seconds=30)
    assert pause(an_event(), headroom=rich) == CALM


@pytest.mark.parametrize(
    ("event", "hot"),
    [
        (an_event(date=START + 119 * MINUTES), True),
        (an_event(date=START + 121 * MINUTES), False),
        (an_event(date=START - 59 * MINUTES), True),
        (an_event(date=START - 61 * MINUTES), False),
        (an_event(date=START, date_precision=DAY), False),
        (an_event(webcast_live=True), True),
        (streamed(9 * MINUTES + timedelta(days=1)), False),
        (streamed(9 * MINUTES), True),
        (streamed(11 * MINUTES), False),
        (an_event(vid_urls=(VidUrl(url="https://example.org/live"),)), False),
        (streamed(-60 * MINUTES), True),
        (streamed(-130 * MINUTES), False),
        (streamed(-130 * MINUTES, 20 * MINUTES), True),
        (streamed(-30 * MINUTES, -20 * MINUTES), False),
        (streamed(-30 * MINUTES, -40 * MINUTES), False),
    ],
)
def test_hot_window_spans_precise_dates_and_webcasts(event: Event, *, hot: bool) -> None:
    """Two hours before a precise date to one after, webcasts as planned, and while live."""
    rich = a_headroom(cap=59)

    assert (pause(event, headroom=rich) < CALM) == hot


@pytest.mark.parametrize("year", [1, 9999])
def test_dates_at_the_ends_of_the_calendar_are_harmless(year: int) -> None:
    """LL2 may state any; a poller that falls over would watch nothing."""
    date = datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, 23 * (year > 1), tzinfo=UTC)
    video = VidUrl(url="https://example.org/live", start_time=date, end_time=date)

    assert pause(an_event(date=date, vid_urls=(video,))) == CALM


def test_small_budget_stretches_the_calm_rhythm_evenly() -> None:
    """An interval that the budget cannot hold must not end in a long silence."""
    minutely = a_headroom(*(MINUTES * step for step in range(7)))

    assert pause(headroom=minutely, calm=MINUTES) == (PERIOD - 6 * MINUTES) / 8


def test_start_is_as_quick_as_asked() -> None:
    """Half of the budget is spent at the owner's interval."""
    assert pause(headroom=a_headroom(), calm=MINUTES) == MINUTES
    assert pause(headroom=a_headroom(*(MINUTES * n for n in range(6))), calm=MINUTES) == MINUTES


def test_full_budget_is_waited_for() -> None:
    """The poll goes when the oldest request stops counting."""
    full = a_headroom(*(4 * MINUTES * step for step in range(14)))

    assert pause(headroom=full) == PERIOD - 52 * MINUTES
    assert room_in(full, START) == PERIOD - 52 * MINUTES


def test_room_is_there_at_once_while_the_budget_has_some() -> None:
    """What no longer counts takes no room."""
    assert room_in(a_headroom(), START) == NOTHING
    assert room_in(a_headroom(*[PERIOD] * 20), START) == NOTHING
    assert room_in(a_headroom(*[PERIOD - MINUTES] * 14), START) == MINUTES


def test_order_to_stay_away_is_kept() -> None:
    """LL2's own word is above every rhythm."""
    blocked = a_headroom(blocked_until=START + timedelta(hours=3))

    assert pause(an_event(date=START - 5 * MINUTES), headroom=blocked) == timedelta(hours=3)
    assert pause(headroom=a_headroom(blocked_until=START - timedelta(hours=3))) == CALM


def test_sustainable_interval_is_the_even_one_when_nothing_was_spent() -> None:
    """Fourteen an hour are one every 257 seconds."""
    assert sustainable(a_headroom(), START) == PERIOD / 14
