"""What LL2 knows at each moment of a scenario: pure, one frozen `World` for each save.

Worlds share the events that a save did not touch. Knows nothing of JSON, HTTP or faults.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, groupby

from bot.simulator.precision import Precision, precision_of, snap
from bot.simulator.scenario import Comment, Event, EventFields, Scenario, Step

_FIRST_UPDATE_ID = 30_001
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A comment as LL2 shows it; ids grow with time, and the time is cut to the minute."""

    id: int
    comment: Comment
    created_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVersion:
    """An event between two saves.

    Attributes:
        id: LL2's.
        revision: grows with each save of this event, so (id, revision) names the content.
        fields: what the librarian typed.
        slug: made from the name, unlike every other event's.
        date: the stamp that LL2 shows, or None.
        precision: what the stamp is worth, or None.
        updates: the comments, oldest first.
        last_updated: when the last save was noticed.

    """

    id: int
    revision: int = 0
    fields: EventFields
    slug: str
    date: datetime | None
    precision: Precision | None
    updates: tuple[Posted, ...] = ()
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that exists from `since` until the next world.

    Attributes:
        since: its first moment.
        bucket: where pictures are found.
        events: by id; deleted ones are in `removed`.
        removed: what a later step may restore.

    """

    since: datetime
    bucket: str
    events: Mapping[int, EventVersion] = field(default_factory=dict)
    removed: Mapping[int, EventVersion] = field(default_factory=dict)


def play(scenario: Scenario, anchor: datetime) -> tuple[World, ...]:
    """Return the worlds of a scenario that starts at `anchor`, oldest first, the first one empty.

    Equal arguments give equal worlds.
    """
    return tuple(_worlds(scenario, anchor))


def world_at(worlds: tuple[World, ...], moment: datetime) -> World:
    """Return the world that holds at this moment."""
    return worlds[bisect_right(worlds, moment, key=lambda world: world.since) - 1]


def slugified(name: str) -> str:
    """Return the name in lower case with single hyphens, at most 50 characters as LL2 cuts it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "event"


def _worlds(scenario: Scenario, anchor: datetime) -> Iterator[World]:
    world = World(since=_BEGINNING, bucket=scenario.bucket)
    yield world
    ids = count(_FIRST_UPDATE_ID)
    moves: list[Event | Step] = sorted([*scenario.events, *scenario.steps], key=_when)
    for at, group in groupby(moves, key=_when):
        world = replace(world, since=anchor + at)
        for move in group:
            world = _announce(world, move, anchor) if isinstance(move, Event) else world
            world = _save(world, _as_step(move), anchor, ids)
        yield world


def _when(move: Event | Step) -> timedelta:
    return move.announced if isinstance(move, Event) else move.at


def _as_step(move: Event | Step) -> Step:
    if isinstance(move, Event):
        return Step(at=move.announced, event=move.id, comment=move.comment)
    return move


def _announce(world: World, event: Event, anchor: datetime) -> World:
    version = EventVersion(
        id=event.id,
        fields=event.fields,
        slug=_slug(event.fields.name, world, event.id),
        date=None,
        precision=None,
        last_updated=world.since,
    )
    return _put(world, _dated(version, anchor))


def _save(world: World, step: Step, anchor: datetime, ids: Iterator[int]) -> World:
    world = replace(world, bucket=step.bucket or world.bucket)
    world = _moved(world, step)
    for number in tuple(world.events) if step.event is None else (step.event,):
        if number in world.events:
            world = _put(world, _edited(world, world.events[number], step, anchor, ids))
    return world


def _moved(world: World, step: Step) -> World:
    if step.event is None or step.presence is None:
        return world
    source = world.events if step.presence == "remove" else world.removed
    if step.event not in source:
        return world
    moving = {step.event: source[step.event]}
    if step.presence == "remove":
        return replace(
            world, events=_without(world.events, step.event), removed={**world.removed, **moving}
        )
    return replace(
        world, events={**world.events, **moving}, removed=_without(world.removed, step.event)
    )


def _without(events: Mapping[int, EventVersion], number: int) -> dict[int, EventVersion]:
    return {key: value for key, value in events.items() if key != number}


def _put(world: World, version: EventVersion) -> World:
    return replace(world, events={**world.events, version.id: version})


def _edited(
    world: World, version: EventVersion, step: Step, anchor: datetime, ids: Iterator[int]
) -> EventVersion:
    fields = replace(version.fields, **step.changes)
    kept = (video for video in fields.videos if video.url not in step.drop_videos)
    fields = replace(fields, videos=(*kept, *step.add_videos))
    renamed = fields.name != version.fields.name
    version = replace(
        version,
        fields=fields,
        revision=version.revision + 1,
        slug=_slug(fields.name, world, version.id) if renamed else version.slug,
        last_updated=version.last_updated if step.silent else world.since,
    )
    version = _dated(version, anchor)
    return replace(version, updates=_updates(version, step, world.since, ids))


def _dated(version: EventVersion, anchor: datetime) -> EventVersion:
    fields = version.fields
    if fields.date is None:
        return replace(version, date=None, precision=None)
    snapped = snap(fields.date.after(anchor), fields.precision)
    return replace(
        version,
        date=snapped + fields.nudge,
        precision=precision_of(snapped, fields.precision),
    )


def _updates(
    version: EventVersion, step: Step, now: datetime, ids: Iterator[int]
) -> tuple[Posted, ...]:
    updates = tuple(posted for posted in version.updates if not _labelled(posted, step.delete))
    if step.comment is None:
        return updates
    comment = replace(step.comment, text=_filled(step.comment.text, version.date))
    if step.edit:
        return tuple(
            replace(posted, comment=replace(posted.comment, text=comment.text))
            if _labelled(posted, step.edit)
            else posted
            for posted in updates
        )
    created = now.replace(second=0, microsecond=0)
    return (*updates, Posted(id=next(ids), comment=comment, created_on=created))


def _labelled(posted: Posted, label: str | None) -> bool:
    return label is not None and posted.comment.label == label


def _filled(text: str, date: datetime | None) -> str:
    if date is None:
        return text
    words = {
        "{day}": f"{date.day} {date:%B}",
        "{time}": f"{date:%H:%M} UTC",
        "{month}": f"{date:%B} {date.year}",
        "{quarter}": f"Q{(date.month + 2) // 3} {date.year}",
        "{year}": str(date.year),
    }
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def _slug(name: str, world: World, number: int) -> str:
    base = slugified(name)
    taken = {event.slug for event in world.events.values() if event.id != number}
    suffixes = ("" if place == 1 else f"-{place}" for place in count(1))
    slugs = (base[: 50 - len(suffix)] + suffix for suffix in suffixes)
    return next(slug for slug in slugs if slug not in taken)
