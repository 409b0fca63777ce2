"""A dispatcher with all that it works with, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from outboxes import tell, to

from bot.commands.core import CommandCore
from bot.domain.channels import Health
from bot.domain.deliveries import Delivery, Gone, Outcome, Sent
from bot.domain.events import EventId
from bot.domain.messages import Limits, Message
from bot.domain.requests import Person
from bot.domain.status import Status
from bot.domain.subscriptions import Destination
from bot.ports import Store
from bot.services.dispatcher import Dispatcher
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter, an_event

SECOND = timedelta(seconds=1)
LIMITS = Limits(text=4096, concurrency=8, rate=100.0)
PRIVATE = Limits(text=4096, concurrency=8, rate=100.0, private=lambda person: f"u{person}")
NO_RIGHT = Gone(reason="no right to send", is_certain=False, missing="Send Messages")
DELETED = Gone(reason="the channel was deleted")


class IdleClock:
    """One party's view of a clock, which knows whether that party waits for it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.is_idle = asyncio.Event()

    def now(self) -> datetime:
        """The present."""
        return self._clock.now()

    def elapsed(self) -> timedelta:
        """Since the start."""
        return self._clock.elapsed()

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Wait, and say so."""
        self.is_idle.set()
        try:
            await self._clock.wait(pause, *wakes)
        finally:
            self.is_idle.clear()


class Sender:
    """A dispatcher with all that it works with, on a clock that the test moves."""

    def __init__(self, store: SqlStore, *, limits: Limits = LIMITS) -> None:
        self.store = store
        self.clock = FakeClock()
        self.idle = IdleClock(self.clock)
        self.slots_idle = IdleClock(self.clock)
        self.pace = SlotPace(self.slots_idle)
        self.outcomes: dict[str, list[Outcome]] = {}
        self.sent_at: list[tuple[datetime, Destination]] = []
        self.adapter = RecordingAdapter("console", limits=limits, outcomes=self._answer)
        self.core = CommandCore(store, self.clock, adapter="console", status=Status)
        self.dispatcher = Dispatcher(
            store,
            self.adapter,
            self.idle,
            random=Random(1),  # noqa: S311, jitter guards no secret
            wake=self.core.wake,
            pace=self.pace,
        )

    async def _answer(self, delivery: Delivery, _message: Message) -> Outcome:
        address = delivery.destination.address
        async with self.pace.slot(address):
            script = self.outcomes.get(address, [])
            outcome = script.pop(0) if script else Sent(remote_id="1")
        if isinstance(outcome, Sent):
            self.sent_at.append((self.clock.now(), delivery.destination))
        return outcome

    async def deliver(self) -> None:
        """Deliver all that is due."""
        await self.dispatcher.drain()

    async def adapter_called(self) -> None:
        """Wait until the adapter was given something."""
        while not self.adapter.sent:
            await self.clock.settle()

    async def pass_time(self, span: timedelta, *, step: timedelta = SECOND / 10) -> None:
        """Let the dispatcher run while time goes on."""
        stop = asyncio.Event()
        running = asyncio.ensure_future(self.dispatcher.run(stop))
        for _ in range(span // step):
            await self._settled(running, self.idle)
            self.clock.advance(step)
        stop.set()
        await self.end(running)

    async def end(self, running: asyncio.Future[None]) -> None:
        """Let time go on until something has ended that waits for a slot or for its turn."""
        while not running.done():
            await self._settled(running, self.idle, self.slots_idle)
            self.clock.advance(SECOND / 10)
        await running

    async def _settled(self, running: asyncio.Future[None], *parties: IdleClock) -> None:
        """Return when one of these waits for time, or when it has ended."""
        for _ in range(3):
            await self.clock.settle()
            idle = [asyncio.ensure_future(party.is_idle.wait()) for party in parties]
            waiting: list[asyncio.Future[Any]] = [*idle, running]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in idle:
                one.cancel()

    @property
    def told(self) -> list[tuple[Destination, str]]:
        """The notices that were sent: to whom, and what they say."""
        return [
            (delivery.destination, "".join(f"{one.heading}: {one.body[0]}" for one in sections))
            for delivery, message in self.adapter.sent
            if not delivery.parts
            for sections in [message.sections]
        ]


@asynccontextmanager
async def sending(store: SqlStore, *, limits: Limits = LIMITS) -> AsyncIterator[Sender]:
    """A sender that is open."""
    sender = Sender(store, limits=limits)
    async with sender.dispatcher:
        yield sender


async def health(store: Store, destination: Destination | None = None) -> Health:
    """How well a destination is reached."""
    async with store.reading() as unit:
        return await unit.destinations.health(destination or to())


async def meet(store: Store, destination: Destination, person: str, server: str = "s") -> None:
    """Learn who keeps a destination."""
    async with store.writing() as unit:
        await unit.destinations.met(
            destination,
            server=server,
            name=f"Space: {destination.address}",
            person=Person(id=person),
        )


async def tell_of(store: Store, *event_ids: int) -> None:
    """Owe date news of these events."""
    for number in event_ids:
        await tell(store, event=an_event(id=EventId(number)))
