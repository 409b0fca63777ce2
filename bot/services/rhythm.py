"""When to poll next: the calm rhythm, and faster at the moments when news is expected. Pure.

No rolling hour may hold more than the budget, so what a slow hour saves cannot be spent later: the
calm rhythm is never slowed down, and what it leaves of the budget is spent where it saves most
waiting. `benchmarks/rhythm.py` shows what that comes to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.dates import is_precise
from bot.domain.events import Event, VidUrl
from bot.domain.watching import Headroom

_HURRY = 0.4
"""Of the calm interval, at an expected moment: 2 of 5 minutes."""

_FASTEST = timedelta(seconds=30)
"""However much an API key allows, LL2's librarians do not save more often."""

_HOT_SHARE = 2
"""In a hot window every second request of a large budget is spent; the rest is for the moments."""

_NOW = timedelta(0)
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=1)
_STREAM_BEFORE = timedelta(minutes=10)
_STREAM_LASTS = timedelta(hours=2)

_STREAM_MOMENT = timedelta(minutes=1), timedelta(minutes=10)
"""When a webcast is seen to be live, after its planned start."""

_OUTCOME_MOMENT = timedelta(minutes=2), timedelta(minutes=10)
"""When it is told how an event went, after its date."""


def next_poll(
    events: Iterable[Event], headroom: Headroom, *, now: datetime, calm: timedelta
) -> timedelta:
    """How long to wait from now until the next poll.

    Args:
        events: the watched events.
        headroom: what the request budget allows to polls.
        now: the present.
        calm: the calm interval, `ll2.poll_interval`.

    """
    steady = _steady(headroom, now, calm)
    wanted = _wanted(tuple(events), headroom, now, calm)
    pace = wanted if wanted < steady and _keeps(headroom, now + wanted, calm) else steady
    return max(pace, room_in(headroom, now))


def room_in(headroom: Headroom, now: datetime) -> timedelta:
    """How long until one more poll fits the budget; zero when it fits now."""
    counted = _counted(headroom, now)
    free_at = now
    if len(counted) >= headroom.cap:
        free_at = counted[len(counted) - headroom.cap] + headroom.period
    blocked_until = headroom.blocked_until or now
    return max(free_at, blocked_until) - now


def sustainable(headroom: Headroom, now: datetime) -> timedelta:
    """The shortest interval at which polls can go on from now for ever within the budget."""
    counted = _counted(headroom, now)
    free = headroom.cap - len(counted)
    # The poll that follows `free + place` others must not come before this request stops counting.
    waits = [
        (at + headroom.period - now) / (free + place + 1)
        for place, at in enumerate(counted)
        if free + place >= 0
    ]
    return max([_even(headroom), *waits])


def _counted(headroom: Headroom, now: datetime) -> list[datetime]:
    return [at for at in headroom.spent if at + headroom.period > now]


def _even(headroom: Headroom) -> timedelta:
    return headroom.period / headroom.cap


def _steady(headroom: Headroom, now: datetime, calm: timedelta) -> timedelta:
    """The calm interval, stretched where the budget cannot hold it.

    Half of the budget is spent as the owner asked, so that a start is quick; the rest is spread, so
    that a small budget leaves no long gap.
    """
    if 2 * (len(_counted(headroom, now)) + 1) <= headroom.cap:
        return calm
    return max(calm, sustainable(headroom, now))


def _keeps(headroom: Headroom, at: datetime, calm: timedelta) -> bool:
    """Whether the calm rhythm, as far as the budget holds it at all, fits after a poll then."""
    after = replace(headroom, spent=tuple(sorted([*headroom.spent, at])))
    return sustainable(after, at) <= max(calm, _even(headroom))


def _wanted(
    events: Sequence[Event], headroom: Headroom, now: datetime, calm: timedelta
) -> timedelta:
    even = _even(headroom)
    fast = min(calm * _HURRY, max(even, _FASTEST))
    moments = [moment for event in events for moment in _moments(event, now)]
    if any(opens <= _NOW < closes for opens, closes in moments):
        return fast
    is_hot = any(_is_hot(event, now) for event in events)
    pace = min(calm, even * _HOT_SHARE) if is_hot else calm
    # The poll before a moment is timed so that one falls on its beginning.
    return max(min([pace, *(opens for opens, _ in moments if opens > _NOW)]), fast)


def _moments(event: Event, now: datetime) -> Iterator[tuple[timedelta, timedelta]]:
    """When news is expected, in how long from now until how long from now.

    That is a webcast that is not on yet, and the outcome. Dates are only subtracted: LL2 may state
    one at the end of the calendar.
    """
    for video in () if event.webcast_live else event.vid_urls:
        if video.start_time is not None:
            first, last = _STREAM_MOMENT
            yield video.start_time - now + first, video.start_time - now + last
    if event.date is not None and is_precise(event.stated):
        first, last = _OUTCOME_MOMENT
        yield event.date - now + first, event.date - now + last


def _is_hot(event: Event, now: datetime) -> bool:
    if event.webcast_live or any(_streams(one, now) for one in event.vid_urls):
        return True
    precise = event.date is not None and is_precise(event.stated)
    return precise and event.date is not None and -_BEFORE <= now - event.date <= _AFTER


def _streams(video: VidUrl, now: datetime) -> bool:
    if video.start_time is None:
        return False
    lasts = _STREAM_LASTS if video.end_time is None else video.end_time - video.start_time
    return -_STREAM_BEFORE <= now - video.start_time <= max(lasts, _NOW)
