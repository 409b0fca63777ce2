"""Who is sent next, on SQL: claim what is due, in its order, and fold into it what waits behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.deliveries import State
from bot.store.tables import UtcTime, deliveries

PENDING = literal(State.PENDING.value, literal_execute=True)
"""Written out in the statement: a bound parameter would hide the partial index from the planner."""


async def take(
    connection: AsyncConnection, adapter: str, *, limit: int, now: datetime, lease: timedelta
) -> Sequence[int]:
    """Lease what is due and fold what waits behind it; the ids of those leased, in no order."""
    values = {"by": adapter, "most": limit, "now": now, "until": now + lease}
    ids: Sequence[int] = (await connection.execute(_TAKE, values)).scalars().all()
    folds = await _folds(connection, ids, now) if ids else []
    for statement in (_FOLD, _FOLD_THE_FOLDED, _COUNT_THE_LEAST) if folds else ():
        await connection.execute(statement, folds)
    return ids


def _claimable() -> Select[tuple[int]]:
    """Due deliveries that no other of their event and destination holds up, in their order."""
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    now = bindparam("now", type_=UtcTime)
    goes_first = or_(
        other.c.state != State.PENDING,
        other.c.not_before > now,
        other.c.priority < mine.c.priority,
        and_(other.c.priority == mine.c.priority, other.c.id < mine.c.id),
    )
    held_up = exists().where(
        other.c.destination_id == mine.c.destination_id,
        other.c.event_id == mine.c.event_id,
        other.c.done_at.is_(None),
        other.c.id != mine.c.id,
        goes_first,
    )
    due = and_(mine.c.adapter == bindparam("by"), mine.c.state == PENDING, mine.c.not_before <= now)
    in_order = select(mine.c.id).where(due, ~held_up).order_by(mine.c.priority, mine.c.id)
    return in_order.limit(bindparam("most", type_=Integer))


async def _folds(
    connection: AsyncConnection, carriers: Sequence[int], now: datetime
) -> list[dict[str, Any]]:
    """What else is pending for the events and destinations of these."""
    return [
        {"folded": row.id, "into": row.carrier, "tried": row.attempts, "now": now}
        for row in await connection.execute(_BEHIND, {"carriers": carriers})
    ]


def _behind() -> Select[tuple[int, int, int]]:
    carrier, other = deliveries.alias("carrier"), deliveries.alias("other")
    same_pair = and_(
        other.c.destination_id == carrier.c.destination_id,
        other.c.event_id == carrier.c.event_id,
        other.c.done_at.is_(None),
    )
    claimed = carrier.c.id.in_(bindparam("carriers", expanding=True))
    return (
        select(other.c.id, other.c.attempts, carrier.c.id.label("carrier"))
        .join(other, same_pair)
        .where(claimed, other.c.state == State.PENDING)
    )


# Built once: that takes longer than to run one for a few rows.
_TAKE = (
    update(deliveries)
    .where(deliveries.c.id.in_(_claimable()))
    .values(state=State.LEASED, lease_until=bindparam("until"))
    .returning(deliveries.c.id)
)
_BEHIND = _behind()
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
