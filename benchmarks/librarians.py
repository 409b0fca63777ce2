"""What LL2's librarians save in the course of time: made up, at the rates that were observed.

25 new events a month (ids 1005 to 1520 from December 2024 to September 2026), 1.3 moves of an
event's date (168 over 131 events), nearly each with a comment, some 30 events listed at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random

from bot.domain.events import Agency, Event, EventId, EventType
from bot.testing import START, an_event

DAY = timedelta(days=1)
MONTH = 30 * DAY

TYPES, AGENCIES = 10, 8
LISTED = 30

_A_MONTH = 25
_MOVES = (0, 1, 1, 1, 2, 3)
_COMMENTS = 2
_SLIPS_DAYS = (-1.0, 10.0)


class Verb(Enum):
    """What a save does."""

    NEW = auto()
    MOVE = auto()
    COMMENT = auto()
    LIVE = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One save of an event; `event` is as it is from then on."""

    at: datetime
    verb: Verb
    event: Event


def story(span: timedelta, dice: Random) -> list[Save]:
    """All saves since the fake clock's start, in order; the first are what is there then."""
    arrivals = [START] * LISTED
    arrivals += [START + dice.uniform(0, 1) * span for _ in range(int(_A_MONTH * (span / MONTH)))]
    lives = (_life(EventId(number), first, dice) for number, first in enumerate(arrivals, start=1))
    return sorted((save for life in lives for save in life), key=lambda one: one.at)


def _life(number: EventId, first: datetime, dice: Random) -> Iterator[Save]:
    event = an_event(
        id=number,
        name=f"Event {number}",
        type=EventType(id=dice.randrange(TYPES), name="Docking"),
        agencies=(Agency(id=dice.randrange(AGENCIES), name="Agency", abbrev="A"),),
        programs=(),
        date=first + dice.uniform(1, 72) * DAY,
    )
    yield Save(at=first, verb=Verb.NEW, event=event)
    at = first
    for verb in _between(dice):
        left = _date(event) - at
        at += dice.uniform(0, 0.5) * left
        if verb is Verb.MOVE:
            event = _moved(event, at, dice)
        yield Save(at=at, verb=verb, event=event)
    live = replace(event, webcast_live=True)
    yield Save(at=_date(event) - DAY / 48, verb=Verb.LIVE, event=live)
    yield Save(at=_date(event) + DAY, verb=Verb.OVER, event=event)


def _between(dice: Random) -> list[Verb]:
    verbs = [Verb.MOVE] * dice.choice(_MOVES) + [Verb.COMMENT] * _COMMENTS
    dice.shuffle(verbs)
    return verbs


def _moved(event: Event, at: datetime, dice: Random) -> Event:
    date = _date(event) + dice.uniform(*_SLIPS_DAYS) * DAY
    return replace(event, date=max(date, at + DAY / 4))


def _date(event: Event) -> datetime:
    if event.date is None:
        raise ValueError("every event of the story has a date")
    return event.date
