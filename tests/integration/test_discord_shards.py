"""A bot in several connections, in one process and in two: who hears what, and when they begin."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from discord_rooms import Room, room, to, until
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType, Guild, Right
from stores import made_store

from bot.domain.deliveries import DeliveryId, Gone, Sent
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest, CommandSpec
from bot.errors import ConfigError
from bot.ports import Turnstiles
from bot.services.turnstile import StoredTurnstile
from bot.testing import FakeClock, a_message
from bot.testing.surroundings import RecordingDesk

SHARDS = 4
STATUS = CommandSpec(name="status", description="How it goes")
SECOND = timedelta(seconds=1)
PATIENCE_S = 20.0


async def done(_request: CommandRequest) -> CommandReply:
    """Answer each command."""
    return CommandReply(messages=(Message(kind=None, headline="Done"),))


@dataclass(kw_only=True)
class WatchedTurns:
    """The turns of a store; how many are being asked for, and how many were given."""

    behind: Turnstiles
    asking: int = 0
    given: int = 0

    async def take(self, name: str, *, now: datetime, every: timedelta) -> timedelta:
        """Ask for a turn."""
        self.asking += 1
        try:
            wait = await self.behind.take(name, now=now, every=every)
        finally:
            self.asking -= 1
        self.given += not wait
        return wait


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Programs with one token and one store, and the Discord that they share."""

    server: DiscordStandIn
    guilds: list[Guild]
    clock: FakeClock
    turns: list[WatchedTurns]
    rooms: list[Room]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let time pass until something holds, but not while a session is about to begin."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                if self._is_calm():
                    self.clock.advance(SECOND)
                await asyncio.sleep(0.01)

    def _is_calm(self) -> bool:
        given = sum(one.given for one in self.turns)
        return given == len(self.server.gateway.begun) and not any(one.asking for one in self.turns)

    async def until_listening(self) -> None:
        """All shards have told of their servers."""
        await self.until(lambda: len(self.server.gateway.begun) >= SHARDS)
        await until(lambda: all(one.adapter.is_listening for one in self.rooms))  # type: ignore[attr-defined]


@pytest.fixture
async def server(shared: object) -> AsyncIterator[DiscordStandIn]:
    """A Discord that recommends four shards, with a clock that the test moves."""
    assert shared
    server = DiscordStandIn()
    server.world.now = FakeClock().now
    server.gateway.recommended = SHARDS
    async with server:
        yield server
    assert server.violations == []
    assert server.gateway.too_close() == []
    assert server.gateway.overdrawn == 0


@asynccontextmanager
async def programs(
    server: DiscordStandIn, folder: Path, *each: dict[str, Any]
) -> AsyncIterator[Programs]:
    """One program for each of these settings, each with a store of its own on the same file."""
    clock = FakeClock()
    server.world.now = clock.now
    guilds = [await server.join(f"Server {one}", "news", shard=one) for one in range(1, 5)]
    async with AsyncExitStack() as stack:
        watched, rooms = [], []
        for settings in each:
            store = await stack.enter_async_context(
                made_store(f"sqlite:///{folder / 'perigee.db'}")
            )
            turns = WatchedTurns(behind=store.turnstiles)
            watched.append(turns)
            turnstile = StoredTurnstile(turns, clock)
            desk = RecordingDesk((STATUS,), answer=done)
            opening = room(server, desk, parts={"turnstile": turnstile}, **settings)
            rooms.append(await stack.enter_async_context(opening))
        yield Programs(server=server, guilds=guilds, clock=clock, turns=watched, rooms=rooms)
        # Cut off in the midst of the store, a program would leave a connection.
        await until(lambda: not any(one.asking for one in watched))


def ids(*numbers: int) -> dict[str, Any]:
    """The settings of a process that holds these shards of four."""
    return {"shard_count": SHARDS, "shard_ids": numbers}


def shards_of(server: DiscordStandIn) -> Counter[tuple[int, int]]:
    """How often each shard identified."""
    return Counter(tuple(one["shard"]) for one in server.gateway.identified)


