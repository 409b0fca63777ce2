"""Rows of the outbox to what the domain calls them. Asks nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from bot.domain.changes import Change, DateChanged, Kind, Reminder
from bot.domain.channels import DEFAULT_CHANNEL
from bot.domain.deliveries import Delivery, DeliveryId, FanoutId, Part, Priority
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination
from bot.store.codec import kinds_of, load_change, load_channel


def tells_a_move(rows: Iterable[Row[Any]]) -> bool:
    """Whether there is a change of a date among these rows of `changes`."""
    return any(row.kind == Kind.DATE for row in rows)


def change(row: Row[Any], moves: Sequence[int]) -> Change:
    """A row of `changes`, with which change of its event's date it is."""
    change = load_change(row.kind, row.body)
    if not isinstance(change, DateChanged):
        return change
    nth = moves.index(row.id) + 1
    return replace(change, nth=nth) if nth > 1 else change


def part(row: Row[Any]) -> Part:
    """What a row of `deliveries` tells."""
    return Part(
        fanout_id=FanoutId(row.fanout_id), kinds=kinds_of(row.kinds), expires_at=row.expires_at
    )


def delivery(row: Row[Any], parts: list[Part]) -> Delivery:
    """A row of `deliveries` with what stands around it, and all that it carries."""
    return Delivery(
        id=DeliveryId(row.id),
        destination=Destination(adapter=row.adapter, address=row.address),
        event_id=EventId(row.event_id),
        priority=Priority(row.priority),
        parts=tuple(sorted(parts, key=lambda part: part.fanout_id)),
        attempts=row.attempts,
        channel=DEFAULT_CHANNEL if row.spec is None else load_channel(row.spec),
        tried_at=row.tried_at,
        in_doubt_since=row.in_doubt_since,
        post=row.post or "",
    )


def reminder(row: Row[Any]) -> Reminder:
    """A row of `fanouts` that is a reminder's."""
    return Reminder(
        event_id=EventId(row.event_id),
        date=row.reminder_date,
        lead=timedelta(microseconds=row.reminder_lead),
        late=row.reminder_late,
    )
