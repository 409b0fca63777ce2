"""Sweeps of the clock over events with dates."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.domain.events import Event, EventId
from bot.domain.reminders import Due, Early, due
from bot.domain.subscriptions import DEFAULT_LEADS
from bot.testing import START, an_event

DATE = START + timedelta(days=3, minutes=25)


def punctual(_event: Event, _lead: timedelta) -> timedelta:
    """No reminder needs to start early."""
    return timedelta(0)


def ahead(span: timedelta) -> Early:
    """Every reminder starts so much before its due time."""
    return lambda _event, _lead: span


def an_event_at(date: datetime | None = DATE, number: int = 1, **changes: Any) -> Event:
    """An event with this id on this date, to the minute."""
    return an_event(id=EventId(number), date=date, **changes)


def sweep(
    *events: Event,
    at: datetime,
    since: datetime = START,
    leads: Sequence[timedelta] = DEFAULT_LEADS,
    early: Early = punctual,
) -> tuple[Due, ...]:
    """What a sweep tells that follows one at `since`."""
    events = events or (an_event_at(),)
    return due(events, leads, swept_until=since, now=at, early=early)
