"""What tests of messages in doubt begin with: a Discord and an adapter on one clock."""

from collections.abc import AsyncIterator

import pytest
from discord_rooms import Room, listening_room
from standins.discord.server import DiscordStandIn

from bot.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """The clock of both sides."""
    return FakeClock()


@pytest.fixture
async def discord_server(discord_server: DiscordStandIn, clock: FakeClock) -> DiscordStandIn:
    """A pretended Discord that knows the clock."""
    discord_server.world.now = clock.now
    return discord_server


@pytest.fixture
async def opened(discord_server: DiscordStandIn) -> AsyncIterator[Room]:
    """The adapter, when it knows that the gateway has told of all."""
    async with listening_room(discord_server) as opened:
        yield opened
