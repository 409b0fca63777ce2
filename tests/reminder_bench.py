"""A reminder clock over a real store, and what it has opened."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from outboxes import claim, expand, finish, to

from bot.domain.changes import News, Reminder
from bot.domain.deliveries import Delivery
from bot.domain.events import Event
from bot.domain.folding import fold
from bot.domain.watching import Tracked, Watch
from bot.services.reminder_clock import ReminderClock
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock

HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)
DATE = START + 30 * HOURS
LEADS = [24 * HOURS, HOURS, 10 * MINUTES]
CHANNEL = to()


@dataclass(slots=True, kw_only=True)
class Bench:
    """A clock, a store in memory, and what reached the channel.

    Attributes:
        told: each reminder with when after `START` it was told, in order.

    """

    store: SqlStore
    clock: FakeClock = field(default_factory=FakeClock)
    owed: asyncio.Event = field(default_factory=asyncio.Event)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    rates: dict[str, float] = field(default_factory=dict)
    told: list[tuple[timedelta, Reminder]] = field(default_factory=list)

    def reminders(self) -> ReminderClock:
        """A reminder clock as after a start."""
        return ReminderClock(
            self.store, self.clock, rates=self.rates, owed=self.owed, moved=self.moved
        )

    async def keep(self, event: Event, watch: Watch = Watch.WATCHED) -> None:
        """Let the poller have stored this."""
        async with self.store.writing() as unit:
            await unit.snapshots.keep([Tracked(event=event, watch=watch, first_seen_at=START)])

    async def sweep(self, reminders: ReminderClock, *, until: timedelta) -> None:
        """Sweep as the loop does, never late, until so long after `START`; deliver at once."""
        end = START + until
        while True:
            pause = await reminders.step()
            if self.owed.is_set():
                await self.deliver()
            if self.clock.now() + pause > end:
                self.clock.advance(end - self.clock.now())
                return
            self.clock.advance(pause)

    async def deliver(self) -> None:
        """Send what is due and still true."""
        self.owed.clear()
        await expand(self.store)
        claimed = await claim(self.store, now=self.clock.now())
        for one in claimed:
            event, news = await self._news(one)
            left = fold(news, event)
            at = self.clock.now() - START
            self.told += [(at, item) for item in left if isinstance(item, Reminder)]
        await finish(self.store, claimed)

    async def _news(self, delivery: Delivery) -> tuple[Event, tuple[News, ...]]:
        async with self.store.reading() as unit:
            return await unit.outbox.news(delivery.parts)

    def leads(self) -> list[tuple[timedelta, timedelta]]:
        """When each reminder was told, and its lead time."""
        return [(at, one.lead) for at, one in self.told]
