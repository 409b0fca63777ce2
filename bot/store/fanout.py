"""Fan-outs on SQL: a debt becomes deliveries, a chunk a transaction, behind a persisted cursor.

First the filters that want the news are found, in chunks by filter id; then their holders get
deliveries, in chunks by destination id; then the found filters are forgotten. Every chunk moves the
cursor in its own transaction, so a kill in between repeats nothing and no write lock lasts long.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    Select,
    bindparam,
    case,
    delete,
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
from bot.store import sections
from bot.store.codec import bits, each_bit, load_event
from bot.store.columns import UtcTime
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

MATCHING, EXPANDING, CLEARING, DONE = "matching", "expanding", "clearing", "done"

CHUNK = 8_192
"""Rows that one transaction inserts at most; `make bench` shows how long that holds the lock."""


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
    """Take an open fan-out one chunk further; False: none was open.

    The most urgent goes first, then the oldest. Older ones of its event go before it, so that what
    is told of one event keeps its order.

    Alone, not only with its row: whoever pauses or mutes a destination must either see what the
    chunk owes it, or be seen by the chunk.
    """
    await sections.alone(connection, sections.FANOUT)
    fanout = (await connection.execute(_NEXT)).one_or_none()
    if fanout is None:
        return False
    step = await _STAGES[fanout.stage](connection, fanout, chunk)
    moved = update(fanouts).where(fanouts.c.id == fanout.id)
    await connection.execute(moved.values(stage=step.stage, cursor=step.cursor, span=step.span))
    return True


def _next() -> Select[Any]:
    pressing = fanouts.alias("pressing")
    # The literals let both engines use the partial index of open fan-outs.
    is_open, presses = (
        one.c.stage != literal(DONE, literal_execute=True) for one in (fanouts, pressing)
    )
    event = select(pressing.c.event_id).where(presses)
    event = event.order_by(pressing.c.priority, pressing.c.id).limit(1)
    of_event = fanouts.c.event_id == event.scalar_subquery()
    return select(fanouts).where(is_open, of_event).order_by(fanouts.c.id).limit(1)


_NEXT = _next()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Where a fan-out stands after a chunk; the next one takes `span` destination ids."""

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
    if await _is_last_filter(connection, upper):
        return _Step(stage=EXPANDING, cursor=0, span=chunk)
    return _Step(stage=MATCHING, cursor=upper, span=chunk)


async def _is_last_filter(connection: AsyncConnection, upper: int) -> bool:
    return upper >= (await connection.scalar(select(func.max(filters.c.id))) or 0)


async def _deliver(connection: AsyncConnection, fanout: Row[Any], chunk: int) -> _Step:
    first = await connection.scalar(_FIRST_WANTING, {"fanout": fanout.id, "cursor": fanout.cursor})
    if first is None:
        return _Step(stage=CLEARING, cursor=0, span=chunk)
    span = fanout.span
    while span > 1 and await _is_crowded(connection, fanout.id, first, span, chunk):
        span //= 2
    values = {
        "fanout": fanout.id,
        "first": first,
        "beyond": first + span,
        "event": fanout.event_id,
        "rank": fanout.priority,
        "due": fanout.created_at,
        "stale": fanout.created_at - KEPT_FOR,
    }
    inserted = (await connection.execute(_owed(fanout.kinds), values)).rowcount
    return _Step(stage=EXPANDING, cursor=first + span - 1, span=_next_span(span, inserted, chunk))


def _next_span(span: int, inserted: int, chunk: int) -> int:
    """A span that should all but fill a chunk, if the next ids are like the last."""
    fitting = span * chunk * 7 // (max(inserted, 1) * 8)
    return max(1, min(fitting, span * 4))


async def _clear(connection: AsyncConnection, fanout: Row[Any], chunk: int) -> _Step:
    """Forget which filters matched: the deliveries know it now."""
    upper = fanout.cursor + chunk
    of_chunk = delete(fanout_filters).where(
        fanout_filters.c.fanout_id == fanout.id, fanout_filters.c.filter_id <= upper
    )
    await connection.execute(of_chunk)
    done = await _is_last_filter(connection, upper)
    return _Step(stage=DONE if done else CLEARING, cursor=upper, span=chunk)


_STAGES = {MATCHING: _match, EXPANDING: _deliver, CLEARING: _clear}


async def _is_crowded(
    connection: AsyncConnection, fanout_id: int, first: int, span: int, chunk: int
) -> bool:
    """Whether a span holds more than one transaction should insert; reads no further."""
    values = {"fanout": fanout_id, "first": first, "beyond": first + span, "chunk": chunk}
    return (await connection.execute(_BEYOND_A_CHUNK, values)).first() is not None


_HELD = subscriptions.join(fanout_filters, fanout_filters.c.filter_id == subscriptions.c.filter_id)
_IN_SPAN = (
    fanout_filters.c.fanout_id == bindparam("fanout"),
    subscriptions.c.destination_id >= bindparam("first"),
    subscriptions.c.destination_id < bindparam("beyond"),
)
_BEYOND_A_CHUNK = (
    select(literal(1)).select_from(_HELD).where(*_IN_SPAN).limit(1).offset(bindparam("chunk"))
)
# One look into the index for each filter; a plain min() over the join would read it all.
_FIRST_WANTING = select(
    func.min(
        select(func.min(subscriptions.c.destination_id))
        .where(
            subscriptions.c.filter_id == fanout_filters.c.filter_id,
            subscriptions.c.destination_id > bindparam("cursor"),
        )
        .scalar_subquery()
    )
).where(fanout_filters.c.fanout_id == bindparam("fanout"))


@cache
def _owed(mask: int) -> Insert:
    """Insert one delivery for each destination of a span that holds a matching filter.

    None where the event is muted, or where nobody will be reached before the news is too old.
    Cached, since building it takes longer than a small span; there are 256 masks at most.
    """
    destination_id, fanout_id = subscriptions.c.destination_id, fanout_filters.c.fanout_id
    owed = (
        select(
            (fanout_id * (1 << DESTINATION_BITS) + destination_id).label("id"),
            fanout_id,
            destination_id,
            bindparam("event", type_=deliveries.c.event_id.type).label("event_id"),
            subscriptions.c.adapter,
            _union_of_kinds(mask).label("kinds"),
            bindparam("rank", type_=deliveries.c.priority.type).label("priority"),
            case((_is_paused(), State.HELD.value), else_=State.PENDING.value).label("state"),
            literal(0).label("attempts"),
            bindparam("due", type_=deliveries.c.not_before.type).label("not_before"),
        )
        .select_from(_HELD)
        .where(*_IN_SPAN)
        .where(~_is_muted(), ~_is_paused(channels.c.since < bindparam("stale", type_=UtcTime)))
        .group_by(fanout_id, destination_id, subscriptions.c.adapter)
    )
    keys = [str(column.key) for column in owed.selected_columns]
    return insert(deliveries).from_select(keys, owed)


def _is_muted() -> ColumnElement[bool]:
    return exists().where(
        mutes.c.event_id == bindparam("event"),
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
