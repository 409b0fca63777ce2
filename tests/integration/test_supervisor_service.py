"""An adapter that dies while the whole service works: nothing is lost, and no other is hurt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from outboxes import states, subscribe, to
from senders import NAME, PATIENCE_S, a_dispatcher, a_store, a_supervisor, addresses, limits, owe_to

from bot.domain.deliveries import Delivery, Outcome, Sent, State
from bot.domain.messages import Message
from bot.ports import Adapter
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


async def test_adapter_that_dies_while_it_sends_loses_nothing_and_hurts_no_other(
    store: SqlStore,
) -> None:
    """It is opened again and goes on; the other adapter never notices."""
    clock, stop = FakeClock(), asyncio.Event()
    sick, sound = _Dying(times=3), RecordingAdapter("sound")
    await subscribe(store, to("x", "sound"))
    await owe_to(store, *"abc")

    async def work(adapter: Adapter) -> None:
        async with a_dispatcher(store, adapter, clock) as dispatcher:
            await dispatcher.run(stop)

    async with asyncio.TaskGroup() as group:
        for adapter, opening in ((sick, sick.opening), (sound, lambda: sound)):
            supervised = a_supervisor(clock, adapter.name).run(opening, work, stop)
            group.create_task(supervised, name=adapter.name)
        async with asyncio.timeout(PATIENCE_S):
            while {*await states(store)} != {State.SENT}:
                clock.advance(timedelta(seconds=1))
        stop.set()

    assert {*addresses(sick)} == {*"abc"}
    assert len(sick.sent) == 3 + 3
    assert addresses(sound) == ["x"]


class _Dying(RecordingAdapter):
    """An adapter whose connection breaks at the first message, so many times."""

    def __init__(self, *, times: int) -> None:
        super().__init__(NAME, limits=limits(1, harmless=True), outcomes=self._answer_or_die)
        self._lives = times
        self._breaks = asyncio.Event()

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[Adapter]:
        """Connect; a break of the connection ends whatever is done with it."""
        self._breaks.clear()
        async with asyncio.TaskGroup() as group:
            connection = group.create_task(self._connection(), name="connection")
            yield self
            connection.cancel()

    async def _connection(self) -> None:
        await self._breaks.wait()
        raise ConnectionError("reset by peer")

    async def _answer_or_die(self, _delivery: Delivery, _message: Message) -> Outcome:
        if self._lives:
            self._lives -= 1
            self._breaks.set()
            await asyncio.Event().wait()
        return Sent()
