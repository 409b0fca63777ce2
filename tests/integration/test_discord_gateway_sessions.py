"""How connections to the gateway begin, are lost, come back and end."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from discord_rooms import Room, a_status_desk, connected_room, heard, room, to, until
from standins.discord.server import DiscordStandIn

from bot.adapters.discord import discord
from bot.adapters.discord.gateway import DEAF
from bot.domain.deliveries import Sent
from bot.errors import BotError, ChatUnavailable, ConfigError
from bot.testing import a_message
from bot.testing.surroundings import RecordingDesk


@pytest.fixture
def desk() -> RecordingDesk:
    """One that answers /status."""
    return a_status_desk()


@pytest.mark.parametrize("how", ["drop", "ask_to_reconnect"])
async def test_lost_connection_resumes_and_misses_nothing(
    discord_server: DiscordStandIn, opened: Room, how: str
) -> None:
    """What was pressed meanwhile is answered after the session resumed."""
    await getattr(discord_server.gateway, how)()
    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    await discord_server.gateway.until_resumed()
    await until(lambda: not opened.desk.troubles[-1])

    assert reply.content == "Done"
    assert len(opened.desk.requests) == 1
    assert len(discord_server.gateway.identified) == 1


async def test_invalid_session_that_can_be_resumed_misses_nothing(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Op 9 with true: what was pressed meanwhile is answered after the session resumed."""
    await discord_server.gateway.invalidate(resumable=True)
    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    await discord_server.gateway.until_resumed()

    assert reply.content == "Done"
    assert len(opened.desk.requests) == 1
    assert len(discord_server.gateway.identified) == 1


async def _invalidate(discord_server: DiscordStandIn) -> None:
    """Send op 9 with false."""
    await discord_server.gateway.invalidate()


async def _time_out(discord_server: DiscordStandIn) -> None:
    """Close with 4009, and remember no session."""
    await discord_server.gateway.drop(4009)
    discord_server.gateway.sessions.clear()


@pytest.mark.parametrize("end", [_invalidate, _time_out])
async def test_session_that_is_over_begins_anew(
    discord_server: DiscordStandIn, opened: Room, end: Callable[[DiscordStandIn], Awaitable[None]]
) -> None:
    """Commands are answered after it, sending goes on, and no server counts as joined anew."""
    await end(discord_server)
    await discord_server.gateway.until_identified(2)
    await heard(discord_server, opened)
    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    sent = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert reply.content == "Done"
    assert isinstance(sent, Sent)
    assert opened.desk.heard == []


async def test_sending_goes_on_while_the_gateway_is_away(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Two ways, and the one does not need the other; that nothing is heard is told."""
    await until(lambda: opened.desk.troubles == [DEAF, ""])
    discord_server.gateway.is_down = True
    await discord_server.gateway.drop()

    result = await opened.adapter.send(to(discord_server.alerts), a_message())
    await until(lambda: opened.desk.troubles[-1] == DEAF)

    assert isinstance(result, Sent)


async def test_gateway_that_is_down_at_the_start_is_waited_for(
    discord_server: DiscordStandIn,
) -> None:
    """discord.py 2.7.1 falls over its own first failure; we do not."""
    discord_server.gateway.is_down = True
    async with room(discord_server) as opened:
        await until(lambda: discord_server.gateway.turned_away > 0)
        result = await opened.adapter.send(to(discord_server.alerts), a_message())
        discord_server.gateway.is_down = False
        await discord_server.gateway.until_identified()

    assert isinstance(result, Sent)


async def test_gateway_is_asked_of_the_api_unless_set(discord_server: DiscordStandIn) -> None:
    """`gateway_url` empty: Discord says itself where it is."""
    async with connected_room(discord_server, gateway_url=""):
        pass

    assert "GET /gateway/bot" in discord_server.rest.requests


async def test_token_that_was_reset_is_noticed_before_a_new_session(
    discord_server: DiscordStandIn,
) -> None:
    """Also by a process that only listens, which sends nothing that would be refused."""

    async def work_until_refused() -> None:
        async with connected_room(discord_server, parts={"sends": False}):
            discord_server.fail(0, method="GET", path="/gateway/bot")
            await discord_server.gateway.invalidate()
            await until(lambda: False)

    with pytest.raises(ExceptionGroup) as told:
        await work_until_refused()

    assert told.group_contains(ConfigError, match=r"^discord\.token is refused")


@pytest.mark.parametrize(("code", "error"), [(4004, ConfigError), (4012, ChatUnavailable)])
async def test_gateway_that_closes_for_good_ends_the_adapter(
    discord_server: DiscordStandIn, code: int, error: type[BotError]
) -> None:
    """A token that was reset, or a session that Discord will not have: to be told, not hidden."""

    async def work_until_closed() -> None:
        async with connected_room(discord_server):
            await discord_server.gateway.drop(code)
            await until(lambda: False)

    with pytest.raises(ExceptionGroup) as told:
        await work_until_closed()

    assert told.group_contains(error)


class Shut:
    """A turnstile that lets nobody pass."""

    async def turn(self, name: str, *, every: timedelta) -> None:
        """Wait for ever."""
        assert name.startswith("discord ")
        assert every.total_seconds() > 5
        await asyncio.Event().wait()


def heartbeats() -> list[threading.Thread]:
    """The threads that keep connections alive."""
    kind = discord.gateway.KeepAliveHandler
    return [one for one in threading.enumerate() if isinstance(one, kind)]


async def test_connection_without_a_session_leaves_no_thread(
    discord_server: DiscordStandIn,
) -> None:
    """A stop while it waits for its turn: discord.py forgets it, but not its heartbeats."""
    before = heartbeats()

    async with room(discord_server, parts={"turnstile": Shut()}):
        await until(lambda: bool({*heartbeats()} - {*before}))

    await until(lambda: not {*heartbeats()} - {*before})


async def test_connection_that_was_lost_sight_of_leaves_no_thread(
    discord_server: DiscordStandIn,
) -> None:
    """Who is cancelled in the moment in which it stands never learns of it."""
    before = heartbeats()

    async with connected_room(discord_server) as opened:
        adapter: Any = opened.adapter
        (client,) = adapter._shards.clients
        client.ws = None
        assert {*heartbeats()} - {*before}

    await until(lambda: not {*heartbeats()} - {*before})
