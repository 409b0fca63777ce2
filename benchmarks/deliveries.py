"""Deliveries a second through each real client, by our whole pipeline and by the client alone.

The stand-in answers at once in a process of its own; each sender has one, too (`senders`), so that
memory and processor time are its own. In turn, several times; the median of each counts.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from statistics import median

from benchmarks.beside import standing
from benchmarks.senders import AT_ONCE, Measured
from benchmarks.table import Row

PLACES = 10_000
_ROUNDS = 7
"""A virtual machine's speed varies by a fifth from one second to the next."""

_LEAST_A_SECOND = 1_000
_MOST_OVERHEAD = 1.5
_SENDERS = {"discord": ("pipeline", "bare"), "telegram": ("pipeline", "bare")}
_LIBRARIES = {"discord": "discord.py", "telegram": "python-telegram-bot on aiohttp"}
_LINE = 2**20


async def measure() -> tuple[Row, ...]:
    """Both platforms, one after the other."""
    rows: list[Row] = []
    for name in _SENDERS:
        rows += await _platform(name)
    untamed = await _run("discord", "untamed", PLACES)
    return (*rows, _as_it_comes(untamed))


async def _platform(name: str) -> tuple[Row, ...]:
    found: dict[str, list[Measured]] = {sender: [] for sender in _SENDERS[name]}
    for _ in range(_ROUNDS):
        for sender, runs in found.items():
            runs.append(await _run(name, sender, PLACES))
    ours, bare = (_middle(found[sender]) for sender in ("pipeline", "bare"))
    return _speed(name, ours, bare), _work(ours, bare), _memory(ours, bare)


async def _run(name: str, sender: str, count: int) -> Measured:
    async with standing(name, count, None) as stand:
        command = (sys.executable, "-m", "benchmarks.senders", name, sender)
        child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        given = json.dumps({"options": stand.options, "places": stand.places})
        told, _ = await child.communicate(f"{given}\n".encode())
        seen = await stand.end()
        if (seen["messages"], seen["reached"]) != (count, count):
            raise AssertionError(f"{sender} on {name}: of {count} there arrived {seen}")
        return Measured(**json.loads(told))


def _middle(runs: list[Measured]) -> Measured:
    return Measured(
        seconds=median(one.seconds for one in runs),
        cpu_s=median(one.cpu_s for one in runs),
        grown_kib=median(one.grown_kib for one in runs),
    )


def _speed(name: str, ours: Measured, bare: Measured) -> Row:
    rate, overhead = PLACES / ours.seconds, ours.seconds / bare.seconds
    return Row(
        what=f"{name}: {PLACES:,} channels, {AT_ONCE} at once, limits lifted, with the store",
        figure=f"{rate:,.0f} /s",
        yardstick=f"{PLACES / bare.seconds:,.0f} /s, {_LIBRARIES[name]} alone",
        compared=f"{overhead:.2f} times the time",
        target=f">= {_LEAST_A_SECOND:,} /s, <= {_MOST_OVERHEAD} times",
        holds=rate >= _LEAST_A_SECOND and overhead <= _MOST_OVERHEAD,
    )


def _work(ours: Measured, bare: Measured) -> Row:
    return Row(
        what="  processor time for 1,000 messages",
        figure=f"{_for_a_thousand(ours.cpu_s):.2f} s",
        yardstick=f"{_for_a_thousand(bare.cpu_s):.2f} s, the client alone",
        compared=f"{ours.cpu_s / bare.cpu_s:.2f} times",
    )


def _memory(ours: Measured, bare: Measured) -> Row:
    return Row(
        what="  growth of memory by 1,000 messages",
        figure=f"{_for_a_thousand(ours.grown_kib):.0f} KiB",
        yardstick=f"{_for_a_thousand(bare.grown_kib):.0f} KiB, the client alone",
    )


def _for_a_thousand(value: float) -> float:
    return value / PLACES * 1000


def _as_it_comes(measured: Measured) -> Row:
    return Row(
        what="discord: the same by discord.py alone, as it comes",
        figure=f"{PLACES / measured.seconds:,.0f} /s",
        yardstick="its look through all buckets at each new one, which our transport makes rarer",
    )
