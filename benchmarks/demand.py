"""What the months of `stories` would have us tell: a fan-out for each saved event, and reminders.

Read from the scenarios' own steps, in milliseconds; a test holds it to what the real `diff` finds.
It knows no readers and no platform.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.stories import a_month
from bot.simulator import Scenario
from bot.simulator import scenario as told

MONTHS = 12
POLL = timedelta(minutes=5)
"""The calm rhythm; the real one sees some of it sooner, and never more of it at once."""

LEADS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=10))
"""The lead times of reminders by default."""

_HOUR = timedelta(hours=1)
_PRECISE = "Minute"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Story:
    """News of one event that is told at once: a fan-out.

    Attributes:
        at: since the month began.
        event: its number in the month.
        is_urgent: a webcast that went live, or a reminder of an hour or less.

    """

    at: timedelta
    event: int
    is_urgent: bool


def a_year() -> tuple[tuple[Story, ...], ...]:
    """Twelve months, each in the order of time."""
    return tuple(of_month(a_month(seed)) for seed in range(MONTHS))


def of_month(scenario: Scenario) -> tuple[Story, ...]:
    """All of a month."""
    return tuple(sorted((*polled(scenario), *reminders(scenario))))


def polled(scenario: Scenario) -> tuple[Story, ...]:
    """What a poll every five minutes finds: one fan-out an event and poll."""
    found: dict[tuple[timedelta, int], bool] = {}
    for at, event, is_urgent in _saves(scenario):
        key = (_seen(at), event)
        found[key] = found.get(key, False) or is_urgent
    return tuple(
        Story(at=at, event=event, is_urgent=is_urgent) for (at, event), is_urgent in found.items()
    )


def reminders(scenario: Scenario) -> tuple[Story, ...]:
    """What the reminder clock tells, of each date while it is the date."""
    return tuple(
        Story(at=date - lead, event=event.id, is_urgent=lead <= _HOUR)
        for event in scenario.events
        for date, since, until in _dates(scenario, event)
        for lead in LEADS
        if max(since, timedelta()) <= date - lead < min(until, scenario.duration)
    )


def _seen(at: timedelta) -> timedelta:
    """The first poll after it."""
    return -(-at // POLL) * POLL


def _saves(scenario: Scenario) -> Iterator[tuple[timedelta, int, bool]]:
    """What is saved in sight of all, and whether a webcast begins by it."""
    announced = {event.id: event.announced for event in scenario.events}
    for event, at in announced.items():
        if at > timedelta():
            yield at, event, False
    for step in scenario.steps:
        ends_webcast = step.changes.get("webcast_live") is False
        if step.event is not None and step.at > announced[step.event] and not ends_webcast:
            yield step.at, step.event, "webcast_live" in step.changes


def _dates(
    scenario: Scenario, event: told.Event
) -> Iterator[tuple[timedelta, timedelta, timedelta]]:
    """Each date precise enough to be reminded of, and from when until when it was the date."""
    states = [(event.announced, event.fields.date, event.fields.precision)]
    states += [
        (step.at, step.changes["date"], step.changes["precision"])
        for step in scenario.steps
        if step.event == event.id and "date" in step.changes
    ]
    ends = [since for since, _, _ in states[1:]] + [timedelta.max]
    for (since, date, precision), until in zip(states, ends, strict=True):
        if date is not None and precision == _PRECISE:
            yield date.exact, since, until


def busiest_hour(year: tuple[tuple[Story, ...], ...]) -> tuple[Story, ...]:
    """The fan-outs of the hour that has the most of them, from the first of them on."""
    hours = (
        tuple(one for one in month[first:] if one.at < begins.at + _HOUR)
        for month in year
        for first, begins in enumerate(month)
    )
    return max(hours, key=len)
