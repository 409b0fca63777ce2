"""The one that works off fan-outs: chunk by chunk, resumed after a kill, waking those who send."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from mortal import Killed, Life, MortalStore
from outboxes import a_debt, keep, moved, owe, reached, states, subscribe, to
from senders import PATIENCE_S, WatchedClock, a_store

from bot.domain.deliveries import State
from bot.ports import Store
from bot.services.fanout import Fanout
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock

PLACES = tuple(to(f"{number:02}") for number in range(20))
ROWS = 4


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store that fans out four rows at a time, with twenty subscribers."""
    async with a_store(chunk=ROWS) as opened:
        await subscribe(opened, *PLACES)
        yield opened


def _fanout(store: Store, *wakes: asyncio.Event, owed: asyncio.Event | None = None) -> Fanout:
    return Fanout(store, FakeClock(), owed=owed or asyncio.Event(), wakes=wakes)


async def _until_reached(store: Store, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(await reached(store)) < count:
            pass


async def test_snapshot_changes_and_debt_commit_together_or_not_at_all(store: SqlStore) -> None:
    """A kill before the commit leaves nothing half: what was noticed is noticed again."""
    with pytest.raises(Killed):
        await _notice(MortalStore(store, Life(0)))
    async with store.reading() as unit:
        before = (await unit.snapshots.recall(), await unit.snapshots.noticed())
    await _fanout(store).drain()
    reached_before = await reached(store)

    await _notice(MortalStore(store, Life()))
    await _fanout(store).drain()

    assert before == ({}, ())
    assert reached_before == []
    assert await reached(store) == [*PLACES]


async def _notice(store: Store) -> None:
    async with store.writing() as unit:
        await keep(unit)
        fanout_id = await unit.outbox.owe(a_debt())
        await unit.snapshots.record([moved()], noticed_at=START, fanout_id=fanout_id)


async def test_drain_expands_all_that_is_owed(store: SqlStore) -> None:
    """Every destination gets one delivery of each fan-out."""
    await owe(store)
    await owe(store)

    await _fanout(store).drain()

    assert Counter(await reached(store)) == dict.fromkeys(PLACES, 2)
    assert {*await states(store)} == {State.PENDING}


async def test_kill_between_or_in_chunks_resumes_and_repeats_nothing(store: SqlStore) -> None:
    """Each chunk and its cursor commit together; here every life is short."""
    await owe(store)
    sizes = [0]
    lives = 0
    is_left = True

    while is_left:
        lives += 1
        try:
            await _fanout(MortalStore(store, Life(lives % 4))).drain()
            is_left = False
        except Killed:
            sizes.append(len(await reached(store)))

    assert await reached(store) == [*PLACES]
    assert lives > 4
    assert sizes == sorted(sizes)


async def test_writers_get_their_turn_between_chunks(store: SqlStore) -> None:
    """No write lock lasts longer than a chunk: whoever asked meanwhile comes next."""
    await owe(store)
    seen: list[int] = []

    async def write() -> None:
        while not seen or seen[-1] < len(PLACES):
            async with store.writing() as unit:
                await unit.memory.put("key", "value")
                seen.append(len(await unit.outbox.records()))

    async with asyncio.TaskGroup() as group:
        group.create_task(_fanout(store).drain(), name="fan-out")
        group.create_task(write(), name="writer")

    assert len({*seen} - {0, len(PLACES)}) > 1
    assert all(later - earlier <= ROWS for earlier, later in pairwise(seen))


async def test_senders_are_woken_by_the_first_chunk(store: SqlStore) -> None:
    """Sending begins while the rest is still expanded."""
    wakes = asyncio.Event(), asyncio.Event()
    fanout = _fanout(store, *wakes)
    await owe(store)

    while not await reached(store):
        await fanout.step()

    assert all(one.is_set() for one in wakes)
    assert len(await reached(store)) < len(PLACES)


async def test_senders_are_left_asleep_when_nothing_was_owed(store: SqlStore) -> None:
    """A look that finds nothing wakes nobody."""
    wake = asyncio.Event()

    expanded = await _fanout(store, wake).step()

    assert not expanded
    assert not wake.is_set()


async def test_loop_sleeps_until_something_is_owed(store: SqlStore) -> None:
    """It looks once, then waits for a debt or ten minutes; it never polls."""
    clock, owed, stop = WatchedClock(), asyncio.Event(), asyncio.Event()
    fanout = Fanout(store, clock, owed=owed, wakes=())

    async with asyncio.TaskGroup() as group:
        group.create_task(fanout.run(stop), name="fan-out")
        await clock.until_waiting()
        await clock.settle()
        idle = [*clock.pauses]
        await owe(store)
        owed.set()
        await _until_reached(store, len(PLACES))
        stop.set()

    assert idle == [timedelta(minutes=10)]
    assert await reached(store) == [*PLACES]


async def test_loop_looks_unasked_now_and_then(store: SqlStore) -> None:
    """Another process may have opened a fan-out: nobody sets an event then."""
    clock, stop = WatchedClock(), asyncio.Event()
    fanout = Fanout(store, clock, owed=asyncio.Event(), wakes=())

    async with asyncio.TaskGroup() as group:
        group.create_task(fanout.run(stop), name="fan-out")
        await clock.until_waiting()
        await owe(store)
        clock.advance(timedelta(minutes=10))
        await _until_reached(store, len(PLACES))
        stop.set()

    assert await reached(store) == [*PLACES]


async def test_loop_stops_between_chunks_and_the_next_resumes(store: SqlStore) -> None:
    """What is left at the stop is not lost."""
    stop, wake = asyncio.Event(), _Stopping()
    wake.stop = stop
    await owe(store)
    fanout = Fanout(store, FakeClock(), owed=asyncio.Event(), wakes=(wake,))

    await fanout.run(stop)
    halfway = await reached(store)
    await _fanout(store).drain()

    assert len(halfway) < len(PLACES)
    assert await reached(store) == [*PLACES]


class _Stopping(asyncio.Event):
    """A wake that stops the program at its first ring."""

    stop: asyncio.Event

    def set(self) -> None:
        """Ring."""
        super().set()
        self.stop.set()
