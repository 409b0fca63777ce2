"""The same broadcast as one would write it without us: discord.py and python-telegram-bot alone."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from telegram.ext import AIORateLimiter, ExtBot

from bot.adapters.discord import discord
from bot.adapters.discord.transport import point_at

Send = Callable[[dict[str, Any], list[str]], Awaitable[float]]
"""Sends one message to each place, by the settings of an adapter; how many seconds that took."""

ON_DISCORD = 500
ON_TELEGRAM = 300
_RETRIES = 5
_TEXT = "Moved later by 2 days: Cygnus NG-27 Berthing"


async def gather_on_discord(options: dict[str, Any], places: list[str]) -> float:
    """All at once by `asyncio.gather`, as discord.py's own limiter orders them; the seconds."""
    point_at(options["api_base_url"])
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(options["token"])
        channels = [client.get_partial_messageable(int(one)) for one in places]
        return await _all(channel.send(_TEXT) for channel in channels)


async def limited_on_telegram(options: dict[str, Any], places: list[str]) -> float:
    """All at once through `AIORateLimiter` as it is by default; the seconds."""
    return await _limited(options, places, AIORateLimiter())


async def limited_patiently_on_telegram(options: dict[str, Any], places: list[str]) -> float:
    """The same with the retries that it offers."""
    return await _limited(options, places, AIORateLimiter(max_retries=_RETRIES))


async def _limited(options: dict[str, Any], places: list[str], limiter: AIORateLimiter) -> float:
    address = f"{options['api_base_url']}/bot"
    async with ExtBot(options["token"], base_url=address, rate_limiter=limiter) as bot:
        return await _all(bot.send_message(one, _TEXT) for one in places)


async def _all(sends: Iterable[Awaitable[object]]) -> float:
    """Wait for all; what fails is counted where it did not arrive, so their logs are not shown."""
    for library in ("discord", "telegram"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    begun = time.perf_counter()
    await asyncio.gather(*sends, return_exceptions=True)
    return time.perf_counter() - begun
