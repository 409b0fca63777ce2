"""Fan-outs on SQL: a debt becomes deliveries, a chunk a transaction, behind a persisted cursor.

First the filters that want the news are found, in chunks by filter id; then their holders get
deliveries, in chunks by destination id. Every chunk moves the cursor in its own transaction, so a
kill in between repeats nothing and no write lock lasts long.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.changes import Reminder
from bot.domain.channels import KEPT_FOR, Reach
from bot.domain.deliveries import FanoutId, State
from bot.domain.fanouts import Debt
from bot.store.codec import bits, each_bit, load_event
from bot.store.matching import matches
from bot.store.tables import (
    DESTINATION_BITS,
    channels,
    deliveries,
    events,
    fanout_filters,
    fanouts,
    filters,
    mutes,
    subscriptions,
)
from bot.store.upsert import dialect_insert

MATCHING, EXPANDING, DONE = "matching", "expanding", "done"

CHUNK = 16_384
"""Rows that one transaction inserts at most; `make bench` shows how long that holds the lock."""

_WIDEST_SPAN = 1 << DESTINATION_BITS


async def owe(connection: AsyncConnection, debt: Debt, *, chunk: int) -> FanoutId | None:
    """Open a fan-out at the start of its subscribers; None when a reminder was owed before."""
    values = {
        "event_id": debt.event_id,
        "kinds": bits(debt.kinds),
        "priority": debt.priority,
        "created_at": debt.created_at,
        "expires_at": debt.expires_at,
        "stage": MATCHING,
        "cursor": 0,
        "span": chunk,
        **_reminder(debt.reminder),
    }
    opened = dialect_insert(connection, fanouts).values(values).on_conflict_do_nothing()
    key = (await connection.execute(opened.returning(fanouts.c.id))).scalar_one_or_none()
    return None if key is None else FanoutId(key)


def _reminder(reminder: Reminder | None) -> dict[str, Any]:
    if reminder is None:
        return {}
    return {
        "reminder_date": reminder.date,
        "reminder_lead": reminder.lead // timedelta(microseconds=1),
        "reminder_late": reminder.late,
    }


async def expand(connection: AsyncConnection, *, chunk: int) -> bool:
    """Take the oldest open fan-out one chunk further; False: none was open."""
    # The literal lets both engines use the partial index of open fan-outs.
    is_open = fanouts.c.stage != literal(DONE, literal_execute=True)
    oldest = select(fanouts).where(is_open).order_by(fanouts.c.id).limit(1)
    fanout = (await connection.execute(oldest)).one_or_none()
    if fanout is None:
        return False
    take = _match if fanout.stage == MATCHING else _deliver
    step = await take(connection, fanout, chunk)
    moved = update(fanouts).where(fanouts.c.id == fanout.id)
    await connection.execute(moved.values(stage=step.stage, cursor=step.cursor, span=step.span))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    stage: str
    cursor: int
    span: int


async def _match(connection: AsyncConnection, fanout: Row[Any], chunk: int) -> _Step:
    upper = fanout.cursor + chunk
    of_event = select(events.c.body).where(events.c.id == fanout.event_id)
    body = (await connection.execute(of_event)).scalar_one()
    lead = None if fanout.reminder_lead is None else timedelta(microseconds=fanout.reminder_lead)
    wanting = select(literal(fanout.id), filters.c.id, filters.c.kinds.op("&")(fanout.kinds)).where(
        filters.c.id > fanout.cursor,
        filters.c.id <= upper,
        matches(load_event(body), fanout.kinds, lead),
    )
    columns = ["fanout_id", "filter_id", "kinds"]
    await connection.execute(insert(fanout_filters).from_select(columns, wanting))
    if upper >= (await connection.scalar(select(func.max(filters.c.id))) or 0):
        return _Step(stage=EXPANDING, cursor=0, span=chunk)
    return _Step(stage=MATCHING, cursor=upper, span=chunk)


async def _deliver(connection: AsyncConnection, fanout: Row[Any], chunk: int) -> _Step:
    span = fanout.span
    while span > 1 and await _is_crowded(connection, fanout, fanout.cursor + span, chunk):
        span //= 4
    upper = fanout.cursor + span
    owed = _owed(fanout, upper)
    keys = [str(column.key) for column in owed.selected_columns]
    inserted = (await connection.execute(insert(deliveries).from_select(keys, owed))).rowcount
    last = await connection.scalar(select(func.max(subscriptions.c.destination_id))) or 0
    wider = span * 4 if inserted * 4 <= chunk else span
    return _Step(
        stage=DONE if upper >= last else EXPANDING, cursor=upper, span=min(wider, _WIDEST_SPAN)
    )


async def _is_crowded(
    connection: AsyncConnection, fanout: Row[Any], upper: int, chunk: int
) -> bool:
    """Whether (cursor, upper] holds more than one transaction should insert; reads no further."""
    beyond = (
        select(literal(1))
        .select_from(subscriptions)
        .join(fanout_filters, fanout_filters.c.filter_id == subscriptions.c.filter_id)
        .where(*_in_chunk(fanout, upper))
        .limit(1)
        .offset(chunk)
    )
    return (await connection.execute(beyond)).first() is not None


def _in_chunk(fanout: Row[Any], upper: int) -> tuple[ColumnElement[bool], ...]:
    return (
        fanout_filters.c.fanout_id == fanout.id,
        subscriptions.c.destination_id > fanout.cursor,
        subscriptions.c.destination_id <= upper,
    )


def _owed(fanout: Row[Any], upper: int) -> Select[Any]:
    """One row for each destination in (cursor, upper] that holds a matching filter.

    None where the event is muted, or where nobody will be reached before the news is too old.
    """
    destination_id = subscriptions.c.destination_id
    return (
        select(
            (literal(fanout.id << DESTINATION_BITS) + destination_id).label("id"),
            literal(fanout.id).label("fanout_id"),
            destination_id.label("destination_id"),
            literal(fanout.event_id).label("event_id"),
            subscriptions.c.adapter.label("adapter"),
            _union_of_kinds(fanout.kinds).label("kinds"),
            literal(fanout.priority).label("priority"),
            case((_is_paused(), State.HELD.value), else_=State.PENDING.value).label("state"),
            literal(0).label("attempts"),
            literal(fanout.created_at, deliveries.c.not_before.type).label("not_before"),
        )
        .join(fanout_filters, fanout_filters.c.filter_id == subscriptions.c.filter_id)
        .where(*_in_chunk(fanout, upper))
        .where(~_is_muted(fanout), ~_is_paused(channels.c.since < fanout.created_at - KEPT_FOR))
        .group_by(destination_id, subscriptions.c.adapter)
    )


def _is_muted(fanout: Row[Any]) -> ColumnElement[bool]:
    return exists().where(
        mutes.c.event_id == fanout.event_id,
        mutes.c.destination_id == subscriptions.c.destination_id,
    )


def _is_paused(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The literal lets both engines use the partial index of paused destinations."""
    return exists().where(
        channels.c.destination_id == subscriptions.c.destination_id,
        channels.c.reach == literal(Reach.PAUSED.value, literal_execute=True),
        *conditions,
    )


def _union_of_kinds(mask: int) -> ColumnElement[int]:
    """What all matching subscriptions of a destination want together, bit by bit.

    SQLite has no aggregate for "or"; where one kind happened there is nothing to unite.
    """
    single = each_bit(mask)
    if len(single) == 1:
        return literal(mask)
    each = [func.max(fanout_filters.c.kinds.op("&")(bit)) for bit in single]
    total: ColumnElement[int] = sum(each[1:], each[0])
    return total
