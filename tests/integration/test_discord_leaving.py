"""The adapter can be left at any moment: it ends, and says nothing more."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from discord_rooms import Room, connected_room, room
from standins.discord.server import DiscordStandIn

_PATIENCE_S = 5.0


class Moment(logging.Handler):
    """Is there once discord.py has connected, before it goes on: the last thing it does is log."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Notice the last line of connecting."""
        if "IDENTIFY payload" in record.getMessage():
            self.came.set()


@pytest.fixture
def connecting() -> Iterator[Moment]:
    """The moment in which a connection is made."""
    moment, log = Moment(), logging.getLogger("discord.gateway")
    log.addHandler(moment)
    log.setLevel(logging.DEBUG)
    yield moment
    log.removeHandler(moment)
    log.setLevel(logging.NOTSET)


async def test_adapter_left_in_the_moment_of_connecting_ends(connecting: Moment) -> None:
    """Python 3.11 forgets a cancellation that comes as discord.py's connection succeeds."""
    async with (
        DiscordStandIn() as discord_server,
        asyncio.timeout(_PATIENCE_S),
        room(discord_server, sync_commands=False),
    ):
        await connecting.came.wait()

    assert discord_server.violations == []


async def test_adapter_left_before_it_is_ready_leaves_no_task() -> None:
    """discord.py would declare itself ready after its end, and fail at that with a traceback."""
    async with DiscordStandIn() as discord_server:
        async with connected_room(discord_server):
            pass
        left = [one for one in asyncio.all_tasks() if "_delay_ready" in f"{one.get_coro()}"]

    assert left == []


MOMENTS: dict[str, Callable[[Any], bool]] = {
    "it ends its start": lambda client: bool(client._connection._ready_task.cancelling()),
    "it says goodbye": lambda client: client.is_closed(),
}


@pytest.mark.parametrize("has_come", MOMENTS.values(), ids=MOMENTS)
async def test_adapter_cut_off_while_it_is_left_leaves_no_connection(
    has_come: Callable[[Any], bool],
) -> None:
    """discord.py would give up the rest of its closing with the goodbye that was cut off."""
    opened, may_leave = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def stay(discord_server: DiscordStandIn) -> None:
        async with connected_room(discord_server) as one:
            opened.set_result(one)
            await may_leave.wait()

    async with DiscordStandIn() as discord_server:
        staying = asyncio.create_task(stay(discord_server))
        client = _client(await opened)
        may_leave.set()
        async with asyncio.timeout(_PATIENCE_S):
            while not has_come(client):  # noqa: ASYNC110 - what others own tells nobody
                await asyncio.sleep(0)
        staying.cancel()
        await asyncio.wait({staying}, timeout=_PATIENCE_S)

    assert staying.cancelled()
    assert client.http.connector.closed


def _client(opened: Room) -> Any:
    adapter: Any = opened.adapter
    return adapter._client
