"""How a sender ends: by a store that fails, with its adapter, or cancelled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from outboxes import states, subscribe, tell, to
from senders import NAME, HeldAdapter, a_dispatcher, a_store, addresses, drain, limits, owe_to

from bot.domain.deliveries import Priority, State
from bot.errors import StoreError
from bot.ports import Store, UnitOfWork
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter

HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """An empty store, in memory or in a file."""
    async with a_store(tmp_path / "perigee.db" if request.param == "file" else None) as opened:
        yield opened


class _Failing:
    """A store whose disk fails at the n-th transaction that writes."""

    def __init__(self, store: Store, *, after: int) -> None:
        self._store = store
        self._left = after

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """Work so many times, then fail."""
        self._left -= 1
        if self._left < 0:
            raise StoreError("the disk reports an error")
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit

    def reading(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Reads go on."""
        return self._store.reading(urgent=urgent)


@pytest.mark.parametrize("after", range(4))
async def test_store_that_fails_ends_the_sender(store: SqlStore, after: int) -> None:
    """Nothing more is sent when its end could not be recorded."""
    adapter = RecordingAdapter(NAME, limits=limits(1))
    await owe_to(store, "a", "b", "c")

    async with a_dispatcher(_Failing(store, after=after), adapter) as dispatcher:
        with pytest.raises(StoreError):
            await dispatcher.run(asyncio.Event())

    assert len(adapter.sent) <= 1


async def test_adapter_that_dies_interrupts_its_sends(store: SqlStore) -> None:
    """They are decided about when it is open again: the news is left, the urgent repeated."""
    adapter = HeldAdapter()
    await owe_to(store, "a")
    await subscribe(store, to("b", NAME))
    async with store.writing() as unit:
        await unit.subscriptions.remove(to("a", NAME), None)
    await tell(store, priority=Priority.URGENT)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(_send_until_cancelled(store, adapter), name="sender")
        await adapter.until_sent(2)
        task.cancel()
    clock, again = FakeClock(), RecordingAdapter(NAME)
    await drain(store, again, clock)
    clock.advance(HOUR)
    await drain(store, again, clock)

    assert await states(store) == [State.UNKNOWN, State.SENT]
    assert addresses(again) == ["b"]


async def _send_until_cancelled(store: Store, adapter: HeldAdapter) -> None:
    async with a_dispatcher(store, adapter) as dispatcher:
        await dispatcher.run(asyncio.Event())


async def test_sender_may_be_cancelled_at_any_moment(store: SqlStore) -> None:
    """The store stays usable, and the next one sends the rest; later, what was cut off often."""
    await owe_to(store, *"abcdefgh")
    adapter = RecordingAdapter(NAME, limits=limits(2, harmless=True))
    clock = FakeClock()

    for moment in range(0, 400, 7):
        task = asyncio.ensure_future(drain(store, adapter))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await drain(store, adapter, clock)
    clock.advance(HOUR)
    await drain(store, adapter, clock)

    assert await states(store) == [State.SENT] * 8
