"""What tests of delivery begin with: a store with debts, a sender, a clock that tells its waits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from outboxes import states, subscribe, tell, to
from stores import made_store

from bot.domain.deliveries import Delivery, Outcome, Sent, State
from bot.domain.fanouts import Record
from bot.domain.messages import Limits, Message
from bot.ports import Adapter, Clock, Store
from bot.services.dispatcher import Dispatcher
from bot.services.pacing import SlotPace
from bot.services.supervisor import Supervisor
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter

NAME = "recording"
PATIENCE_S = 30.0
"""How long a test waits for the world before it fails."""


@asynccontextmanager
async def a_store(path: Path | None = None, **options: Any) -> AsyncIterator[SqlStore]:
    """A store with its tables, in memory or at a path."""
    async with made_store(f"sqlite:///{path or ''}", **options) as store:
        yield store


def limits(concurrency: int = 4, *, harmless: bool = False) -> Limits:
    """What the adapters of these tests accept."""
    return Limits(text=4096, rate=1000.0, concurrency=concurrency, repeat_is_harmless=harmless)


def a_dispatcher(
    store: Store, adapter: Adapter, clock: Clock | None = None, **changes: Any
) -> Dispatcher:
    """A sender with a die of its own; `changes` are further arguments."""
    usual: dict[str, Any] = {"random": Random(1), "wake": asyncio.Event()}  # noqa: S311, jitter
    ticking = clock or FakeClock()
    return Dispatcher(store, adapter, ticking, **({"pace": SlotPace(ticking)} | usual | changes))


async def drain(store: Store, adapter: Adapter, clock: Clock | None = None) -> None:
    """Take over and deliver all that is due, as one run of the program would."""
    async with a_dispatcher(store, adapter, clock) as dispatcher:
        await dispatcher.recover()
        await dispatcher.drain()


async def owe_to(store: Store, *addresses: str, **changes: Any) -> None:
    """Subscribe these places to everything and tell them date news."""
    await subscribe(store, *(to(one, NAME) for one in addresses))
    await tell(store, **changes)


async def records(store: Store) -> tuple[Record, ...]:
    """The record of all deliveries, oldest first."""
    async with store.reading() as unit:
        return await unit.outbox.records()


async def until_states(store: Store, *wanted: State) -> None:
    """Return when the deliveries, oldest first, stand so."""
    async with asyncio.timeout(PATIENCE_S):
        while tuple(await states(store)) != wanted:
            pass


def addresses(adapter: RecordingAdapter) -> list[str]:
    """Where an adapter was asked to send, in order."""
    return [delivery.destination.address for delivery, _ in adapter.sent]


class WatchedClock(FakeClock):
    """A clock that stands still and keeps what it was asked to wait for.

    Attributes:
        pauses: every pause that was asked for, in order.

    """

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[timedelta | None] = []
        self._asked = asyncio.Condition()

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Note the pause, then wait."""
        self.pauses.append(pause)
        async with self._asked:
            self._asked.notify_all()
        await super().wait(pause, *wakes)

    async def until_asked(self, wanted: Callable[[list[timedelta | None]], bool]) -> None:
        """Return when the pauses are as wanted."""
        async with asyncio.timeout(PATIENCE_S), self._asked:
            await self._asked.wait_for(lambda: wanted(self.pauses))


class HeldAdapter(RecordingAdapter):
    """An adapter whose sends stay up in the air until the test lets them land.

    Attributes:
        most: how many were up at once at the most.

    """

    def __init__(self, *held: str, concurrency: int = 4, harmless: bool = False) -> None:
        """Hold what goes to these addresses; all, when none is named."""
        super().__init__(NAME, limits=limits(concurrency, harmless=harmless))
        self.most = 0
        self._held = held
        self._up: dict[str, asyncio.Future[Outcome]] = {}
        self._changed = asyncio.Condition()

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Record it, and answer when the test says."""
        answer = await super().send(delivery, message)
        address = delivery.destination.address
        if self._held and address not in self._held:
            await self._tell()
            return answer
        landing: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._up[address] = landing
        self.most = max(self.most, len(self._up))
        await self._tell()
        try:
            return await landing
        finally:
            del self._up[address]

    async def until_sent(self, count: int) -> None:
        """Return when so many were handed over."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.sent) >= count)

    def let_land(self, *addresses: str, outcome: Outcome | None = None) -> None:
        """Answer those under way to these addresses, or all."""
        for address in addresses or tuple(self._up):
            landing = self._up[address]
            if not landing.done():
                landing.set_result(outcome or Sent(remote_id="landed"))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Running:
    """A sender that runs beside the test."""

    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.wake = asyncio.Event()
        self.stop = asyncio.Event()


@asynccontextmanager
async def running(store: Store, adapter: Adapter) -> AsyncIterator[Running]:
    """Run a sender, and stop it at the end."""
    one = Running()
    async with (
        a_dispatcher(store, adapter, one.clock, wake=one.wake) as dispatcher,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(dispatcher.run(one.stop), name="sender")
        yield one
        one.stop.set()


def a_supervisor(clock: FakeClock, name: str = NAME) -> Supervisor:
    """One that rests by this clock."""
    return Supervisor(name, clock, Random(1), {})  # noqa: S311, jitter
