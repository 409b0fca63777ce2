"""Who is sent next, on SQL: claim what is due, in its order, and fold into it what waits behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.deliveries import State
from bot.store.tables import deliveries

PENDING = literal(State.PENDING.value, literal_execute=True)
"""Written out in the statement: a bound parameter would hide the partial index from the planner."""


async def take(
    connection: AsyncConnection, adapter: str, *, limit: int, now: datetime, lease: timedelta
) -> Sequence[int]:
    """Lease what is due and fold what waits behind it; the ids of those leased, in no order."""
    taken = (
        update(deliveries)
        .where(deliveries.c.id.in_(_claimable(adapter, now).limit(limit)))
        .values(state=State.LEASED, lease_until=now + lease)
        .returning(deliveries.c.id)
    )
    ids: Sequence[int] = (await connection.execute(taken)).scalars().all()
    folds = await _folds(connection, ids, now) if ids else []
    for statement in (_FOLD, _FOLD_THE_FOLDED, _COUNT_THE_LEAST) if folds else ():
        await connection.execute(statement, folds)
    return ids


def _claimable(adapter: str, now: datetime) -> Select[tuple[int]]:
    """Due deliveries that no other of their event and destination holds up, in their order."""
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    is_doubted, am_doubted = (
        func.coalesce(one.c.may_have_arrived, false()) for one in (other, mine)
    )
    goes_first = or_(
        other.c.state != State.PENDING,
        other.c.not_before > now,
        is_doubted > am_doubted,
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
    due = and_(mine.c.adapter == adapter, mine.c.state == PENDING, mine.c.not_before <= now)
    return select(mine.c.id).where(due, ~held_up).order_by(mine.c.priority, mine.c.id)


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
        # What may have been read must be told again as it was, or its news is read twice.
        .where(carrier.c.may_have_arrived.is_not(True), other.c.may_have_arrived.is_not(True))
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
