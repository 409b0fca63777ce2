"""Two bots of each platform in one program: the real clients and loops, a clock that obeys."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from outboxes import subscribe, tell
from standins.discord.server import DiscordStandIn
from standins.telegram.server import TelegramStandIn

from bot.app import open_service
from bot.config.bots import DiscordBot, DiscordSettings, TelegramBot, TelegramSettings
from bot.config.settings import FixedSettings, LL2Settings, StoreSettings
from bot.domain.subscriptions import Destination
from bot.running import run
from bot.service import Service
from bot.testing import FakeClock

PATIENCE_S = 30.0
_PARTING_S = 20.0
STANDING_STILL = timedelta(0)
NAMES = ("discord", "discord-news", "telegram", "telegram-news")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bots:
    """The platforms as each bot sees them, the service between, and who is subscribed."""

    discords: Mapping[str, DiscordStandIn]
    telegrams: Mapping[str, TelegramStandIn]
    service: Service
    clock: FakeClock
    places: Mapping[str, tuple[str, ...]]

    async def tell(self) -> None:
        """Owe news of one event to all places, and wake who sends it."""
        await tell(self.service.store, created_at=self.clock.now())
        for wake in self.service.wakes.values():
            wake.set()

    def arrived(self, name: str) -> Counter[str]:
        """How many messages each place of a bot got through it."""
        if name in self.discords:
            return Counter(one["channel_id"] for one in self.discords[name].rest.created)
        return Counter(f"{one.chat.id}" for one in self.telegrams[name].posts)

    def count(self, name: str) -> int:
        """How many messages a bot has sent."""
        return self.arrived(name).total()

    async def until(self, holds: Callable[[], bool], *, step: timedelta = STANDING_STILL) -> None:
        """Let time pass until something holds; with a step of nothing the clock stands still."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.clock.advance(step)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_bots(
    folder: Path, *, places: int = 3, refused: str = "", **discord: object
) -> AsyncIterator[Bots]:
    """Open all four, each with so many places that are subscribed to everything.

    Args:
        folder: for the store.
        places: of each bot.
        refused: the adapter whose token is not the right one.
        discord: further settings of Discord.

    """
    async with (
        DiscordStandIn() as one,
        DiscordStandIn(token="Nzg5.discord-news-token", beside=one) as other,  # noqa: S106 - a fake
        TelegramStandIn() as third,
        TelegramStandIn() as fourth,
    ):
        fourth.token = "654321:BB-the_token_of_the_news"  # noqa: S105 - opens nothing
        discords = {"discord": one, "discord-news": other}
        telegrams = {"telegram": third, "telegram-news": fourth}
        tokens = {name: stand.token for name, stand in discords.items()}
        tokens |= {name: stand.token for name, stand in telegrams.items()}
        tokens |= {refused: "789:refused"}
        settings = FixedSettings(
            ll2=LL2Settings(base_url="http://127.0.0.1:9"),
            store=StoreSettings(url=f"sqlite:///{folder / 'perigee.db'}"),
            discord=DiscordSettings(
                **one.options | {"token": tokens["discord"]} | discord,
                bots={"news": DiscordBot(token=tokens["discord-news"])},
            ),
            telegram=TelegramSettings(
                token=tokens["telegram"],
                api_base_url=third.base_url,
                bots={"news": _on_telegram(tokens["telegram-news"], fourth)},
            ),
        )
        clock = FakeClock()
        async with open_service(settings, clock=clock, random=Random(1)) as service:  # noqa: S311
            addresses = {name: await _channels(stand, places) for name, stand in discords.items()}
            addresses |= {name: _people(stand, places) for name, stand in telegrams.items()}
            for name, there in addresses.items():
                at = (Destination(adapter=name, address=address) for address in there)
                await subscribe(service.store, *at)
            bots = Bots(
                discords=discords,
                telegrams=telegrams,
                service=service,
                clock=clock,
                places=addresses,
            )
            async with _running(bots, refused):
                yield bots
    assert one.violations == other.violations == []


def _on_telegram(token: str, stand: TelegramStandIn) -> TelegramBot:
    return TelegramBot.model_validate({"token": token, "api_base_url": stand.base_url})


async def _channels(stand: DiscordStandIn, count: int) -> tuple[str, ...]:
    made = [await stand.add_channel(stand.home, f"c{one}") for one in range(count)]
    return tuple(one.id for one in made)


def _people(stand: TelegramStandIn, count: int) -> tuple[str, ...]:
    return tuple(f"{stand.user().id}" for _ in range(count))


@asynccontextmanager
async def _running(bots: Bots, refused: str) -> AsyncIterator[None]:
    """Send and listen meanwhile."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        loops = run(bots.service, stop, roles=("send", "commands"))
        running = group.create_task(loops, name="service")
        try:
            await _until_listening(bots, refused)
            yield
        finally:
            stop.set()
            await _until_ended(bots.clock, running)


async def _until_ended(clock: FakeClock, running: asyncio.Task[None]) -> None:
    """Let it end by itself: cut off in the midst of the store, it would leave a connection."""
    try:
        async with asyncio.timeout(_PARTING_S):
            while not running.done():
                clock.advance(timedelta(seconds=1))
                await asyncio.wait({running}, timeout=0.05)
    finally:
        running.cancel()


async def _until_listening(bots: Bots, refused: str) -> None:
    for name, discord in bots.discords.items():
        if name != refused:
            await discord.gateway.until_identified()
            await discord.until_synced()
    for name, telegram in bots.telegrams.items():
        if name != refused:
            await telegram.until(lambda at=telegram: bool(at.updates.asked))  # type: ignore[misc]
