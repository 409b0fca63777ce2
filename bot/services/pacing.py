"""`ports.Pace` over a limiter: waits for slots, so that no platform ever has to say "too many".

One of those who wait keeps the time for all; a burst wakes nobody in vain.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.domain.deliveries import DeliveryId
from bot.domain.messages import Limits
from bot.errors import HeldBack
from bot.ports import Clock
from bot.services.limiter import PATIENCE, Limiter, Ticket

_SOON = timedelta(seconds=1)
_SHORTEST_PAUSE = timedelta(milliseconds=1)

Departing = Callable[[DeliveryId], Awaitable[None]]


async def _nobody_asks(_delivery: DeliveryId) -> None:
    """Stand for the sender while there is none."""


class _Slot(AbstractAsyncContextManager[None]):
    """One request's slot; no generator, for each message of a broadcast has one."""

    def __init__(
        self, admit: Callable[[], Awaitable[Ticket]], leave: Callable[[Ticket, bool], None]
    ) -> None:
        self._admit = admit
        self._leave = leave

    async def __aenter__(self) -> None:
        self._ticket = await self._admit()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self._leave(self._ticket, kind is None)


@dataclass(slots=True, eq=False)
class _Waiter:
    ticket: Ticket
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class SlotPace:
    """The pace of one adapter, whose requests all go through it; it outlives its restarts."""

    def __init__(self, clock: Clock) -> None:
        self._limiter = Limiter()
        self._clock = clock
        self._waiters: dict[Ticket, _Waiter] = {}
        self._timekeeper: _Waiter | None = None
        self._alarm_at: datetime | None = None
        self._latest: datetime | None = None
        self._gone_back = timedelta(0)
        self._departing: Departing = _nobody_asks

    def declare(self, limits: Limits, departing: Departing = _nobody_asks) -> None:
        """Go by the limits of the adapter, which is known once it is open.

        Args:
            limits: the adapter's.
            departing: records that a delivery leaves.

        """
        self._departing = departing
        self._limiter.declare(limits)
        self._decide()

    def delay(self, address: str = "", *, behind: int = 0) -> timedelta:
        """How long a request would wait for its lane and the gate, with `behind` before it."""
        return self._limiter.delay(address, self._now(), behind=behind)

    def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot for one request; see `ports.Pace`.

        Raises:
            HeldBack: it would take longer than a send may.

        """
        admit = partial(self._admitted, address, is_urgent=urgent, is_alert=alert)
        return _Slot(admit, self._leave)

    def _leave(self, ticket: Ticket, was_answered: bool) -> None:  # noqa: FBT001, as `_Slot` calls it
        self._limiter.give_back(ticket, self._now(), answered=was_answered)
        self._decide()

    async def departs(self, delivery: DeliveryId) -> None:
        """Tell that a delivery leaves now; see `ports.Pace`."""
        await self._departing(delivery)

    def throttled(self, wait: timedelta, address: str = "") -> None:
        """Let no request out for so long, with an address only none to there."""
        self._limiter.throttled(self._now(), wait, address)
        self._decide()

    def refused(self) -> None:
        """Count a 401 or 403."""
        self._limiter.refused(self._now())

    async def _admitted(self, address: str, *, is_urgent: bool, is_alert: bool) -> Ticket:
        now = self._now()
        at_once = None if is_urgent else self._limiter.at_once(address, now)
        if at_once is not None:
            return at_once
        delay = self._limiter.delay(address, now, is_urgent=is_urgent)
        if delay > PATIENCE:
            raise _held_back(address, delay)
        ticket = self._limiter.ask(address, now, is_urgent=is_urgent, is_alert=is_alert)
        self._decide_at(now)
        if not ticket.is_decided:
            await self._waited(ticket)
        if ticket.is_late:
            late = self._limiter.delay(address, self._now(), is_urgent=is_urgent)
            raise _held_back(address, max(late, _SOON))
        return ticket

    async def _waited(self, ticket: Ticket) -> None:
        waiter = self._waiters[ticket] = _Waiter(ticket)
        has_slots = False
        try:
            await self._decision(waiter)
            has_slots = ticket.may_go
        finally:
            self._let_go(waiter, has_slots=has_slots)

    async def _decision(self, waiter: _Waiter) -> None:
        while not waiter.ticket.is_decided:
            waiter.wake.clear()
            if self._timekeeper is None:
                await self._keep_time(waiter)
            else:
                await waiter.wake.wait()

    async def _keep_time(self, waiter: _Waiter) -> None:
        now = self._now()
        self._timekeeper, self._alarm_at = waiter, self._limiter.next_moment(now)
        pause = None if self._alarm_at is None else max(self._alarm_at - now, _SHORTEST_PAUSE)
        try:
            await self._clock.wait(pause, waiter.wake)
        finally:
            self._timekeeper = None
        self._decide()

    def _let_go(self, waiter: _Waiter, *, has_slots: bool) -> None:
        """Forget who waits no more, cancelled or served, and let another keep the time."""
        del self._waiters[waiter.ticket]
        self._limiter.leave(waiter.ticket)
        if waiter.ticket.may_go and not has_slots:
            self._limiter.put_back(waiter.ticket)
            self._decide()
        if self._timekeeper is None:
            waiting = (one for one in self._waiters.values() if not one.ticket.is_decided)
            successor = next(waiting, None)
            if successor is not None:
                successor.wake.set()

    def _decide(self) -> None:
        if self._waiters:
            self._decide_at(self._now())

    def _decide_at(self, now: datetime) -> None:
        """Admit or send away whoever can be, and let the timekeeper look again if it must."""
        for ticket in (*self._limiter.grant(now), *self._limiter.late(now)):
            if ticket in self._waiters:  # whoever asks just now has not begun to wait
                self._waiters[ticket].wake.set()
        if self._timekeeper is not None:
            moment = self._limiter.next_moment(now)
            if moment is not None and (self._alarm_at is None or moment < self._alarm_at):
                self._timekeeper.wake.set()

    def _now(self) -> datetime:
        """The present, which never goes back: a corrected clock must not freeze held slots."""
        now = self._clock.now() + self._gone_back
        if self._latest is not None and now < self._latest:
            self._gone_back += self._latest - now
            now = self._latest
        self._latest = now
        return now


def _held_back(address: str, wait: timedelta) -> HeldBack:
    where = f"to {address} " if address else ""
    seconds = max(round(wait / timedelta(seconds=1)), 1)
    return HeldBack(f"the limits let a request {where}out in {seconds} s", wait=wait)
