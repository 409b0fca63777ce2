"""Reminders from the clock and a real store: when they are opened, and that they are told once."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from outboxes import claim, expand, finish, subscribe, to
from reminder_bench import CHANNEL, DATE, HOURS, LEADS, MINUTES, Bench

from bot.domain.changes import Kind
from bot.domain.deliveries import Priority
from bot.domain.events import DatePrecision, EventId
from bot.testing import DAY, HOUR, START, an_event


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
