"""Reminders from the clock and a real store: of events that move, and over restarts."""

from datetime import timedelta

import pytest
from reminder_bench import DATE, HOURS, LEADS, MINUTES, Bench

from bot.domain.watching import Watch
from bot.testing import DAY, START, an_event


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
