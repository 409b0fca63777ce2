"""What is not data is an outage, told in one sentence, over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from ll2_bench import (
    JSON,
    UPCOMING,
    Bench,
    Route,
    answering,
    open_bench,
    serving,
)

from bot.errors import LL2Unavailable
from bot.ll2.transport import LARGEST_ANSWER
from bot.testing import START


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A fresh stand-in that knows no path, and an empty log."""
    async with open_bench() as opened:
        yield opened


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (answering(502, "<html>"), "LL2 answered 502 with HTML; it is an outage on their side"),
        (answering(403, "<html>"), "LL2 answered 403 with HTML; it refuses us; check ll2.api_key"),
        (answering(401, "{}", kind=JSON), "LL2 answered 401 with JSON; check ll2.api_key"),
        (answering(404, "{}", kind=JSON), "LL2 answered 404 with JSON; check ll2.base_url"),
        (answering(418, "", kind="text/tea"), "LL2 answered 418 with text/tea; nothing was read"),
        (answering(200, "<html>"), "LL2 answered 200 with HTML where JSON belongs"),
        (answering(200, '{"count": 1, "res', kind=JSON), "LL2's answer is not whole JSON"),
        (answering(200, "[" * 100_000, kind=JSON), "LL2's answer is not whole JSON"),
        (answering(200, '"text"', kind=JSON), "LL2's answer is no page"),
        (answering(200, '{"count": 1}', kind=JSON), "LL2's answer is no page"),
    ],
)
async def test_what_is_not_data_is_an_outage(bench: Bench, route: Route, sentence: str) -> None:
    """One sentence tells what came instead, and the attempt is counted."""
    bench.ll2.routes[UPCOMING] = route
    client = await bench.client()

    with pytest.raises(LL2Unavailable) as caught:
        await client.snapshot()

    assert str(caught.value).startswith(sentence)
    assert len(bench.log.kept) == 1


async def test_a_redirect_is_not_followed(bench: Bench) -> None:
    """Our key must not reach another host; the owner learns where the API went."""
    moved = {"Location": "http://new.example/2.3.0/events/upcoming/"}
    bench.ll2.routes[UPCOMING] = answering(301, "", headers=moved)

    with pytest.raises(
        LL2Unavailable, match=r"^LL2 answered 301 and points to new\.example; set ll2\.base_url"
    ):
        await (await bench.client(api_key="sesame")).snapshot()


async def test_a_refused_connection_is_an_outage(bench: Bench) -> None:
    """Nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/2.3.0"
        client = await bench.client(base_url=address)

        with pytest.raises(LL2Unavailable, match=r"at 127\.0\.0\.1 gave no answer: the connection"):
            await client.snapshot()


async def test_a_name_that_is_not_found_is_an_outage(bench: Bench) -> None:
    """`.invalid` never resolves (RFC 6761)."""
    client = await bench.client(base_url="http://ll2.invalid/2.3.0")

    with pytest.raises(LL2Unavailable, match=r"LL2 at ll2\.invalid gave no answer: its name"):
        await client.snapshot()


async def test_an_address_that_is_none_is_told(bench: Bench) -> None:
    """The owner learns which setting to correct."""
    client = await bench.client(base_url="http:///2.3.0")

    with pytest.raises(LL2Unavailable, match=r"correct ll2\.base_url"):
        await client.snapshot()


async def test_silence_is_an_outage_and_counts_to_the_end(bench: Bench) -> None:
    """Without an answer LL2 may have counted the request until its time was up."""
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    async with serving(silent) as origin:
        client = await bench.client(base_url=origin, within=timedelta(milliseconds=50))
        with pytest.raises(LL2Unavailable, match="no whole answer came in time"):
            await client.snapshot()

    (mark,) = bench.log.kept.values()
    assert mark.at >= START + timedelta(seconds=60)


async def test_an_answer_that_breaks_off_is_an_outage(bench: Bench) -> None:
    """Half a body is no body."""

    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b'{"count": 1')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(broken) as origin:
        client = await bench.client(base_url=origin)
        with pytest.raises(LL2Unavailable, match="gave no answer: "):
            await client.snapshot()


async def test_an_endless_answer_is_refused(bench: Bench) -> None:
    """Memory is bounded whatever a server sends."""
    bench.ll2.routes[UPCOMING] = answering(200, " " * (LARGEST_ANSWER + 1), kind=JSON)

    with pytest.raises(LL2Unavailable, match="answer is larger than 8 MB"):
        await (await bench.client()).snapshot()
