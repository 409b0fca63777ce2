"""Who waits for whom on PostgreSQL, whose writers run side by side; seen in its table of locks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from clusters import Server
from outboxes import LEASE, claim, expand, owe, states, subscribe, to
from sqlalchemy import and_, or_, select, text
from stores import made_store

from bot.domain.deliveries import Delivery, MessageId, Priority, State
from bot.domain.events import EventId, EventType
from bot.domain.watching import Catalogue
from bot.store.tables import deliveries
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

PATIENCE_S = 30.0

Deed = Callable[[Any], Awaitable[object]]
"""What is done in a unit of work."""

THIS, THAT = EventId(1), EventId(2)

_FOR_ME = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")


@pytest.fixture
async def store(postgresql: Server) -> AsyncIterator[SqlStore]:
    """An empty store on PostgreSQL."""
    async with made_store(f"{postgresql.emptied()}") as opened:
        yield opened


async def _begun(store: SqlStore, deed: Deed, *, beside: Any) -> asyncio.Task[None]:
    """Do it in another transaction, until that is over or waits for this unit of work."""

    async def do() -> None:
        async with store.writing() as unit:
            await deed(unit)

    task = asyncio.ensure_future(do())
    async with asyncio.timeout(PATIENCE_S):
        while not task.done() and not await beside.outbox._connection.scalar(_FOR_ME):
            pass
    return task


async def _does_wait(store: SqlStore, deed: Deed, *, for_who_does: Deed) -> bool:
    """Whether it waits for another transaction, which has done its deed, to end."""
    async with store.writing() as unit:
        await for_who_does(unit)
        task = await _begun(store, deed, beside=unit)
        does_wait = not task.done()
    await task
    return does_wait


def _claim(unit: Any) -> Awaitable[tuple[Delivery, ...]]:
    found: Awaitable[tuple[Delivery, ...]]
    found = unit.outbox.claim("console", limit=100, now=START, lease=LEASE)
    return found


@pytest.mark.parametrize(
    "decide",
    [
        _claim,
        lambda unit: unit.subscriptions.held(to()),
        lambda unit: unit.subscriptions.in_server("console", "s"),
        lambda unit: unit.destinations.channel(to()),
        lambda unit: unit.destinations.unwell([to()]),
        lambda unit: unit.destinations.muted(to()),
        lambda unit: unit.memory.get("key"),
    ],
    ids=["claim", "held", "in_server", "channel", "unwell", "muted", "get"],
)
async def test_who_reads_what_decides_waits_for_who_did(store: SqlStore, decide: Deed) -> None:
    """What one decides by what it read is seen by the next that reads it."""
    assert await _does_wait(store, decide, for_who_does=decide)


@pytest.mark.parametrize(
    "change",
    [
        lambda unit: unit.destinations.move(to("old"), to("new")),
        lambda unit: unit.outbox.hasten("console", now=START, is_set_back=True),
        lambda unit: unit.outbox.expand(),
    ],
    ids=["move", "hasten", "expand"],
)
async def test_who_changes_many_deliveries_waits_for_who_mutes(
    store: SqlStore, change: Deed
) -> None:
    """Both lock many rows, in no order: they would wait in a circle, or miss each other's."""
    assert await _does_wait(
        store, change, for_who_does=lambda unit: unit.destinations.mute(to(), THIS)
    )


async def test_who_writes_at_an_address_keeps_it_from_moving(store: SqlStore) -> None:
    """What is about to be written there would come to the new address, or nowhere."""
    await subscribe(store, to("old"))

    assert await _does_wait(
        store,
        lambda unit: unit.destinations.move(to("old"), to("new")),
        for_who_does=lambda unit: unit.destinations.unmute(to("old"), THIS),
    )


async def test_new_destination_of_two_at_once_is_one(store: SqlStore) -> None:
    """Who comes second waits for the first, and writes at the row that it made."""
    await subscribe(store, to("new", "discord"), to("other"))

    does_wait = await _does_wait(
        store,
        lambda unit: unit.destinations.mute(to("new"), THAT),
        for_who_does=lambda unit: unit.destinations.mute(to("new"), THIS),
    )

    assert does_wait
    async with store.reading() as unit:
        assert await unit.destinations.muted(to("new")) == (THIS, THAT)


async def test_names_are_learnt_in_one_order(store: SqlStore) -> None:
    """`learn`: poller and librarian may both do so, and must not wait in a circle."""
    first, second = EventType(id=3, name="EVA"), EventType(id=5, name="Landing")

    async with store.writing() as unit:
        await unit.names.learn(Catalogue(types=(first,)))
        both = Catalogue(types=(second, first))
        other = await _begun(store, lambda unit: unit.names.learn(both), beside=unit)
        await unit.names.learn(Catalogue(types=(second,)))
    await other

    async with store.reading() as unit:
        assert (await unit.names.known()).types == (first, second)


async def test_claim_passes_over_what_another_holds(store: SqlStore) -> None:
    """`claim` waits for nobody, and what it passes over still holds up others of its pair."""
    await subscribe(store, to())
    for event in (THIS, THAT):
        for priority in (Priority.NEWS, Priority.URGENT):
            await owe(store, event=an_event(id=event), priority=priority)
    await expand(store)
    held = or_(
        and_(deliveries.c.event_id == THIS, deliveries.c.priority == Priority.NEWS),
        and_(deliveries.c.event_id == THAT, deliveries.c.priority == Priority.URGENT),
    )
    claimed: list[Delivery] = []

    async def hold(unit: Any) -> None:
        locked = select(deliveries.c.id).where(held).with_for_update()
        await unit.outbox._connection.execute(locked)

    async def claim_all(unit: Any) -> None:
        claimed.extend(await _claim(unit))

    assert not await _does_wait(store, claim_all, for_who_does=hold)
    (one,) = claimed
    assert (one.event_id, one.priority, len(one.parts)) == (THIS, Priority.URGENT, 1)


async def test_lease_is_not_freed_while_its_delivery_is_started(store: SqlStore) -> None:
    """`reclaim`: who is about to start one keeps it; the others are free at once."""
    await subscribe(store, to("a"), to("b"))
    await owe(store)
    await expand(store)
    started, _freed = await claim(store)

    does_wait = await _does_wait(
        store,
        lambda unit: unit.outbox.reclaim("console", now=None),
        for_who_does=lambda unit: unit.outbox.start([(started, MessageId(1))], now=START),
    )

    assert not does_wait
    assert await states(store) == [State.SENDING, State.PENDING]
