"""The poller's rhythm beside the budget: never beyond it, and nobody pays later."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rhythms import PERIOD, a_headroom, a_video

from bot.domain.events import Event
from bot.domain.watching import Headroom, Purpose, RequestMark
from bot.ll2.budget import RequestBudget
from bot.services.rhythm import next_poll, sustainable
from bot.testing import DAY, HOUR, MINUTE, SECOND, START, an_event

CALM = timedelta(minutes=5)
NOTHING = timedelta(0)
MINUTES = timedelta(minutes=1)
SLACK = timedelta(milliseconds=1)
"""What rounding to microseconds may add up to."""


def test_what_was_spent_together_is_minded_by_all_that_follow() -> None:
    """No poll comes before the request in whose place it goes has stopped counting."""
    spent = NOTHING, NOTHING, 59 * MINUTES

    assert sustainable(a_headroom(*[MINUTES] * 2, cap=2), START) == PERIOD - MINUTES
    assert sustainable(a_headroom(*spent, cap=3), START) == PERIOD / 2


spans = st.integers(-3600, 10 * 3600).map(lambda seconds: timedelta(seconds=seconds))

precisions = st.sampled_from((SECOND, MINUTE, HOUR, DAY))

calms = st.integers(1, 1200).map(lambda seconds: timedelta(seconds=seconds))

caps = st.integers(1, 60)

latencies = st.integers(0, 40).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def busy_days(draw: st.DrawFn) -> tuple[Event, ...]:
    """Events and webcasts in the hours around `START`."""
    dated = draw(st.lists(st.tuples(spans, precisions, st.none() | spans), max_size=8))
    return tuple(
        an_event(
            date=START + date,
            date_precision=precision,
            vid_urls=() if stream is None else (a_video(stream),),
        )
        for date, precision, stream in dated
    )


def polled(
    events: tuple[Event, ...],
    headroom: Callable[[list[datetime], datetime], Headroom],
    *,
    calm: timedelta,
    latency: timedelta = NOTHING,
) -> Iterator[datetime]:
    """When six hours of this rhythm poll; each answer takes `latency`."""
    now, answered = START, list[datetime]()
    while now < START + timedelta(hours=6):
        yield now
        now += latency
        answered.append(now)
        now += next_poll(events, headroom(answered, now), now=now, calm=calm)


def simply(cap: int) -> Callable[[list[datetime], datetime], Headroom]:
    """Headroom by counting."""

    def headroom(answered: list[datetime], now: datetime) -> Headroom:
        counting = tuple(at for at in answered if at + PERIOD > now)
        return Headroom(cap=cap, period=PERIOD, spent=counting)

    return headroom


def most_in_an_hour(times: list[datetime]) -> int:
    """The most in any rolling hour."""
    return max(sum(at <= one < at + timedelta(hours=1) for one in times) for at in times)


@given(events=busy_days(), calm=calms, cap=caps)
def test_no_hour_holds_more_than_the_budget(
    events: tuple[Event, ...], calm: timedelta, cap: int
) -> None:
    """Whatever is hot, and however short the owner's interval is."""
    times = [*polled(events, simply(cap), calm=max(calm, 20 * SLACK))]

    assert most_in_an_hour(times) <= cap


@given(events=busy_days(), calm=st.integers(60, 1200), cap=caps)
def test_haste_causes_no_later_gap(events: tuple[Event, ...], calm: int, cap: int) -> None:
    """No gap is longer than the calm interval, or than twice what an even spread would need."""
    interval = timedelta(seconds=calm)
    times = [*polled(events, simply(cap), calm=interval)]

    longest = max((after - before for before, after in pairwise(times)), default=NOTHING)
    assert longest <= max(interval, PERIOD / cap * 2) + SLACK


@given(events=busy_days(), cap=st.integers(13, 60))
def test_sustainable_calm_rhythm_is_never_slower(events: tuple[Event, ...], cap: int) -> None:
    """Where the budget holds the calm rhythm, haste never costs a moment of it."""
    times = [*polled(events, simply(cap), calm=CALM)]

    assert all(after - before <= CALM + SLACK for before, after in pairwise(times))


@given(events=busy_days(), calm=st.integers(30, 600), latency=latencies)
def test_request_budget_agrees_with_the_rhythm(
    events: tuple[Event, ...], calm: int, latency: timedelta
) -> None:
    """What the rhythm proposes is never refused by the budget itself."""
    budget = RequestBudget(hourly_budget=15, has_key=False)

    def headroom(answered: list[datetime], now: datetime) -> Headroom:
        began = answered[-1] - latency
        assert budget.wait(Purpose.POLL, began) == NOTHING
        mark = RequestMark(id=len(answered), at=answered[-1], purpose=Purpose.POLL)
        budget.begin(mark, began)
        return budget.headroom(now)

    times = [*polled(events, headroom, calm=timedelta(seconds=calm), latency=latency)]

    assert most_in_an_hour(times) <= 14
