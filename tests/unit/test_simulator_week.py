"""The bundled space week: enough of everything, and a story with every kind of change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.simulator import Scenario, bundled_scenario
from bot.simulator.world import EventVersion, World, play, world_at

DAY = timedelta(days=1)
ANCHORS = [
    datetime(2027, month, 1 + 2 * month, 3 * month % 24, 7, tzinfo=UTC) for month in range(1, 13)
]
NULL = -1


@pytest.fixture(scope="module")
def week() -> Scenario:
    """Load the bundled scenario once; it is frozen."""
    return bundled_scenario()


@pytest.fixture(scope="module")
def worlds(week: Scenario) -> tuple[World, ...]:
    """Play it from a fixed day."""
    return play(week, ANCHORS[0])


def listed(world: World, now: datetime) -> list[EventVersion]:
    """Return what `/events/upcoming/` would hold."""
    return [one for one in world.events.values() if one.date and one.date >= now - DAY]


def saves(worlds: tuple[World, ...]) -> Iterator[tuple[EventVersion, EventVersion]]:
    """Yield each event before and after each save of the week."""
    during = [world for world in worlds if world.since >= ANCHORS[0]]
    for before, after in pairwise([world_at(worlds, ANCHORS[0]), *during]):
        for number, version in after.events.items():
            if number in before.events and before.events[number] is not version:
                yield before.events[number], version


def precision_id(version: EventVersion) -> int:
    """Return the precision's id, or -1 for null."""
    return NULL if version.precision is None else version.precision.id


@pytest.mark.parametrize("anchor", ANCHORS)
def test_week_begins_with_every_precision(week: Scenario, anchor: datetime) -> None:
    """From any day of the year the first list holds all 17 precisions and null."""
    events = listed(world_at(play(week, anchor), anchor), anchor)

    assert {precision_id(event) for event in events} == {NULL, *range(17)}


def test_week_begins_with_a_full_list(week: Scenario, worlds: tuple[World, ...]) -> None:
    """At least 30 events of at least 12 types and 12 agencies."""
    events = listed(world_at(worlds, ANCHORS[0]), ANCHORS[0])

    assert len(events) >= 30
    assert len({event.fields.type for event in events}) >= 12
    assert len({abbrev for event in events for abbrev in event.fields.agencies}) >= 12
    assert week.duration == timedelta(days=7)


def test_every_step_falls_in_the_week(week: Scenario) -> None:
    """A story of seven days has nothing outside them."""
    assert all(timedelta() <= step.at <= week.duration for step in week.steps)
    assert all(fault.end <= week.duration for fault in week.faults)


def test_pictures_include_none_and_the_placeholder(worlds: tuple[World, ...]) -> None:
    """One event has no picture, and some have LL2's placeholder."""
    images = [event.fields.image for event in worlds[-1].events.values()]

    assert None in images
    assert 1252 in images


def test_dates_move_in_both_directions(worlds: tuple[World, ...]) -> None:
    """Some events come earlier and some later, at the same precision."""
    moves = [
        (after.date - before.date, precision_id(after))
        for before, after in saves(worlds)
        if before.date and after.date and precision_id(before) == precision_id(after)
    ]

    earlier = {number for move, number in moves if move < timedelta()}
    later = {number for move, number in moves if move > timedelta()}
    assert {1, 14} <= earlier
    assert {1, 2, 5, 6, 7} <= later


def test_dates_become_more_and_less_precise(worlds: tuple[World, ...]) -> None:
    """Precision grows and shrinks, also from null."""
    changes = {
        (precision_id(before), precision_id(after))
        for before, after in saves(worlds)
        if precision_id(before) != precision_id(after)
    }

    assert (NULL, 5) in changes
    assert {(2, 1), (1, 0), (7, 0), (3, 1), (7, 5), (6, 1), (5, 1)} <= changes
    assert (5, 6) in changes
    assert any(before < 14 and after == 14 for before, after in changes)


def test_one_move_is_smaller_than_its_precision(worlds: tuple[World, ...]) -> None:
    """A date moves inside its month without a comment: no news."""
    assert any(
        before.date
        and after.date
        and before.date != after.date
        and (before.date.year, before.date.month) == (after.date.year, after.date.month)
        and precision_id(before) == precision_id(after) == 7
        and before.updates == after.updates
        for before, after in saves(worlds)
    )


def test_one_save_changes_date_precision_and_comment(worlds: tuple[World, ...]) -> None:
    """The librarians' usual save."""
    assert any(
        before.date != after.date
        and precision_id(before) != precision_id(after)
        and len(after.updates) == len(before.updates) + 1
        for before, after in saves(worlds)
    )


