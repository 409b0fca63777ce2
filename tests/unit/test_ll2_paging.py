"""Pages are put together, or refused whole."""

from collections.abc import Sequence

import pytest

from bot.errors import LL2Unavailable, SnapshotTorn
from bot.ll2.paging import Listing

ELSEWHERE = "https://evil.example/2.3.0/events/upcoming/"


def a_page(
    ids: Sequence[object], *, count: int, offset: int | None = None, limit: int = 100
) -> dict[str, object]:
    """One page, whose `next` (if any) points to another host."""
    following = None if offset is None else f"{ELSEWHERE}?limit={limit}&offset={offset}&key=x"
    return {"count": count, "next": following, "results": [{"id": one} for one in ids]}


def listed(*pages: object) -> Listing:
    """A listing that was given these pages."""
    listing = Listing("events")
    for page in pages:
        listing.add(page)
    return listing


def test_one_complete_page_ends_the_listing() -> None:
    """Count met, nothing more is asked."""
    listing = listed(a_page([1, 2], count=2))

    assert listing.wanted is None
    assert [one["id"] for one in listing.results if isinstance(one, dict)] == [1, 2]


def test_an_empty_list_is_complete() -> None:
    """Nothing upcoming is an answer too."""
    assert listed(a_page([], count=0)).wanted is None


def test_only_limit_and_offset_are_taken_from_next() -> None:
    """`next` tells where to go on, never whom to ask."""
    listing = listed(a_page(range(50), count=120, offset=50, limit=50))

    assert listing.wanted == {"limit": "50", "offset": "50"}


def test_pages_are_followed_to_the_end() -> None:
    """All pages together are the listing."""
    listing = listed(a_page(range(100), count=120, offset=100), a_page(range(100, 120), count=120))

    assert listing.wanted is None
    assert len(listing.results) == 120


@pytest.mark.parametrize("limit", [0, -3, 5000])
def test_an_odd_limit_in_next_is_kept_in_bounds(limit: int) -> None:
    """LL2 accepts 1 to 100."""
    wanted = listed(a_page(range(10), count=30, offset=10, limit=limit)).wanted

    assert wanted is not None
    assert 1 <= int(wanted["limit"]) <= 100


@pytest.mark.parametrize(
    "pages",
    [
        [a_page(range(10), count=30)],
        [a_page(range(10), count=30, offset=20)],
        [a_page(range(10), count=30, offset=10), a_page(range(10), count=30, offset=20)],
        [a_page(range(40), count=30)],
        [a_page([], count=30, offset=10)],
        [a_page([5, 5], count=2)],
        [{"count": 30, "results": [{"id": 1}], "next": "http://[broken"}],
        [a_page(range(100), count=5000, offset=100)],
        [a_page(range(2), count=4, offset=2), a_page([2], count=4, offset=3)],
    ],
    ids=[
        "ends early",
        "skips",
        "repeats page 1",
        "more than counted",
        "empty page",
        "same id twice",
        "unreadable next",
        "beyond belief",
        "more pages than its size allows",
    ],
)
def test_pages_that_contradict_the_count_are_torn(pages: list[object]) -> None:
    """Nothing may be concluded from them, and the sentence says so."""
    with pytest.raises(
        SnapshotTorn, match=r"^LL2 counted \d+ events but gave \d+.*; nothing was concluded from"
    ):
        listed(*pages)


def test_a_count_that_changes_between_pages_is_torn() -> None:
    """The list shifted while it was read."""
    with pytest.raises(SnapshotTorn, match="counted 120 events on one page and 119 on another"):
        listed(
            a_page(range(100), count=120, offset=100),
            a_page(range(100, 119), count=119),
        )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {"detail": "Not found."},
        {"count": 1, "results": {"id": 1}},
        {"results": []},
        {"count": "0", "results": []},
        {"count": -1, "results": []},
        {"count": True, "results": [{}]},
    ],
)
def test_what_is_no_page_is_an_outage(answer: object) -> None:
    """JSON of another shape is not data."""
    with pytest.raises(LL2Unavailable, match=r"^LL2's answer is no page") as caught:
        listed(answer)

    assert not isinstance(caught.value, SnapshotTorn)


def test_entries_without_an_id_are_counted_all_the_same() -> None:
    """They are for the mapping to judge."""
    listing = listed({"count": 3, "next": None, "results": [None, {"id": "x"}, 7]})

    assert listing.wanted is None
    assert len(listing.results) == 3
