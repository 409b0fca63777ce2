"""What integration tests share: a command core, a pretended Discord, and a free address."""

import socket
from collections.abc import AsyncIterator

import pytest
from desks import Counter
from discord_rooms import Room, connected_room
from standins.discord.server import DiscordStandIn
from stores import made_store

from bot.domain.requests import Desk
from bot.testing.surroundings import RecordingDesk


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    """Where one asks commands; its store knows nothing yet."""
    async with made_store("sqlite://") as store:
        yield Counter(store)


@pytest.fixture
async def discord_server(shared: object) -> AsyncIterator[DiscordStandIn]:
    """A pretended Discord whose judge has Discord's own document; nothing may be wrong."""
    assert shared
    async with DiscordStandIn() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def desk() -> Desk:
    """What an opened adapter asks."""
    return RecordingDesk()


@pytest.fixture
async def opened(discord_server: DiscordStandIn, desk: Desk) -> AsyncIterator[Room]:
    """Discord's adapter, when the gateway has told of all and the commands are known."""
    async with connected_room(discord_server, desk) as opened:
        yield opened


@pytest.fixture
def listen() -> str:
    """An address on loopback that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
    return f"{host}:{port}"
