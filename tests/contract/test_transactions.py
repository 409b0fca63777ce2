"""`ports.Store`: transactions that commit whole or not at all, one writer at a time."""

import asyncio

import pytest
from outboxes import a_debt, keep, moved, to

from bot.domain.subscriptions import Filter
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START


async def test_what_was_written_is_there_afterwards(store: SqlStore) -> None:
    """`writing`: it commits at the end."""
    async with store.writing() as unit:
        await unit.memory.put("key", "value")

    assert await _value(store) == "value"


async def test_error_undoes_everything(store: SqlStore) -> None:
    """`writing`: it rolls back on an error, whatever parts were written to."""
    with pytest.raises(ZeroDivisionError):
        await _write_everything_then_fail(store)

    async with store.reading() as unit:
        assert await unit.snapshots.recall() == {}
        assert await unit.snapshots.noticed() == ()
        assert await unit.subscriptions.held() == ()
        assert await unit.outbox.records() == ()
        assert await unit.memory.get("key") is None
    async with store.writing() as unit:
        assert not await unit.outbox.expand()


async def _write_everything_then_fail(store: Store) -> None:
    async with store.writing() as unit:
        await keep(unit)
        await unit.subscriptions.add(to(), Filter(), now=START)
        fanout_id = await unit.outbox.owe(a_debt())
        await unit.snapshots.record([moved()], noticed_at=START, fanout_id=fanout_id)
        await unit.outbox.expand()
        await unit.outbox.expand()
        await unit.memory.put("key", "value")
        raise ZeroDivisionError


async def test_nothing_is_seen_before_it_is_committed(store: SqlStore) -> None:
    """`reading`: never sees what a writer has not committed, even if it asks meanwhile."""
    async with asyncio.TaskGroup() as group:
        reader: list[asyncio.Task[str | None]] = []
        with pytest.raises(ZeroDivisionError):
            await _write_and_fail_beside(reader, group, store)

    assert reader[0].result() is None


async def _write_and_fail_beside(
    reader: list[asyncio.Task[str | None]], group: asyncio.TaskGroup, store: Store
) -> None:
    async with store.writing() as unit:
        await unit.memory.put("key", "value")
        reader.append(group.create_task(_value(store)))
        await unit.memory.get("key")
        raise ZeroDivisionError


async def test_writers_take_turns(store: SqlStore) -> None:
    """`writing`: no two interleave, so what one reads is still so when it writes."""

    async def count() -> None:
        async with store.writing() as unit:
            before = int(await unit.memory.get("key") or 0)
            await unit.memory.put("key", str(before + 1))

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(count())

    assert await _value(store) == "20"


async def test_readers_and_writers_mix(store: SqlStore) -> None:
    """`reading`: many at once, while others write."""

    async def write(number: int) -> None:
        async with store.writing() as unit:
            await unit.memory.put("key", str(number))

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(write(number))
        reads = [group.create_task(_value(store)) for _ in range(20)]

    assert await _value(store) in {*map(str, range(10))}
    assert {read.result() for read in reads} <= {None, *map(str, range(10))}


async def test_cancelled_transaction_is_undone_and_harms_nothing(store: SqlStore) -> None:
    """A task may be cancelled at any moment of its transaction: the store lives on, unchanged."""
    async with store.writing() as unit:
        await unit.memory.put("key", "kept")

    async def write() -> None:
        async with store.writing() as unit:
            await unit.memory.put("key", "half")
            await unit.memory.get("key")
            raise ZeroDivisionError

    for moment in range(0, 600, 4):
        await _cancelled_after(moment, asyncio.ensure_future(write()))

        assert await _value(store) == "kept"


async def _cancelled_after(moment: int, task: asyncio.Task[None]) -> None:
    for _ in range(moment):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        assert isinstance(task.exception(), ZeroDivisionError)


async def _value(store: Store) -> str | None:
    async with store.reading() as unit:
        return await unit.memory.get("key")
