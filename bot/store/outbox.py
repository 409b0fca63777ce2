"""The outbox on SQL: claim with a lease, start, finish. Fan-outs: `fanout`; lists: `records`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.changes import Kind, News
from bot.domain.deliveries import (
    Delivery,
    DeliveryId,
    FanoutId,
    MessageId,
    Part,
    State,
)
from bot.domain.events import Event
from bot.domain.fanouts import Debt, Record, Result
from bot.domain.messages import Message
from bot.domain.vitals import Queue
from bot.domain.watching import Watch
from bot.store import claiming, fanout, reading, records, sections
from bot.store.codec import dump, load_event
from bot.store.tables import (
    changes,
    channels,
    deliveries,
    destinations,
    events,
    fanouts,
    messages,
    posts,
)
from bot.store.upsert import get_or_insert, upsert


class SqlOutbox:
    """`ports.Outbox` inside one transaction; it expands fan-outs by `chunk` rows at most."""

    def __init__(self, connection: AsyncConnection, *, chunk: int) -> None:
        self._connection = connection
        self._chunk = chunk

    async def owe(self, debt: Debt) -> FanoutId | None:
        """Open a fan-out at the start of its subscribers; None when a reminder was owed before."""
        return await fanout.owe(self._connection, debt, chunk=self._chunk)

    async def expand(self) -> bool:
        """Turn one chunk of the most pressing open fan-out into deliveries; move its cursor."""
        return await fanout.expand(self._connection, chunk=self._chunk)

    async def claim(
        self, adapter: str, *, limit: int, now: datetime, lease: timedelta
    ) -> tuple[Delivery, ...]:
        """Take due deliveries of an adapter, urgent first; lease them, fold what waits behind."""
        ids = await claiming.take(self._connection, adapter, limit=limit, now=now, lease=lease)
        return await self._deliveries(ids) if ids else ()

    async def _deliveries(self, ids: Sequence[int]) -> tuple[Delivery, ...]:
        folded = await self._connection.execute(_FOLDED, {"keys": ids})
        parts: dict[int, list[Part]] = defaultdict(list)
        for row in folded:
            parts[row.folded_into].append(reading.part(row))
        rows = await self._connection.execute(_OWN, {"keys": ids})
        claimed = [reading.delivery(row, [*parts[row.id], reading.part(row)]) for row in rows]
        return tuple(sorted(claimed, key=lambda one: (one.priority, one.id)))

    async def reclaim(self, adapter: str, *, now: datetime | None) -> int:
        """Free what was leased but not started: leases that ran out, or all (None); how many."""
        held = and_(
            deliveries.c.lease_until.is_not(None),
            deliveries.c.adapter == adapter,
            deliveries.c.state == State.LEASED,
        )
        if now is not None:
            held = and_(held, deliveries.c.lease_until <= now)
        # Who is about to start one has locked it, and keeps it.
        free = select(deliveries.c.id).where(held).with_for_update(skip_locked=True)
        back = update(deliveries).where(deliveries.c.id.in_(free))
        freed = back.values(state=State.PENDING, lease_until=None)
        return (await self._connection.execute(freed)).rowcount

    async def hasten(self, adapter: str, *, now: datetime, is_set_back: bool) -> None:
        """Let nothing wait for a time that the clock had reached before it was set back."""
        await claiming.hasten(self._connection, adapter, now=now, is_set_back=is_set_back)

    async def interrupted(self, adapter: str) -> tuple[Delivery, ...]:
        """What is marked `sending`; asked once at the start, when whoever sent it is dead."""
        open_ones = select(deliveries.c.id).where(
            deliveries.c.lease_until.is_not(None),
            deliveries.c.adapter == adapter,
            deliveries.c.state == State.SENDING,
        )
        return await self._deliveries((await self._connection.execute(open_ones)).scalars().all())

    async def news(self, parts: Sequence[Part]) -> tuple[Event, tuple[News, ...]]:
        """The event as it is now, and what these parts tell of it, oldest first.

        A reminder of an event that was withdrawn since is void and left out.
        """
        wanted = {part.fanout_id: part.kinds for part in parts}
        of_parts = fanouts.c.id.in_(wanted)
        owed = (await self._connection.execute(select(fanouts).where(of_parts))).all()
        noticed = await self._connection.execute(
            select(changes).where(changes.c.fanout_id.in_(wanted)).order_by(changes.c.id)
        )
        rows = [row for row in noticed if row.kind in wanted[row.fanout_id]]
        moves = await self._moves(owed[0].event_id) if reading.tells_a_move(rows) else ()
        told = [(FanoutId(row.fanout_id), reading.change(row, moves)) for row in rows]
        of_event = select(events.c.body, events.c.watch).where(events.c.id == owed[0].event_id)
        now = (await self._connection.execute(of_event)).one()
        due = [
            (FanoutId(row.id), reading.reminder(row))
            for row in owed
            if row.reminder_date is not None and now.watch != Watch.WITHDRAWN
        ]
        ordered = sorted([*told, *due], key=lambda item: item[0])
        return load_event(now.body), tuple(item for _, item in ordered)

    async def _moves(self, event_id: int) -> Sequence[int]:
        """The ids of all changes of an event's date, oldest first."""
        query = (
            select(changes.c.id)
            .where(changes.c.event_id == event_id, changes.c.kind == Kind.DATE.value)
            .order_by(changes.c.id)
        )
        return (await self._connection.execute(query)).scalars().all()

    async def message(self, form: str) -> MessageId | None:
        """The id of the message that was kept under a form; a program that sends writes it anew."""
        kept = select(messages.c.id).where(messages.c.form == form)
        found = (await self._connection.execute(kept)).scalar_one_or_none()
        return None if found is None else MessageId(found)

    async def keep_message(self, form: str, message: Message, *, newest: FanoutId) -> MessageId:
        """Keep a message under its form, once for all its recipients."""
        await sections.alone(self._connection, sections.MESSAGES)  # forms come in any order
        row = {"form": form, "fanout_id": newest, "body": dump(message)}
        return MessageId(await get_or_insert(self._connection, messages, row, "form"))

    async def start(self, started: Iterable[tuple[Delivery, MessageId]], *, now: datetime) -> None:
        """Mark as `sending` since `now`, one attempt more, before the adapter is called."""
        values = [{"key": one.id, "message": message, "began": now} for one, message in started]
        if values:
            await self._connection.execute(_START, sorted(values, key=_KEY))

    async def finish(self, results: Iterable[Result]) -> None:
        """Record what became of deliveries, and what was opened for their events."""
        if ended := tuple(results):
            outcomes = sorted(map(_outcome, ended), key=_KEY)
            await self._connection.execute(_FINISH, outcomes)
        for result in ended:
            if result.verdict.post not in {"", result.delivery.post}:
                await self._keep_post(result.delivery.id, result.verdict.post)

    async def _keep_post(self, key: DeliveryId, post: str) -> None:
        pair = select(deliveries.c.destination_id, deliveries.c.event_id).filter_by(id=key)
        row = (await self._connection.execute(pair)).mappings().one()
        await upsert(self._connection, posts, [{**row, "post": post}])

    async def next_due(self, adapter: str, *, after: datetime) -> datetime | None:
        """When the next pending delivery of an adapter becomes due; None: none after `after`."""
        return await claiming.next_due(self._connection, adapter, after)

    async def queue(self, adapter: str, now: datetime) -> Queue:
        """How much is pending for an adapter; counts `MOST_COUNTED` at the most."""
        return await records.queue(self._connection, adapter, now)

    async def records(
        self, *, state: State | None = None, limit: int | None = None
    ) -> tuple[Record, ...]:
        """The record of deliveries, newest last."""
        return await records.listed(self._connection, state=state, limit=limit)

    async def counts(self) -> Mapping[tuple[str, State], int]:
        """How many deliveries there are by adapter and state."""
        return await records.counted(self._connection)


