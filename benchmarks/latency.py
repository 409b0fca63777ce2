"""How long a change on LL2 takes to reach ten thousand places, from the poll that finds it.

The service works as a whole, with LL2's simulator on loopback, the real client and a stand-in that
answers at once in a process of its own; the platform's own limits are lifted. When a poll finds a
change is another matter: `rhythm` says. What the platform's own limit makes of it is arithmetic:
the last message leaves after as many seconds as there are places by its rate.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import places
from benchmarks.beside import standing
from benchmarks.senders import Lifted, options_of, service, until_heard
from benchmarks.table import Row
from bot import running
from bot.ports import Adapter, AdapterFactory, Surroundings
from bot.service import Service
from bot.simulator import Simulator, bundled_scenario, serve

_PLACES = 10_000
_MOST_FIRST_S = 1.0
_STEP = timedelta(minutes=5)
_RATES = {"discord": 45, "telegram": 27}


async def measure() -> tuple[Row, ...]:
    """Both platforms, one after the other."""
    rows = [await _platform(name) for name in _RATES]
    return tuple(one for pair in rows for one in pair)


async def _platform(name: str) -> tuple[Row, Row]:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="perigee-bench-"))
        stand = await stack.enter_async_context(standing(name, _PLACES, None))
        ll2 = _Played()
        address = await stack.enter_async_context(serve(ll2.simulator))
        path = Path(folder) / "store.db"
        sections = {
            "ll2": {"base_url": address, "hourly_budget": 10_000},
            name: options_of(name, stand.options),
        }
        ours = await stack.enter_async_context(service(path, **sections))
        await ours.poller.step()
        wanting = [(name, one) for one in stand.places]
        await places.settle(ours.store, path, wanting)
        found = await _run(ours, name, ll2)
        seen = await stand.end()
    return _rows(name, seen["first"] - found, seen["last"] - found, seen["messages"])


class _Played:
    """The bundled week on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.simulator = Simulator(
            bundled_scenario(), lambda: self.now, anchor=self.now, throttle=False
        )


async def _run(ours: Service, name: str, ll2: _Played) -> float:
    """Let time pass on LL2 until a poll finds something; the wall clock when that poll began."""
    opened, done, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    lifted = {name: _lifting(ours.factories[name], opened, done)}
    work = running.run(replace(ours, factories=lifted), stop, roles={"fanout", "send", "commands"})
    at_work = asyncio.create_task(work, name="the service")
    try:
        await opened.wait()
        while True:
            ll2.now += _STEP
            begun = time.time()
            if (await ours.poller.step()).changes:
                break
        await done.wait()
        return begun
    finally:
        stop.set()
        await at_work


def _lifting(factory: AdapterFactory, opened: asyncio.Event, done: asyncio.Event) -> AdapterFactory:
    @asynccontextmanager
    async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
        async with factory(surroundings) as adapter:
            await until_heard(adapter)
            lifted = Lifted(adapter, _PLACES)
            lifted.stop = done
            opened.set()
            yield lifted

    return create


def _rows(name: str, first: float, last: float, messages: int) -> tuple[Row, Row]:
    rate = _RATES[name]
    return (
        Row(
            what=f"{name}: from the poll that finds a change to the first of {messages:,} messages",
            figure=f"{first * 1000:.0f} ms",
            target=f"<= {_MOST_FIRST_S:.0f} s",
            holds=first <= _MOST_FIRST_S,
        ),
        Row(
            what="  to the last",
            figure=f"{last:.1f} s",
            yardstick=f"{_PLACES / rate:.0f} s at the platform's {rate}/s, by arithmetic",
            compared=f"{_PLACES / rate / last:.0f} times faster than the platform allows",
        ),
    )
