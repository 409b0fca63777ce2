"""Who is sent next, on SQL: claim what is due, in its order, and fold into it what waits behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.deliveries import Priority, State
from bot.store.tables import deliveries, fanouts

PENDING = literal(State.PENDING.value, literal_execute=True)
"""Written out in the statement: a bound parameter would hide the partial index from the planner."""


async def take(
    connection: AsyncConnection, adapter: str, *, limit: int, now: datetime, lease: timedelta
) -> Sequence[int]:
    """Lease what is due and fold what waits behind it; the ids of those leased, in no order."""
    ids: list[int] = []
    for priority in Priority:
        due = _claimable(adapter, priority, now).limit(limit - len(ids))
        taken = (
            update(deliveries)
            .where(deliveries.c.id.in_(due))
            .values(state=State.LEASED, lease_until=now + lease)
            .returning(deliveries.c.id)
        )
        ids += (await connection.execute(taken)).scalars()
        if len(ids) >= limit:
            break
    folds = await _folds(connection, ids, now) if ids else []
    for statement in (_FOLD, _FOLD_THE_FOLDED, _COUNT_THE_LEAST) if folds else ():
        await connection.execute(statement, folds)
    return ids


async def hasten(
    connection: AsyncConnection, adapter: str, *, now: datetime, is_set_back: bool
) -> None:
    """Let nothing wait for a time that the clock had reached before it was set back."""
    waits = and_(
        deliveries.c.adapter == adapter,
        deliveries.c.state == PENDING,
        deliveries.c.not_before > now,
    )
    if not is_set_back:
        waits = and_(
            waits,
            deliveries.c.fanout_id.in_(select(fanouts.c.id).where(fanouts.c.created_at > now)),
        )
    await connection.execute(update(deliveries).where(waits).values(not_before=now))


def _claimable(adapter: str, priority: Priority, now: datetime) -> Select[tuple[int]]:
    """Due deliveries of a priority that no other of their event and destination holds up.

    Those that are due the longest first, the order that `ix_deliveries_claim` has them in: so
    nothing is read of what waits for a retry, which may be all of a million.
    """
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    is_doubted, am_doubted = (one.c.in_doubt_since.is_not(None) for one in (other, mine))
    goes_first = or_(
        other.c.state != State.PENDING,
        other.c.not_before > now,
        and_(is_doubted, ~am_doubted),
        and_(
            is_doubted == am_doubted,
            or_(
                other.c.priority < mine.c.priority,
                and_(other.c.priority == mine.c.priority, other.c.id < mine.c.id),
            ),
        ),
    )
    held_up = exists().where(
        other.c.destination_id == mine.c.destination_id,
        other.c.event_id == mine.c.event_id,
        other.c.done_at.is_(None),
        other.c.id != mine.c.id,
        goes_first,
    )
    due = (
        mine.c.adapter == adapter,
        mine.c.priority == priority,
        mine.c.state == PENDING,
        mine.c.not_before <= now,
    )
    return select(mine.c.id).where(*due, ~held_up).order_by(mine.c.not_before, mine.c.id)


async def next_due(connection: AsyncConnection, adapter: str, after: datetime) -> datetime | None:
    """The earliest moment after this one at which a pending delivery becomes due."""
    earliest = [
        await connection.scalar(
            select(func.min(deliveries.c.not_before)).where(
                deliveries.c.adapter == adapter,
                deliveries.c.priority == priority,
                deliveries.c.state == PENDING,
                deliveries.c.not_before > after,
            )
        )
        for priority in Priority
    ]
    return min((moment for moment in earliest if moment is not None), default=None)


async def _folds(
    connection: AsyncConnection, carriers: Sequence[int], now: datetime
) -> list[dict[str, Any]]:
    """What else is pending for the events and destinations of these, unless it is in doubt."""
    carrier, other = deliveries.alias("carrier"), deliveries.alias("other")
    same_pair = and_(
        other.c.destination_id == carrier.c.destination_id,
        other.c.event_id == carrier.c.event_id,
        other.c.done_at.is_(None),
    )
    behind = (
        select(other.c.id, other.c.attempts, carrier.c.id.label("carrier"))
        .join(other, same_pair)
        .where(carrier.c.id.in_(carriers), other.c.state == State.PENDING)
        .where(carrier.c.in_doubt_since.is_(None), other.c.in_doubt_since.is_(None))
    )
    return [
        {"folded": row.id, "into": row.carrier, "tried": row.attempts, "now": now}
        for row in await connection.execute(behind)
    ]


_FOLD = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("folded"))
    .values(state=State.SUPERSEDED, folded_into=bindparam("into"), done_at=bindparam("now"))
)
_FOLD_THE_FOLDED = (
    update(deliveries)
    .where(deliveries.c.folded_into == bindparam("folded"))
    .values(folded_into=bindparam("into"))
)
_COUNT_THE_LEAST = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("into"), deliveries.c.attempts > bindparam("tried"))
    .values(attempts=bindparam("tried"))
)
