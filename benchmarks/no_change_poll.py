"""A poll that finds no change: with two million subscriptions it must cost what it does with ten.

LL2 is a stand-in that answers at once with the same hundred events and some, so that what is left
is the poller's and the store's own work, commit included. Both stores are polled in turn.
"""

import time
from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import stock
from benchmarks.table import Row
from bot.domain.events import EventId, Observation
from bot.domain.watching import Catalogue, Headroom, Snapshot
from bot.ports import Store
from bot.services.poller import Poller
from bot.store.unit_of_work import open_store
from bot.testing import FakeClock, an_event

_POLLS = 200
_MORE_EVENTS = 100
_FEW = 10
_WORST_RATIO = 1.2


class _Unchanging:
    """An LL2 where nothing happens."""

    async def snapshot(self) -> Snapshot:
        """The same events as ever."""
        more = (an_event(id=EventId(number)) for number in range(1, _MORE_EVENTS + 1))
        return Snapshot(
            observations=tuple(Observation(event=one) for one in (*stock.EVENTS, *more))
        )

    async def probe(self, event_ids: Collection[EventId]) -> Snapshot:
        """Every event still stands."""
        asked = await self.snapshot()
        return Snapshot(
            observations=tuple(one for one in asked.observations if one.event.id in event_ids)
        )

    async def catalogue(self) -> Catalogue:
        """No names."""
        return Catalogue()

    async def seed(self) -> None:
        """There is no budget to read."""

    def headroom(self, now: datetime) -> Headroom:  # noqa: ARG002, the port's signature
        """As much as anybody may want."""
        return Headroom(cap=15, period=timedelta(hours=1))


async def measure() -> tuple[Row, ...]:
    """The median poll with many subscriptions against the median poll with few."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        many, few = Path(folder) / "many.db", Path(folder) / "few.db"
        await stock.build(many)
        await stock.build(few, destinations=_FEW)
        with_many, with_few = await _poll_in_turn(many, few)
    figure, yardstick = median(with_many), median(with_few)
    ratio = figure / yardstick
    return (
        Row(
            what="poll without a change, 2,000,000 destinations",
            figure=f"{figure * 1000:.1f} ms",
            yardstick=f"{yardstick * 1000:.1f} ms, the same with {_FEW}",
            compared=f"ratio {ratio:.2f}",
            target=f"<= {_WORST_RATIO}",
            holds=ratio <= _WORST_RATIO,
        ),
    )


async def _poll_in_turn(*paths: Path) -> list[list[float]]:
    """The seconds of each poll of each store; the first, which learns, is not counted."""
    async with AsyncExitStack() as stack:
        pollers = [
            _poller(await stack.enter_async_context(open_store(f"sqlite:///{path}")))
            for path in paths
        ]
        for poller in pollers:
            await _timed(poller)
        turns = [[await _timed(poller) for poller in pollers] for _ in range(_POLLS)]
    return [list(of_one) for of_one in zip(*turns, strict=True)]


def _poller(store: Store) -> Poller:
    return Poller(
        _Unchanging(),
        store,
        FakeClock(),
        interval=timedelta(minutes=5),
        announce_first_run=False,
        wakes=(),
    )


async def _timed(poller: Poller) -> float:
    begun = time.perf_counter()
    await poller.pause(await poller.step())
    return time.perf_counter() - begun