async def test_recommended_shards_are_opened_one_after_another(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """By default there are as many as Discord recommends, and every server is heard of."""
    async with programs(server, tmp_path, {}) as opened:
        await opened.until_listening()
        for guild in opened.guilds:
            (news,) = guild.channels.values()
            guild.members[server.manager.id] = []
            reply = await server.slash(news, server.manager, "status", forced=True)
            assert reply.content == "Done"

    assert shards_of(server) == Counter((one, SHARDS) for one in range(SHARDS))
    assert len(opened.rooms[0].desk.requests) == len(opened.guilds)


async def test_two_processes_share_the_shards_of_one_bot(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """Sessions keep their distance, each command is answered once, and one registers them."""
    async with programs(server, tmp_path, ids(0, 1), ids(2, 3)) as opened:
        await opened.until_listening()
        for guild in opened.guilds:
            (news,) = guild.channels.values()
            guild.members[server.manager.id] = []
            reply = await server.slash(news, server.manager, "status", forced=True)
            assert reply.content == "Done"
        heard = [{one.place.address for one in each.desk.requests} for each in opened.rooms]

    channels = {int(guild.id) >> 22: {*guild.channels} for guild in opened.guilds}
    assert heard == [channels[4] | channels[1], channels[2] | channels[3]]
    assert sum(len(each.desk.requests) for each in opened.rooms) == len(opened.guilds)
    assert shards_of(server) == Counter((one, SHARDS) for one in range(SHARDS))
    syncs = [one for one in server.rest.requests if one.startswith("PUT /applications/")]
    assert len(syncs) == 1


async def test_private_chats_are_heard_by_the_first_shard(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """They belong to no server."""
    async with programs(server, tmp_path, ids(0, 1), ids(2, 3)) as opened:
        await opened.until_listening()
        chat = server.private_chat(server.manager)
        reply = await server.slash(chat, server.manager, "status")

    assert reply.content == "Done"
    assert [len(each.desk.requests) for each in opened.rooms] == [1, 0]


async def test_shards_of_other_remainders_begin_abreast(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """Discord says how many may; they wait for none but those of their own."""
    server.gateway.abreast = 4

    async with programs(server, tmp_path, ids(0, 1), ids(2, 3)) as opened:
        await until(lambda: len(server.gateway.begun) == SHARDS)

    assert opened.clock.elapsed() == timedelta(0)


async def test_process_knows_the_rights_in_its_own_shards_and_sends_everywhere(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """What another's gateway was told it finds out by trying, also that a channel is a forum."""
    async with programs(server, tmp_path, ids(0, 1), ids(2, 3)) as opened:
        own, other = opened.guilds[0], opened.guilds[1]
        await opened.until_listening()
        (known,) = own.channels.values()
        await server.forbid(known, Right.SEND_MESSAGES)
        forum = await server.add_channel(other, "events", ChannelType.FORUM)
        (foreign,) = [one for one in other.channels.values() if one is not forum]
        adapter = opened.rooms[0].adapter
        await until(lambda: adapter._shards.place(int(known.id)).overwrites != {})  # type: ignore[attr-defined]

        forbidden = await adapter.send(to(known), a_message())
        sent = await adapter.send(to(foreign, id=DeliveryId(2)), a_message())
        posted = await adapter.send(to(forum, id=DeliveryId(3)), a_message())

    assert isinstance(forbidden, Gone)
    assert forbidden.missing == "Send Messages"
    assert isinstance(sent, Sent)
    assert isinstance(posted, Sent)
    assert posted.post


async def test_shard_that_lost_its_session_waits_for_its_turn(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """Four that begin anew at once keep their distance as at the start."""
    async with programs(server, tmp_path, ids(0, 1), ids(2, 3)) as opened:
        await opened.until_listening()
        await server.gateway.invalidate()
        await opened.until(lambda: len(server.gateway.begun) == 2 * SHARDS)

    assert shards_of(server) == Counter({(one, SHARDS): 2 for one in range(SHARDS)})


async def test_no_session_is_begun_when_none_is_left(
    server: DiscordStandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Discord would take the token away; sending goes on meanwhile."""
    server.gateway.left = 0
    server.gateway.renewed_in_ms = 50

    async with programs(server, tmp_path, {}) as opened:
        await until(lambda: server.rest.requests.count("GET /gateway/bot") >= 2)
        sent = await opened.rooms[0].adapter.send(to(server.alerts), a_message())
        begun = [*server.gateway.begun]
        server.gateway.left = 1000
        await opened.until_listening()

    assert begun == []
    assert isinstance(sent, Sent)
    assert "lets the bot begin no session" in caplog.text


async def test_session_that_is_lost_when_none_is_left_waits(
    server: DiscordStandIn, tmp_path: Path
) -> None:
    """It is asked before each, not only at the start."""
    async with programs(server, tmp_path, {}) as opened:
        await opened.until_listening()
        server.gateway.left, server.gateway.renewed_in_ms = 0, 50
        asked = server.rest.requests.count("GET /gateway/bot")
        await server.gateway.invalidate()
        await until(lambda: server.rest.requests.count("GET /gateway/bot") >= asked + 2 * SHARDS)
        assert len(server.gateway.begun) == SHARDS
        server.gateway.left = 1000
        await opened.until(lambda: len(server.gateway.begun) == 2 * SHARDS)


async def test_refused_shards_name_the_setting(server: DiscordStandIn, tmp_path: Path) -> None:
    """Too few for a bot that has grown: the owner is told which setting to change."""

    async def work_until_closed() -> None:
        async with programs(server, tmp_path, {"shard_count": 1}):
            await until(lambda: False)

    with pytest.raises(ExceptionGroup) as told:
        await work_until_closed()

    (error,) = told.value.exceptions
    assert isinstance(error, ConfigError)
    assert "set discord.shard_count = 0" in str(error)
