"""Expand what is owed into deliveries, a chunk a transaction, and wake those who send."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from bot.domain.leases import DUE
from bot.ports import UNWATCHED, Clock, Pulse, Store

_TURN = timedelta(minutes=5)
"""How long one chunk may take."""

_FALLBACK = timedelta(minutes=10)
"""How often it looks unasked: another process may have opened a fan-out."""


class Fanout:
    """The one that works off fan-outs, oldest first."""

    def __init__(
        self, store: Store, clock: Clock, *, owed: asyncio.Event, wakes: Iterable[asyncio.Event]
    ) -> None:
        """Prepare to expand.

        Args:
            store: where the fan-outs are.
            clock: what the idle look goes by.
            owed: set by whoever opened a fan-out.
            wakes: one of each sender, set when there are new deliveries.

        """
        self._store = store
        self._clock = clock
        self._owed = owed
        self._wakes = tuple(wakes)

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Expand until `stop`; what is left then is resumed at the next start."""
        while not stop.is_set():
            self._owed.clear()
            pulse.beat(_TURN)
            if not await self.step():
                pulse.beat(_FALLBACK + _TURN)
                await self._clock.wait(_FALLBACK, self._owed, stop)

    async def step(self) -> bool:
        """Expand one chunk; False: nothing is owed."""
        async with self._store.writing() as unit:
            expanded = await unit.outbox.expand()
            if expanded:
                unit.tell(DUE)
        for wake in self._wakes if expanded else ():
            wake.set()
        return expanded

    async def drain(self) -> None:
        """Expand all that is owed."""
        while await self.step():
            pass
