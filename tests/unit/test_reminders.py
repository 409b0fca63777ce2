"""Which reminders are due at a sweep, what a late one is worth, and when to look again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from strategies import EVERY_PRECISION
from sweeps import DATE, ahead, an_event_at, punctual, sweep

from bot.domain.changes import Reminder
from bot.domain.events import DatePrecision, Event, EventId
from bot.domain.reminders import GRACE, Due, next_due
from bot.domain.subscriptions import DEFAULT_LEADS
from bot.testing import DAY, HOUR, MINUTE, SECOND, START

DAY_BEFORE, HOUR_BEFORE, TEN_MINUTES_BEFORE = (DATE - lead for lead in DEFAULT_LEADS)
MINUTES = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


def told(found: Iterable[Due]) -> list[tuple[int, timedelta, bool]]:
    """Event id, lead and lateness of each."""
    return [(one.reminder.event_id, one.reminder.lead, one.reminder.late) for one in found]


def test_lead_is_due_that_long_before_the_date() -> None:
    """At its moment, not before; the reminder names its date, so that a move makes it void."""
    hour = timedelta(hours=1)

    assert sweep(at=HOUR_BEFORE - MOMENT, since=DAY_BEFORE) == ()
    assert sweep(at=HOUR_BEFORE, since=DAY_BEFORE) == (
        Due(
            reminder=Reminder(event_id=EventId(1), date=DATE, lead=hour),
            due_at=HOUR_BEFORE,
        ),
    )


def test_what_an_earlier_sweep_decided_is_not_found_again() -> None:
    """`swept_until` is the moment up to which everything is decided, itself included."""
    assert sweep(at=HOUR_BEFORE + MINUTES, since=HOUR_BEFORE) == ()


@pytest.mark.parametrize("precision", EVERY_PRECISION, ids=str)
def test_only_a_precise_date_is_reminded_of(precision: DatePrecision | None) -> None:
    """No countdown to a month, and none to a precision that we do not know."""
    event = an_event_at(date_precision=precision)

    found = sweep(event, at=HOUR_BEFORE, since=DAY_BEFORE)

    assert bool(found) == (precision in {SECOND, MINUTE, HOUR})


@pytest.mark.parametrize(
    ("precision", "counted_from"),
    [(SECOND, DATE), (MINUTE, DATE), (HOUR, DATE.replace(minute=0))],
    ids=str,
)
def test_leads_count_from_the_stated_minute_or_hour(
    precision: DatePrecision, counted_from: datetime
) -> None:
    """The clock time that readers see is what a reminder counts down to."""
    event = an_event_at(DATE + timedelta(seconds=43), date_precision=precision)
    due_at = counted_from - timedelta(hours=1)

    (found,) = sweep(event, at=due_at, since=due_at - MINUTES)

    assert (found.reminder.date, found.due_at) == (counted_from, due_at)


def test_move_of_seconds_reminds_nobody_twice() -> None:
    """The reminder names the minute, so its key in the store stays the same."""
    refined = an_event_at(DATE + timedelta(seconds=48), date_precision=SECOND)

    (before,) = sweep(an_event_at(), at=HOUR_BEFORE, since=DAY_BEFORE)
    (after,) = sweep(refined, at=HOUR_BEFORE, since=DAY_BEFORE)

    assert after.reminder == before.reminder


def test_event_without_a_date_is_not_reminded_of() -> None:
    """There is nothing to count to."""
    event = an_event_at(None)

    assert sweep(event, at=DATE) == ()
    assert next_due([event], DEFAULT_LEADS, after=START, early=punctual) is None


def test_lead_of_zero_or_less_says_nothing() -> None:
    """A reminder comes before its event."""
    leads = (timedelta(0), timedelta(hours=-1))

    assert sweep(at=DATE, since=DATE - MINUTES, leads=leads) == ()
    assert next_due([an_event_at()], leads, after=START, early=punctual) is None


def test_lead_longer_than_the_calendar_is_harmless() -> None:
    """One absurd subscription must not stop everybody's reminders."""
    leads = (timedelta.max, timedelta(hours=1))

    assert told(sweep(at=HOUR_BEFORE, leads=leads)) == [(1, timedelta(hours=1), False)]
    assert next_due([an_event_at()], leads, after=START, early=punctual) == HOUR_BEFORE


