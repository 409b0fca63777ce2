"""Listen to Discord: presses, and what becomes of servers, channels and rights. Sends nothing.

A sender needs none of this: while the gateway is down, sending goes on.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from random import SystemRandom
from typing import Any

import discord

from bot.adapters.discord.addresses import read_address
from bot.adapters.discord.answering import Answers
from bot.adapters.discord.commands import Interaction, tree_of
from bot.adapters.discord.identifying import APART, Starts, ask
from bot.adapters.discord.outcomes import not_let_in
from bot.adapters.discord.reach import (
    Place,
    is_open,
    is_seen_open,
    place_of,
    places,
    with_threads,
)
from bot.adapters.discord.transport import (
    FAILURES,
    end_heartbeats,
    end_start,
    hush,
    listen_at,
    refill_emptied,
    sweep_rarely,
)
from bot.domain.deliveries import backoff
from bot.errors import ChatUnavailable, ConfigError, HeldBack
from bot.ports import Surroundings

logger = logging.getLogger(__name__)

_LONGEST_RATE_LIMIT_S = 30.0
"""Past this discord.py raises `RateLimited`, and the outbox waits in its place (facts, 1.2)."""

_READY_AFTER_S = 0.5
"""How long after the last server of a start it is ready; a straggler costs nothing but a check."""

DEAF = "the gateway is not connected, so commands are not heard; sending goes on"

_SPARE = timedelta(seconds=0.25)
"""Past the moment at which something is allowed again, for clocks that differ."""

_TOKEN_CLOSED = 4004
_WRONG_SHARDS = frozenset({4010, 4011})
_UNCONNECTED: tuple[type[Exception], ...] = (HeldBack, *FAILURES)
_REMOVED = "the bot was removed from the server"
_DELETED = "the channel or thread was deleted"


class Listener(discord.Client):
    """The client: one for listening and for sending.

    Attributes:
        section: where the bot's settings are.
        called: which bot the log speaks of: "Discord", "Discord-news".
        tree: its commands.
        starts: what Discord said of sessions when it was last asked.
        has_begun: set once it has begun its first session.
        is_listening: whether what it knows of servers and rights is up to date.
        siblings: the clients of all shards of this process.

    """

    def __init__(self, surroundings: Surroundings, answers: Answers, connector: Any) -> None:
        hush()
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=_LONGEST_RATE_LIMIT_S,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=_READY_AFTER_S,
            connector=connector,
        )
        self._desk = surroundings.desk
        self._pace = surroundings.pace
        self._turnstile = surroundings.turnstile
        self.section = surroundings.section
        self.called = surroundings.name.capitalize()
        self._gateway_url = f"{surroundings.options.get('gateway_url') or ''}"
        self.starts: Starts | None = None
        self.has_begun = asyncio.Event()
        self._answers = answers
        self.is_listening = False
        self.siblings = [self]
        self.tree = tree_of(self, self._desk.specs, answers.command, answers.complete)
        sweep_rarely(self)
        refill_emptied(self)

    async def close(self) -> None:
        """Close, and let nothing be left, also where whoever closes is cancelled meanwhile.

        That cuts off discord.py's closing, too, with the connections of its requests still open.
        """
        try:
            await end_start(self)
            await super().close()
        finally:
            end_heartbeats(self)
            await self.http.close()

    async def meet(self) -> Starts:
        """Learn where to connect and that a session may begin; an outage is waited out."""
        failures = 0
        while self.starts is None or self.has_begun.is_set():
            try:
                self.starts = await ask(self, self._pace, self.section)
                break
            except _UNCONNECTED as error:
                logger.warning("%s: no gateway (%r); sending goes on", self.called, error)
                failures += 1
                await _rest(error, failures)
        listen_at(self._gateway_url or self.starts.url)
        return self.starts

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for the bot's turn to begin a session, whichever process does; discord.py asks it.

        It waits a minute for this at most, and then connects anew.

        Raises:
            HeldBack: no session may begin for so long.

        """
        with ExitStack() as unless_it_begins:
            unless_it_begins.callback(end_heartbeats, self, but=self.ws)
            if not initial or self.starts is None:
                self.starts = await ask(self, self._pace, self.section)
            bucket = self.starts.bucket(shard_id or 0)
            await self._turnstile.turn(f"discord {self.application_id} {bucket}", every=APART)
            self.has_begun.set()
            unless_it_begins.pop_all()

    async def on_ready(self) -> None:
        """All servers are known, at the start or in a new session after an outage of ours.

        What was mended meanwhile nobody tells.
        """
        self._listens()
        logger.info("%s: listening; servers: %d", self.called, len(self.guilds))
        await self._desk.retry(self._is_seen_open)

    async def on_resumed(self) -> None:
        """What was missed has been told."""
        self._listens()
        logger.info("%s: the gateway is back", self.called)

    async def on_disconnect(self) -> None:
        """Called again with each failed attempt to connect."""
        if self.is_listening:
            logger.info("%s: the gateway is lost; sending goes on", self.called)
        self.is_deaf()

    def is_deaf(self) -> None:
        """Nothing is heard, at the start or since the connection was lost."""
        self.is_listening = False
        self._desk.report(DEAF)

    def _listens(self) -> None:
        self.is_listening = True
        if all(one.is_listening for one in self.siblings):
            self._desk.report("")

    async def on_interaction(self, interaction: Interaction) -> None:
        """Buttons come this way, so that those of an earlier run work too."""
        if interaction.type is discord.InteractionType.component:
            await self._answers.press(interaction)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited, perhaps again."""
        await self._reachable(places(guild))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """An outage of a server has ended; at a start all servers are told of so, before ready."""
        if self.is_listening:
            await self._desk.retry(partial(self._is_seen_open, guild=guild))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; an outage on Discord's side is another event, and none of ours."""
        for place in places(guild):
            await self._desk.unreachable(str(place.id), f"{_REMOVED} {guild.name}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is gone; its threads are told of one by one."""
        await self._desk.unreachable(str(channel.id), _DELETED)

    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        """A thread is gone, also one that was archived."""
        await self._desk.unreachable(str(thread.thread_id), _DELETED)

    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, channel: discord.abc.GuildChannel
    ) -> None:
        """Somebody changed a channel, perhaps the rights that were missing."""
        await self._reachable(with_threads(channel))

    async def on_thread_join(self, thread: discord.Thread) -> None:
        """A thread came (back) into view, e.g. out of the archive."""
        await self._reachable([thread])

    async def on_thread_update(self, _before: discord.Thread, thread: discord.Thread) -> None:
        """Somebody changed a thread, perhaps its lock."""
        await self._reachable([thread])

    async def on_guild_role_update(self, before: discord.Role, role: discord.Role) -> None:
        """A role of the bot got other rights."""
        if before.permissions != role.permissions and role in role.guild.me.roles:
            await self._reachable(places(role.guild))

    async def on_member_update(self, before: discord.Member, member: discord.Member) -> None:
        """The bot got other roles."""
        if member == member.guild.me and before.roles != member.roles:
            await self._reachable(places(member.guild))

    def _is_seen_open(self, address: str, guild: discord.Guild | None = None) -> bool:
        """Whether there is such a place, of that server if one is named, and it is open."""
        target = read_address(address)
        if target is None or target.is_person:
            return False
        place = place_of(self, target.id)
        return place is not None and guild in {None, place.guild} and is_seen_open(place)

    async def _reachable(self, changed: Iterable[Place]) -> None:
        for place in [one for one in changed if is_open(one)]:
            await self._desk.reachable(str(place.id))


