"""Mark deliveries as being sent, as late as can be. Sends nothing and waits for no limit.

What a kill finds marked has perhaps left and perhaps not. Where a repeat would be read, that is
never repeated; so the mark is made when the slot is held and the request is about to leave, and not
while it waits for its slot. Those that leave together are marked in one commit.
"""

import asyncio
from collections.abc import Iterable, Sequence

from bot.domain.deliveries import Delivery, DeliveryId, MessageId
from bot.domain.messages import Limits
from bot.ports import Clock, Outbox, Store

_Start = tuple[Delivery, MessageId]


class Departures:
    """What was handed to the adapter of one platform and has not left yet."""

    def __init__(self, store: Store, limits: Limits, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._is_told = limits.tells_departure
        self._expected: dict[DeliveryId, _Start] = {}
        self._leaving: dict[DeliveryId, _Start] = {}
        self._turn = asyncio.Lock()

    async def expect(self, outbox: Outbox, started: Sequence[_Start]) -> None:
        """Expect these to leave; where nobody tells of it, they count as left from now on."""
        if self._is_told:
            self._expected.update({one.id: (one, message) for one, message in started})
        else:
            await outbox.start(started, now=self._clock.now())

    async def depart(self, key: DeliveryId) -> None:
        """Mark one that leaves; what is not expected (any more) needs no mark.

        Raises:
            StoreError: it could not be marked, so it must not leave.

        """
        if key in self._expected:
            self._leaving[key] = self._expected.pop(key)
        try:
            async with self._turn:
                if key in self._leaving:
                    await self._mark()
        finally:
            self._leaving.pop(key, None)

    async def _mark(self) -> None:
        async with self._store.writing(brief=True) as unit:
            # Only now: whoever gave up while it waited must not be marked after its end.
            leaving = dict(self._leaving)
            await unit.outbox.start(leaving.values(), now=self._clock.now())
        for key in leaving:
            self._leaving.pop(key, None)

    def forget(self, keys: Iterable[DeliveryId]) -> None:
        """Expect these no more: their sends have ended."""
        for key in keys:
            self._expected.pop(key, None)
