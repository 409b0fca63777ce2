"""Commands while news goes to twenty thousand places, as the platforms see their answers arrive.

The whole service runs in a process of its own (`python -m benchmarks.answers`), whose memory and
processor time are stated; each stand-in in another. They count strictly and take 0 to 200 ms for a
request. The same commands are given three times, at two rates: while nothing goes on, from the
moment when 200 changes are noticed, while their deliveries are still being made, and when four
million wait. Four in five look (/next, /events, /status, /subscriptions), and one subscribes.

Discord's answers count towards no limit. On Telegram each takes one of thirty slots a second, which
come back a second after an answer: 27 a second at this latency for all that is sent. So the hundred
commands a second that are promised are 90 on Discord and 10 on Telegram, where news takes what is
left of the slots. Twice as many are given too, to see what one process can do; nothing is promised.
"""

import asyncio
import json
import logging
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks import places
from benchmarks.beside import Stand, standing
from benchmarks.memory import peak_kib
from benchmarks.table import Row
from bot import running
from bot.app import open_service
from bot.config.settings import FixedSettings
from bot.service import Service
from bot.services.fanout import Fanout

_PLACES = 10_000
"""On each platform."""

_CHANGES = 200
_SECONDS = 10
_RATES = ({"discord": 90, "telegram": 10}, {"discord": 180, "telegram": 20})
"""Commands a second on each platform: what is promised, and twice that."""

_MOST_S = 1.0
_MOST_MIB = 250
_PHASES = ("quiet", "made", "pending")

_Seconds = Mapping[str, Sequence[Mapping[str, list[float]]]]
"""How long each answer took, by phase, rate and platform."""

_Work = Mapping[str, float]
"""Seconds of a processor by process."""


async def measure() -> tuple[Row, ...]:
    """How long answers take, and the memory of the process that gives them."""
    command = (sys.executable, "-m", "benchmarks.answers")
    child = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    told, _ = await child.communicate()
    found = json.loads(told)
    rows = [
        _row(platform, phase, nth, found["seconds"])
        for nth in range(len(_RATES))
        for platform in _RATES[nth]
        for phase in _PHASES[1:]
    ]
    return (*rows, _work_row(found["work"]), _memory_row(**found["memory"]))


def _row(platform: str, phase: str, nth: int, seconds: _Seconds) -> Row:
    when = {"made": "while 200 changes become deliveries", "pending": "while those are sent"}[phase]
    rate = _RATES[nth][platform]
    asked = rate * _SECONDS
    ours, quiet = seconds[phase][nth][platform], seconds["quiet"][nth][platform]
    lost = asked - len(ours)
    late = _percentile(ours, 99)
    return Row(
        what=f"{platform}: {rate} commands/s for {_SECONDS} s {when}",
        figure=_in_words(ours) + (f", {lost} unanswered" if lost else ""),
        yardstick=f"{_in_words(quiet)}, the same without a broadcast",
        compared=f"p99 {late - _percentile(quiet, 99):+.2f} s",
        target="" if nth else f"p99 < {_MOST_S:.0f} s, all answered",
        holds=None if nth else late < _MOST_S and not lost,
    )


def _in_words(seconds: list[float]) -> str:
    each = " ".join(f"p{one} {_percentile(seconds, one) * 1000:.0f}" for one in (50, 95, 99))
    return f"{each} ms"


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _work_row(work: _Work) -> Row:
    commands = _SECONDS * sum(sum(rates.values()) for rates in _RATES)
    each = {name: spent / commands * 1000 for name, spent in work.items()}
    ours, others = each.pop("service"), each
    return Row(
        what="  processor time of the service for a command, without a broadcast",
        figure=f"{ours:.1f} ms",
        yardstick=", ".join(f"{name}'s stand-in {spent:.1f} ms" for name, spent in others.items()),
    )


def _memory_row(before: int, after: int, pending: int) -> Row:
    return Row(
        what=f"  peak memory of the service meanwhile, {pending:,} pending",
        figure=f"{after / 1024:.0f} MiB",
        yardstick=f"{before / 1024:.0f} MiB, the same before",
        compared=f"{(after - before) / 1024:+.0f} MiB",
        target=f"< {_MOST_MIB} MiB",
        holds=after / 1024 < _MOST_MIB,
    )


async def _run(path: Path) -> dict[str, object]:
    """All of it; what is printed."""
    async with AsyncExitStack() as stack:
        stands = [await stack.enter_async_context(standing(one, _PLACES)) for one in _RATES[0]]
        service = await stack.enter_async_context(_service(path, stands))
        moving = places.events(_CHANGES)
        await places.know(service.store, moving)
        wanting = [(one.name, place) for one in stands for place in one.places]
        await places.settle(service.store, path, wanting)
        await stack.enter_async_context(_working(service))
        # What is built once is built before anything is measured.
        await _ask(stands, _RATES[0], seconds=2)
        begun = _work(stands)
        seconds = {"quiet": await _ask_all(stands)}
        work = {name: spent - begun[name] for name, spent in _work(stands).items()}
        before = peak_kib()
        await places.notice_moves(service.store, moving)
        fanout = Fanout(
            service.store, service.clock, owed=asyncio.Event(), wakes=service.wakes.values()
        )
        making = asyncio.create_task(fanout.drain())
        seconds["made"] = await _ask_all(stands)
        await making
        seconds["pending"] = await _ask_all(stands)
        async with service.store.reading() as unit:
            waiting = sum((await unit.outbox.counts()).values())
        memory = {"before": before, "after": peak_kib(), "pending": waiting}
        return {"seconds": seconds, "memory": memory, "work": work}


def _work(stands: Iterable[Stand]) -> _Work:
    """What each process has worked so far."""
    return {"service": time.process_time(), **{one.name: one.cpu_s for one in stands}}


@asynccontextmanager
async def _service(path: Path, stands: Iterable[Stand]) -> AsyncIterator[Service]:
    sections = {one.name: one.options for one in stands}
    nowhere = {"base_url": "http://127.0.0.1:9"}
    given = {"ll2": nowhere, "store": {"url": f"sqlite:///{path}"}, **sections}
    async with open_service(FixedSettings.model_validate(given)) as service:
        yield service


@asynccontextmanager
async def _working(service: Service) -> AsyncIterator[None]:
    """The loops that send, and people heard on both platforms."""
    stop = asyncio.Event()
    working = asyncio.create_task(running.run(service, stop, roles={"send", "commands"}))
    try:
        yield
    finally:
        stop.set()
        await working


async def _ask_all(stands: Sequence[Stand]) -> list[dict[str, list[float]]]:
    """Give commands at each rate, one rate after the other."""
    return [await _ask(stands, rates) for rates in _RATES]


async def _ask(
    stands: Iterable[Stand], rates: Mapping[str, int], *, seconds: int = _SECONDS
) -> dict[str, list[float]]:
    """Give the commands on both platforms at the same time."""
    asking = {
        one.name: one.ask(rate=rates[one.name], count=rates[one.name] * seconds) for one in stands
    }
    return dict(zip(asking, await asyncio.gather(*asking.values()), strict=True))


if __name__ == "__main__":
    for vendor in ("discord", "bot"):
        logging.getLogger(vendor).addHandler(logging.NullHandler())
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        print(json.dumps(asyncio.run(_run(Path(folder) / "store.db"))))
