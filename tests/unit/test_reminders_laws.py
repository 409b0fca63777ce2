"""Laws of reminders, for any sweeps: on time, once, and while they help."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from sweeps import DATE, ahead, an_event_at, punctual, sweep

from bot.domain.dates import is_precise, starts
from bot.domain.events import Event
from bot.domain.reminders import GRACE, Due, Early, due, next_due
from bot.domain.subscriptions import DEFAULT_LEADS
from bot.testing import DAY, HOUR, MINUTE, SECOND, START

DAY_BEFORE, HOUR_BEFORE, TEN_MINUTES_BEFORE = (DATE - lead for lead in DEFAULT_LEADS)
MOMENT = timedelta(microseconds=1)

spans = st.integers(0, 4 * 3600).map(lambda seconds: timedelta(seconds=seconds))


some_leads = st.frozensets(
    st.integers(60, 3 * 3600).map(lambda seconds: timedelta(seconds=seconds)), max_size=5
)

earlies = st.integers(0, 1800).map(lambda seconds: ahead(timedelta(seconds=seconds)))

moments = st.lists(spans.map(lambda span: START + span), max_size=12).map(sorted)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Event, ...]:
    """A few events in the hours after `START`, most of them precise."""
    precisions = st.sampled_from((SECOND, MINUTE, HOUR, DAY))
    dated = draw(st.lists(st.tuples(spans, precisions), max_size=4))
    return tuple(
        an_event_at(START + span, number, date_precision=precision)
        for number, (span, precision) in enumerate(dated)
    )


def sweeps(
    events: Iterable[Event], leads: Iterable[timedelta], times: Iterable[datetime], early: Early
) -> Iterator[tuple[datetime, Due]]:
    """Sweep at each of these times, carrying `swept_until` over; what is found, and when."""
    for since, now in pairwise((START, *times)):
        for one in due(tuple(events), frozenset(leads), swept_until=since, now=now, early=early):
            yield now, one


@given(events=schedules(), leads=some_leads, times=moments)
def test_no_rhythm_of_sweeps_tells_a_lead_twice(
    events: tuple[Event, ...], leads: frozenset[timedelta], times: list[datetime]
) -> None:
    """Each event, date and lead at most once, however often and unevenly the loop wakes."""
    found = [one.reminder for _, one in sweeps(events, leads, times, punctual)]

    keys = [(one.event_id, one.date, one.lead) for one in found]
    assert len({*keys}) == len(keys)


@given(events=schedules(), leads=some_leads, times=moments, early=earlies)
def test_after_its_due_time_a_lead_is_told_once_at_most(
    events: tuple[Event, ...], leads: frozenset[timedelta], times: list[datetime], early: Early
) -> None:
    """An early start is found again only until it is due, so the store's key need not be old."""
    found = [one for now, one in sweeps(events, leads, times, early) if now >= one.due_at]

    keys = [(one.reminder.event_id, one.reminder.date, one.reminder.lead) for one in found]
    assert len({*keys}) == len(keys)


@given(events=schedules(), leads=some_leads, times=moments, early=earlies)
def test_every_reminder_told_still_helps(
    events: tuple[Event, ...], leads: frozenset[timedelta], times: list[datetime], early: Early
) -> None:
    """Precise, before the event, not before its start, and late exactly when past the grace."""
    by_id = {event.id: event for event in events}

    for now, one in sweeps(events, leads, times, early):
        event = by_id[one.reminder.event_id]
        assert is_precise(event.stated)
        assert one.reminder.date == starts(event.stated)
        assert one.due_at == one.reminder.date - one.reminder.lead
        assert one.due_at - early(event, one.reminder.lead) <= now < one.reminder.date
        assert one.reminder.late == (now > one.due_at + GRACE)


@given(
    events=schedules(),
    leads=some_leads,
    times=moments,
    early=earlies,
    delay=st.timedeltas(timedelta(0), GRACE - MOMENT),
)
def test_lead_is_told_on_time_if_a_sweep_falls_into_its_minute(
    events: tuple[Event, ...],
    leads: frozenset[timedelta],
    times: list[datetime],
    early: Early,
    delay: timedelta,
) -> None:
    """Whatever the other sweeps are: no other rule may swallow a reminder that is on time."""
    owed = {
        (event.id, date - lead)
        for event in events
        for lead in leads
        if (date := starts(event.stated)) and date - lead > START
    }
    within = [due_at + delay for _, due_at in owed]

    found = [one for _, one in sweeps(events, leads, sorted([*times, *within]), early)]

    on_time = {(one.reminder.event_id, one.due_at) for one in found if not one.reminder.late}
    assert on_time == owed


@given(events=schedules(), leads=some_leads, early=earlies)
def test_sleeping_until_next_due_tells_everything_on_time(
    events: tuple[Event, ...], leads: frozenset[timedelta], early: Early
) -> None:
    """The loop never oversleeps, never spins on one moment, and ends."""
    times: list[datetime] = []
    while (at := next_due(events, leads, after=(times or [START])[-1], early=early)) is not None:
        assert at > (times or [START])[-1]
        times.append(at)

    found = [one.reminder for _, one in sweeps(events, leads, times, early)]

    precise = [date for event in events if (date := starts(event.stated))]
    owed = [(date, lead) for date in precise for lead in leads if date - lead > START]
    assert {(one.date, one.lead) for one in found} == {*owed}
    assert not any(one.late for one in found)


@given(events=schedules(), leads=some_leads, at=spans)
def test_waking_late_tells_one_reminder_an_event_at_most(
    events: tuple[Event, ...], leads: frozenset[timedelta], at: timedelta
) -> None:
    """A long sleep is no reason for a burst."""
    found = due(events, leads, swept_until=START, now=START + at, early=punctual)

    late = [one.reminder.event_id for one in found if one.reminder.late]
    on_time = [one.reminder.event_id for one in found if not one.reminder.late]
    assert len({*late}) == len(late)
    assert {*late}.isdisjoint(on_time)


def test_all_times_are_aware_utc() -> None:
    """What comes out can be compared with any other time here."""
    (found,) = sweep(at=HOUR_BEFORE, since=DAY_BEFORE)

    assert found.due_at.tzinfo is UTC
