"""Reminders from the clock and a real store: when they are opened, and that they are told once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from outboxes import claim, expand, finish, subscribe, to
from stores import made_store

from bot.domain.changes import Kind, News, Reminder
from bot.domain.deliveries import Delivery, Priority
from bot.domain.events import DatePrecision, Event, EventId
from bot.domain.folding import fold
from bot.domain.watching import Tracked, Watch
from bot.services.reminder_clock import ReminderClock
from bot.store.unit_of_work import SqlStore
from bot.testing import DAY, HOUR, START, FakeClock, an_event

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


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """One event in thirty hours, one channel that wants everything of it."""
    async with made_store("sqlite://") as store:
        opened = Bench(store=store)
        await opened.keep(an_event(date=DATE))
        await subscribe(store, CHANNEL)
        yield opened


async def test_reminders_come_by_the_default_lead_times(bench: Bench) -> None:
    """24 hours, an hour and ten minutes before; each to the second, and not called late."""
    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.leads() == [(30 * HOURS - lead, lead) for lead in LEADS]
    assert not any(one.late for _, one in bench.told)


async def test_lead_times_are_each_subscriptions_own(bench: Bench) -> None:
    """Who asks for three hours gets three hours, and who asks for none gets none."""
    async with bench.store.writing() as unit:
        await unit.subscriptions.remove(CHANNEL, None)
    await subscribe(bench.store, to("early"), leads=frozenset({3 * HOURS}))
    await subscribe(bench.store, to("never"), leads=frozenset())
    await subscribe(bench.store, to("unasked"), kinds=frozenset({Kind.NEW}))

    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.leads() == [(27 * HOURS, 3 * HOURS)]


@pytest.mark.parametrize("precision", [DAY, None])
async def test_vague_date_is_not_reminded_of(bench: Bench, precision: DatePrecision | None) -> None:
    """No countdown to a day."""
    await bench.keep(an_event(date=DATE, date_precision=precision))

    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.told == []


async def test_hour_precision_counts_from_the_hour(bench: Bench) -> None:
    """As readers see it: "around 18:00"."""
    await bench.keep(an_event(date=DATE + 25 * MINUTES, date_precision=HOUR))

    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.leads() == [(30 * HOURS - lead, lead) for lead in LEADS]


async def test_moved_event_is_reminded_of_anew(bench: Bench) -> None:
    """All lead times of the new date that are still to come."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=8 * HOURS)

    await bench.keep(an_event(date=DATE + 24 * HOURS))
    await bench.sweep(reminders, until=60 * HOURS)

    first, *again = bench.leads()
    assert first == (6 * HOURS, 24 * HOURS)
    assert again == [(54 * HOURS - lead, lead) for lead in LEADS]


async def test_move_of_seconds_repeats_nothing(bench: Bench) -> None:
    """The minute stayed."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=6 * HOURS)

    await bench.keep(an_event(date=DATE + timedelta(seconds=20)))
    await bench.sweep(reminders, until=31 * HOURS)

    assert [lead for _, lead in bench.leads()] == LEADS


async def test_move_into_the_time_of_a_lead_is_its_own_reminder(bench: Bench) -> None:
    """Moved to in half an hour: the news says so; only the ten minutes are left to remind of."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=3 * HOURS)

    await bench.keep(an_event(date=bench.clock.now() + 30 * MINUTES))
    await bench.sweep(reminders, until=31 * HOURS)

    assert bench.leads() == [(3 * HOURS + 20 * MINUTES, 10 * MINUTES)]
    assert not bench.told[0][1].late


@pytest.mark.parametrize("woken_after", [8 * MINUTES, 9.5 * MINUTES])
async def test_lead_that_passed_between_two_sweeps_through_a_move_is_no_reminder(
    bench: Bench, woken_after: timedelta
) -> None:
    """It was due before anybody knew; the clock did not oversleep, so nothing is late."""
    reminders = bench.reminders()
    pause = await reminders.step()
    bench.clock.advance(woken_after)
    assert pause > woken_after

    await bench.keep(an_event(date=START + 65 * MINUTES))
    await bench.sweep(reminders, until=31 * HOURS)

    assert bench.leads() == [(55 * MINUTES, 10 * MINUTES)]


