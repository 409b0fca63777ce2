"""Both platforms at work in the test's process: the real clients and loops, a clock that obeys.

Nothing is polled; a test owes news by itself. While the clock stands still nobody can wait, so what
arrives then was held up by nothing.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from outboxes import subscribe, tell
from standins.discord.server import DiscordStandIn
from standins.telegram.server import TelegramStandIn

from bot.app import open_service
from bot.config.bots import DiscordSettings, TelegramSettings
from bot.config.settings import FixedSettings, LL2Settings, StoreSettings
from bot.domain.deliveries import State
from bot.domain.fanouts import Record
from bot.domain.subscriptions import Destination
from bot.running import run
from bot.service import Service
from bot.testing import FakeClock

PATIENCE_S = 30.0
TICK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platforms:
    """Both, the service between them, and who is subscribed."""

    discord: DiscordStandIn
    telegram: TelegramStandIn
    service: Service
    clock: FakeClock
    places: tuple[Destination, ...]

    async def tell(self) -> None:
        """Owe news of one event to all places, and wake who sends it."""
        await tell(self.service.store, created_at=self.clock.now())
        for wake in self.service.wakes.values():
            wake.set()

    async def records(self, name: str) -> list[Record]:
        """What the outbox has for a platform."""
        async with self.service.store.reading() as unit:
            return [one for one in await unit.outbox.records() if one.destination.adapter == name]

    async def states(self, name: str) -> Counter[State]:
        """How its deliveries stand."""
        return Counter(one.state for one in await self.records(name))

    def arrived(self, name: str) -> Counter[str]:
        """How many messages each place of a platform got."""
        if name == "discord":
            return Counter(one["channel_id"] for one in self.discord.rest.created)
        return Counter(f"{one.chat.id}" for one in self.telegram.posts)

    def all_of(self, name: str) -> Counter[str]:
        """One message to each place of a platform."""
        return Counter(one.address for one in self.places if one.adapter == name)

    async def until(self, holds: Callable[[], bool], *, step: timedelta = TICK) -> None:
        """Let time pass until something holds; with a step of nothing the clock stands still."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.clock.advance(step)
                await asyncio.sleep(0.01)

    async def until_ended(self, name: str, *ends: State) -> None:
        """Let time pass until all deliveries of a platform are recorded, as sent or with an end."""
        async with asyncio.timeout(PATIENCE_S):
            while not {*await self.states(name)} <= {State.SENT, *ends}:
                self.clock.advance(TICK)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_platforms(folder: Path, *, places: int = 3) -> AsyncIterator[Platforms]:
    """Open both, each with so many places that are subscribed to everything."""
    clock = FakeClock()
    async with DiscordStandIn() as discord, TelegramStandIn() as telegram:
        channels = [await discord.add_channel(discord.home, f"c{one}") for one in range(places)]
        to_discord = [Destination(adapter="discord", address=one.id) for one in channels]
        people = [telegram.user() for _ in range(places)]
        to_telegram = [Destination(adapter="telegram", address=f"{one.id}") for one in people]
        settings = FixedSettings(
            ll2=LL2Settings(base_url="http://127.0.0.1:9"),
            store=StoreSettings(url=f"sqlite:///{folder / 'perigee.db'}"),
            discord=DiscordSettings(**discord.options),
            telegram=TelegramSettings(token=telegram.token, api_base_url=telegram.base_url),
        )
        async with open_service(settings, clock=clock, random=Random(1)) as service:  # noqa: S311
            await subscribe(service.store, *to_discord, *to_telegram)
            both = Platforms(
                discord=discord,
                telegram=telegram,
                service=service,
                clock=clock,
                places=(*to_discord, *to_telegram),
            )
            async with _running(both):
                yield both
        discord.rest.faults.clear()
        telegram.let_go()


@asynccontextmanager
async def _running(both: Platforms) -> AsyncIterator[None]:
    """Send meanwhile."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        loops = run(both.service, stop, roles=("send", "commands"))
        running = group.create_task(loops, name="service")
        try:
            await both.discord.gateway.until_identified()
            await both.telegram.until(lambda: bool(both.telegram.updates.asked))
            yield
        finally:
            stop.set()
            running.cancel()