def test_event_that_became_known_after_its_lead_passed_gives_no_reminder_in_the_past() -> None:
    """The announcement told the reader; the leads still to come are kept."""
    late_news = an_event_at(START + timedelta(minutes=30))

    assert sweep(late_news, at=START + MINUTES) == ()
    assert next_due([late_news], DEFAULT_LEADS, after=START, early=punctual) == (
        START + timedelta(minutes=20)
    )


def test_moved_event_is_reminded_of_anew() -> None:
    """A new date has reminders of its own, those whose time is still to come."""
    moved = an_event_at(DATE + timedelta(days=2))

    found = sweep(moved, at=DAY_BEFORE + timedelta(days=2), since=HOUR_BEFORE)

    assert told(found) == [(1, timedelta(hours=24), False)]
    assert found[0].reminder.date == DATE + timedelta(days=2)


def test_within_the_grace_a_reminder_is_on_time() -> None:
    """A minute is what a busy loop may take."""
    on_time = sweep(at=HOUR_BEFORE + GRACE, since=DAY_BEFORE)
    late = sweep(at=HOUR_BEFORE + GRACE + MOMENT, since=DAY_BEFORE)

    assert told(on_time) == [(1, timedelta(hours=1), False)]
    assert told(late) == [(1, timedelta(hours=1), True)]


def test_late_reminder_is_told_until_the_event_starts() -> None:
    """It still helps a moment before, and not any more at its date."""
    assert told(sweep(at=DATE - MOMENT)) == [(1, timedelta(minutes=10), True)]
    assert sweep(at=DATE) == ()
    assert sweep(at=DATE + timedelta(days=1)) == ()


def test_reminder_on_time_but_after_the_start_is_not_told() -> None:
    """A lead shorter than the grace may still come too late."""
    short = (timedelta(seconds=30),)

    assert sweep(at=DATE + timedelta(seconds=10), since=DATE - MINUTES, leads=short) == ()


def test_of_several_missed_leads_only_the_shortest_is_told() -> None:
    """Who slept through two reminders needs the one that is nearest."""
    found = sweep(at=HOUR_BEFORE + 30 * MINUTES)

    assert told(found) == [(1, timedelta(hours=1), True)]


def test_reminder_on_time_makes_a_missed_longer_one_pointless() -> None:
    """Also when it is on time because it starts early."""
    in_its_minute = sweep(at=TEN_MINUTES_BEFORE + GRACE)
    started_early = sweep(at=TEN_MINUTES_BEFORE - 2 * MINUTES, early=ahead(5 * MINUTES))

    assert told(in_its_minute) == [(1, timedelta(minutes=10), False)]
    assert told(started_early) == [(1, timedelta(minutes=10), False)]


def test_two_reminders_on_time_in_one_sweep_are_both_told() -> None:
    """Different people asked for them."""
    leads = (timedelta(minutes=10), timedelta(minutes=10, seconds=20))

    found = sweep(at=TEN_MINUTES_BEFORE, since=HOUR_BEFORE, leads=leads)

    assert told(found) == [(1, leads[1], False), (1, leads[0], False)]


def test_one_event_being_late_does_not_silence_another() -> None:
    """Missed leads are weighed event by event."""
    other = an_event_at(DATE + 20 * MINUTES, number=2)

    found = sweep(an_event_at(), other, at=HOUR_BEFORE + 10 * MINUTES, since=DAY_BEFORE + GRACE)

    assert told(found) == [(2, timedelta(hours=24), True), (1, timedelta(hours=1), True)]


