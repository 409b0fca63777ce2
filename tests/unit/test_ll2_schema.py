"""LL2's own schema says what may stand where; whatever else stands there says nothing to a reader.

Each field of recorded events, however deep, is replaced by what its schema forbids.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.changes import Change
from bot.domain.watching import Snapshot, Tracked
from bot.ll2.mapping import observe
from bot.rendering.compose import compose
from bot.services.noticing import Judgement, judge

Place = tuple[str | int, ...]
"""Where a value stands in an event: keys and places."""

NOW = datetime(2024, 9, 1, tzinfo=UTC)
"""When the recorded events lie about half before and half ahead."""

DEEP: Any = None
for _ in range(300):
    DEEP = [DEEP] if isinstance(DEEP, dict) else {"name": DEEP}

NO_TEXT: tuple[Any, ...] = (0, -1.5, True, [], {}, ["x"], {"id": 1, "name": "x"}, DEEP)
FORBIDDEN: dict[str, tuple[Any, ...]] = {
    "string": NO_TEXT,
    "date-time": (
        *NO_TEXT,
        *("", "soon", "2026-13-45T00:00:00Z", "99999-01-01T00:00:00Z", "12:00", "\x00"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9" * 5000),
    ),
    "integer": ("", "5", 1.5, float("inf"), float("nan"), True, [], {}, 10**30, -(10**30), DEEP),
    "number": ("", "5", True, [], {}, DEEP),
    "boolean": ("true", "", 0, 1, 1.0, [], [True], {}, DEEP),
    "array": ("", "x", 7, True, {}, {"0": {}}, [None], [7], [""], [[]], [{}], [[{}]], [DEEP], DEEP),
    "object": ("", "x", 7, True, [], [{}], {}, {"id": None}, {"id": "1"}, DEEP),
}
"""What is not of a type, and for lists what is not of any type of items."""


def _resolved(schema: Any, root: Any) -> Any:
    while True:
        if "$ref" in schema:
            schema = root["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif "allOf" in schema:
            schema = {**schema, **_resolved(schema["allOf"][0], root)}
            del schema["allOf"]
        else:
            return schema


def _places(value: Any, schema: Any, root: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of an event that its schema knows, with the schema there."""
    schema = _resolved(schema, root)
    if at:
        yield at, schema
    if isinstance(value, dict):
        for key in value.keys() & schema.get("properties", {}).keys():
            yield from _places(value[key], schema["properties"][key], root, (*at, key))
    if isinstance(value, list) and value and "items" in schema:
        yield from _places(value[-1], schema["items"], root, (*at, len(value) - 1))


def _forbidden(schema: Any) -> tuple[Any, ...]:
    kind = schema.get("type", "object")
    kind = "date-time" if schema.get("format") == "date-time" else kind
    return FORBIDDEN[kind] if schema.get("nullable") else (None, *FORBIDDEN[kind])


def _with(event: Any, place: Place, value: Any) -> Any:
    changed = deepcopy(event)
    holder = changed
    for step in place[:-1]:
        if not _holds(holder, step):
            return changed
        holder = holder[step]
    if _holds(holder, place[-1]):
        holder[place[-1]] = value
    return changed


def _holds(holder: Any, step: str | int) -> bool:
    """Whether it is there, and was not replaced by an earlier wrong value."""
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Any]:
    """Complete events as LL2 gave them."""
    folder = shared / "ll2"
    told = json.loads((folder / "events-detailed.json").read_text(encoding="utf-8"))
    return [*told, json.loads((folder / "event-1280.json").read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def spoilt(shared: Path, recorded: list[Any]) -> list[tuple[int, Place, Any]]:
    """Every wrong value in every place: the event's place in the list, where, and what."""
    path = shared / "ll2" / "openapi-events-2.3.0.json"
    root = json.loads(path.read_text(encoding="utf-8"))
    schema = root["components"]["schemas"]["EventEndpointDetailed"]
    return [
        (number, place, value)
        for number, event in enumerate(recorded)
        for place, below in _places(event, schema, root)
        for value in _forbidden(below)
    ]


def _judged(known: dict[Any, Tracked], snapshot: Snapshot) -> Judgement:
    return judge(known, snapshot, NOW, last_poll=NOW)


def _taken(known: dict[Any, Tracked], judgement: Judgement) -> dict[Any, Tracked]:
    return known | {one.tracked.event.id: one.tracked for one in judgement.sightings}


def _news(judgement: Judgement) -> tuple[Change, ...]:
    return tuple(change for one in judgement.sightings for change in one.changes)


def _learnt(recorded: list[Any]) -> dict[Any, Tracked]:
    return _taken({}, _judged({}, observe(recorded)))


def _told(recorded: list[Any], known: dict[Any, Tracked], wrong: list[Any]) -> tuple[Change, ...]:
    """The news of a page that is wrong, and of the next, which is right again."""
    during = _judged(known, observe(wrong))
    after = _judged(_taken(known, during), observe(recorded))
    assert not during.missing
    assert not during.is_short
    return _news(during) + _news(after)


def test_what_the_schema_forbids_is_no_news_and_neither_is_its_end(
    recorded: list[Any], spoilt: list[tuple[int, Place, Any]]
) -> None:
    """One value at a time: nothing is told, nothing is missing, no error."""
    known = _learnt(recorded)

    false = {
        f"{'.'.join(map(str, place))} = {str(value)[:30]}": news
        for number, place, value in spoilt
        if (
            news := _told(
                [recorded[number]],
                {recorded[number]["id"]: known[recorded[number]["id"]]},
                [_with(recorded[number], place, value)],
            )
        )
    }

    assert len(spoilt) > 5_000
    assert false == {}


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(picks=st.lists(st.integers(min_value=0), min_size=2, max_size=12))
def test_no_number_of_wrong_values_is_news(
    recorded: list[Any], spoilt: list[tuple[int, Place, Any]], picks: list[int]
) -> None:
    """Many at once, in several events of one page."""
    wrong = list(recorded)
    for pick in picks:
        number, place, value = spoilt[pick % len(spoilt)]
        wrong[number] = _with(wrong[number], place, value)

    assert _told(recorded, _learnt(recorded), wrong) == ()


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(picks=st.lists(st.integers(min_value=0), min_size=1, max_size=12))
def test_whatever_is_seen_first_can_be_told(
    recorded: list[Any], spoilt: list[tuple[int, Place, Any]], picks: list[int]
) -> None:
    """An event that is new and wrong in places has a message, and so has what mends it."""
    wrong = list(recorded)
    for pick in picks:
        number, place, value = spoilt[pick % len(spoilt)]
        wrong[number] = _with(wrong[number], place, value)

    first = _judged({}, observe(wrong))
    mended = _judged(_taken({}, first), observe(recorded))

    for sighting in (*first.sightings, *mended.sightings):
        if sighting.changes:
            assert compose(sighting.changes, sighting.tracked.event).title
