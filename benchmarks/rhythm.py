"""How soon changes are seen by our rhythm and by a poll every five minutes, on the same stories.

The bundled week and twelve made-up months, each from several seconds of the clock on, because
librarians and a fixed rhythm both like round minutes. Both go through the real request budget.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import mean

from benchmarks.stories import Story, Visible, a_month, story
from benchmarks.table import Row
from bot.domain.changes import WebcastLive
from bot.domain.dates import is_precise
from bot.domain.events import Event
from bot.domain.watching import Headroom, Purpose, RequestMark
from bot.ll2.budget import RequestBudget
from bot.services.rhythm import next_poll
from bot.simulator import bundled_scenario

CALM = timedelta(minutes=5)
BUDGET = 15
_ANCHOR = datetime(2027, 3, 1, 7, 3, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_STREAM_BEFORE, _STREAM_LASTS = timedelta(minutes=10), 2 * _HOUR
_MONTHS = 12

Rhythm = Callable[[Sequence[Event], Headroom, datetime], timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """One telling of a story under a rhythm: when it polled, and what it was late for."""

    polls: tuple[datetime, ...]
    delays: tuple[tuple[Visible, timedelta], ...]


async def measure() -> tuple[Row, ...]:
    """Mean and worst delay, and requests an hour, for the week and for the months."""
    week = story(bundled_scenario(), _ANCHOR)
    months = [story(a_month(seed), _ANCHOR) for seed in range(_MONTHS)]
    cases = {"week": _phases([week], 30), f"{_MONTHS} months": _phases(months, 2)}
    rows: list[Row] = []
    for name, stories in cases.items():
        ours = await asyncio.to_thread(_watched, stories, _ours)
        fixed = await asyncio.to_thread(_watched, stories, _fixed)
        rows += _rows(name, ours, fixed)
    return tuple(rows)


def _phases(stories: Iterable[Story], count: int) -> list[Story]:
    """Each story watched from so many moments of its first five minutes on."""
    chance = Random(1)  # noqa: S311 - chance guards no secret
    return [
        replace(one, begins=one.begins + CALM * chance.random())
        for one in stories
        for _ in range(count)
    ]


def _ours(events: Sequence[Event], headroom: Headroom, now: datetime) -> timedelta:
    return next_poll(events, headroom, now=now, calm=CALM)


def _fixed(_events: Sequence[Event], _headroom: Headroom, _now: datetime) -> timedelta:
    return CALM


def _watched(stories: Iterable[Story], rhythm: Rhythm) -> list[_Watch]:
    return [_watch(one, rhythm) for one in stories]


def _watch(told: Story, rhythm: Rhythm) -> _Watch:
    polls = tuple(_polls(told, rhythm))
    seen = ((one, bisect_left(polls, one.at)) for one in told.changes if one.at > told.begins)
    delays = tuple((one, polls[place] - one.at) for one, place in seen if place < len(polls))
    return _Watch(polls=polls, delays=delays)


def _polls(told: Story, rhythm: Rhythm) -> Iterator[datetime]:
    budget = RequestBudget(hourly_budget=BUDGET, has_key=False)
    since, now, count = [at for at, _ in told.scenes], told.begins, 0
    while now < told.ends:
        if budget.wait(Purpose.POLL, now):
            raise AssertionError(f"the rhythm polls at {now}, beyond the budget")
        yield now
        count += 1
        budget.begin(RequestMark(id=count, at=now, purpose=Purpose.POLL), now)
        events = told.scenes[bisect_right(since, now) - 1][1]
        now += rhythm(events, budget.headroom(now), now)


def _rows(name: str, ours: list[_Watch], fixed: list[_Watch]) -> Iterator[Row]:
    for what, counts in _SORTS.items():
        yield _delay_row(f"{name}: {what} seen", _delays(ours, counts), _delays(fixed, counts))
    rate, most = _requests(ours)
    fixed_rate, fixed_most = _requests(fixed)
    yield Row(
        what=f"{name}: requests an hour, mean and most",
        figure=f"{rate:.1f}, {most}",
        yardstick=f"{fixed_rate:.1f}, {fixed_most}, fixed five minutes",
        target=f"most <= {BUDGET - 1}, one kept for probes",
        holds=most <= BUDGET - 1,
    )


def _delay_row(what: str, ours: list[float], fixed: list[float]) -> Row:
    ratio = mean(ours) / mean(fixed)
    return Row(
        what=what,
        figure=f"mean {mean(ours):.0f} s, worst {max(ours):.0f} s",
        yardstick=f"mean {mean(fixed):.0f} s, worst {max(fixed):.0f} s, fixed five minutes",
        compared=f"mean ratio {ratio:.2f}",
        target="mean below the yardstick, worst <= 300 s",
        holds=ratio < 1 and max(ours) <= CALM.total_seconds(),
    )


def _delays(watches: Iterable[_Watch], counts: Callable[[Visible], bool]) -> list[float]:
    return [
        delay.total_seconds()
        for watch in watches
        for visible, delay in watch.delays
        if counts(visible)
    ]


def _is_hot(visible: Visible) -> bool:
    """From two hours before a precise date to one after, or around a webcast."""
    event, at = visible.event, visible.at
    if event.webcast_live or any(
        _streams(one.start_time, one.end_time, at) for one in event.vid_urls
    ):
        return True
    precise = event.date is not None and is_precise(event.stated)
    return precise and event.date is not None and -2 * _HOUR <= at - event.date <= _HOUR


def _streams(start: datetime | None, end: datetime | None, at: datetime) -> bool:
    if start is None:
        return False
    return start - _STREAM_BEFORE <= at <= (end or start + _STREAM_LASTS)


_SORTS: dict[str, Callable[[Visible], bool]] = {
    "all changes": lambda _: True,
    "changes in hot windows": _is_hot,
    "webcasts going live": lambda visible: isinstance(visible.change, WebcastLive),
}


def _requests(watches: Iterable[_Watch]) -> tuple[float, int]:
    """Polls an hour, on the average and in the fullest rolling hour."""
    count, hours, most = 0, 0.0, 0
    for watch in watches:
        count += len(watch.polls)
        hours += (watch.polls[-1] - watch.polls[0]) / _HOUR
        ends = (bisect_left(watch.polls, at + _HOUR) for at in watch.polls)
        most = max(most, *(end - start for start, end in enumerate(ends)))
    return count / hours, most
