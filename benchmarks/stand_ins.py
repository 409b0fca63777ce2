"""A chat platform's stand-in as a program: strict limits, random latency, many places to send to.

PYTHONPATH=tests python -m benchmarks.stand_ins PLATFORM PLACES LATENCY

It prints where it is and its places, then, when its standard input ends, what became of them; both
are a line of JSON. A request takes LATENCY seconds at the most, up to half of them on the way there
and up to half on the way back. A line "RATE COUNT" lets people give commands, each in another
place, and it prints after how many seconds each was answered, and how long its own process worked.
`beside` starts it, so that what is measured there shares no process with it.
"""

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from standins.discord.interactions import Unanswered
from standins.discord.server import DiscordStandIn
from standins.discord.world import Right, Role
from standins.telegram.flood import Limits
from standins.telegram.server import TelegramStandIn
from standins.telegram.world import Post

_CHANNELS_PER_SERVER = 50

_COMMANDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("next", {}),
    ("events", {}),
    ("status", {}),
    ("subscriptions", {}),
    ("subscribe", {"search": "docking"}),
)
"""What people ask in turn, in equal shares. Most only look; the last one writes, in a place that
has subscribed already or not, as it comes."""

_NEWS = "Moved"
"""A word in the first line of what is broadcast, and of no answer."""

_UNANSWERED = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    """A stand-in that runs.

    Attributes:
        options: the settings of an adapter that talks to it.
        places: the addresses that take messages.
        refused: how many requests it answered 429.
        got: the address of each message that it took.
        ask: lets somebody give the nth command in a place; returns once it is answered.

    """

    options: dict[str, Any]
    places: list[str]
    refused: Callable[[], int]
    got: Callable[[], Iterable[str]]
    ask: Callable[[str, int], Awaitable[float]]


async def join(discord: DiscordStandIn, count: int) -> list[str]:
    """Let the bot be in servers with so many channels, whose ids are returned."""
    places: list[str] = []
    while len(places) < count:
        most = min(_CHANNELS_PER_SERVER, count - len(places))
        server = await discord.join("Server", *(f"alerts-{one}" for one in range(most)))
        # The rights to manage come by a role, as for everybody.
        server.roles["1"] = Role(id="1", name="Managers", rights=Right.MANAGE_CHANNELS)
        server.members[discord.manager.id] = ["1"]
        places += server.channels
    return places


@asynccontextmanager
async def _discord(count: int, latency_s: float) -> AsyncIterator[_Platform]:
    async with DiscordStandIn() as discord:
        discord.rest.latency = latency_s
        places = await join(discord, count)

        async def ask(place: str, nth: int) -> float:
            await discord.until_synced()
            channel = discord.world.channel(place)
            begun = time.perf_counter()
            if channel is None:
                raise LookupError(place)
            try:
                await discord.slash(channel, discord.manager, *_COMMANDS[nth % len(_COMMANDS)])
            except (Unanswered, TimeoutError):
                return _UNANSWERED
            return time.perf_counter() - begun

        yield _Platform(
            ask=ask,
            options=discord.options,
            places=places,
            refused=lambda: discord.limits.refused,
            got=lambda: (one["channel_id"] for one in discord.rest.created),
        )


@asynccontextmanager
async def _telegram(count: int, latency_s: float) -> AsyncIterator[_Platform]:
    dice = Random(1)  # noqa: S311 - jitter, the same in every run
    latency = partial(dice.uniform, 0, latency_s / 2)
    async with TelegramStandIn(flood=Limits(), latency=latency) as telegram:
        people = [telegram.user() for _ in range(count)]
        by_place = {f"{one.id}": one for one in people}

        async def ask(place: str, nth: int) -> float:
            command, options = _COMMANDS[nth % len(_COMMANDS)]
            words = " ".join((f"/{command}", *(f"{key}:{one}" for key, one in options.items())))
            first, begun = len(telegram.posts), asyncio.get_running_loop().time()
            telegram.say(by_place[place], words)
            answers: list[Post] = []

            def is_answered() -> bool:
                since = telegram.posts[first:]
                answers[:] = [
                    one for one in since if f"{one.chat.id}" == place and not _is_news(one)
                ]
                return bool(answers)

            try:
                await telegram.until(is_answered)
            except AssertionError:
                return _UNANSWERED
            return answers[0].at - begun

        yield _Platform(
            ask=ask,
            options={"token": telegram.token, "api_base_url": telegram.base_url},
            places=[*by_place],
            refused=lambda: telegram.flood.refused,
            got=lambda: (f"{one.chat.id}" for one in telegram.posts),
        )


_PLATFORMS: dict[str, Callable[[int, float], AbstractAsyncContextManager[_Platform]]] = {
    "discord": _discord,
    "telegram": _telegram,
}


def _is_news(post: Post) -> bool:
    return _NEWS in post.text.partition("\n")[0]


async def _ask(platform: _Platform, rate: int, count: int) -> list[float]:
    """Let people ask evenly, each somewhere else; the seconds of those who were answered."""
    places = Random(1).sample(platform.places, count)  # noqa: S311 - the same in every run
    async with asyncio.TaskGroup() as group:
        begun, asking = time.perf_counter(), []
        for nth, place in enumerate(places):
            # By the clock: who sleeps between two commands falls behind under load, and asks less.
            await asyncio.sleep(begun + nth / rate - time.perf_counter())
            asking.append(group.create_task(_ask_there(platform, place, nth)))
    return [seconds for one in asking if not math.isnan(seconds := one.result())]


async def _ask_there(platform: _Platform, place: str, nth: int) -> float:
    return await platform.ask(place, nth)


async def _serve(name: str, count: int, latency_s: float) -> None:
    async with _PLATFORMS[name](count, latency_s) as platform:
        _say(options=platform.options, places=platform.places)
        while line := await asyncio.to_thread(sys.stdin.readline):
            rate, asked = map(int, line.split())
            worked = time.process_time()
            seconds = await _ask(platform, rate, asked)
            _say(seconds=seconds, cpu_s=time.process_time() - worked)
        got = [*platform.got()]
        _say(refused=platform.refused(), messages=len(got), reached=len({*got}))


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
