"""When to poll next: the calm rhythm, faster near an event, slower when nothing is near. Pure.

After facts-ll2, section 10: what a quiet time saves is spent in the hot windows, but only as far as
the calm rhythm can be kept afterwards; the budget's own cap is never a matter of rhythm.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.dates import is_precise
from bot.domain.events import Event
from bot.domain.watching import Headroom

_HOT = 0.4
"""Of the calm interval, in a hot window: 2 of 5 minutes."""

_IDLE = 2.0
"""Of the calm interval, when nothing is near: 10 for 5 minutes."""

_NEAR = timedelta(hours=3)
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=1)
_STREAM_BEFORE = timedelta(minutes=10)
_STREAM_LASTS = timedelta(hours=2)


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
    watched = tuple(events)
    if any(_is_hot(event, now) for event in watched):
        hurried = max(calm * _HOT, room_in(headroom, now))
        keeps = sustains(headroom, first=now + hurried, then=calm)
        return hurried if keeps else max(calm, room_in(headroom, now))
    is_near = any(_is_near(event, now) for event in watched)
    return max(calm if is_near else calm * _IDLE, room_in(headroom, now))


def room_in(headroom: Headroom, now: datetime) -> timedelta:
    """How long until one more poll fits the budget; zero when it fits now."""
    counted = [at for at in headroom.spent if at + headroom.period > now]
    free_at = now
    if len(counted) >= headroom.cap:
        free_at = counted[len(counted) - headroom.cap] + headroom.period
    blocked_until = headroom.blocked_until or now
    return max(free_at, blocked_until, now) - now


def sustains(headroom: Headroom, *, first: datetime, then: timedelta) -> bool:
    """Whether, after a poll at `first`, polls every `then` fit the budget for a whole period."""
    polls = [first + then * step for step in range(int(headroom.period / then) + 1)]
    spent = [*headroom.spent, *polls[: headroom.cap + 1]]
    return all(
        spent[place + headroom.cap] >= at + headroom.period
        for place, at in enumerate(spent[: -headroom.cap])
    )


def _is_hot(event: Event, now: datetime) -> bool:
    if event.webcast_live or _streams(event, now):
        return True
    precise = event.date is not None and is_precise(event.stated)
    return precise and event.date is not None and _within(event.date, now, _BEFORE, _AFTER)


def _streams(event: Event, now: datetime) -> bool:
    return any(
        one.start_time - _STREAM_BEFORE
        <= now
        <= max(one.end_time or one.start_time + _STREAM_LASTS, one.start_time)
        for one in event.vid_urls
        if one.start_time is not None
    )


def _is_near(event: Event, now: datetime) -> bool:
    starts = [one.start_time for one in event.vid_urls if one.start_time is not None]
    if event.date is not None and is_precise(event.stated):
        starts.append(event.date)
    return any(_within(start, now, _NEAR, _NEAR) for start in starts)


def _within(date: datetime, now: datetime, before: timedelta, after: timedelta) -> bool:
    return date - before <= now <= date + after
