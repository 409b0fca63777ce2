"""Keep one adapter alive: restart it with backoff, and never hurt the others.

One of the two guarded borders of the house: whatever an adapter raises ends here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from random import Random

from bot.domain.deliveries import backoff
from bot.errors import StoreError
from bot.ports import Adapter, Clock

logger = logging.getLogger(__name__)

Open = Callable[[], AbstractAsyncContextManager[Adapter]]
Work = Callable[[Adapter], Awaitable[None]]


class Supervisor:
    """The one that opens an adapter, lets it work, and opens it again when it fails."""

    def __init__(self, name: str, clock: Clock, random: Random) -> None:
        self._name = name
        self._clock = clock
        self._random = random
        self._failures = 0

    async def run(self, opening: Open, work: Work, stop: asyncio.Event) -> None:
        """Work until `stop`; a failing store is not the adapter's fault and ends the program."""
        while not stop.is_set():
            try:
                await self._work(opening, work)
            except* StoreError:
                raise
            except* Exception as group:  # noqa: BLE001, the guarded border
                await self._rest(group, stop)

    async def _work(self, opening: Open, work: Work) -> None:
        async with opening() as adapter:
            if self._failures:
                logger.info("Adapter %s is back", self._name)
                self._failures = 0
            await work(adapter)

    async def _rest(self, group: BaseExceptionGroup[Exception], stop: asyncio.Event) -> None:
        self._failures += 1
        pause = backoff(self._failures, self._random)
        logger.error(
            "Adapter %s failed; next try in %d s", self._name, pause.seconds, exc_info=group
        )
        await self._clock.wait(pause, stop)