def _parts() -> Select[Any]:
    return select(
        deliveries.c.id,
        deliveries.c.fanout_id,
        deliveries.c.folded_into,
        deliveries.c.event_id,
        deliveries.c.kinds,
        deliveries.c.priority,
        deliveries.c.attempts,
        deliveries.c.tried_at,
        deliveries.c.in_doubt_since,
        fanouts.c.expires_at,
    ).join_from(deliveries, fanouts, fanouts.c.id == deliveries.c.fanout_id)


_KEY = itemgetter("key")  # all lock rows in its order, and wait in no circle
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_FOLDED = _parts().where(deliveries.c.folded_into.in_(_KEYS))
_HERE = and_(
    posts.c.destination_id == deliveries.c.destination_id,
    posts.c.event_id == deliveries.c.event_id,
)
_OWN = (
    _parts()
    .add_columns(destinations.c.adapter, destinations.c.address, channels.c.spec, posts.c.post)
    .join(destinations, destinations.c.id == deliveries.c.destination_id)
    .outerjoin(channels, channels.c.destination_id == destinations.c.id)
    .outerjoin(posts, _HERE)
    .where(deliveries.c.id.in_(_KEYS))
)


_START = (
    update(deliveries)
    # One whose end was written down meanwhile stays ended.
    .where(deliveries.c.id == bindparam("key"), deliveries.c.state == State.LEASED)
    .values(
        state=State.SENDING,
        attempts=deliveries.c.attempts + 1,
        message_id=bindparam("message"),
        tried_at=bindparam("began", type_=deliveries.c.tried_at.type),
    )
)
_FINISH = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("key"))
    .values(
        state=bindparam("to"),
        not_before=func.coalesce(
            bindparam("again_at", type_=deliveries.c.not_before.type), deliveries.c.not_before
        ),
        attempts=bindparam("tried"),
        lease_until=None,
        sent_at=bindparam("sent"),
        done_at=bindparam("done"),
        remote_id=bindparam("remote"),
        error=bindparam("problem"),
        in_doubt_since=bindparam("doubt", type_=deliveries.c.in_doubt_since.type),
    )
)


def _outcome(result: Result) -> dict[str, Any]:
    verdict = result.verdict
    return {
        "key": result.delivery.id,
        "to": verdict.state,
        "again_at": verdict.not_before,
        "tried": result.delivery.attempts,
        "sent": result.at if verdict.state is State.SENT else None,
        "done": None if verdict.state in {State.PENDING, State.HELD} else result.at,
        "remote": verdict.remote_id or None,
        "problem": verdict.error or None,
        "doubt": verdict.in_doubt_since,
    }
