"""What the tests of the Discord room share: the adapter opened beside the pretended Discord."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from desks import Counter
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel
from stores import made_store

from bot.adapters.discord.client import create
from bot.commands.registry import commands_for
from bot.domain.deliveries import Delivery
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest, CommandSpec, Desk
from bot.domain.subscriptions import Destination
from bot.ports import Adapter
from bot.testing import a_delivery
from bot.testing.surroundings import OpenPace, RecordingDesk, surroundings

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An open adapter and what it was given."""

    adapter: Adapter
    desk: Any
    pace: OpenPace


async def _done(_request: CommandRequest) -> CommandReply:
    return CommandReply(messages=(Message(kind=None, headline="Done"),))


def a_status_desk() -> RecordingDesk:
    """A command core whose only command is /status."""
    return RecordingDesk((CommandSpec(name="status", description="How it goes"),), answer=_done)


@asynccontextmanager
async def room(
    discord_server: DiscordStandIn,
    desk: Desk | None = None,
    *,
    parts: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Room]:
    """The adapter, opened against the stand-in; `options` change its settings, `parts` the rest."""
    desk, pace = desk or RecordingDesk(), OpenPace()
    around = surroundings(
        discord_server.options | options, name="discord", desk=desk, pace=pace, **parts or {}
    )
    async with create(around) as adapter:
        yield Room(adapter=adapter, desk=desk, pace=pace)


@asynccontextmanager
async def connected_room(
    discord_server: DiscordStandIn, desk: Desk | None = None, **options: Any
) -> AsyncIterator[Room]:
    """The same, once the gateway has told of all servers, and the commands were."""
    times = len(discord_server.gateway.identified) + 1
    async with room(discord_server, desk, **options) as opened:
        await discord_server.gateway.until_identified(times)
        await heard(discord_server, opened)
        yield opened


@asynccontextmanager
async def listening_room(
    discord_server: DiscordStandIn, desk: Desk | None = None, **options: Any
) -> AsyncIterator[Room]:
    """The same, once the adapter takes what it heard for complete, half a second later."""
    async with connected_room(discord_server, desk, **options) as opened:
        await until(lambda: opened.adapter.is_listening)  # type: ignore[attr-defined]
        yield opened


@asynccontextmanager
async def at_the_counter(discord_server: DiscordStandIn) -> AsyncIterator[Counter]:
    """The real core, all its commands, over an empty store, with the adapter before it."""
    async with made_store("sqlite://") as store:
        all_of_them = commands_for(has_roles=True, has_followers=True)
        counter = Counter(store, adapter="discord", commands=all_of_them)
        async with connected_room(discord_server, counter.core):
            yield counter


async def heard(discord_server: DiscordStandIn, opened: Room) -> None:
    """Wait until the adapter has heard all that the gateway said."""
    client = opened.adapter._client  # type: ignore[attr-defined]
    await until(lambda: client.ws.sequence == discord_server.gateway.last_sequence)


def to(place: Channel, **changes: Any) -> Delivery:
    """A delivery to a channel."""
    destination = Destination(adapter="discord", address=place.id)
    return a_delivery(destination=destination, **changes)


def posts_in(forum: Channel) -> list[Channel]:
    """The posts of a forum, oldest first."""
    assert forum.guild is not None
    return [one for one in forum.guild.channels.values() if one.parent is forum]


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until a condition holds that has no event of its own."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what others own tells nobody
            await asyncio.sleep(0.005)
