"""Count what goes through an adapter, by standing before it and before its pace. Changes nothing.

So neither they nor the dispatcher know that they are watched.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.domain.deliveries import Delivery, DeliveryId, Later, Outcome, Unknown
from bot.domain.messages import Limits, Message
from bot.errors import HeldBack
from bot.ports import Adapter, Clock, Meter, Pace


class MeteredAdapter:
    """An adapter of which each attempt to send is counted."""

    def __init__(self, adapter: Adapter, meter: Meter) -> None:
        self._adapter = adapter
        self._meter = meter

    @property
    def name(self) -> str:
        """The adapter's own."""
        return self._adapter.name

    @property
    def limits(self) -> Limits:
        """The adapter's own."""
        return self._adapter.limits

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send, and count what came of it, also when it was raised or cut off."""
        outcome: Outcome | None = None
        try:
            outcome = await self._adapter.send(delivery, message)
        except HeldBack as held:
            outcome = Later(reason=str(held), wait=held.wait)
            raise
        except asyncio.CancelledError:
            outcome = Unknown(reason="it was cut off")
            raise
        finally:
            # A plug-in may answer nonsense, which its supervisor takes for an error.
            told = outcome if isinstance(outcome, Outcome) else None
            self._meter.attempted(self.name, message.kind, told)
        return outcome


class MeteredPace:
    """A pace of which the waits and the 429s are counted."""

    def __init__(self, pace: Pace, meter: Meter, clock: Clock, *, adapter: str) -> None:
        self._pace = pace
        self._meter = meter
        self._clock = clock
        self._adapter = adapter

    @asynccontextmanager
    async def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AsyncIterator[None]:
        """Hold a slot for one request; see `ports.Pace`."""
        began = self._clock.elapsed()
        async with self._pace.slot(address, urgent=urgent, alert=alert):
            self._meter.waited(self._adapter, self._clock.elapsed() - began)
            yield

    async def departs(self, delivery: DeliveryId) -> None:
        """Tell that a delivery leaves now; see `ports.Pace`."""
        await self._pace.departs(delivery)

    def throttled(self, wait: timedelta, address: str = "") -> None:
        """Tell of a 429."""
        self._meter.throttled(self._adapter)
        self._pace.throttled(wait, address)

    def refused(self) -> None:
        """Tell of a 401 or 403."""
        self._pace.refused()
