"""The stand-in over real HTTP: addresses, formats, the throttle and every fault."""

import asyncio
import errno
import html
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator, parse_scenario, serve
from bot.simulator.scenario import Fault, FaultKind, Scenario, Throttle

ANCHOR = datetime(2027, 3, 1, 12, tzinfo=UTC)
STORY = parse_scenario(
    'title = "T"\nduration = "7d"\n'
    + "".join(
        f'[[event]]\nid = {number}\nname = "Event {number}"\ntype = "EVA"\n'
        f'date = "{number}h"\nprecision = "Minute"\n'
        for number in range(1, 6)
    )
)
UPCOMING = "/events/upcoming/"


@dataclass(slots=True)
class Bench:
    """A running stand-in, a client for it and the time that both live in."""

    simulator: Simulator
    base_url: str
    client: aiohttp.ClientSession
    time: list[datetime]

    async def get(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
        """Return the answer to one request, not following redirects, with its text."""
        url = self.base_url + path
        async with self.client.get(url, headers=headers, allow_redirects=False) as response:
            return response, await response.text()

    async def body(self, path: str, **headers: str) -> Any:
        """Return the answer's JSON."""
        return json.loads((await self.get(path, **headers))[1])

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.time[0] += timedelta(**span)


@asynccontextmanager
async def bench(scenario: Scenario = STORY, *, throttle: bool = True) -> AsyncIterator[Bench]:
    """Serve a scenario on a free port."""
    time = [ANCHOR]
    simulator = Simulator(scenario, lambda: time[0], anchor=ANCHOR, throttle=throttle)
    async with serve(simulator) as base_url, aiohttp.ClientSession() as client:
        yield Bench(simulator=simulator, base_url=base_url, client=client, time=time)


def broken(kind: FaultKind, **more: Any) -> Scenario:
    """Return the story with one fault in its first hour."""
    fault = Fault(kind=kind, start=timedelta(), end=timedelta(hours=1))
    return replace(STORY, faults=(replace(fault, **more),))


async def test_addresses_echo_the_host_and_the_format_of_the_request() -> None:
    """`url` and `next` speak of the host that was asked, with its format parameter."""
    async with bench() as ll2:
        plain = await ll2.body(f"{UPCOMING}?limit=1")
        formatted = await ll2.body(f"{UPCOMING}?limit=1&format=json", Host="ll2.example.org")

    assert plain["results"][0]["url"] == f"{ll2.base_url}/events/1/"
    assert plain["next"] == f"{ll2.base_url}{UPCOMING}?limit=1&offset=1"
    base = "http://ll2.example.org/2.3.0"
    assert formatted["results"][0]["url"] == f"{base}/events/1/?format=json"
    assert formatted["next"] == f"{base}{UPCOMING}?format=json&limit=1&offset=1"


async def test_next_leads_through_the_whole_list() -> None:
    """Following `next` sees every event once."""
    async with bench() as ll2:
        url, seen = f"{ll2.base_url}{UPCOMING}?limit=2", list[int]()
        while url:
            async with ll2.client.get(url) as response:
                page = await response.json()
            seen += [event["id"] for event in page["results"]]
            url = page["next"]

    assert seen == [1, 2, 3, 4, 5]


async def test_world_moves_with_the_injected_clock() -> None:
    """The list is that of the moment of the request."""
    async with bench() as ll2:
        before = await ll2.body(UPCOMING)
        ll2.wait(hours=25, seconds=1)
        after = await ll2.body(UPCOMING)

    assert (before["count"], after["count"]) == (5, 4)


async def test_dates_are_utc_wherever_the_story_is_started() -> None:
    """An anchor in another time zone moves no date."""
    anchor = ANCHOR.astimezone(timezone(timedelta(hours=5)))
    simulator = Simulator(STORY, lambda: ANCHOR, anchor=anchor)
    async with (
        serve(simulator) as base_url,
        aiohttp.ClientSession() as client,
        client.get(f"{base_url}/events/1/") as response,
    ):
        event = await response.json()

    assert event["date"] == "2027-03-01T13:00:00Z"


async def test_json_has_its_plain_content_type() -> None:
    """Anything but a browser gets JSON."""
    async with bench() as ll2:
        response, _text = await ll2.get(UPCOMING, Accept="application/json")

    assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("?format=api", "application/json", "text/html"),
        ("?format=json", "text/html", "application/json"),
        ("", "*/*", "application/json"),
    ],
)
async def test_browsers_get_a_page(query: str, accept: str, content_type: str) -> None:
    """The format parameter decides, else what is accepted; the page holds the JSON."""
    async with bench() as ll2:
        response, text = await ll2.get(f"/events/1/{query}", Accept=accept)

    assert response.content_type == content_type
    shown = re.sub(r".*<pre>|</pre>.*", "", text)
    assert json.loads(html.unescape(shown))["id"] == 1