@pytest.mark.parametrize("watch", [Watch.WITHDRAWN, Watch.FINISHED])
async def test_event_that_is_no_longer_watched_is_not_reminded_of(
    bench: Bench, watch: Watch
) -> None:
    """It is cancelled, or it moved into the past."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=8 * HOURS)

    await bench.keep(an_event(date=DATE), watch)
    await bench.sweep(reminders, until=31 * HOURS)

    assert bench.leads() == [(6 * HOURS, 24 * HOURS)]


async def test_event_that_turns_vague_and_precise_again_is_told_once_a_lead(bench: Bench) -> None:
    """Never twice for one date and lead time."""
    reminders = bench.reminders()
    for until, precision in ((7, None), (20, DAY), (31, None)):
        changes = {} if precision is None else {"date_precision": precision}
        await bench.keep(an_event(date=DATE, **changes))
        await bench.sweep(reminders, until=until * HOURS)

    assert [lead for _, lead in bench.leads()] == LEADS


async def test_first_run_reminds_of_nothing_that_was_due_before(bench: Bench) -> None:
    """Two leads passed before Perigee was there: they are nobody's business."""
    await bench.keep(an_event(date=START + 40 * MINUTES))

    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.leads() == [(30 * MINUTES, 10 * MINUTES)]


async def test_restart_tells_nothing_twice(bench: Bench) -> None:
    """Until when everything was decided is in the store."""
    for hours in (5, 6, 7, 29, 30, 31):
        await bench.sweep(bench.reminders(), until=hours * HOURS)

    assert [lead for _, lead in bench.leads()] == LEADS


async def test_reminder_that_was_slept_through_is_told_late(bench: Bench) -> None:
    """Of two that were missed the nearest, and it says so; what is still to come is on time."""
    await bench.sweep(bench.reminders(), until=5 * HOURS)

    bench.clock.advance(24 * HOURS + 40 * MINUTES)
    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert [(at, one.lead, one.late) for at, one in bench.told] == [
        (30 * HOURS - 20 * MINUTES, HOURS, True),
        (30 * HOURS - 10 * MINUTES, 10 * MINUTES, False),
    ]


async def test_computer_that_slept_is_a_restart_in_this(bench: Bench) -> None:
    """The same clock object finds that time leapt."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=5 * HOURS)

    bench.clock.advance(24 * HOURS + 40 * MINUTES)
    await bench.sweep(reminders, until=31 * HOURS)

    assert [one.late for _, one in bench.told] == [True, False]


async def test_reminder_for_what_has_begun_is_not_told(bench: Bench) -> None:
    """It would help nobody."""
    await bench.sweep(bench.reminders(), until=5 * HOURS)

    bench.clock.advance(25 * HOURS)
    await bench.sweep(bench.reminders(), until=31 * HOURS)

    assert bench.told == []


async def test_fan_out_starts_early_enough_for_the_platforms_pace(bench: Bench) -> None:
    """Six hundred channels at one a second take ten minutes: they begin ten minutes before."""
    await subscribe(bench.store, *(to(f"{n}") for n in range(600)))
    bench.rates["console"] = 1.0
    opened = list[timedelta]()
    reminders = bench.reminders()

    while bench.clock.now() < DATE:
        pause = await reminders.step()
        if bench.owed.is_set():
            bench.owed.clear()
            opened.append(bench.clock.now() - START)
        bench.clock.advance(pause)

    assert opened == [30 * HOURS - lead - 10 * MINUTES for lead in LEADS]


async def test_pace_that_is_not_known_yet_is_taken_for_a_message_a_second(bench: Bench) -> None:
    """Rather a little early than late, until the process that sends has said how fast it is."""
    await subscribe(bench.store, *(to(f"{n}") for n in range(60)))
    bench.clock.advance(6 * HOURS - 5 * MINUTES)

    assert await bench.reminders().step() == 4 * MINUTES


async def test_lead_that_was_asked_for_of_other_events_reminds_nobody(bench: Bench) -> None:
    """Whoever wants it does not want this event; the clock goes on."""
    lead = 29.75 * HOURS
    await subscribe(bench.store, to("other"), types=frozenset({99}), leads=frozenset({lead}))

    await bench.sweep(bench.reminders(), until=HOURS)

    assert bench.told == []


async def test_few_recipients_are_told_on_the_minute(bench: Bench) -> None:
    """Less than a second's work begins when it is due."""
    bench.rates["console"] = 25.0
    await subscribe(bench.store, *(to(f"{n}") for n in range(20)))

    await bench.sweep(bench.reminders(), until=7 * HOURS)

    assert {at for at, _ in bench.told} == {6 * HOURS}


