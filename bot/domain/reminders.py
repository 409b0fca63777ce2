"""Decide which reminders are due, and when to look again. Pure: the clock and the store are told.

Only a date precise to the hour or better is reminded of, counted from its minute or hour
(`dates.starts`), so that a move of seconds reminds nobody twice. A reminder that the process slept
through is told late, and only while it still helps.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.changes import Reminder
from bot.domain.dates import starts
from bot.domain.events import Event

GRACE = timedelta(minutes=1)
"""Up to so long after its due time a reminder still counts as on time."""

_NONE = timedelta(0)

Early = Callable[[Event, timedelta], timedelta]
"""How long before its due time a lead of an event must start, so that the last recipient is
reached in time; never negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A reminder to be told now; it helps until `reminder.date`.

    Attributes:
        due_at: its lead time before the event's date; aware UTC. A late one's lies in the past,
            that of one that starts early in the future.

    """

    reminder: Reminder
    due_at: datetime


def due(
    events: Iterable[Event],
    leads: Collection[timedelta],
    *,
    swept_until: datetime,
    now: datetime,
    early: Early,
) -> tuple[Due, ...]:
    """What a sweep at `now` tells, by due time.

    What was due until `swept_until` is decided. So an event, a date or a lead time that became
    known after its reminder was due gives none: the news itself told the reader.

    One that starts early is found again by each sweep until its due time, because a growing
    audience may have moved its start; the store owes a date and lead only once.

    Args:
        events: those that are watched.
        leads: every lead time that somebody asked for; those of zero or less say nothing.
        swept_until: when the last sweep was.
        now: the present.
        early: see `Early`.

    """
    found = [one for event in events for one in _due_of(event, leads, swept_until, now, early)]
    return tuple(sorted(found, key=lambda one: (one.due_at, one.reminder.event_id)))


def next_due(
    events: Iterable[Event], leads: Collection[timedelta], *, after: datetime, early: Early
) -> datetime | None:
    """When a sweep has something to do next, given that the last was at `after`; None: nothing.

    That is when a reminder must start; if that moment has passed, its due time, so that one whose
    audience grew since is on time at the least.
    """
    moments = (
        start if start > after else due_at
        for event in events
        for lead, due_at in _open(event, leads, after)
        for start in (due_at - early(event, lead),)
    )
    return min(moments, default=None)


def _due_of(
    event: Event,
    leads: Collection[timedelta],
    swept_until: datetime,
    now: datetime,
    early: Early,
) -> list[Due]:
    """Those on time; else the shortest of the late ones, which makes the longer pointless."""
    date = starts(event.stated)
    if date is None or date <= now:
        return []
    started = [
        Due(
            reminder=Reminder(event_id=event.id, date=date, lead=lead, late=due_at + GRACE < now),
            due_at=due_at,
        )
        for lead, due_at in _open(event, leads, swept_until)
        if due_at - early(event, lead) <= now
    ]
    on_time = [one for one in started if not one.reminder.late]
    return on_time or sorted(started, key=lambda one: one.due_at)[-1:]


def _open(
    event: Event, leads: Collection[timedelta], swept_until: datetime
) -> Iterator[tuple[timedelta, datetime]]:
    """The lead times that no sweep has decided, each with its due time."""
    date = starts(event.stated)
    if date is None:
        return
    # Spans are compared, not dates: a lead time of centuries must not fall off the calendar.
    for lead in frozenset(leads):
        if _NONE < lead < date - swept_until:
            yield lead, date - lead
