"""Learn the names that subscriptions use from LL2, once a week, within the request budget."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.errors import BudgetSpent, LL2Throttled, LL2Unavailable
from bot.ports import UNWATCHED, Clock, EventSource, Pulse, Store

logger = logging.getLogger(__name__)

_LEARNT_AT = "librarian.learnt_at"
_RENEWED = timedelta(days=7)
_AGAIN = timedelta(hours=1)

_TURN = timedelta(minutes=15)
"""How long learning may take: two lists, whose requests may each wait for a poll's."""


class Librarian:
    """The one that keeps the catalogue of event types and agencies fresh."""

    def __init__(self, source: EventSource, store: Store, clock: Clock) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._failing = False

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Learn until `stop`."""
        while not stop.is_set():
            pulse.beat(_TURN)
            pause = await self.step()
            pulse.beat(pause + _TURN)
            await self._clock.wait(pause, stop)

    async def step(self) -> timedelta:
        """Learn the names if they are due; how long until the next look."""
        now = self._clock.now()
        async with self._store.reading() as unit:
            learnt_at = await unit.memory.get(_LEARNT_AT)
        age = now - datetime.fromisoformat(learnt_at) if learnt_at else _RENEWED
        # Learnt in the future: the clock was set back since, and nobody knows how old they are.
        if timedelta(0) <= age < _RENEWED:
            return _RENEWED - age
        return await self._learn(now)

    async def _learn(self, now: datetime) -> timedelta:
        try:
            catalogue = await self._source.catalogue()
        except LL2Unavailable as exc:
            return self._failed(exc)
        self._failing = False
        async with self._store.writing() as unit:
            await unit.names.learn(catalogue)
            await unit.memory.put(_LEARNT_AT, now.isoformat())
        logger.info(
            "Learnt %d event types, %d agencies", len(catalogue.types), len(catalogue.agencies)
        )
        return _RENEWED

    def _failed(self, error: LL2Unavailable) -> timedelta:
        # Names also come with the events themselves; nothing waits for these.
        if not self._failing:
            logger.info("The names of types and agencies were not renewed: %s", error)
        self._failing = True
        wait = error.wait if isinstance(error, LL2Throttled | BudgetSpent) else _AGAIN
        return max(wait, _AGAIN)
