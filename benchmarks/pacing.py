"""A broadcast through our adapters as fast as the platforms allow, beside what others do.

The stand-ins count strictly: no sliding second holds more than 50 requests (Discord) or 30 messages
(Telegram), and each request takes 0 to 200 ms, then 0 to 40. Both platforms run at the same time,
each stand-in in a process of its own. The yardsticks come after, each with fewer messages, as they
collect 429s.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks import places, rivals
from benchmarks.beside import Stand, standing
from benchmarks.table import Row
from bot.adapters import discord, telegram
from bot.clock import SystemClock
from bot.domain.deliveries import Delivery, Outcome
from bot.domain.messages import Message
from bot.ports import Adapter, AdapterFactory, Store
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import open_store
from bot.testing.surroundings import surroundings

_DELIVERIES = 2_000
_FACTORIES: dict[str, AdapterFactory] = {"discord": discord.create, "telegram": telegram.create}
_PER_S = {"discord": 50, "telegram": 30}
_LEAST_SHARES = {0.2: 0.88, 0.04: 0.95}
"""What is promised by the longest latency, in seconds; on average it is half as long."""


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
    """Each latency after the other."""
    rows: list[Row] = []
    for latency_s in _LEAST_SHARES:
        rows += await _at(latency_s)
    return tuple(rows)


async def _at(latency_s: float) -> tuple[Row, ...]:
    """Our two adapters at once, then the others at once."""
    on_discord, on_telegram = await _ours(latency_s)
    theirs = partial(_theirs, latency_s)
    gathered, limited, patient = await asyncio.gather(
        theirs("discord", rivals.ON_DISCORD, rivals.gather_on_discord),
        theirs("telegram", rivals.ON_TELEGRAM, rivals.limited_on_telegram),
        theirs("telegram", rivals.ON_TELEGRAM, rivals.limited_patiently_on_telegram),
    )
    alone = f"{gathered}, asyncio.gather and discord.py's own limiter"
    return (
        _row("discord", latency_s, on_discord, alone),
        _row("telegram", latency_s, on_telegram, f"{limited}, its AIORateLimiter"),
        Row(what="  the same by AIORateLimiter with five retries", figure=f"{patient}"),
    )


def _row(name: str, latency_s: float, ours: _Broadcast, yardstick: str) -> Row:
    most, least = _PER_S[name], _LEAST_SHARES[latency_s]
    share = ours.a_second / most
    return Row(
        what=f"{name}: a broadcast, at most {most}/s, {latency_s * 500:.0f} ms mean latency",
        figure=f"{ours}",
        yardstick=yardstick,
        compared=f"{share:.1%} of {most}/s",
        target=f">= {least:.0%}, no 429, none lost",
        holds=ours.is_flawless and share >= least,
    )


async def _ours(latency_s: float) -> list[_Broadcast]:
    """One program with one store sends to both platforms."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path = Path(folder) / "store.db"
        async with open_store(f"sqlite:///{path}") as store, AsyncExitStack() as stack:
            await store.upgrade()
            opening = (standing(name, _DELIVERIES, latency_s) for name in _FACTORIES)
            stands = [await stack.enter_async_context(one) for one in opening]
            moved = places.events(1)
            await places.know(store, moved)
            wanting = [(stand.name, place) for stand in stands for place in stand.places]
            await places.settle(store, path, wanting)
            await places.notice_moves(store, moved)
            await Fanout(store, SystemClock(), owed=asyncio.Event(), wakes=()).drain()
            times = await asyncio.gather(*(_dispatch(store, one) for one in stands))
            return [await _end(one, seconds) for one, seconds in zip(stands, times, strict=True)]


async def _theirs(latency_s: float, name: str, count: int, send: rivals.Send) -> _Broadcast:
    async with standing(name, count, latency_s) as stand:
        return await _end(stand, await send(stand.options, stand.places))


async def _end(stand: Stand, seconds: float) -> _Broadcast:
    """End a stand-in after a broadcast that took so long, and hear what became of that."""
    return _Broadcast(places=len(stand.places), seconds=seconds, **await stand.end())


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
    around = surroundings(stand.options, name=stand.name, pace=pace)
    async with _FACTORIES[stand.name](around) as opened:
        adapter = _Counted(opened, enough=len(stand.places))
        sender = Dispatcher(store, adapter, clock, random=dice, wake=wake, pace=pace)
        async with sender as dispatcher:
            begun = time.perf_counter()
            await dispatcher.run(adapter.stop)
            return time.perf_counter() - begun
