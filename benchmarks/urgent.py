"""How soon an urgent alert leaves while a hundred thousand other deliveries wait.

The limits are the platforms' own, counted strictly by stand-ins that take 0 to 200 ms for a
request. Once the backlog has been sent from for a while, webcasts go live one after the other; each
alert is for a few of the places. Timed from its commit to the answer to its first message.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import places
from benchmarks.beside import Stand, standing
from benchmarks.senders import service
from benchmarks.table import Row
from bot import running
from bot.domain.changes import Kind
from bot.domain.deliveries import Delivery, Outcome, Priority, State
from bot.domain.events import Event, EventId
from bot.domain.leases import OWED
from bot.domain.messages import Message
from bot.domain.subscriptions import Destination, Filter
from bot.ports import Adapter, AdapterFactory, Surroundings
from bot.service import Service

_PLACES = 1_000
"""On each platform."""

_CHANGES = 50
"""So a hundred thousand deliveries wait."""

_ALERTS = 5
_ALERTED = 20
"""Places on each platform: an alert must have left before the next one comes."""

_NEWS, _ALERT = Filter(kinds=frozenset({Kind.DATE})), Filter(kinds=frozenset({Kind.WEBCAST}))
_BEFORE_S, _BETWEEN_S = 8.0, 4.0
_MOST_S = 1.0
_LOST_S = 60.0
_LATENCY_MS = 100


class _Watched:
    """An adapter whose first answer of each urgent event is noted, by the monotonic clock."""

    def __init__(self, adapter: Adapter, first: dict[EventId, float]) -> None:
        self.name, self.limits = adapter.name, adapter.limits
        self._adapter = adapter
        self._first = first

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send it."""
        outcome = await self._adapter.send(delivery, message)
        if delivery.priority is Priority.URGENT:
            self._first.setdefault(delivery.event_id, time.perf_counter())
        return outcome


async def measure() -> tuple[Row, ...]:
    """The alerts of both platforms, which are given at the same time."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="perigee-bench-"))
        opening = (standing(one, _PLACES) for one in ("discord", "telegram"))
        stands = [await stack.enter_async_context(one) for one in opening]
        path = Path(folder) / "store.db"
        sections = {one.name: one.options for one in stands}
        ours = await stack.enter_async_context(service(path, **sections))
        await _know(ours, path, stands)
        waits, pending = await _alert(ours)
        seen = [await one.end() for one in stands]
    refused = sum(one["refused"] for one in seen)
    return tuple(_row(name, found, pending, refused) for name, found in waits.items())


async def _know(ours: Service, path: Path, stands: Iterable[Stand]) -> None:
    """Know the events, let all want what moved and a few what goes live; and make the backlog."""
    known = places.events(_CHANGES + _ALERTS)
    await places.know(ours.store, known)
    wanting = [(one.name, address) for one in stands for address in one.places]
    await places.settle(ours.store, path, wanting, _NEWS)
    now = ours.clock.now()
    async with ours.store.writing() as unit:
        for one in stands:
            for address in one.places[:_ALERTED]:
                where = Destination(adapter=one.name, address=address)
                await unit.subscriptions.add(where, _ALERT, now=now)
    await places.notice_moves(ours.store, known[:_CHANGES])
    await ours.fanout.drain()


async def _alert(ours: Service) -> tuple[dict[str, list[float]], int]:
    """The seconds of each alert by platform, and how many deliveries waited at the end."""
    firsts: dict[str, dict[EventId, float]] = {name: {} for name in ours.factories}
    watched = {name: _watching(one, firsts[name]) for name, one in ours.factories.items()}
    stop = asyncio.Event()
    work = running.run(replace(ours, factories=watched), stop, roles={"fanout", "send"})
    at_work = asyncio.create_task(work, name="the service")
    try:
        await asyncio.sleep(_BEFORE_S)
        committed = [
            await _go_live(ours, one) for one in places.events(_CHANGES + _ALERTS)[_CHANGES:]
        ]
    finally:
        stop.set()
        await at_work
    async with ours.store.reading() as unit:
        counts = await unit.outbox.counts()
    pending = sum(count for (_, state), count in counts.items() if state is State.PENDING)
    waits = {
        name: [first[key] - at for key, at in committed if key in first]
        for name, first in firsts.items()
    }
    return waits, pending


async def _go_live(ours: Service, event: Event) -> tuple[EventId, float]:
    """Commit an alert as a poll does, and let some time pass; the moment of the commit."""
    await places.notice_live(ours.store, event)
    committed = time.perf_counter()
    for bell in ours.bells[OWED]:
        bell.set()
    await asyncio.sleep(_BETWEEN_S)
    return event.id, committed


def _watching(factory: AdapterFactory, first: dict[EventId, float]) -> AdapterFactory:
    @asynccontextmanager
    async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
        async with factory(surroundings) as adapter:
            yield _Watched(adapter, first)

    return create


def _row(name: str, waits: list[float], pending: int, refused: int) -> Row:
    longest = max(waits, default=_LOST_S)
    return Row(
        what=f"{name}: {_ALERTS} urgent alerts behind {pending:,} pending, commit to first answer",
        figure=f"{longest * 1000:.0f} ms at most of {len(waits)}",
        yardstick=f"{_LATENCY_MS} ms, one request on average",
        target=f"<= {_MOST_S:.0f} s, none lost, no 429",
        holds=longest <= _MOST_S and len(waits) == _ALERTS and not refused,
    )
