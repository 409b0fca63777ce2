"""The stand-in's faults over real HTTP, and what it remembers."""

import asyncio
import errno
import json
import socket
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from simulator_bench import ANCHOR, STORY, bench

from bot.simulator import Simulator, serve
from bot.simulator.scenario import Fault, FaultKind, Scenario

UPCOMING = "/events/upcoming/"


def broken(kind: FaultKind, **more: Any) -> Scenario:
    """Return the story with one fault in its first hour."""
    fault = Fault(kind=kind, start=timedelta(), end=timedelta(hours=1))
    return replace(STORY, faults=(replace(fault, **more),))


async def test_server_error_is_a_bare_page_and_costs_a_request() -> None:
    """LL2 counts what it could not answer."""
    async with bench(broken("status", status=502)) as ll2:
        response, text = await ll2.get(UPCOMING)
        state = await ll2.body("/api-throttle/")

    assert (response.status, response.content_type) == (502, "text/html")
    assert "Server Error" in text
    assert state["current_use"] == 1


@pytest.mark.parametrize("status", [403, 429, 502])
async def test_proxy_answers_with_a_page_that_costs_nothing(status: int) -> None:
    """What Cloudflare refuses never reaches LL2; its challenge says so in a header."""
    async with bench(broken("cloudflare", status=status)) as ll2:
        response, _text = await ll2.get(UPCOMING)
        state = await ll2.body("/api-throttle/")

    assert (response.status, response.content_type) == (status, "text/html")
    assert response.headers.get("cf-mitigated") == ("challenge" if status == 403 else None)
    assert state["current_use"] == 0
    assert ll2.simulator.violations == 0


async def test_truncated_answer_is_no_json() -> None:
    """The status is fine, the text is not."""
    async with bench(broken("truncated")) as ll2:
        response, text = await ll2.get(UPCOMING)

    assert response.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_broken_connection_gives_no_answer() -> None:
    """The client sees its connection close."""
    async with bench(broken("disconnect")) as ll2:
        with pytest.raises(aiohttp.ClientConnectionError):
            await ll2.get(UPCOMING)

    assert {request.status for request in ll2.simulator.requests} == {0}


async def test_hanging_request_ends_when_the_server_closes() -> None:
    """Closing lets go of a client that waits, with no answer."""
    async with aiohttp.ClientSession() as client:
        arrived = asyncio.Event()

        def now() -> datetime:
            arrived.set()
            return ANCHOR

        async with serve(Simulator(broken("hang"), now, anchor=ANCHOR)) as base_url:
            hanging = asyncio.create_task(client.get(base_url + UPCOMING), name="hanging")
            await arrived.wait()
            assert not hanging.done()

        with pytest.raises(aiohttp.ClientConnectionError):
            await hanging


async def test_empty_page_says_that_there_is_nothing() -> None:
    """The page is well formed and wrong."""
    async with bench(broken("empty")) as ll2:
        body = await ll2.body(UPCOMING)

    assert body == {"count": 0, "next": None, "previous": None, "results": []}


async def test_short_page_agrees_with_its_own_count() -> None:
    """Nothing but memory tells that events are missing."""
    async with bench(broken("short", keep=2)) as ll2:
        body = await ll2.body(UPCOMING)

    assert (body["count"], len(body["results"]), body["next"]) == (2, 2, None)


async def test_count_may_disagree_with_the_page() -> None:
    """A page that holds fewer events than it counts."""
    async with bench(broken("count", by=2)) as ll2:
        body = await ll2.body(f"{UPCOMING}?limit=100")

    assert (body["count"], len(body["results"])) == (7, 5)


@pytest.mark.parametrize(("by", "seen"), [(1, [4, 5]), (-1, [2, 3])])
async def test_pages_may_shift_between_two_requests(by: int, seen: list[int]) -> None:
    """Events are skipped or repeated on every page but the first."""
    async with bench(broken("shift", by=by)) as ll2:
        first = await ll2.body(f"{UPCOMING}?limit=2")
        second = await ll2.body(f"{UPCOMING}?limit=2&offset=2")

    assert [event["id"] for event in first["results"]] == [1, 2]
    assert [event["id"] for event in second["results"]] == seen


async def test_malformed_event_stands_among_good_ones() -> None:
    """One object is spoilt, the others are whole."""
    scenario = broken("malformed", event=2, values={"date": "soon"}, drop=("name",))
    async with bench(scenario) as ll2:
        events = (await ll2.body(UPCOMING))["results"]

    assert events[1]["date"] == "soon"
    assert [("name" in event) for event in events] == [True, False, True, True, True]


async def test_fault_strikes_only_its_path_its_hour_and_its_times() -> None:
    """A fault is confined as the scenario says."""
    async with bench(broken("status", path=UPCOMING, times=1)) as ll2:
        statuses = [(await ll2.get(path))[0].status for path in ("/agencies/", UPCOMING, UPCOMING)]
    async with bench(broken("status")) as ll2:
        ll2.wait(hours=1)
        after, _text = await ll2.get(UPCOMING)

    assert statuses == [200, 503, 200]
    assert after.status == 200


async def test_requests_are_remembered_with_their_answers() -> None:
    """Tests can ask what was asked."""
    async with bench() as ll2:
        await ll2.get(f"{UPCOMING}?limit=1")
        ll2.wait(minutes=1)
        await ll2.get("/events/404/")

    first, second = ll2.simulator.requests
    assert (first.time, first.path, first.query, first.status) == (
        ANCHOR,
        "/2.3.0/events/upcoming/",
        "limit=1",
        200,
    )
    assert (second.time - first.time, second.status) == (timedelta(minutes=1), 404)
    assert ll2.simulator.served == 2


async def test_port_in_use_is_the_systems_own_error() -> None:
    """Who starts the server can say what is wrong."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        simulator = Simulator(STORY, lambda: ANCHOR, anchor=ANCHOR)

        with pytest.raises(OSError, match="address already in use") as caught:
            async with serve(simulator, port=taken.getsockname()[1]):
                pass

    assert caught.value.errno == errno.EADDRINUSE


async def test_simulator_can_be_served_again() -> None:
    """A restart finds the same world and the same throttle."""
    simulator = Simulator(STORY, lambda: ANCHOR, anchor=ANCHOR)
    for _start in range(2):
        async with (
            serve(simulator) as base_url,
            aiohttp.ClientSession() as client,
            client.get(base_url + UPCOMING) as response,
        ):
            assert response.status == 200

    assert simulator.served == 2
