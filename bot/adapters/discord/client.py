"""Open the Discord adapter: log in, tell the commands, listen, and hand out what sends.

Options: `token`, `api_base_url`, `gateway_url` (empty: asked of the API), `sync_commands`,
`development_guilds` (ids).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import discord
from discord import app_commands

from bot.adapters.discord import outcomes
from bot.adapters.discord.answering import Answers
from bot.adapters.discord.commands import tree_of
from bot.adapters.discord.gateway import Listener, listen
from bot.adapters.discord.paced import SEND_TIMEOUT_S
from bot.adapters.discord.sending import LIMITS, DiscordAdapter, invite_link
from bot.adapters.discord.transport import FAILURES, point_at, watching
from bot.errors import ChatUnavailable, ConfigError, HeldBack
from bot.ports import Adapter, Pace, Surroundings

logger = logging.getLogger(__name__)

_CANCEL_AGAIN_S = 0.2

_UNTOLD: tuple[type[Exception], ...] = (HeldBack, *FAILURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    token: str = field(repr=False)
    api_base_url: str = "https://discord.com/api/v10"
    gateway_url: str = ""
    sync_commands: bool = True
    development_guilds: tuple[str, ...] = ()


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
    """Log in, tell Discord our commands, listen, and send until it is left.

    Raises:
        ConfigError: Discord refuses the token.
        ChatUnavailable: Discord cannot be reached.

    """
    options = _options(surroundings.options)
    point_at(options.api_base_url)
    answers = Answers(surroundings.desk, LIMITS)
    client = Listener(surroundings.desk, answers, watching(surroundings.pace))
    tree = tree_of(client, surroundings.desk.specs, answers.command, answers.complete)
    async with client:
        # Two slots, for it makes two requests: who the bot is, and which application it has.
        async with surroundings.pace.slot(urgent=True), surroundings.pace.slot(urgent=True):
            await _log_in(client, options.token)
        async with asyncio.TaskGroup() as group:
            running = _run(client, tree, options, surroundings)
            listening = group.create_task(running, name="discord gateway")
            adapter = DiscordAdapter(client, surroundings.pace)
            surroundings.desk.introduce(adapter.invite)
            try:
                yield adapter
                await answers.until_idle()
            finally:
                await _end(listening)


async def _end(listening: asyncio.Task[None]) -> None:
    """Cancel until it ends.

    Once may be too little: discord.py connects by `asyncio.wait_for`, which in Python 3.11 forgets
    a cancellation that comes in the moment of success, and then listens for ever.
    """
    while not listening.done():
        listening.cancel()
        await asyncio.wait({listening}, timeout=_CANCEL_AGAIN_S)


async def introduce(options: Mapping[str, object]) -> Introduction:
    """Ask Discord who the bot is, and go; two requests, and nobody sees it come online.

    Raises:
        ConfigError: Discord refuses the token.
        ChatUnavailable: Discord cannot be reached.

    """
    known = _options(options)
    point_at(known.api_base_url)
    async with discord.Client(intents=discord.Intents.none()) as client:
        await _log_in(client, known.token)
        name = client.user.name if client.user else ""
        return Introduction(name=name, invite=invite_link(client.application_id or 0))


def _options(given: Mapping[str, object]) -> _Options:
    known = {field: given[field] for field in _Options.__slots__
             if field in given}  # fmt: skip
    options = _Options(**known)  # type: ignore[arg-type]  # the settings have checked them
    if not options.token:
        raise ConfigError("discord.token is empty; set it to the bot's token")
    return options


async def _log_in(client: discord.Client, token: str) -> None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await client.login(token)
    except discord.LoginFailure as error:
        raise ConfigError(outcomes.NOT_LET_IN) from error
    except FAILURES as error:
        sentence = f"Discord cannot be reached at {discord.http.Route.BASE}: {error!r}"
        raise ChatUnavailable(sentence) from error


async def _run(
    client: Listener,
    tree: app_commands.CommandTree,
    options: _Options,
    surroundings: Surroundings,
) -> None:
    pace = surroundings.pace
    if options.sync_commands:
        await _sync(tree, pace)
        for key in options.development_guilds:
            guild = discord.Object(int(key))
            tree.copy_global_to(guild=guild)
            await _sync(tree, pace, guild)
    await listen(client, options.gateway_url, pace, surroundings.desk)


async def _sync(
    tree: app_commands.CommandTree, pace: Pace, guild: discord.Object | None = None
) -> None:
    """Those of the last time stay when it fails, so it is no reason not to send."""
    where = "everywhere" if guild is None else f"in server {guild.id}"
    try:
        async with pace.slot(urgent=True), asyncio.timeout(SEND_TIMEOUT_S):
            commands = await tree.sync(guild=guild)
    except _UNTOLD as error:
        logger.warning(
            "Discord did not take the commands %s; those of before stay: %r", where, error
        )
    else:
        logger.info("Discord has %d commands of ours %s", len(commands), where)
