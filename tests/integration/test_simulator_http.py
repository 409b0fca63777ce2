"""The stand-in over real HTTP: addresses, formats and the throttle."""

import html
import json
import re
from dataclasses import replace
from datetime import timedelta, timezone

import aiohttp
import pytest
from simulator_bench import ANCHOR, STORY, bench

from bot.simulator import Simulator, serve
from bot.simulator.scenario import Throttle

UPCOMING = "/events/upcoming/"


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
