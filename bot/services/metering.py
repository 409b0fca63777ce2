"""Count what goes through an adapter, by standing before it and before its pace. Changes nothing.

So neither they nor the dispatcher know that they are watched.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from types import TracebackType

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


class _Timed(AbstractAsyncContextManager[None]):
    """A slot for which is told how long it was waited."""

    def __init__(
        self,
        slot: AbstractAsyncContextManager[None],
        clock: Clock,
        tell: Callable[[timedelta], None],
    ) -> None:
        self._slot = slot
        self._clock = clock
        self._tell = tell

    async def __aenter__(self) -> None:
        began = self._clock.elapsed()
        await self._slot.__aenter__()
        self._tell(self._clock.elapsed() - began)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._slot.__aexit__(kind, error, trace)


class MeteredPace:
    """A pace of which the waits and the 429s are counted."""

    def __init__(self, pace: Pace, meter: Meter, clock: Clock, *, adapter: str) -> None:
        self._pace = pace
        self._meter = meter
        self._clock = clock
        self._adapter = adapter

    def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot for one request; see `ports.Pace`."""
        slot = self._pace.slot(address, urgent=urgent, alert=alert)
        return _Timed(slot, self._clock, partial(self._meter.waited, self._adapter))

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