async def test_unknown_format_is_a_404() -> None:
    """Django REST framework has no page for a format that it does not know."""
    async with bench() as ll2:
        response, text = await ll2.get(f"{UPCOMING}?format=xml")

    assert response.status == 404
    assert list(json.loads(text)) == ["detail"]


async def test_missing_slash_is_a_redirect_that_costs_nothing() -> None:
    """A path without its slash moves to the one with it, parameters kept."""
    async with bench() as ll2:
        response, _text = await ll2.get("/events/upcoming?limit=1")
        state = await ll2.body("/api-throttle/")

    assert response.status == 301
    assert response.headers["Location"] == "/2.3.0/events/upcoming/?limit=1"
    assert state["current_use"] == 0


async def test_other_methods_and_versions_are_refused() -> None:
    """The API is read-only and this stand-in speaks one version of it."""
    async with bench() as ll2:
        async with ll2.client.post(f"{ll2.base_url}/events/") as posted:
            refusal = await posted.json()
        async with ll2.client.get(ll2.base_url.replace("2.3.0", "2.2.0") + "/event/") as other:
            assert other.status == 404

    assert posted.status == 405
    assert refusal == {"detail": 'Method "POST" not allowed.'}


async def test_missing_event_is_a_404_with_a_detail() -> None:
    """A deleted id has a body of its own."""
    async with bench() as ll2:
        response, text = await ll2.get("/events/404/")

    assert response.status == 404
    assert list(json.loads(text)) == ["detail"]


async def test_sixteenth_request_of_an_hour_is_refused_with_its_wait() -> None:
    """Fifteen pass; the next one hears in body and header how long to wait, and that is true."""
    async with bench() as ll2:
        passed = [(await ll2.get(UPCOMING))[0].status for _request in range(15)]
        ll2.wait(minutes=20)
        refused, text = await ll2.get(UPCOMING)
        ll2.wait(seconds=int(refused.headers["Retry-After"]))
        again, _text = await ll2.get(UPCOMING)

    assert passed == [200] * 15
    assert refused.status == 429
    assert json.loads(text) == {
        "detail": "Request was throttled. Expected available in 2400 seconds."
    }
    assert again.status == 200
    assert ll2.simulator.violations == 1


async def test_throttle_can_be_asked_for_free() -> None:
    """`/api-throttle/` tells the use without adding to it, also when nothing is left."""
    async with bench(replace(STORY, throttle=Throttle(anonymous_limit=1))) as ll2:
        await ll2.get(UPCOMING)
        states = [await ll2.body("/api-throttle/") for _request in range(3)]

    assert {state["current_use"] for state in states} == {1}
    assert states[0]["next_use_secs"] == 3600


async def test_token_has_the_larger_budget() -> None:
    """A token's requests are counted apart from the address's."""
    async with bench() as ll2:
        for _request in range(16):
            await ll2.get(UPCOMING, Authorization="Token k")
        state = await ll2.body("/api-throttle/", Authorization="Token k")
        anonymous = await ll2.body("/api-throttle/")

    assert (state["your_request_limit"], state["current_use"]) == (210, 16)
    assert (anonymous["your_request_limit"], anonymous["current_use"]) == (15, 0)


async def test_wait_may_be_a_date() -> None:
    """HTTP allows a date in `Retry-After`."""
    throttle = Throttle(anonymous_limit=0, retry_after="date")
    async with bench(replace(STORY, throttle=throttle)) as ll2:
        response, _text = await ll2.get(UPCOMING)

    assert response.headers["Retry-After"] == "Mon, 01 Mar 2027 13:00:00 GMT"


async def test_wait_may_stand_in_the_body_only() -> None:
    """A scenario can leave the header out."""
    throttle = Throttle(anonymous_limit=0, retry_after="none")
    async with bench(replace(STORY, throttle=throttle)) as ll2:
        response, text = await ll2.get(UPCOMING)

    assert "Retry-After" not in response.headers
    assert "3600 seconds" in text


async def test_throttle_can_be_off() -> None:
    """A demonstration may poll as fast as it likes."""
    async with bench(throttle=False) as ll2:
        statuses = {(await ll2.get(UPCOMING))[0].status for _request in range(20)}

    assert statuses == {200}
    assert ll2.simulator.violations == 0


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
