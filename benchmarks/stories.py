"""What LL2 would have shown, moment by moment, while a scenario plays: the truth to measure by.

The bundled week, and months made up by chance, so that no lucky story decides. Recorded is that a
webcast begins half an hour before the date in the median, and up to an hour and a half; assumed is
that it begins within minutes of its planned start, which is linked beforehand two times in three,
that the outcome is told minutes after the date, and that a third of the dates slips near its day.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from bot.domain.changes import Change
from bot.domain.diff import diff
from bot.domain.events import Event, EventId
from bot.ll2.mapping import observe
from bot.simulator import Scenario
from bot.simulator import scenario as told
from bot.simulator.api import Api, Question
from bot.simulator.offsets import Offset
from bot.simulator.world import play

_UPCOMING = "/events/upcoming/"
_WHOLE = {"mode": ["detailed"], "limit": ["100"]}
_MONTH = timedelta(days=30)
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """Something that a reader wants to know, and when LL2 began to show it."""

    at: datetime
    event: Event
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A scenario as a watcher could see it.

    Attributes:
        begins: its first moment; it ends at `ends`.
        scenes: since when LL2 shows which events, oldest first.
        changes: what became visible after the beginning, oldest first.

    """

    begins: datetime
    ends: datetime
    scenes: tuple[tuple[datetime, tuple[Event, ...]], ...]
    changes: tuple[Visible, ...]


def story(scenario: Scenario, anchor: datetime) -> Story:
    """Play a scenario; its faults are left out, since they delay every rhythm alike."""
    scenes = tuple(_scenes(scenario, anchor))
    return Story(
        begins=anchor,
        ends=anchor + scenario.duration,
        scenes=scenes,
        changes=tuple(one for before, after in pairwise(scenes) for one in _between(before, after)),
    )


_Scene = tuple[datetime, tuple[Event, ...]]


def _scenes(scenario: Scenario, anchor: datetime) -> Iterator[_Scene]:
    api = Api(scenario, anchor=anchor, seed=0)
    saved = [world.since for world in play(scenario, anchor) if world.since > anchor]
    for at in (anchor, *saved):
        answer = api.answer(Question(path=_UPCOMING, query=_WHOLE, now=at))
        seen = observe(tuple(json.loads(answer.body)["results"]))
        yield at, tuple(one.event for one in seen.observations)


def _between(before: _Scene, after: _Scene) -> Iterator[Visible]:
    known: dict[EventId, Event] = {event.id: event for event in before[1]}
    for event in after[1]:
        for change in diff(known.get(event.id), event):
            yield Visible(at=after[0], event=event, change=change)


def a_month(seed: int, *, events: int = 40) -> Scenario:
    """A made-up month in which so many events take place."""
    chance = Random(seed)  # noqa: S311 - chance guards no secret
    parts = [_an_event(number, chance) for number in range(1, events + 1)]
    return Scenario(
        title=f"Month {seed}",
        duration=_MONTH,
        types={2: "Docking"},
        events=tuple(event for event, _ in parts),
        steps=tuple(sorted((step for _, steps in parts for step in steps), key=lambda one: one.at)),
    )


def _an_event(number: int, chance: Random) -> tuple[told.Event, tuple[told.Step, ...]]:
    takes_place = _span(chance, _DAY, _MONTH - _DAY)
    slips = chance.random() < 1 / 3
    planned = takes_place - (_span(chance, _HOUR / 2, _DAY) if slips else timedelta())
    event = told.Event(
        id=number,
        announced=planned - _span(chance, _DAY, 20 * _DAY),
        fields=told.EventFields(
            name=f"Docking {number}",
            type=2,
            date=Offset(exact=planned),
            precision="Minute" if chance.random() < 0.8 else "Day",
        ),
    )
    steps = [
        *([_slip(number, planned, takes_place, chance)] if slips else []),
        *(_comment(number, at) for at in _comments(takes_place, chance)),
        *(_webcast(number, takes_place, chance) if chance.random() < 0.6 else ()),
    ]
    return event, tuple(step for step in steps if timedelta() < step.at < _MONTH)


def _span(chance: Random, least: timedelta, most: timedelta) -> timedelta:
    """Any time between the two, in whole seconds: librarians keep to no five minutes."""
    return timedelta(seconds=chance.randint(int(least.total_seconds()), int(most.total_seconds())))


def _slip(number: int, planned: timedelta, to: timedelta, chance: Random) -> told.Step:
    """A later date, saved in the last hours before the old one."""
    at = planned - timedelta(hours=chance.expovariate(1 / 6))
    return told.Step(at=at, event=number, changes={"date": Offset(exact=to), "precision": "Minute"})


def _comments(takes_place: timedelta, chance: Random) -> Iterator[timedelta]:
    """Two at any time before, one about how it went."""
    for _ in range(2):
        yield takes_place - timedelta(hours=chance.expovariate(1 / 48))
    yield takes_place + timedelta(minutes=chance.expovariate(1 / 8))


def _comment(number: int, at: timedelta) -> told.Step:
    return told.Step(at=at, event=number, comment=told.Comment(text=f"News at {at}.", by="ada"))


def _webcast(number: int, takes_place: timedelta, chance: Random) -> Iterator[told.Step]:
    """Linked hours before with its planned start, in two of three; else when it is on."""
    planned = takes_place - chance.choice([10, 15, 30, 30, 30, 45, 60, 90]) * _MINUTE
    on = planned + timedelta(minutes=chance.gauss(1, 3))
    starts = Offset(exact=planned)
    video = told.Video(url=f"https://example.org/{number}", title="Watch", starts=starts)
    linked = planned - _span(chance, _HOUR, _DAY) if chance.random() < 2 / 3 else on
    yield told.Step(at=linked, event=number, add_videos=(video,))
    yield told.Step(at=on, event=number, changes={"webcast_live": True})
    off = takes_place + _span(chance, 20 * _MINUTE, 2 * _HOUR)
    yield told.Step(at=off, event=number, changes={"webcast_live": False})
