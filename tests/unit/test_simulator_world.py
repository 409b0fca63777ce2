"""What a scenario's saves do to the stand-in's world."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.simulator import parse_scenario
from bot.simulator.world import EventVersion, World, play, slugified, world_at

ANCHOR = datetime(2027, 3, 1, 10, 17, 33, tzinfo=UTC)
EVENTS = """
title = "T"
duration = "1d"

[[agency]]
id = 44
name = "National Aeronautics and Space Administration"
abbrev = "NASA"

[[event]]
id = 1
name = "Docking"
type = "Docking"
date = "5h"
precision = "Minute"
comment = "Added docking."
label = "first"

[[event]]
id = 2
name = "Docking!"
type = "Docking"
announced = "2h"
"""


def worlds_of(steps: str) -> tuple[World, ...]:
    """Play the two events with these steps."""
    return play(parse_scenario(EVENTS + steps), ANCHOR)


def version_after(steps: str, hours: float, number: int = 1) -> EventVersion:
    """Return an event so many hours after the start."""
    return world_at(worlds_of(steps), ANCHOR + timedelta(hours=hours)).events[number]


def step(text: str, at: str = "1h") -> str:
    """Return one step on the first event."""
    return f'[[step]]\nat = "{at}"\nevent = 1\n{text}\n'


def test_equal_scenarios_give_equal_worlds() -> None:
    """The story is a pure function of the file and the anchor."""
    assert worlds_of(step('name = "N"')) == worlds_of(step('name = "N"'))


def test_save_is_seen_at_its_moment_and_not_before() -> None:
    """A step holds from its own instant on."""
    worlds = worlds_of(step('name = "Late"'))
    moment = ANCHOR + timedelta(hours=1)

    assert world_at(worlds, moment).events[1].fields.name == "Late"
    assert world_at(worlds, moment - timedelta(microseconds=1)).events[1].fields.name == "Docking"


def test_event_appears_when_it_is_announced() -> None:
    """An event announced during the story is unknown before."""
    worlds = worlds_of("")

    assert 2 not in world_at(worlds, ANCHOR + timedelta(hours=1)).events
    assert 2 in world_at(worlds, ANCHOR + timedelta(hours=2)).events


def test_world_before_everything_is_empty() -> None:
    """There is a world for every moment, however early."""
    assert world_at(worlds_of(""), datetime(1970, 1, 1, tzinfo=UTC)).events == {}


def test_untouched_events_are_shared() -> None:
    """A save copies only the event that it touches."""
    worlds = worlds_of(step('name = "N"', at="3h"))

    assert worlds[-1].events[2] is worlds[-2].events[2]


def test_save_moves_last_updated() -> None:
    """LL2 stamps any save, even one that changes nothing."""
    assert version_after(step(""), 1).last_updated == ANCHOR + timedelta(hours=1)


def test_silent_save_leaves_last_updated() -> None:
    """Now and then LL2 shows a change without moving the stamp."""
    version = version_after(step('silent = true\ncomment = "C"'), 1)

    assert version.last_updated == ANCHOR - timedelta(days=30)
    assert len(version.updates) == 2


def test_comment_times_are_cut_to_the_minute() -> None:
    """LL2 shows comments without seconds, and ids that grow with time."""
    first, second = version_after(step('comment = "C"'), 1).updates

    assert second.created_on == datetime(2027, 3, 1, 11, 17, tzinfo=UTC)
    assert second.id > first.id


def test_comment_speaks_of_the_date_after_the_save() -> None:
    """One save moves the date and says where to."""
    steps = step('date = "30h"\ncomment = "{day}, {time}, {month}, {quarter}, {year}"')

    text = version_after(steps, 1).updates[-1].comment.text

    assert text == "2 March, 16:17 UTC, March 2027, Q1 2027, 2027"


def test_comment_without_a_date_keeps_its_braces() -> None:
    """Where there is no date there is nothing to fill in."""
    steps = step('clear = ["date"]\ncomment = "On {day}"')

    assert version_after(steps, 1).updates[-1].comment.text == "On {day}"


def test_edited_comment_keeps_its_id() -> None:
    """Librarians mend a comment in place."""
    before = version_after("", 0).updates
    after = version_after(step('edit = "first"\ncomment = "Mended."'), 1).updates

    assert [(one.id, one.comment.text) for one in after] == [(before[0].id, "Mended.")]


def test_deleted_comment_goes() -> None:
    """Librarians take comments back."""
    assert version_after(step('delete = "first"'), 1).updates == ()


def test_removed_event_can_come_back() -> None:
    """A deleted id may return, with what it was."""
    steps = step('presence = "remove"') + step('presence = "restore"', at="3h")
    worlds = worlds_of(steps)

    assert 1 not in world_at(worlds, ANCHOR + timedelta(hours=1)).events
    assert world_at(worlds, ANCHOR + timedelta(hours=3)).events[1].fields.name == "Docking"


def test_presence_that_changes_nothing_is_harmless() -> None:
    """Restoring what is there, and removing twice, do nothing."""
    gone = step('presence = "remove"') + step('presence = "remove"', at="3h")

    assert (
        1 in world_at(worlds_of(step('presence = "restore"')), ANCHOR + timedelta(hours=1)).events
    )
    assert 1 not in worlds_of(gone)[-1].events


def test_change_of_date_forgets_the_nudge() -> None:
    """A placeholder hour belongs to one stamp only."""
    steps = step('precision = "Year"\nnudge = "1h"') + step('date = "1y"', at="3h")

    assert version_after(steps, 1).date == datetime(2027, 12, 31, 1, tzinfo=UTC)
    assert version_after(steps, 3).date == datetime(2028, 12, 31, tzinfo=UTC)


def test_videos_are_added_and_dropped() -> None:
    """A step adds beside what is there, or takes one away by its address."""
    added = step('add_videos = [{ url = "https://example.org/v", title = "V" }]')
    dropped = step('drop_videos = ["https://example.org/v"]', at="3h")

    assert len(version_after(added, 1).fields.videos) == 1
    assert version_after(added + dropped, 3).fields.videos == ()


def test_step_for_all_touches_every_event() -> None:
    """A migration saves everything that exists, and can move the pictures."""
    worlds = worlds_of('[[step]]\nat = "3h"\nall = true\nbucket = "https://b.example.org"\n')
    last = worlds[-1]

    assert {version.last_updated for version in last.events.values()} == {last.since}
    assert last.bucket == "https://b.example.org"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Juice Earth Flyby", "juice-earth-flyby"), ("Chang'e 8!", "chang-e-8"), ("★", "event")],
)
def test_slug_is_the_name_in_plain_letters(name: str, slug: str) -> None:
    """Slugs hold letters, digits and single hyphens."""
    assert slugified(name) == slug


def test_slug_of_a_double_gets_a_number() -> None:
    """Two events never share a slug, and the number fits inside 50 characters."""
    long = "x" * 60
    steps = step(f'name = "{long}"') + f'[[step]]\nat = "3h"\nevent = 2\nname = "{long}"\n'

    assert version_after("", 2, number=2).slug == "docking-2"
    assert version_after(steps, 3, number=2).slug == "x" * 48 + "-2"
