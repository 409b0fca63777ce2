"""A chat platform's stand-in as a program: strict limits, random latency, many places to send to.

PYTHONPATH=tests python -m benchmarks.stand_ins PLATFORM PLACES

It prints where it is and its places, then, when its standard input ends, what became of them; both
are a line of JSON. `pacing` starts it, and what is measured there shares no process with it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from standins.discord.server import DiscordStandIn
from standins.telegram.flood import Limits
from standins.telegram.server import TelegramStandIn

LATENCY_S = 0.2
"""The longest: up to half of it on the way there, and up to half on the way back."""

_CHANNELS_PER_SERVER = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    """A stand-in that runs.

    Attributes:
        options: the settings of an adapter that talks to it.
        places: the addresses that take messages.
        refused: how many requests it answered 429.
        got: the address of each message that it took.

    """

    options: dict[str, Any]
    places: list[str]
    refused: Callable[[], int]
    got: Callable[[], Iterable[str]]


@asynccontextmanager
async def _discord(count: int) -> AsyncIterator[_Platform]:
    async with DiscordStandIn() as discord:
        discord.rest.latency = LATENCY_S
        places: list[str] = []
        while len(places) < count:
            most = min(_CHANNELS_PER_SERVER, count - len(places))
            server = await discord.join("Server", *(f"alerts-{one}" for one in range(most)))
            places += server.channels
        yield _Platform(
            options=discord.options,
            places=places,
            refused=lambda: discord.limits.refused,
            got=lambda: (one["channel_id"] for one in discord.rest.created),
        )


@asynccontextmanager
async def _telegram(count: int) -> AsyncIterator[_Platform]:
    dice = Random(1)  # noqa: S311 - jitter, the same in every run
    latency = partial(dice.uniform, 0, LATENCY_S / 2)
    async with TelegramStandIn(flood=Limits(), latency=latency) as telegram:
        yield _Platform(
            options={"token": telegram.token, "api_base_url": telegram.base_url},
            places=[f"{telegram.user().id}" for _ in range(count)],
            refused=lambda: telegram.flood.refused,
            got=lambda: (f"{one.chat.id}" for one in telegram.posts),
        )


_PLATFORMS: dict[str, Callable[[int], AbstractAsyncContextManager[_Platform]]] = {
    "discord": _discord,
    "telegram": _telegram,
}


async def _serve(name: str, count: int) -> None:
    async with _PLATFORMS[name](count) as platform:
        _say(options=platform.options, places=platform.places)
        await asyncio.to_thread(sys.stdin.read)
        got = [*platform.got()]
        _say(refused=platform.refused(), messages=len(got), reached=len({*got}))


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
