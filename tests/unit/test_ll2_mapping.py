"""LL2's JSON becomes observations; gaps and quirks cost as little as they can."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_events import an_object, seen

from bot.domain.events import Agency, DatePrecision, EventType, Program
from bot.ll2.mapping import agencies, event_types, observe

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def without(*names: str) -> dict[str, object]:
    """The same event, with these keys absent."""
    return {name: value for name, value in an_object().items() if name not in names}


def test_a_whole_event_is_read() -> None:
    """Every field that we use arrives in its place."""
    observation = seen(an_object())

    event = observation.event
    assert observation.untold == frozenset()
    assert (event.id, event.name) == (77, "Kestrel 4 Docking")
    assert event.type == EventType(id=2, name="Docking")
    assert event.date == datetime(2027, 3, 4, 10, 30, tzinfo=UTC)
    assert event.date_precision == DatePrecision(id=1, name="Minute")
    assert event.duration == timedelta(hours=6, minutes=30)
    assert event.agencies == (Agency(id=44, name="National Space Bureau", abbrev="NSB"),)
    assert event.programs == (Program(id=17, name="International Space Station"),)
    assert event.last_updated == datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("updates", "updates"),
        ("vid_urls", "vid_urls"),
        ("info_urls", "info_urls"),
        ("agencies", "agencies"),
        ("program", "programs"),
        ("image", "image"),
        ("description", "description"),
        ("location", "location"),
        ("duration", "duration"),
        ("last_updated", "last_updated"),
        ("webcast_live", "webcast_live"),
        ("date_precision", "date_precision"),
        ("date", "date"),
    ],
)
def test_an_absent_key_is_untold(key: str, field: str) -> None:
    """What the answer left out says nothing."""
    assert seen(without(key)).untold == {field}


@pytest.mark.parametrize("key", ["updates", "vid_urls", "info_urls", "agencies", "program"])
def test_null_where_a_list_belongs_is_untold(key: str) -> None:
    """LL2 gave null for lists that it filled before and after."""
    observation = seen(an_object(**{key: None}))

    assert observation.untold == {"programs" if key == "program" else key}


def test_null_where_a_value_belongs_means_none() -> None:
    """These fields may be null, and null is their answer."""
    gone = dict.fromkeys(("image", "location", "duration", "last_updated", "date"))

    observation = seen(an_object(**gone, date_precision=None))

    event = observation.event
    assert observation.untold == frozenset()
    assert (event.image, event.duration, event.last_updated, event.date) == (None,) * 4
    assert event.location == ""
    assert event.date_precision is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("description", 5),
        ("description", None),
        ("location", ["here"]),
        ("image", "https://images.example/old-style.jpg"),
        ("updates", {"id": 1}),
        ("agencies", "NSB"),
        ("webcast_live", None),
        ("date_precision", {"name": "Day"}),
        ("last_updated", "yesterday"),
    ],
)
def test_an_unreadable_field_is_untold(key: str, value: object) -> None:
    """What cannot be read says nothing, and the event stays."""
    assert seen(an_object(**{key: value})).untold == {key}


def test_types_and_precisions_that_are_new_to_us_are_kept() -> None:
    """LL2 adds ids; they are no reason to drop an event."""
    event = seen(
        an_object(type={"id": 999, "name": "Tea"}, date_precision={"id": 40, "name": "Century"})
    ).event

    assert event.type == EventType(id=999, name="Tea")
    assert event.date_precision == DatePrecision(id=40, name="Century")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2027-03-04T10:30:00Z", datetime(2027, 3, 4, 10, 30, tzinfo=UTC)),
        ("2027-03-04T12:30:00+02:00", datetime(2027, 3, 4, 10, 30, tzinfo=UTC)),
        ("2027-03-04T10:30:00", datetime(2027, 3, 4, 10, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_aware_and_utc(told: str, meant: datetime) -> None:
    """A date without a zone is LL2's UTC."""
    date = seen(an_object(date=told)).event.date

    assert date == meant
    assert date is not None
    assert date.tzinfo is UTC


@pytest.mark.parametrize(
    "told", ["P1Y", "P2M", "PT", "PT0S", "-PT5M", "junk", "", "P999999999999D", 5, "PT1H" * 99]
)
def test_a_duration_without_a_fixed_length_is_none(told: object) -> None:
    """Years and months have no length; garbage has none either."""
    assert seen(an_object(duration=told)).event.duration is None


@pytest.mark.parametrize(
    ("raw", "event_id", "reason"),
    [
        (an_object(date="soon"), 77, "event 77 has no readable date"),
        (an_object(name=None), 77, "event 77 has no readable name"),
        (an_object(name=" \r\n"), 77, "event 77 has no readable name"),
        (without("type"), 77, "event 77 has no readable type"),
        (an_object(type={"id": 2, "name": None}), 77, "event 77 has no readable type"),
        (an_object(type={"name": "EVA"}, date=7), 77, "event 77 has no readable type and date"),
        (an_object(id="77"), None, "an event has no readable id"),
        (an_object(id=10**30), None, "an event has no readable id"),
        (an_object(id=True), None, "an event has no readable id"),
        ("text", None, "an entry is no event"),
        (None, None, "an entry is no event"),
    ],
)
def test_what_cannot_be_read_is_malformed(raw: object, event_id: int | None, reason: str) -> None:
    """Its reason is one short sentence, and its id is told where it can be."""
    (malformed,) = observe([raw]).malformed

    assert malformed.event_id == event_id
    assert malformed.reason == reason


def test_one_malformed_event_hides_no_other() -> None:
    """The other 99 arrive."""
    good = [an_object(id=number) for number in range(1, 100)]

    snapshot = observe([*good[:50], an_object(id=500, date="?"), *good[50:]])

    assert len(snapshot.observations) == 99
    assert [one.event_id for one in snapshot.malformed] == [500]


@given(st.sampled_from(sorted(an_object())), json_values)
def test_no_value_anywhere_breaks_the_reading(key: str, value: object) -> None:
    """Whatever a field holds, the event is observed or malformed, never an error."""
    snapshot = observe([an_object(**{key: value})])

    assert len(snapshot.observations) + len(snapshot.malformed) == 1


@given(
    st.sampled_from(["updates", "vid_urls", "info_urls", "agencies", "program"]),
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "url", "name", "comment", "priority", "language", "start_time"]),
            json_values,
        ),
        max_size=3,
    ),
)
def test_no_item_of_a_list_breaks_its_event(key: str, items: list[object]) -> None:
    """Items are dropped one by one."""
    snapshot = observe([an_object(**{key: items})])

    assert len(snapshot.observations) == 1


def test_names_for_the_catalogue_are_read() -> None:
    """Those without id or name are left out; the rest come by id."""
    raw = [{"id": 3, "name": "EVA"}, {"id": 2, "name": "Docking"}, {"id": 4}, None, {"name": "x"}]

    assert event_types(raw) == (EventType(id=2, name="Docking"), EventType(id=3, name="EVA"))
    assert agencies([{"id": 1, "name": "One", "abbrev": None}, 5]) == (Agency(id=1, name="One"),)