def test_comments_come_one_by_one_and_together(worlds: tuple[World, ...]) -> None:
    """One save brings one comment, another brings two."""
    added = {len(after.updates) - len(before.updates) for before, after in saves(worlds)}

    assert {-1, 0, 1, 2} <= added


def test_one_comment_is_edited(worlds: tuple[World, ...]) -> None:
    """A comment's text changes under the same id."""
    assert any(
        old.id == new.id and old.comment.text != new.comment.text
        for before, after in saves(worlds)
        for old, new in zip(before.updates, after.updates, strict=False)
    )


def test_webcasts_go_on_and_off(worlds: tuple[World, ...]) -> None:
    """Webcasts start and end; some starts carry LL2's own comment."""
    flips = [
        (before, after)
        for before, after in saves(worlds)
        if before.fields.webcast_live != after.fields.webcast_live
    ]

    on = [after for _before, after in flips if after.fields.webcast_live]
    assert len(on) >= 5
    assert len(flips) - len(on) >= 5
    assert any(event.updates[-1].comment.by == "LL2" for event in on)


def test_webcasts_are_live_at_first_sight(worlds: tuple[World, ...]) -> None:
    """One event is live when the week begins, and one when it is announced."""
    begin = world_at(worlds, ANCHORS[0])
    announced = [
        after.events[number]
        for before, after in pairwise(worlds)
        if before.since >= ANCHORS[0]
        for number in after.events.keys() - before.events.keys()
    ]

    assert any(event.fields.webcast_live for event in begin.events.values())
    assert any(event.fields.webcast_live for event in announced)
    assert len(announced) >= 6


@pytest.mark.parametrize("key", ["name", "type", "location", "description", "duration"])
def test_details_change(worlds: tuple[World, ...], key: str) -> None:
    """Each detail that a reader sees changes somewhere."""
    assert any(
        getattr(before.fields, key) != getattr(after.fields, key) for before, after in saves(worlds)
    )


def test_videos_appear_without_being_live(worlds: tuple[World, ...]) -> None:
    """A webcast is linked long before it starts."""
    assert any(
        len(after.fields.videos) > len(before.fields.videos) and not after.fields.webcast_live
        for before, after in saves(worlds)
    )


def test_events_vanish_in_four_ways(worlds: tuple[World, ...]) -> None:
    """One is deleted for good, one for minutes, one moves far into the past, one loses its date."""
    last = worlds[-1]
    ever_removed = {number for world in worlds for number in world.removed}
    moved = [
        after
        for before, after in saves(worlds)
        if before.date and after.date and before.date > after.last_updated >= after.date + DAY
    ]

    assert last.removed.keys() & ever_removed
    assert ever_removed & last.events.keys()
    assert moved
    assert any(before.date and not after.date for before, after in saves(worlds))


def test_migration_touches_all_and_changes_nothing(worlds: tuple[World, ...]) -> None:
    """A mass bump of `last_updated` leaves every field alone."""
    bumped = [
        world for world in worlds if len({e.last_updated for e in world.events.values()}) == 1
    ]

    assert bumped


def test_pictures_move_without_a_bump(worlds: tuple[World, ...]) -> None:
    """The bucket changes once, silently."""
    assert len({world.bucket for world in worlds}) == 2


def test_precise_event_is_postponed_after_its_first_reminder(worlds: tuple[World, ...]) -> None:
    """A postponement inside the last 24 hours makes reminders start again, still in the week."""
    assert any(
        before.date
        and after.date
        and precision_id(after) == 1
        and timedelta() < before.date - after.last_updated < DAY < after.date - after.last_updated
        for before, after in saves(worlds)
    )


def test_things_break_in_every_way_that_needs_no_waiting(week: Scenario) -> None:
    """All faults but a hang, which would hold a fast replay for a client's whole timeout."""
    every = {
        "status",
        "cloudflare",
        "disconnect",
        "truncated",
        "empty",
        "short",
        "count",
        "shift",
        "malformed",
    }

    assert {fault.kind for fault in week.faults} == every


def test_outage_lasts_hours_and_hides_changes(week: Scenario) -> None:
    """LL2 is down for hours while librarians save, and an event is announced."""
    outage = max(week.faults, key=lambda fault: (fault.kind == "status", fault.end - fault.start))

    assert outage.end - outage.start >= timedelta(hours=3)
    assert sum(outage.start <= step.at < outage.end for step in week.steps) >= 3
    assert any(outage.start <= event.announced < outage.end for event in week.events)
