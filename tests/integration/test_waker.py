"""Processes wake each other through PostgreSQL; where they cannot be heard, they look."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from clusters import Server
from stores import made_store

from bot.domain.leases import DUE, OWED
from bot.services import waker as waker_module
from bot.services.pulses import Pulses
from bot.services.waker import Waker
from bot.store.unit_of_work import SqlStore, SqlUnitOfWork, open_store
from bot.testing import FakeClock

PATIENCE_S = 30.0
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def two_stores(url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """The doors that two processes have to one store."""
    async with open_store(url) as one, open_store(url) as other:
        yield one, other


async def tell(store: SqlStore, *topics: str) -> None:
    """Commit a transaction that tells this."""
    async with store.writing() as unit:
        for topic in topics:
            unit.tell(topic)


async def test_what_a_transaction_tells_is_heard_by_other_processes(postgresql: Server) -> None:
    """Each topic once a transaction, and only if it commits."""
    heard = asyncio.Queue[str](10)
    with postgresql.database() as url:
        async with two_stores(url) as (one, other), one.listening(heard.put_nowait):
            with pytest.raises(ZeroDivisionError):
                await _fail(other, "never")
            await tell(other, DUE, OWED, DUE)
            async with asyncio.timeout(PATIENCE_S):
                first, second = await heard.get(), await heard.get()
            await tell(other, "last")
            async with asyncio.timeout(PATIENCE_S):
                last = await heard.get()

    assert (first, second, last) == (DUE, OWED, "last")


async def _fail(store: SqlStore, topic: str) -> None:
    async with store.writing() as unit:
        unit.tell(topic)
        raise ZeroDivisionError


async def test_bells_ring_for_what_another_process_tells(postgresql: Server) -> None:
    """Those of its topic and no others."""
    clock, stop, due, owed = FakeClock(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    with postgresql.database() as url:
        async with two_stores(url) as (one, other):
            waker = Waker(one, clock, {DUE: (due,), OWED: (owed,)}, name="one")
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                group.create_task(waker.run(stop))
                await owed.wait()
                due.clear()
                owed.clear()
                await tell(other, DUE)
                await due.wait()
                stop.set()

    assert not owed.is_set()


async def test_whoever_begins_to_listen_looks_once() -> None:
    """What was told before, nobody heard: a look finds it, and what comes later is heard."""
    clock, stop, due = FakeClock(), asyncio.Event(), asyncio.Event()
    async with open_store("sqlite://") as store:
        await store.upgrade()
        waker = Waker(_DeafStore(store), clock, {DUE: (due,)}, name="one")
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(waker.run(stop))
            await clock.until_waiting()
            rung = due.is_set()
            stop.set()

    assert rung


class _DeafStore:
    """A store as it is behind a pooler of transactions: calls are taken, and nothing comes."""

    def __init__(self, store: SqlStore) -> None:
        self.writing = store.writing
        self.reading = store.reading

    @asynccontextmanager
    async def listening(self, _hear: Callable[[str], None]) -> AsyncIterator[None]:
        """Hear nothing."""
        yield


async def test_who_hears_nothing_looks_every_second(caplog: pytest.LogCaptureFixture) -> None:
    """All bells ring each second instead, and the log says so once."""
    caplog.set_level(logging.INFO)
    clock, stop, due = FakeClock(), asyncio.Event(), asyncio.Event()
    rung = 0
    async with made_store("sqlite://") as store:
        waker = Waker(_DeafStore(store), clock, {DUE: (due,)}, name="one")
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(waker.run(stop))
            for _ in range(40):
                await clock.until_waiting()
                rung += due.is_set()
                due.clear()
                clock.advance(SECOND)
                await clock.settle()
            stop.set()

    assert rung >= 30
    assert sum("are not heard" in one.message for one in caplog.records) == 1


class _EchoingStore:
    """A store as it is where all can be heard, also one's own calls."""

    def __init__(self, store: SqlStore) -> None:
        self.reading = store.reading
        self._store = store
        self._hear: Callable[[str], None] = print

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[SqlUnitOfWork]:
        """What the transaction tells is heard when it has committed."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit
        for topic in unit.told:
            self._hear(topic)

    @asynccontextmanager
    async def listening(self, hear: Callable[[str], None]) -> AsyncIterator[None]:
        """Hear all."""
        self._hear = hear
        yield


async def test_who_hears_its_own_calls_need_not_look(caplog: pytest.LogCaptureFixture) -> None:
    """No bell rings that nobody rang, nothing is logged, and its heart beats all the time."""
    caplog.set_level(logging.INFO)
    clock, stop, due = FakeClock(), asyncio.Event(), asyncio.Event()
    pulses, late = Pulses(clock), set[bool]()
    async with open_store("sqlite://") as store:
        await store.upgrade()
        waker = Waker(_EchoingStore(store), clock, {DUE: (due,)}, name="one")
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(waker.run(stop, pulses.of("waker")))
            await clock.until_waiting()
            due.clear()  # it rings once, for what was told before it listened
            for _ in range(6):
                await clock.until_waiting()
                late |= {one.is_late for one in pulses.heartbeats()}
                clock.advance(30 * SECOND)
                await clock.settle()
            stop.set()

    assert not due.is_set()
    assert not [one for one in caplog.records if one.name == waker_module.__name__]
    assert late == {False}
