"""The stand-in's answers of single things, agencies and updates."""

import json

import pytest
from short_story import ANCHOR, STORY, ask, ids

from bot.simulator import parse_scenario
from bot.simulator.api import Api, Question


@pytest.mark.parametrize(
    "path",
    ["/events/404/", "/events/upcoming/8/", "/events/previous/9/", "/events/x/", "/launches/"],
)
def test_what_does_not_exist_is_a_404_with_a_detail(path: str) -> None:
    """The body of a refusal is an object with one sentence."""
    status, body = ask(path)

    assert status == 404
    assert list(body) == ["detail"]


@pytest.mark.parametrize("path", ["/events/8/", "/events/previous/8/", "/events/upcoming/3/"])
def test_single_event_is_detailed(path: str) -> None:
    """A single event always comes in full."""
    status, body = ask(path, "mode=list")

    assert status == 200
    assert body["response_mode"] == "detailed"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [27, 44]),
        ("featured=true", [44]),
        ("featured=false", [27]),
        ("featured=maybe", [27, 44]),
        ("id=27", [27]),
        ("search=nasa", [44]),
        ("search=european agency", [27]),
        ("abbrev=ESA", [27]),
        ("name__contains=Space", [27, 44]),
        ("ordering=-id", [44, 27]),
        ("ordering=-name", [44, 27]),
        ("ordering=featured", [27, 44]),
        ("limit=1&offset=1", [44]),
    ],
)
def test_agencies_can_be_chosen(query: str, expected: list[int]) -> None:
    """The filters of `/agencies/` that a follower of events needs."""
    assert ids("/agencies/", query) == expected


def test_agency_id_must_be_a_number() -> None:
    """As for events, an unreadable value is a 400."""
    assert ask("/agencies/", "id=x")[0] == 400


def test_agencies_have_a_short_mode() -> None:
    """`mode=list` leaves the details out."""
    agency = ask("/agencies/", "mode=list")[1]["results"][0]

    assert set(agency) == {"response_mode", "id", "url", "name", "abbrev", "type"}


def test_updates_come_newest_first_without_their_event() -> None:
    """`/updates/` has no link back, so it cannot replace the events."""
    comments = ask("/updates/")[1]["results"]

    assert [comment["comment"] for comment in comments] == ["Added docking.", "Adding event."]
    assert "event" not in comments[0]


def test_updates_can_be_chosen_by_their_time() -> None:
    """`created_on` is exact, `ordering` may turn the list round."""
    assert len(ids("/updates/", "created_on=2027-02-27T12:00:00Z")) == 1
    assert ids("/updates/", "ordering=created_on") == ids("/updates/")[::-1]


def test_seed_settles_the_order_of_videos() -> None:
    """LL2 leaves the order open; one seed is one order, and seeds differ."""
    orders = {
        tuple(video["title"] for video in json.loads(answer.body)["vid_urls"])
        for seed in range(8)
        for answer in [
            Api(parse_scenario(STORY), anchor=ANCHOR, seed=seed).answer(
                Question(path="/events/9/", query={}, now=ANCHOR)
            )
        ]
    }

    assert orders == {("A", "B"), ("B", "A")}