async def test_early_reminder_for_a_date_that_moved_is_void(bench: Bench) -> None:
    """Its fan-out had begun; who was not reached is not told of the old date."""
    await subscribe(bench.store, *(to(f"{n}") for n in range(600)))
    bench.rates["console"] = 1.0
    reminders = bench.reminders()
    while not bench.owed.is_set():
        bench.clock.advance(await reminders.step())
    await expand(bench.store)

    await bench.keep(an_event(date=DATE + 4 * HOURS))
    await bench.deliver()
    assert bench.told == []
    await bench.sweep(reminders, until=10 * HOURS)

    assert {one.date for _, one in bench.told} == {DATE + 4 * HOURS}


async def test_debt_ends_at_the_date_and_the_nearest_are_urgent(bench: Bench) -> None:
    """A day's reminder is news like other news, an hour's goes first; later it helps nobody."""
    reminders = bench.reminders()
    found = list[tuple[Priority, bool]]()
    while bench.clock.now() < DATE:
        pause = await reminders.step()
        await expand(bench.store)
        claimed = await claim(bench.store, now=bench.clock.now())
        found += [(one.priority, one.parts[0].expires_at == DATE) for one in claimed]
        await finish(bench.store, claimed)
        bench.clock.advance(pause)

    assert found == [(Priority.NEWS, True), (Priority.URGENT, True), (Priority.URGENT, True)]


async def test_subscription_that_another_process_adds_is_seen(bench: Bench) -> None:
    """Nobody sets a signal: it looks by itself every ten minutes."""
    reminders = bench.reminders()
    await bench.sweep(reminders, until=2 * HOURS)

    await subscribe(bench.store, to("new"), leads=frozenset({27 * HOURS}))
    await bench.sweep(reminders, until=5 * HOURS)

    assert bench.leads() == [(3 * HOURS, 27 * HOURS)]


async def test_nobody_asked_and_nothing_watched_is_a_quiet_clock(bench: Bench) -> None:
    """It sleeps, and looks now and then."""
    async with bench.store.writing() as unit:
        await unit.subscriptions.remove(CHANNEL, None)

    assert await bench.reminders().step() == 10 * MINUTES


async def test_loop_wakes_when_an_event_moved(bench: Bench) -> None:
    """A date that is now near does not wait for the next look."""
    stop = asyncio.Event()
    running = asyncio.create_task(bench.reminders().run(stop), name="reminders")
    await bench.clock.until_waiting()
    bench.clock.advance(5 * MINUTES)
    await bench.keep(an_event(date=bench.clock.now() + HOURS))

    bench.moved.set()
    async with asyncio.timeout(10):
        await bench.owed.wait()
    stop.set()
    await running

    await bench.deliver()
    assert bench.leads() == [(5 * MINUTES, HOURS)]


async def test_loop_reminds_by_itself_when_a_lead_has_come(bench: Bench) -> None:
    """Time alone wakes it; nothing need move."""
    stop = asyncio.Event()
    await bench.keep(an_event(date=START + HOURS + 5 * MINUTES))
    running = asyncio.create_task(bench.reminders().run(stop), name="reminders")
    await bench.clock.until_waiting()
    early = bench.owed.is_set()

    bench.clock.advance(5 * MINUTES)
    async with asyncio.timeout(10):
        await bench.owed.wait()
    stop.set()
    await running

    await bench.deliver()
    assert not early
    assert bench.leads() == [(5 * MINUTES, HOURS)]


async def test_reminders_of_two_events_do_not_mix(bench: Bench) -> None:
    """Each has its own dates and its own reminders."""
    await bench.keep(replace(an_event(date=DATE + HOURS), id=EventId(2)))

    await bench.sweep(bench.reminders(), until=31 * HOURS)

    dates = {one.event_id: one.date for _, one in bench.told}
    assert dates == {1: DATE, 2: DATE + HOURS}
    assert len(bench.told) == 6


async def test_diary_names_the_event_and_the_lead(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """In the words in which lead times are typed."""
    caplog.set_level(logging.INFO)

    await bench.sweep(bench.reminders(), until=6 * HOURS)

    assert caplog.messages == ["Reminding of event 1, 1d before"]
