"""How a sender stops: what is in the air lands and is recorded, and nothing new starts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from outboxes import states
from senders import HeldAdapter, a_dispatcher, a_store, addresses, owe_to, running, until_states

from bot.domain.deliveries import State
from bot.store.unit_of_work import SqlStore


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


async def test_stop_waits_for_what_is_in_the_air_and_records_each_as_it_lands(
    store: SqlStore,
) -> None:
    """A drain that is cut off by the grace must have recorded all that had landed by then."""
    adapter = HeldAdapter()
    await owe_to(store, "a", "b")

    async with running(store, adapter) as sender:
        await adapter.until_sent(2)
        await sender.clock.until_waiting()
        sender.stop.set()
        adapter.let_land("a")
        await until_states(store, State.SENT, State.SENDING)
        adapter.let_land("b")

    assert await states(store) == [State.SENT, State.SENT]


async def test_stop_starts_nothing_new(store: SqlStore) -> None:
    """What was not yet handed over waits for the next start."""
    adapter = HeldAdapter(concurrency=1)
    await owe_to(store, "a", "b")

    async with running(store, adapter) as sender:
        await adapter.until_sent(1)
        sender.stop.set()
        adapter.let_land()

    assert await states(store) == [State.SENT, State.PENDING]
    assert addresses(adapter) == ["a"]


async def test_work_done_once_ends_when_all_has_landed_and_is_recorded(store: SqlStore) -> None:
    """A slow answer is waited for: unrecorded, it would be a doubt at the next start."""
    adapter = HeldAdapter(concurrency=8)
    await owe_to(store, *"abcdefghi")

    async with a_dispatcher(store, adapter) as dispatcher, asyncio.TaskGroup() as group:
        draining = group.create_task(dispatcher.drain(), name="drain")
        await adapter.until_sent(8)
        adapter.let_land("a")
        await until_states(store, State.SENT, *[State.SENDING] * 7, State.PENDING)
        adapter.let_land("b")
        await adapter.until_sent(9)
        is_done = draining.done()
        adapter.let_land()

    assert not is_done
    assert await states(store) == [State.SENT] * 9
