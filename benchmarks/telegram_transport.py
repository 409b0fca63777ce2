"""How many messages a second python-telegram-bot sends over our transport, and over its own httpx.

Nothing is paced and nothing refused; the stand-in runs in a process of its own, so that what is
compared is the client. Both are measured in turn, several times, and the best of each counts.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.table import Row
from bot.adapters.telegram.transport import AiohttpRequest

MESSAGES = 1500
AT_ONCE = 50
ROUNDS = 3
LEAST_A_SECOND = 1000
LEAST_TIMES = 4
OURS, THEIRS = "aiohttp", "httpx"
TEXT = "<b>Moved later by 2 days</b>\n<b>Cygnus NG-27 Berthing</b>\n\n" + "What changed. " * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where the stand-in is."""

    base_url: str
    token: str
    chat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One round: messages a second, and milliseconds of our processor for each."""

    a_second: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.a_second:,.0f} /s, {self.cpu_ms:.2f} ms CPU each"


@contextmanager
def stand_in() -> Iterator[Stand]:
    """Run the stand-in beside us."""
    tests = Path(__file__).parents[1] / "tests"
    with subprocess.Popen(
        [sys.executable, "-m", "standins.telegram"],
        env={**os.environ, "PYTHONPATH": str(tests)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("the stand-in has no pipes")
        base_url, token, chat = server.stdout.readline().split()
        yield Stand(base_url=base_url, token=token, chat=int(chat))
        server.stdin.close()


async def _round(stand: Stand, request: BaseRequest, idle: BaseRequest) -> Measured:
    """Send all messages, a fixed number of them at once."""
    bot = Bot(
        stand.token,
        base_url=f"{stand.base_url}/bot",
        request=request,
        get_updates_request=idle,
    )
    numbers = iter(range(MESSAGES))

    async def send() -> None:
        for number in numbers:
            await bot.send_message(stand.chat, f"{TEXT}{number}", parse_mode="HTML")

    async with bot:
        began, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(send(), name="sender")
        took, used = time.perf_counter() - began, time.process_time() - cpu
    return Measured(a_second=MESSAGES / took, cpu_ms=1000 * used / MESSAGES)


def ours() -> tuple[BaseRequest, BaseRequest]:
    """Our transport, for messages and for updates."""
    return AiohttpRequest(connections=AT_ONCE), AiohttpRequest(connections=1)


def theirs() -> tuple[BaseRequest, BaseRequest]:
    """What python-telegram-bot uses when nothing is said."""
    return (
        HTTPXRequest(connection_pool_size=AT_ONCE, pool_timeout=60, read_timeout=60),
        HTTPXRequest(connection_pool_size=1),
    )


async def best_of_all() -> dict[str, Measured]:
    """The best round of each transport."""
    best: dict[str, Measured] = {}
    for _ in range(ROUNDS):
        for name, make in ((OURS, ours), (THEIRS, theirs)):
            with stand_in() as stand:
                measured = await _round(stand, *make())
            best[name] = max(measured, best.get(name, measured), key=lambda one: one.a_second)
    return best


async def measure() -> tuple[Row, ...]:
    """Messages a second over our transport, and what one costs, beside httpx."""
    best = await best_of_all()
    ours, theirs = best[OURS], best[THEIRS]
    times = ours.a_second / theirs.a_second
    return (
        Row(
            what=f"Telegram, unthrottled: {MESSAGES:,} messages, {AT_ONCE} at once",
            figure=f"{ours}",
            yardstick=f"{theirs}, python-telegram-bot's httpx",
            compared=f"{times:.1f} times",
            target=f">= {LEAST_A_SECOND:,} /s, >= {LEAST_TIMES} times",
            holds=ours.a_second >= LEAST_A_SECOND and times >= LEAST_TIMES,
        ),
    )
