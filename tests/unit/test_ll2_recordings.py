"""Answers that LL2 really gave are read whole."""

import json
from pathlib import Path

import pytest

from bot.domain.watching import Snapshot
from bot.ll2.mapping import observe


def capture(shared: Path, name: str) -> object:
    """A recorded answer."""
    told: object = json.loads((shared / "ll2" / name).read_text(encoding="utf-8"))
    return told


def recorded(shared: Path, name: str) -> Snapshot:
    """All events of a recording."""
    told = capture(shared, name)
    if isinstance(told, dict):
        told = told.get("results", [told])
    assert isinstance(told, list)
    return observe(told)


@pytest.mark.parametrize(
    ("name", "count"),
    [("events-detailed.json", 7), ("event-1280.json", 1), ("upcoming-page.json", 10)],
)
def test_recorded_events_are_all_read(shared: Path, name: str, count: int) -> None:
    """Real answers hold nothing malformed."""
    snapshot = recorded(shared, name)

    assert snapshot.malformed == ()
    assert len(snapshot.observations) == count


def test_a_recorded_detailed_event_is_read_whole(shared: Path) -> None:
    """Nothing of a complete detailed answer is untold."""
    (observation,) = recorded(shared, "event-1280.json").observations

    assert observation.untold == frozenset()
    assert observation.event.agencies[0].abbrev == "ESA"
    assert observation.event.updates[0].comment == "Adding event"
    assert observation.event.image is not None
    assert observation.event.image.license == "ESA Standard Licence"


def test_a_recorded_normal_page_tells_no_agencies(shared: Path) -> None:
    """`mode=normal` has neither agencies nor programs."""
    snapshot = recorded(shared, "upcoming-page.json")

    assert {one.untold for one in snapshot.observations} == {frozenset({"agencies", "programs"})}


def test_recorded_captures_lacking_a_type_are_malformed_by_name(shared: Path) -> None:
    """The abridged captures were recorded without their type; with one they are read."""
    told = capture(shared, "same-event-captures-2.3.0.json")
    assert isinstance(told, dict)
    bare = [one["event"] for captures in told.values() for one in captures]

    typed = observe([event | {"type": {"id": 1, "name": "Flyby"}} for event in bare])

    assert typed.malformed == ()
    assert {one.reason.split(" has ")[1] for one in observe(bare).malformed} == {"no readable type"}