async def listen(client: Listener) -> None:
    """Stay connected for as long as the adapter is open; an outage is waited out.

    Raises:
        ConfigError: the token is not valid any more.
        ChatUnavailable: Discord closed the connection for good.

    """
    client.is_deaf()
    failures = 0
    while True:
        await client.meet()
        try:
            await client.connect()
        except discord.ConnectionClosed as error:
            raise _closed_for_good(error, client.section) from error
        except _UNCONNECTED as error:
            logger.warning("%s: no gateway (%r); sending goes on", client.called, error)
            await _rest(error, failures)
        except AttributeError as error:
            # discord.py 2.7.1 looks for the session of a first connection that failed, after a
            # pause of its own, which is enough for the first time.
            if getattr(client, "ws", None) is not None:
                raise
            await _rest(error, failures)
        failures += 1


async def _rest(error: Exception, failures: int) -> None:
    """Rest as long as the error says; where it says nothing, longer each time but the first."""
    if isinstance(error, HeldBack):
        pause = error.wait + _SPARE
    else:
        pause = backoff(failures, SystemRandom()) if failures else timedelta(0)
    with suppress(TimeoutError):
        async with asyncio.timeout(pause.total_seconds()):
            await asyncio.Event().wait()


def _closed_for_good(error: discord.ConnectionClosed, section: str) -> Exception:
    if error.code == _TOKEN_CLOSED:
        return not_let_in(section)
    if error.code in _WRONG_SHARDS:
        return ConfigError(
            f"Discord refuses the shards of {section} (code {error.code}); set "
            f"{section}.shard_count = 0 to have as many as it recommends"
        )
    return ChatUnavailable(f"Discord closed the gateway for good (code {error.code})")
