"""When a session of the gateway may begin: within the day's allowance, and one after another.

Discord lets `max_concurrency` sessions of a token begin in 5 seconds, one for each remainder of the
shard's number by it, and so many in a day (discord-api-docs, topics/gateway: Rate Limiting, Session
Start Limit). Whoever begins more loses all sessions, or the token.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import discord

from bot.adapters.discord.outcomes import not_let_in
from bot.adapters.discord.paced import SEND_TIMEOUT_S
from bot.errors import HeldBack
from bot.ports import Pace

APART = timedelta(seconds=6)
"""Discord's five seconds, and one for clocks of machines that differ and for the way there."""

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """What `GET /gateway/bot` says.

    Attributes:
        url: where the gateway is.
        shards: how many connections Discord recommends.
        left: how many sessions may yet begin, until that is `renewed_in` so long.
        abreast: how many may begin at once.

    """

    url: str
    shards: int
    left: int
    renewed_in: timedelta
    abreast: int

    def bucket(self, shard: int) -> int:
        """Which of those abreast a shard must keep its distance from."""
        return shard % self.abreast


async def ask(client: discord.Client, pace: Pace, section: str) -> Starts:
    """Ask Discord whether, and where, a session may begin.

    Raises:
        ConfigError: Discord knows the token of that section no more.
        HeldBack: none may, for so long; or the pace lets no request out.
        GatewayNotFound: Discord does not say.
        TimeoutError: it does not answer.

    """
    try:
        async with pace.slot(urgent=True), asyncio.timeout(SEND_TIMEOUT_S):
            shards, url, limit = await client.http.get_bot_gateway()
    except discord.GatewayNotFound as error:
        if getattr(error.__cause__, "status", None) == _UNAUTHORIZED:
            raise not_let_in(section) from error
        raise
    starts = Starts(
        url=url,
        shards=max(shards, 1),
        left=limit["remaining"],
        renewed_in=timedelta(milliseconds=limit["reset_after"]),
        abreast=max(limit["max_concurrency"], 1),
    )
    if starts.left < 1:
        sentence = f"Discord lets the bot begin no session for {starts.renewed_in}"
        raise HeldBack(f"{sentence}; too many were begun today", wait=starts.renewed_in)
    return starts
