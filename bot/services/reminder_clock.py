"""Remind of what is near: from the clock and the store, never from polling.

A sweep decides all that became due since the last one and remembers until when it decided, so a
restart tells nothing twice and nothing that was never due.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.changes import Kind
from bot.domain.dates import is_precise, starts
from bot.domain.deliveries import priority_of
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt
from bot.domain.leases import OWED
from bot.domain.reminders import GRACE, Due, due, next_due
from bot.domain.spans import spell_span
from bot.ports import UNWATCHED, Clock, Pulse, Store, UnitOfWork

logger = logging.getLogger(__name__)

_SWEPT_UNTIL = "reminders.swept_until"

_EARLIEST = timedelta(minutes=30)
"""How much before its due time a fan-out may start, however many it goes to."""

_TURN = timedelta(minutes=5)
"""How long one sweep may take."""

_FALLBACK = timedelta(minutes=10)
"""How often it looks unasked: another process may have added a subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlook:
    """What a sweep knows: the watched events, who asked to be reminded when, and how many."""

    events: tuple[Event, ...]
    leads: frozenset[timedelta]
    swept_until: datetime
    head_starts: Mapping[tuple[EventId, timedelta], timedelta]

    def early(self, event: Event, lead: timedelta) -> timedelta:
        """How long before its due time this reminder starts; the most, while that is far off."""
        return self.head_starts.get((event.id, lead), _EARLIEST)


class ReminderClock:
    """The one that opens the fan-outs of reminders."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        rates: Mapping[str, float],
        owed: asyncio.Event,
        moved: asyncio.Event,
    ) -> None:
        """Prepare to remind.

        Args:
            store: events and subscriptions.
            clock: what is due by it.
            rates: messages per second that each adapter can send.
            owed: set when a fan-out was opened.
            moved: set by others when an event may have moved.

        """
        self._store = store
        self._clock = clock
        self._rates = rates
        self._owed = owed
        self._moved = moved
        self._next: datetime | None = None

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Remind until `stop`."""
        while not stop.is_set():
            self._moved.clear()
            pulse.beat(_TURN)
            pause = await self.step()
            pulse.beat(pause + _TURN)
            await self._clock.wait(pause, self._moved, stop)

    async def step(self) -> timedelta:
        """Sweep once; how long until the next sweep has something to do."""
        now = self._clock.now()
        async with self._store.reading() as unit:
            outlook = await self._look(unit, now)
        found = due(
            outlook.events,
            outlook.leads,
            swept_until=outlook.swept_until,
            now=now,
            early=outlook.early,
        )
        await self._owe(found, now)
        then = next_due(outlook.events, outlook.leads, after=now, early=outlook.early)
        pause = _FALLBACK if then is None else min(then - now, _FALLBACK)
        self._next = now + pause
        return pause

    async def _look(self, unit: UnitOfWork, now: datetime) -> _Outlook:
        known = await unit.snapshots.recall()
        swept_until = self._swept_until(await unit.memory.get(_SWEPT_UNTIL), now)
        events = tuple(one.event for one in known.values() if is_precise(one.event.stated))
        leads = await unit.subscriptions.leads()
        head_starts = {
            (event.id, lead): await self._head_start(unit, event, lead)
            for event in events
            for lead in leads
            if (date := starts(event.stated)) and swept_until < date - lead <= now + _EARLIEST
        }
        return _Outlook(
            events=events,
            leads=leads,
            swept_until=swept_until,
            head_starts=head_starts,
        )

    def _swept_until(self, remembered: str | None, now: datetime) -> datetime:
        """Until when everything is decided.

        While this process is awake nothing that it could foresee is late; what then looks late
        became known after it was due, and its own news told the reader. An empty memory is a first
        run: what was due before is nobody's business.
        """
        if remembered is None:
            return now
        # Later than now: the clock was set back. What it had passed is owed once all the same.
        last = min(datetime.fromisoformat(remembered), now)
        overslept = self._next is None or now > self._next + GRACE
        return last if overslept else max(last, now - GRACE)

    async def _head_start(self, unit: UnitOfWork, event: Event, lead: timedelta) -> timedelta:
        """How long the slowest adapter needs from the first who wants it to the last."""
        audience = await unit.subscriptions.audience(event, Kind.REMINDER, lead)
        rates = {name: await self._rate(unit, name) for name in audience}
        seconds = [(count - 1) / rates[name] for name, count in audience.items()]
        # In whole seconds: the few of a small bot are told on the minute, not a blink before.
        return min(timedelta(seconds=int(max(seconds, default=0))), _EARLIEST)

    async def _rate(self, unit: UnitOfWork, adapter: str) -> float:
        """Messages per second; where another process sends, it has written that down."""
        known = self._rates.get(adapter) or await unit.memory.get(rate_key(adapter))
        return float(known or 1)

    async def _owe(self, found: tuple[Due, ...], now: datetime) -> None:
        async with self._store.writing() as unit:
            opened = [await unit.outbox.owe(_debt(one, now)) for one in found]
            await unit.memory.put(_SWEPT_UNTIL, now.isoformat())
            if any(opened):
                unit.tell(OWED)
        for one, fanout_id in zip(found, opened, strict=True):
            if fanout_id is not None:
                self._owed.set()
                lead = spell_span(one.reminder.lead)
                logger.info("Reminding of event %d, %s before", one.reminder.event_id, lead)


def rate_key(adapter: str) -> str:
    """The memory key of how many messages per second an adapter can send."""
    return f"rate.{adapter}"


def _debt(one: Due, now: datetime) -> Debt:
    return Debt(
        event_id=one.reminder.event_id,
        kinds=frozenset({Kind.REMINDER}),
        priority=priority_of((one.reminder,)),
        created_at=now,
        expires_at=one.reminder.date,
        reminder=one.reminder,
    )
