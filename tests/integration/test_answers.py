"""Commands in the middle of a broadcast: the whole service with real clients and a real clock.

Nothing is timed here: what is looked at is the order in which requests reach the platforms.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from discord_rooms import until
from ll2_bench import StandIn, open_bench
from outboxes import expand, moved, owe, subscribe
from standins.discord.server import DiscordStandIn
from standins.telegram.flood import Limits
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Post, User

from bot import running
from bot.app import open_service
from bot.config.settings import FixedSettings
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination
from bot.service import Service
from bot.testing import an_event

BROADCAST = 300
"""Deliveries on each platform: ten seconds' worth on Telegram, six on Discord."""

_HEADLINE = "Moved"
_PATIENCE_S = 30.0
_NO_SLOT = timedelta(minutes=1)
"""Longer than Discord waits for an answer, which is three seconds, and than any of these tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The service, and all that it talks to."""

    service: Service
    ll2: StandIn
    discord: DiscordStandIn
    telegram: TelegramStandIn

    async def owe(self, count: int, adapter: str, addresses: Iterable[str]) -> None:
        """Owe these places the news that so many events moved."""
        now = datetime.now(UTC)
        places = [Destination(adapter=adapter, address=one) for one in addresses]
        await subscribe(self.service.store, *places)
        for number in range(1, count + 1):
            event = an_event(id=EventId(number), date=now + timedelta(days=30 + number))
            await owe(self.service.store, moved(event), event=event, created_at=now)
        await expand(self.service.store)

    async def pending(self, adapter: str) -> int:
        """How many deliveries wait in the outbox."""
        async with self.service.store.reading() as unit:
            return (await unit.outbox.counts()).get((adapter, State.PENDING), 0)

    def answers(self, user: User) -> list[Post]:
        """What a person was sent that is no news."""
        return [one for one in self.telegram.posts if one.chat.id == user.id and not is_news(one)]


def is_news(post: Post) -> bool:
    """Whether a post is of the broadcast."""
    return _HEADLINE in post.text.partition("\n")[0]


def telegram_only(discord: DiscordStandIn, telegram: TelegramStandIn) -> dict[str, object]:
    """The settings of one platform."""
    del discord
    return {"telegram": {"token": telegram.token, "api_base_url": telegram.base_url}}


def discord_only(discord: DiscordStandIn, telegram: TelegramStandIn) -> dict[str, object]:
    """The settings of the other."""
    del telegram
    return {"discord": discord.options}


@asynccontextmanager
async def opened(
    shared: Path, sections: Callable[[DiscordStandIn, TelegramStandIn], dict[str, object]]
) -> AsyncIterator[World]:
    """The service, wired as ever, on stand-ins that count strictly; no request may be wrong."""
    async with (
        open_bench() as bench,
        DiscordStandIn() as discord,
        TelegramStandIn(Judge.of(shared), flood=Limits()) as telegram,
    ):
        settings = FixedSettings.model_validate(
            {
                "ll2": {"base_url": bench.ll2.base_url},
                "store": {"url": "sqlite://"},
                **sections(discord, telegram),
            }
        )
        async with open_service(settings) as service:
            yield World(service=service, ll2=bench.ll2, discord=discord, telegram=telegram)
        assert (discord.violations, telegram.faults) == ([], [])
        assert (discord.limits.refused, telegram.flood.refused) == (0, 0)


@asynccontextmanager
async def sending(world: World) -> AsyncIterator[None]:
    """Let it deliver and listen."""
    stop = asyncio.Event()
    working = asyncio.create_task(
        running.run(world.service, stop, roles={"fanout", "send", "commands"})
    )
    try:
        yield
    finally:
        stop.set()
        await working


async def test_telegram_answers_in_the_middle_of_a_broadcast(shared: Path) -> None:
    """An answer takes the next slot: none of those that wait goes before it."""
    async with opened(shared, telegram_only) as world:
        telegram = world.telegram
        ada = telegram.user()
        await world.owe(1, "telegram", [f"{telegram.user().id}" for _ in range(BROADCAST)])
        async with sending(world):
            await telegram.until(lambda: len(telegram.posts) >= 40)
            asked_ll2, before = len(world.ll2.requests), len(telegram.posts)
            telegram.say(ada, "/next")
            await telegram.until(lambda: bool(world.answers(ada)))
            between = telegram.posts.index(world.answers(ada)[0]) - before
            pending = await world.pending("telegram")

    # Nearly thirty of the broadcast wait for their slots at any time, and would go before it.
    assert between < 20
    assert pending > BROADCAST / 4
    assert len(world.ll2.requests) == asked_ll2
    assert "Cygnus NG-27 Berthing" in world.answers(ada)[0].text


async def test_telegram_answers_in_a_chat_that_is_full_of_news(shared: Path) -> None:
    """A chat takes one message a second; the answer is the next, or the one after it."""
    async with opened(shared, telegram_only) as world:
        telegram = world.telegram
        ada = telegram.user()
        await world.owe(30, "telegram", [f"{ada.id}"])
        async with sending(world):
            await telegram.until(lambda: len(telegram.posts) >= 2)
            before = len(telegram.posts)
            telegram.say(ada, "/status")
            await telegram.until(lambda: bool(world.answers(ada)))
            between = telegram.posts.index(world.answers(ada)[0]) - before

    assert between <= 1


async def test_discord_answers_in_the_middle_of_a_broadcast(shared: Path) -> None:
    """Interactions count towards no limit and wait for no slot: not even while there is none."""
    async with opened(shared, discord_only) as world:
        discord = world.discord
        servers = [
            await discord.join("Server", *(f"alerts-{one}" for one in range(50)))
            for _ in range(BROADCAST // 50)
        ]
        await world.owe(1, "discord", [one for server in servers for one in server.channels])
        created = discord.rest.created
        async with sending(world):
            await discord.until_synced()
            await discord.rest.until(lambda: len(created) >= 60, _PATIENCE_S)
            discord.fail(status=429, is_global=True, retry_after=2 * _NO_SLOT.total_seconds())
            pace = world.service.paces["discord"]
            await until(lambda: pace.delay() > _NO_SLOT)
            asked_ll2 = len(world.ll2.requests)
            reply = await discord.slash(discord.alerts, discord.visitor, "next")
            next_slot = pace.delay()
            pending = await world.pending("discord")

    assert next_slot > _NO_SLOT
    assert pending > BROADCAST / 4
    assert len(world.ll2.requests) == asked_ll2
    assert "Cygnus NG-27 Berthing" in reply.content


async def test_discord_answers_in_a_channel_that_is_full_of_news(shared: Path) -> None:
    """Where four messages in five seconds may go, an answer is not one of them."""
    async with opened(shared, discord_only) as world:
        discord = world.discord
        channel = discord.alerts
        await world.owe(30, "discord", [channel.id])
        async with sending(world):
            await discord.until_synced()
            await discord.rest.until(lambda: len(discord.rest.created) >= 4, _PATIENCE_S)
            before = len(discord.rest.created)
            reply = await discord.slash(channel, discord.visitor, "status")
            between = len(discord.rest.created) - before

    assert reply.content
    assert between == 0


@pytest.mark.parametrize("line", ["/next", "/events", "/status", "/agencies", "/types"])
async def test_no_command_asks_ll2(shared: Path, line: str) -> None:
    """Answers come from the store, however little is in it."""
    async with opened(shared, telegram_only) as world:
        ada = world.telegram.user()
        asked_ll2 = len(world.ll2.requests)
        async with sending(world):
            world.telegram.say(ada, line)
            await world.telegram.next_post()

    assert len(world.ll2.requests) == asked_ll2
