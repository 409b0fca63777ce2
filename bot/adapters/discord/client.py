"""Open the Discord adapter: log in, tell the commands, listen, and hand out what sends.

Options: `token`, `api_base_url`, `gateway_url` (empty: asked of the API), `sync_commands`,
`development_guilds` (ids), `shard_count` (0: as Discord recommends), `shard_ids` (empty: all).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.answering import Answers
from bot.adapters.discord.gateway import Listener
from bot.adapters.discord.paced import SEND_TIMEOUT_S
from bot.adapters.discord.sending import LIMITS, DiscordAdapter, invite_link
from bot.adapters.discord.shards import Shards
from bot.adapters.discord.transport import FAILURES, point_at, watching
from bot.errors import ChatUnavailable, ConfigError, HeldBack
from bot.ports import Adapter, Pace, Surroundings

logger = logging.getLogger(__name__)

_UNTOLD: tuple[type[Exception], ...] = (HeldBack, *FAILURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    token: str = field(repr=False)
    api_base_url: str = "https://discord.com/api/v10"
    gateway_url: str = ""
    sync_commands: bool = True
    development_guilds: tuple[str, ...] = ()
    shard_count: int = 0
    shard_ids: tuple[int, ...] = ()
    section: str = outcomes.SECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Who the bot is.

    Attributes:
        name: its name on Discord.
        invite: where one adds it to a server, with exactly the rights that it needs.

    """

    name: str
    invite: str


@asynccontextmanager
async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
    """Log in; tell Discord our commands and listen, unless another process does; and send.

    Raises:
        ConfigError: Discord refuses the token.
        ChatUnavailable: Discord cannot be reached.

    """
    options = _options(surroundings.options, surroundings.section)
    point_at(options.api_base_url)
    answers = Answers(surroundings.name, surroundings.desk, LIMITS)
    connector = watching(surroundings.pace)
    another = partial(Listener, surroundings, answers, connector)
    async with another() as client:
        # Two slots, for it makes two requests: who the bot is, and which application it has.
        async with surroundings.pace.slot(urgent=True), surroundings.pace.slot(urgent=True):
            await _log_in(client, options)
        shards = Shards(client, another)
        adapter = DiscordAdapter(client, shards, surroundings)
        surroundings.desk.introduce(adapter.invite)
        async with AsyncExitStack() as stack:
            if surroundings.listens:
                listening = _listening(shards, options, answers, surroundings.pace)
                await stack.enter_async_context(listening)
            yield adapter


@asynccontextmanager
async def _listening(
    shards: Shards, options: _Options, answers: Answers, pace: Pace
) -> AsyncIterator[None]:
    """Listen meanwhile."""
    async with asyncio.TaskGroup() as group:
        shards.run(group, _run(group, shards, options, pace), "discord gateway")
        try:
            yield
            await answers.until_idle()
        finally:
            await shards.end()


async def introduce(options: Mapping[str, object], section: str = outcomes.SECTION) -> Introduction:
    """Ask Discord who the bot is, and go; two requests, and nobody sees it come online.

    Raises:
        ConfigError: Discord refuses the token.
        ChatUnavailable: Discord cannot be reached.

    """
    known = _options(options, section)
    point_at(known.api_base_url)
    async with discord.Client(intents=discord.Intents.none()) as client:
        await _log_in(client, known)
        name = client.user.name if client.user else ""
        return Introduction(name=name, invite=invite_link(client.application_id or 0))


def _options(given: Mapping[str, object], section: str) -> _Options:
    known = {field: given[field] for field in _Options.__slots__
             if field in given}  # fmt: skip
    options = _Options(**known | {"section": section})  # type: ignore[arg-type]  # the settings have checked them
    if not options.token:
        raise ConfigError(f"{section}.token is empty; set it to the bot's token")
    return options


async def _log_in(client: discord.Client, options: _Options) -> None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await client.login(options.token)
    except discord.LoginFailure as error:
        raise outcomes.not_let_in(options.section) from error
    except FAILURES as error:
        sentence = f"Discord cannot be reached at {discord.http.Route.BASE}: {error!r}"
        raise ChatUnavailable(sentence) from error


async def _run(group: asyncio.TaskGroup, shards: Shards, options: _Options, pace: Pace) -> None:
    (client,) = shards.clients
    starts = await client.meet()
    starts = replace(starts, shards=options.shard_count or starts.shards)
    numbers = options.shard_ids or tuple(range(starts.shards))
    # One process does it for all: the one that also hears the private chats.
    if options.sync_commands and 0 in numbers:
        await _sync(client, pace)
        for key in options.development_guilds:
            guild = discord.Object(int(key))
            client.tree.copy_global_to(guild=guild)
            await _sync(client, pace, guild)
    shards.launch(group, numbers, starts)


async def _sync(client: Listener, pace: Pace, guild: discord.Object | None = None) -> None:
    """Those of the last time stay when it fails, so it is no reason not to send."""
    where = "everywhere" if guild is None else f"in server {guild.id}"
    try:
        async with pace.slot(urgent=True), asyncio.timeout(SEND_TIMEOUT_S):
            commands = await client.tree.sync(guild=guild)
    except _UNTOLD as error:
        logger.warning(
            "%s did not take the commands %s; those of before stay: %r",
            *(client.called, where, error),
        )
    else:
        logger.info("%s has %d commands of ours %s", client.called, len(commands), where)