def test_reminders_come_in_the_order_of_their_due_times() -> None:
    """Whatever the order of events and leads; equal times by event."""
    first, second, third = an_event_at(), an_event_at(number=2), an_event_at(DATE - MINUTES, 3)

    found = sweep(second, first, third, at=HOUR_BEFORE, since=HOUR_BEFORE - 2 * MINUTES)

    assert [one.reminder.event_id for one in found] == [3, 1, 2]


def test_lead_named_twice_is_told_once() -> None:
    """Lead times are a set."""
    hour = timedelta(hours=1)

    assert len(sweep(at=HOUR_BEFORE, since=DAY_BEFORE, leads=(hour, hour))) == 1


def test_big_audience_makes_a_reminder_start_early() -> None:
    """The last recipient shall be reached at the due time, not the first."""
    start = HOUR_BEFORE - 5 * MINUTES

    before = sweep(at=start - MOMENT, since=DAY_BEFORE, early=ahead(5 * MINUTES))
    at_start = sweep(at=start, since=DAY_BEFORE, early=ahead(5 * MINUTES))

    assert before == ()
    assert told(at_start) == [(1, timedelta(hours=1), False)]
    assert at_start[0].due_at == HOUR_BEFORE


def test_early_start_is_asked_for_each_event_and_lead() -> None:
    """Audiences differ."""
    big = EventId(2)

    def early(event: Event, lead: timedelta) -> timedelta:
        return 5 * MINUTES if (event.id, lead) == (big, timedelta(hours=1)) else timedelta(0)

    found = sweep(
        an_event_at(),
        an_event_at(number=2),
        at=HOUR_BEFORE - 5 * MINUTES,
        since=DAY_BEFORE,
        early=early,
    )

    assert told(found) == [(2, timedelta(hours=1), False)]


def test_next_due_is_the_earliest_start_still_to_come() -> None:
    """The loop sleeps until then and no longer."""
    events = [an_event_at(DATE + timedelta(days=1), 2), an_event_at()]

    assert next_due(events, DEFAULT_LEADS, after=START, early=punctual) == DAY_BEFORE
    assert next_due(events, DEFAULT_LEADS, after=START, early=ahead(5 * MINUTES)) == (
        DAY_BEFORE - 5 * MINUTES
    )
    assert next_due(events[1:], DEFAULT_LEADS, after=HOUR_BEFORE, early=punctual) == (
        TEN_MINUTES_BEFORE
    )


def test_next_due_asks_how_early_for_each_event_and_lead() -> None:
    """A big audience of one event wakes the loop for that one."""

    def early(event: Event, lead: timedelta) -> timedelta:
        return 5 * MINUTES if (event.id, lead) == (2, timedelta(hours=1)) else timedelta(0)

    events = [an_event_at(number=1), an_event_at(number=2)]

    found = next_due(events, [timedelta(hours=1)], after=START, early=early)

    assert found == HOUR_BEFORE - 5 * MINUTES


def test_nothing_to_come_has_no_next_moment() -> None:
    """No events, only vague ones, no leads, or all of them decided."""
    vague = an_event_at(date_precision=DAY)

    assert next_due([], DEFAULT_LEADS, after=START, early=punctual) is None
    assert next_due([vague], DEFAULT_LEADS, after=START, early=punctual) is None
    assert next_due([an_event_at()], (), after=START, early=punctual) is None
    assert next_due([an_event_at()], DEFAULT_LEADS, after=DATE, early=punctual) is None


def test_reminder_whose_audience_grew_past_its_start_is_looked_at_when_due() -> None:
    """Its start moved behind the last sweep, which did not tell it: the due time is the rescue."""
    last_sweep = HOUR_BEFORE - 5 * MINUTES

    at = next_due([an_event_at()], DEFAULT_LEADS, after=last_sweep, early=ahead(9 * MINUTES))

    assert at == HOUR_BEFORE
    assert told(sweep(at=at, since=last_sweep, early=ahead(9 * MINUTES))) == [
        (1, timedelta(hours=1), False)
    ]
