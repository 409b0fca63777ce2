"""The stand-in's answers: windows, filters, search, ordering, paging and modes."""

from datetime import timedelta

import pytest
from short_story import ask, ids


def test_upcoming_is_ordered_by_date_then_id() -> None:
    """The next event comes first, ties go by id."""
    assert ids("/events/upcoming/") == [7, 5, 9, 3]


def test_upcoming_keeps_events_for_24_hours() -> None:
    """An event leaves 24 hours after its date, to the second."""
    assert 7 in ids("/events/upcoming/", after=timedelta(minutes=1))
    assert 7 not in ids("/events/upcoming/", after=timedelta(minutes=1, seconds=1))


def test_upcoming_can_hide_the_last_24_hours() -> None:
    """`hide_recent_previous` cuts at now."""
    assert ids("/events/upcoming/", "hide_recent_previous=true") == [5, 9, 3]


def test_previous_starts_at_now_newest_first() -> None:
    """The two lists overlap for 24 hours."""
    assert ids("/events/previous/") == [7, 8]


def test_event_without_a_date_is_in_neither_list() -> None:
    """A null date matches no window, and comes last among all events by date."""
    assert ids("/events/", "ordering=date")[-1] == 6
    assert ids("/events/") == [3, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id=3,9,404", [9, 3]),
        ("slug=juice-earth-flyby", [3]),
        ("type=3", [5]),
        ("type__ids=3,23", [5, 3]),
        ("agency__ids=27", [5, 3]),
        ("agency__ids=44,27", [5, 9, 3]),
        ("program=5", [9]),
        ("program=5&program=17", [5, 9]),
        ("program__ids=5,17", [5, 9]),
        ("launch__ids=6f1d2a34-0c51-4a52-9d0e-2b7a4f0c1a01", [9]),
        ("spacestation__ids=4", [9]),
        ("expedition__ids=76", [9]),
        ("video_url=https://example.org/b,https://example.org/x", [9]),
        ("date__gt=2027-03-03T12:00:00Z", [3]),
        ("date__gte=2027-03-03T12:00:00Z", [5, 9, 3]),
        ("date__lte=2027-03-03T12:00:00Z", [7, 5, 9]),
        ("date__lt=2027-03-03T12:00:00Z", [7]),
        ("date__gt__lt=2027-03-03T12:00:00Z", [7]),
        ("date__gte=2027-04-01", [3]),
        ("date__gte=2027-03-03T13:00:00%2B01:00", [5, 9, 3]),
        ("last_updated__gte=2027-02-27T12:00:00Z", [9]),
        ("last_updated__lte=2027-02-24T12:00:00Z", [7, 3]),
        ("day=3", [5, 9]),
        ("month=4", [3]),
        ("year=2026,2027", [7, 5, 9, 3]),
        ("search=crew", [5, 9]),
        ("search=dock crew", [9]),
        ("search=NASA", []),
        ("ordering=-date", [3, 5, 9, 7]),
        ("ordering=last_updated", [7, 3, 5, 9]),
        ("ordering=-last_updated", [9, 5, 3, 7]),
        ("ordering=name", [7, 5, 9, 3]),
        ("id=", [7, 5, 9, 3]),
        ("typ=3", [7, 5, 9, 3]),
        ("agency__ids=44&type=2", [9]),
    ],
)
def test_filters_narrow_the_list(query: str, expected: list[int]) -> None:
    """Every documented filter, the search and the orderings; what is unknown changes nothing."""
    assert ids("/events/upcoming/", query) == expected


@pytest.mark.parametrize(
    ("query", "key"),
    [("id=x", "id"), ("date__gte=soon", "date__gte"), ("type=EVA", "type"), ("day=1,b", "day")],
)
def test_unreadable_filter_is_a_400(query: str, key: str) -> None:
    """A value that cannot be read is told under its parameter."""
    status, body = ask("/events/upcoming/", query)

    assert status == 400
    assert list(body) == [key]


def test_pages_follow_each_other() -> None:
    """`next` and `previous` lead through the whole list and keep the filters."""
    first = ask("/events/upcoming/", "limit=2&format=json&mode=list")[1]
    second = ask("/events/upcoming/", "limit=2&format=json&mode=list&offset=2")[1]

    assert (first["count"], len(first["results"]), first["previous"]) == (4, 2, None)
    assert first["next"].endswith("/events/upcoming/?format=json&limit=2&mode=list&offset=2")
    assert second["next"] is None
    assert second["previous"].endswith("/events/upcoming/?format=json&limit=2&mode=list")


def test_page_past_the_end_is_empty() -> None:
    """The count stays true there."""
    body = ask("/events/upcoming/", "offset=50")[1]

    assert (body["count"], body["results"], body["next"]) == (4, [], None)


@pytest.mark.parametrize(
    ("limit", "shown"), [("", 10), ("0", 10), ("x", 10), ("-1", 10), ("7", 7), ("1000", 30)]
)
def test_limit_is_ten_unless_asked_and_never_over_a_hundred(limit: str, shown: int) -> None:
    """What is no number above zero is ten; more than a hundred is a hundred."""
    assert len(ids("/config/event_types/", f"limit={limit}")) == shown


def test_limit_over_a_hundred_becomes_a_hundred() -> None:
    """The links say what became of it."""
    link = ask("/config/event_types/", "limit=1000&offset=200")[1]["previous"]

    assert "limit=100&offset=100" in link


def test_modes_hold_more_and_more() -> None:
    """Normal adds comments to list, detailed adds agencies to normal; no mode is normal."""
    bodies = {
        mode: ask("/events/upcoming/", f"mode={mode}&id=9")[1]["results"][0]
        for mode in ("list", "normal", "detailed", "", "nonsense")
    }

    assert bodies["normal"].keys() - bodies["list"].keys() == {"updates", "last_updated"}
    assert bodies["detailed"].keys() - bodies["normal"].keys() == {
        "agencies",
        "launches",
        "expeditions",
        "spacestations",
        "program",
        "astronauts",
    }
    assert bodies[""] == bodies["nonsense"] == bodies["normal"]
    assert [body["response_mode"] for body in bodies.values()][:3] == ["list", "normal", "detailed"]


def test_main_video_is_live_with_the_webcast() -> None:
    """Only the video of the lowest priority is live."""
    videos = ask("/events/9/")[1]["vid_urls"]

    assert {video["title"]: video["live"] for video in videos} == {"A": True, "B": False}
