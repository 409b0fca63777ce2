"""Purge what nobody needs any more, a few rows a transaction, so that the store keeps its size.

What may go is the store's knowledge (`ports.Purge`); here is when, how much at once, and its diary.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.retention import Key, Remains, Retention
from bot.ports import UNMETERED, UNWATCHED, Clock, Meter, Pulse, Store

logger = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows that one transaction removes at most; `make bench-full` shows how long that takes."""

_FIRST = timedelta(minutes=5)
"""After so long the first sweep: a start is busy with what was missed."""

_EVERY = timedelta(hours=1)

_REST = timedelta(milliseconds=50)
"""Between two transactions, so that whoever waits to write goes first."""

_TURN = timedelta(minutes=5)
"""How long one batch may take; to find it takes the most."""


class Housekeeper:
    """The one that purges."""

    def __init__(
        self, store: Store, clock: Clock, retention: Retention, *, meter: Meter = UNMETERED
    ) -> None:
        """Prepare to purge.

        Args:
            store: what is purged.
            clock: what ages and rests go by.
            retention: how long what has ended is kept.
            meter: counts what is purged.

        """
        self._store = store
        self._clock = clock
        self._retention = retention
        self._meter = meter
        self._pulse = UNWATCHED

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Sweep now and then until `stop`."""
        self._pulse = pulse
        pause = _FIRST
        while not stop.is_set():
            pulse.beat(pause + _TURN)
            await self._clock.wait(pause, stop)
            if not stop.is_set():
                await self.step()
            pause = _EVERY

    async def step(self) -> Mapping[Remains, int]:
        """Sweep once: purge all that is old enough by now; how many of each sort."""
        purged = {sort: await self._sweep(sort) for sort in Remains}
        gone = {sort: count for sort, count in purged.items() if count}
        if gone:
            told = ", ".join(f"{count} {sort}" for sort, count in gone.items())
            logger.info("Purged what nobody needs any more: %s", told)
        return gone

    async def _sweep(self, sort: Remains) -> int:
        before = self._clock.now() - self._retention.of(sort)
        total, last = 0, None
        while found := await self._find(sort, before, last):
            total += await self._remove(sort, before, found)
            last = found[-1]
            self._pulse.beat(_TURN)
            if len(found) < AT_ONCE:
                break
            await self._clock.wait(_REST)
        return total

    async def _find(self, sort: Remains, before: datetime, after: Key | None) -> tuple[Key, ...]:
        async with self._store.reading() as unit:
            return await unit.purge.find(sort, before=before, after=after, limit=AT_ONCE)

    async def _remove(self, sort: Remains, before: datetime, found: tuple[Key, ...]) -> int:
        async with self._store.writing() as unit:
            removed = await unit.purge.remove(sort, found, before=before)
        self._meter.purged(sort, removed)
        return removed
