"""A broadcast through our adapters as fast as the platforms allow, beside what others do.

The stand-ins count strictly: no sliding second holds more than 50 requests (Discord) or 30 messages
(Telegram), and each request takes 0 to 200 ms. Both platforms run at the same time, each stand-in
in a process of its own. The yardsticks come after, each with fewer messages, as they collect 429s.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks import rivals
from benchmarks.beside import Stand, standing
from benchmarks.table import Row
from bot.adapters import discord, telegram
from bot.clock import SystemClock
from bot.domain.changes import DateChanged, Kind
from bot.domain.deliveries import Delivery, Outcome, Priority
from bot.domain.fanouts import Debt
from bot.domain.messages import Message
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked
from bot.ports import Adapter, AdapterFactory, Store
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import open_store
from bot.testing import START, an_event
from bot.testing.surroundings import surroundings

_DELIVERIES = 2_000
_FACTORIES: dict[str, AdapterFactory] = {"discord": discord.create, "telegram": telegram.create}
_PER_S = {"discord": 50, "telegram": 30}
_LEAST_SHARE = 0.88


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broadcast:
    """What became of one broadcast, as the stand-in saw it.

    Attributes:
        places: how many were to get one message each.
        reached: how many did; `messages` counts repeats too.
        refused: requests that were answered 429.
        seconds: how long it took; ours from the first claim to the last record in the store.

    """

    places: int
    reached: int
    messages: int
    refused: int
    seconds: float

    @property
    def a_second(self) -> float:
        return self.reached / self.seconds

    @property
    def is_flawless(self) -> bool:
        return self.places == self.reached == self.messages and not self.refused

    def __str__(self) -> str:
        lost, repeated = self.places - self.reached, self.messages - self.reached
        faults = f"{self.refused:,} 429s, {lost:,} of {self.places:,} lost"
        return f"{self.a_second:.1f} /s, {faults}" + (f", {repeated:,} twice" if repeated else "")


async def measure() -> tuple[Row, ...]:
    """Our two adapters at once, then the others at once."""
    on_discord, on_telegram = await _ours()
    gathered, limited, patient = await asyncio.gather(
        _theirs("discord", rivals.ON_DISCORD, rivals.gather_on_discord),
        _theirs("telegram", rivals.ON_TELEGRAM, rivals.limited_on_telegram),
        _theirs("telegram", rivals.ON_TELEGRAM, rivals.limited_patiently_on_telegram),
    )
    return (
        _row("discord", on_discord, f"{gathered}, asyncio.gather on discord.py"),
        _row("telegram", on_telegram, f"{limited}, python-telegram-bot's AIORateLimiter"),
        Row(what="telegram: the same by AIORateLimiter with five retries", figure=f"{patient}"),
    )


def _row(name: str, ours: _Broadcast, yardstick: str) -> Row:
    most = _PER_S[name]
    share = ours.a_second / most
    return Row(
        what=f"{name}: a broadcast where {most}/s is the strict limit, 0-200 ms latency",
        figure=f"{ours}",
        yardstick=yardstick,
        compared=f"{share:.1%} of {most}/s",
        target=f">= {_LEAST_SHARE:.0%}, no 429, none lost",
        holds=ours.is_flawless and share >= _LEAST_SHARE,
    )


async def _ours() -> list[_Broadcast]:
    """One program with one store sends to both platforms."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path = Path(folder) / "store.db"
        async with open_store(f"sqlite:///{path}") as store, AsyncExitStack() as stack:
            await store.upgrade()
            opening = (standing(name, _DELIVERIES) for name in _FACTORIES)
            stands = [await stack.enter_async_context(one) for one in opening]
            await _owe(store, stands)
            times = await asyncio.gather(*(_dispatch(store, one) for one in stands))
            return [await _end(one, seconds) for one, seconds in zip(stands, times, strict=True)]


async def _theirs(name: str, count: int, send: rivals.Send) -> _Broadcast:
    async with standing(name, count) as stand:
        return await _end(stand, await send(stand.options, stand.places))


async def _end(stand: Stand, seconds: float) -> _Broadcast:
    """End a stand-in after a broadcast that took so long, and hear what became of that."""
    return _Broadcast(places=len(stand.places), seconds=seconds, **await stand.end())


async def _owe(store: Store, stands: Iterable[Stand]) -> None:
    """Owe all their places the news that an event's date moved."""
    now = datetime.now(UTC)
    event = an_event(date=now + timedelta(days=30))
    moved = DateChanged(event_id=event.id, before=an_event(date=START).stated, after=event.stated)
    kinds = frozenset({Kind.DATE})
    debt = Debt(event_id=event.id, kinds=kinds, priority=Priority.NEWS, created_at=now)
    async with store.writing() as unit:
        await unit.snapshots.keep([Tracked(event=event, first_seen_at=now)])
        for stand in stands:
            for place in stand.places:
                destination = Destination(adapter=stand.name, address=place)
                await unit.subscriptions.add(destination, Filter(), now=now)
        fanout_id = await unit.outbox.owe(debt)
        await unit.snapshots.record([moved], noticed_at=now, fanout_id=fanout_id)
    await Fanout(store, SystemClock(), owed=asyncio.Event(), wakes=()).drain()


class _Counted:
    """The adapter; `stop` is set after `enough` answers, so what needs a second try is lost."""

    def __init__(self, adapter: Adapter, *, enough: int) -> None:
        self.name, self.limits = adapter.name, adapter.limits
        self.stop = asyncio.Event()
        self._adapter = adapter
        self._left = enough

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send it."""
        outcome = await self._adapter.send(delivery, message)
        self._left -= 1
        if not self._left:
            self.stop.set()
        return outcome


async def _dispatch(store: Store, stand: Stand) -> float:
    """Send what is owed; the seconds from the first claim to the last record."""
    clock = SystemClock()
    pace, wake, dice = SlotPace(clock), asyncio.Event(), Random(1)  # noqa: S311, jitter of retries
    around = surroundings(stand.options, name="discord", pace=pace)
    async with _FACTORIES[stand.name](around) as opened:
        adapter = _Counted(opened, enough=len(stand.places))
        sender = Dispatcher(store, adapter, clock, random=dice, wake=wake, pace=pace)
        async with sender as dispatcher:
            begun = time.perf_counter()
            await dispatcher.run(adapter.stop)
            return time.perf_counter() - begun
