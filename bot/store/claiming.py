"""Who is sent next, on SQL: claim what is due, in its order, and fold into it what waits behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.channels import Reach
from bot.domain.deliveries import Priority, State
from bot.store import sections
from bot.store.columns import UtcTime
from bot.store.tables import channels, deliveries, fanouts

PENDING = literal(State.PENDING.value, literal_execute=True)
"""Written out in the statement: a bound parameter would hide the partial index from the planner."""


async def take(
    connection: AsyncConnection, adapter: str, *, limit: int, now: datetime, lease: timedelta
) -> Sequence[int]:
    """Lease what is due and fold what waits behind it; the ids of those leased, in no order.

    One at a time for an adapter, even if two processes believe that they send for it: who claims
    must see what the last one leased, or two of a pair could be under way. Rows that others hold
    are passed over, so a claim waits for nobody else; they are muted, say, or come the next time.
    """
    await sections.alone(connection, sections.claims(adapter))
    ids: list[int] = []
    for priority in Priority:
        values = {"by": adapter, "rank": priority, "now": now, "until": now + lease}
        taken = await connection.execute(_TAKE, values | {"most": limit - len(ids)})
        ids += taken.scalars()
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
    # It locks many rows in no order, and so must not meet who holds or mutes some of them.
    await sections.alone(connection, sections.FANOUT)
    waits = and_(deliveries.c.adapter == adapter, deliveries.c.not_before > now)
    if not is_set_back:
        waits = and_(
            waits,
            deliveries.c.fanout_id.in_(select(fanouts.c.id).where(fanouts.c.created_at > now)),
        )
    for stands in (deliveries.c.state == PENDING, _is_held()):
        await connection.execute(update(deliveries).where(waits, stands).values(not_before=now))


def _is_held() -> ColumnElement[bool]:
    """Found by the paused destinations, so that what has ended is not read."""
    paused = channels.c.reach == literal(Reach.PAUSED.value, literal_execute=True)
    return and_(
        deliveries.c.destination_id.in_(select(channels.c.destination_id).where(paused)),
        deliveries.c.done_at.is_(None),
        deliveries.c.state == State.HELD,
    )


def _claimable() -> Select[tuple[int]]:
    """Due deliveries of a priority that no other of their event and destination holds up.

    Those that are due the longest first, the order that `ix_deliveries_claim` has them in: so
    nothing is read of what waits for a retry, which may be all of a million.
    """
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    is_doubted, am_doubted = (one.c.in_doubt_since.is_not(None) for one in (other, mine))
    now = bindparam("now", type_=UtcTime)
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
        goes_first,
    )
    due = (
        mine.c.adapter == bindparam("by"),
        mine.c.priority == bindparam("rank"),
        mine.c.state == PENDING,
        mine.c.not_before <= now,
    )
    in_order = select(mine.c.id).where(*due, ~held_up).order_by(mine.c.not_before, mine.c.id)
    first = in_order.limit(bindparam("most", type_=Integer))
    return first.with_for_update(of=mine, skip_locked=True)


async def next_due(connection: AsyncConnection, adapter: str, after: datetime) -> datetime | None:
    """The earliest moment after this one at which a pending delivery becomes due."""
    earliest = [
        await connection.scalar(_NEXT_DUE, {"by": adapter, "rank": priority, "after": after})
        for priority in Priority
    ]
    return min((moment for moment in earliest if moment is not None), default=None)


async def _folds(
    connection: AsyncConnection, carriers: Sequence[int], now: datetime
) -> list[dict[str, Any]]:
    """What else is pending for the events and destinations of these, unless it is in doubt."""
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
        .where(carrier.c.in_doubt_since.is_(None))  # no other is in doubt, else it went first
        .with_for_update(of=other, skip_locked=True)
    )


# Built once: that takes longer than to run one for a few rows.
_TAKE = (
    update(deliveries)
    # By a common table expression, which is read once: a subquery might be read again and again,
    # and pass over what it locked itself.
    .where(deliveries.c.id.in_(select(_claimable().cte("claimable").c.id)))
    .values(state=State.LEASED, lease_until=bindparam("until"))
    .returning(deliveries.c.id)
)
_NEXT_DUE = select(func.min(deliveries.c.not_before)).where(
    deliveries.c.adapter == bindparam("by"),
    deliveries.c.priority == bindparam("rank"),
    deliveries.c.state == PENDING,
    deliveries.c.not_before > bindparam("after", type_=UtcTime),
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
