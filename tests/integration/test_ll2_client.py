"""What the client asks of LL2 and concludes from its answers, over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ll2_bench import JSON, UPCOMING, Bench, a_page, an_object, answering, open_bench, paged

from bot.domain.events import Agency, EventId, EventType
from bot.domain.watching import Purpose
from bot.errors import BudgetSpent, InvariantBroken, LL2Unavailable, SnapshotTorn


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A fresh stand-in that knows no path, and an empty log."""
    async with open_bench() as opened:
        yield opened


async def test_one_request_sees_everything(bench: Bench) -> None:
    """A snapshot costs one request, with these parameters, named and in JSON."""
    bench.ll2.routes[UPCOMING] = a_page([3, 1, 2])
    client = await bench.client()

    snapshot = await client.snapshot()

    (request,) = bench.ll2.requests
    assert [one.event.id for one in snapshot.observations] == [3, 1, 2]
    assert dict(request.query) == {"mode": "detailed", "limit": "100", "format": "json"}
    assert request.headers["User-Agent"].startswith("Perigee/")
    assert "Authorization" not in request.headers
    assert len(bench.log.kept) == 1


async def test_further_pages_are_asked_of_our_own_address(bench: Bench) -> None:
    """`next` names a host of its own; neither the request nor the key goes there."""
    bench.ll2.routes[UPCOMING] = paged(230, host="http://elsewhere.example/steal/")
    client = await bench.client(api_key="sesame")

    snapshot = await client.snapshot()

    asked = bench.ll2.asked()
    assert len(snapshot.observations) == 230
    assert [one.query.get("offset") for one in asked] == [None, "100", "200"]
    assert {one.query["mode"] for one in asked} == {"detailed"}
    assert {one.headers["Authorization"] for one in asked} == {"Token sesame"}
    assert len(bench.log.kept) == 3


async def test_a_server_that_ignores_offset_is_torn(bench: Bench) -> None:
    """The same page for every question must not pass for a snapshot."""
    bench.ll2.routes[UPCOMING] = a_page(range(1, 11), count=30, following="?limit=10&offset=10")
    client = await bench.client()

    with pytest.raises(SnapshotTorn, match=r"^LL2 counted 30 events but gave 10 "):
        await client.snapshot()

    assert len(bench.ll2.requests) == 2


async def test_the_recorded_middle_page_is_torn(bench: Bench, shared: Path) -> None:
    """A real page of ten out of thirty, served for every question, is no snapshot."""
    text = (shared / "ll2" / "upcoming-page.json").read_text(encoding="utf-8")
    bench.ll2.routes[UPCOMING] = answering(200, text, kind=JSON)
    client = await bench.client()

    with pytest.raises(
        SnapshotTorn,
        match=r"^LL2 counted 30 events but gave 10 .*nothing was concluded from this answer$",
    ):
        await client.snapshot()


async def test_one_malformed_event_hides_no_other(bench: Bench) -> None:
    """The rest of the page arrives."""
    bench.ll2.routes[UPCOMING] = lambda _: {
        "count": 3,
        "next": None,
        "results": [an_object(1), an_object(2) | {"date": "?"}, an_object(3)],
    }

    snapshot = await (await bench.client()).snapshot()

    assert [one.event.id for one in snapshot.observations] == [1, 3]
    assert [one.event_id for one in snapshot.malformed] == [2]


async def test_a_probe_asks_for_all_ids_at_once(bench: Bench) -> None:
    """Several ids cost one request; absent ones are absent."""
    bench.ll2.routes["/events/"] = a_page([7])
    client = await bench.client()

    snapshot = await client.probe([EventId(9), EventId(7)])

    (request,) = bench.ll2.requests
    assert request.query["id"] == "7,9"
    assert request.query["mode"] == "detailed"
    assert [one.event.id for one in snapshot.observations] == [7]
    assert [mark.purpose for mark in bench.log.kept.values()] == [Purpose.PROBE]


async def test_a_probe_for_nothing_costs_nothing(bench: Bench) -> None:
    """No ids, no request."""
    snapshot = await (await bench.client()).probe([])

    assert snapshot.observations == ()
    assert bench.ll2.requests == []


async def test_a_probe_answered_with_other_events_is_no_answer(bench: Bench) -> None:
    """LL2 ignores unknown filters in silence; then nobody may be declared gone."""
    bench.ll2.routes["/events/"] = a_page([1, 2, 3])

    with pytest.raises(LL2Unavailable, match="asked for 1 events by id and gave others"):
        await (await bench.client()).probe([EventId(2)])


async def test_a_probe_for_too_many_is_a_bug(bench: Bench) -> None:
    """A hundred ids fit one request."""
    with pytest.raises(InvariantBroken):
        await (await bench.client()).probe([EventId(number) for number in range(101)])


async def test_the_catalogue_names_types_and_featured_agencies(bench: Bench) -> None:
    """Two listings, both counted."""
    bench.ll2.routes["/config/event_types/"] = lambda _: {
        "count": 1,
        "next": None,
        "results": [{"id": 3, "name": "EVA"}],
    }
    bench.ll2.routes["/agencies/"] = lambda _: {
        "count": 1,
        "next": None,
        "results": [{"id": 44, "name": "National Space Bureau", "abbrev": "NSB"}],
    }

    catalogue = await (await bench.client()).catalogue()

    assert catalogue.types == (EventType(id=3, name="EVA"),)
    assert catalogue.agencies == (Agency(id=44, name="National Space Bureau", abbrev="NSB"),)
    assert bench.ll2.asked("/agencies/")[0].query["featured"] == "true"
    assert [mark.purpose for mark in bench.log.kept.values()] == [Purpose.CATALOGUE] * 2


async def test_the_catalogue_keeps_to_the_budget_of_polls(bench: Bench) -> None:
    """Names can wait; the reserve is for probes."""
    bench.ll2.routes[UPCOMING] = a_page([1])
    client = await bench.client()
    for _ in range(14):
        await client.snapshot()

    with pytest.raises(BudgetSpent, match="nothing left for a catalogue"):
        await client.catalogue()

    assert len(bench.ll2.requests) == 14
