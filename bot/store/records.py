"""The outbox as its record shows it: lists and counts. Reads only."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.changes import leading
from bot.domain.deliveries import DeliveryId, Priority, State
from bot.domain.events import EventId
from bot.domain.fanouts import Record
from bot.domain.subscriptions import Destination
from bot.domain.vitals import MOST_COUNTED, Queue
from bot.store.claiming import PENDING
from bot.store.codec import kinds_of
from bot.store.tables import changes, deliveries, destinations, fanouts

_Told = Mapping[int, list[tuple[int, str]]]


async def listed(
    connection: AsyncConnection, *, state: State | None, limit: int | None
) -> tuple[Record, ...]:
    """Deliveries by age; at most the last `limit`."""
    chosen = select(deliveries.c.id).order_by(deliveries.c.id.desc()).limit(limit)
    if state is not None:
        chosen = chosen.where(deliveries.c.state == state)
    query = _rows().where(deliveries.c.id.in_(chosen)).order_by(deliveries.c.id)
    rows = (await connection.execute(query)).all()
    told = await _told(connection, changes.c.fanout_id.is_not(None))
    folded = await _folded(connection, deliveries.c.folded_into.in_(chosen))
    return tuple(_record(row, [row, *folded[row.id]], told) for row in rows)


async def one(connection: AsyncConnection, key: int) -> Record:
    """One delivery."""
    row = (await connection.execute(_rows().where(deliveries.c.id == key))).one()
    folded = await _folded(connection, deliveries.c.folded_into == key)
    parts = [row, *folded[key]]
    told = await _told(connection, changes.c.fanout_id.in_([part.fanout_id for part in parts]))
    return _record(row, parts, told)


def _rows() -> Select[Any]:
    return (
        select(deliveries, fanouts.c.created_at, destinations.c.address)
        .join(fanouts, fanouts.c.id == deliveries.c.fanout_id)
        .join(destinations, destinations.c.id == deliveries.c.destination_id)
    )


async def _told(connection: AsyncConnection, which: ColumnElement[bool]) -> _Told:
    """The changes of each fan-out: (id, kind)."""
    of_fanouts: dict[int, list[tuple[int, str]]] = defaultdict(list)
    query = select(changes.c.id, changes.c.fanout_id, changes.c.kind)
    for row in await connection.execute(query.where(which)):
        of_fanouts[row.fanout_id].append((row.id, row.kind))
    return of_fanouts


async def _folded(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> Mapping[int, list[Row[Any]]]:
    """What each of these carriers tells besides its own."""
    of_carriers: dict[int, list[Row[Any]]] = defaultdict(list)
    query: Select[Any] = select(
        deliveries.c.folded_into, deliveries.c.fanout_id, deliveries.c.kinds
    )
    for row in await connection.execute(query.where(which)):
        of_carriers[row.folded_into].append(row)
    return of_carriers


def _record(row: Row[Any], parts: list[Row[Any]], told: _Told) -> Record:
    change_ids = [
        change_id
        for part in parts
        for change_id, kind in told.get(part.fanout_id, ())
        if kind in kinds_of(part.kinds)
    ]
    return Record(
        id=DeliveryId(row.id),
        change_ids=tuple(sorted(change_ids)),
        event_id=EventId(row.event_id),
        kind=leading(kinds_of(row.kinds)),
        destination=Destination(adapter=row.adapter, address=row.address),
        state=State(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        sent_at=row.sent_at,
        remote_id=row.remote_id or "",
        error=row.error or "",
    )


async def counted(connection: AsyncConnection) -> dict[tuple[str, State], int]:
    """How many deliveries there are by adapter and state."""
    key = (deliveries.c.adapter, deliveries.c.state)
    query = select(*key, func.count().label("total")).group_by(*key).order_by(*key)
    rows = await connection.execute(query)
    return {(row.adapter, State(row.state)): row.total for row in rows}


async def queue(connection: AsyncConnection, adapter: str, now: datetime) -> Queue:
    """How much is pending for an adapter, counted and found in the index that claims go by."""
    looks = [
        (await connection.execute(_LOOK, {"by": adapter, "rank": priority})).one()
        for priority in Priority
    ]
    oldest = min((one.oldest for one in looks if one.oldest is not None), default=None)
    if oldest is None:
        return Queue()
    of_oldest = select(deliveries.c.fanout_id).where(deliveries.c.id == oldest)
    owed_at = select(fanouts.c.created_at).where(fanouts.c.id == of_oldest.scalar_subquery())
    since: datetime = (await connection.execute(owed_at)).scalar_one()
    depth = min(sum(one.depth for one in looks), MOST_COUNTED)
    return Queue(depth=depth, age=max(now - since, timedelta(0)))


def _look() -> Select[int, Any]:
    """How many of a priority are pending, and the oldest: ids are in the order of fan-outs.

    Of more than are counted, those that are due the longest: a retry may be older, but is not read.
    """
    first = (
        select(deliveries.c.id)
        .where(
            deliveries.c.adapter == bindparam("by"),
            deliveries.c.priority == bindparam("rank"),
            deliveries.c.state == PENDING,
        )
        .order_by(deliveries.c.not_before)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return select(func.count().label("depth"), func.min(first.c.id).label("oldest"))


_LOOK = _look()
