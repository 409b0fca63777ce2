"""A day of every fault that LL2 or what stands before it can have, byte for byte, and its end.

The real client, poller and store before a raw server: no false alert, nothing withdrawn, never more
requests than the budget, a line at the first failure and one at the recovery, which needs nobody.
"""

import asyncio
import gzip
import json
import logging
import struct
from datetime import timedelta

import pytest
from ll2_bench import an_object
from ll2_wire import BUDGET, CALM, Say, good, lines, listing, replying, saying, telling, watching

from bot.domain.changes import EventAnnounced

TEN = range(1, 11)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MEGABYTE = 1024 * 1024
HTML = "text/html; charset=UTF-8"
PAGE = json.dumps({"count": 1, "next": None, "results": [an_object(1)]}).encode()


async def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off as a firewall does: with RST."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(1, 13, linger)
    writer.transport.abort()


async def _leave(_writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def _endless_continue(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 64)
        await writer.drain()
        await asyncio.sleep(0)


async def _endless_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def _silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _silence_in_the_body(writer: asyncio.StreamWriter) -> None:
    await replying(PAGE[:40], Content_Length="100000")(writer)
    await asyncio.Event().wait()


async def _drip(writer: asyncio.StreamWriter) -> None:
    await replying(Content_Length="100000")(writer)
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.005)


def _chunked(raw: bytes) -> Say:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return saying(head + raw)


def _limited(**headers: str) -> Say:
    return replying(b"<html>", status="429 Too Many Requests", kind=HTML, **headers)


FAULTS: dict[str, Say] = {
    "500": replying(b"<html>", status="500 Internal Server Error", kind=HTML),
    "502": replying(b"<html>", status="502 Bad Gateway", kind=HTML),
    "503": replying(b"{}", status="503 Service Unavailable", Retry_After="3600"),
    "521": replying(b"<html>", status="521 ", kind=HTML),
    "cloudflare challenge": replying(b"<html>", status="403 Forbidden", kind=HTML),
    "204": saying(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": saying(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "redirect to itself": replying(status="302 Found", Location="/2.3.0/events/upcoming/"),
    "redirect to nowhere": replying(status="302 Found", Location="http://[::1"),
    "429": _limited(),
    "429 for now": _limited(Retry_After="0"),
    "429 for less than nothing": _limited(Retry_After="-86400"),
    "429 for ever": _limited(Retry_After="9" * 30),
    "429 for a day": _limited(Retry_After="86400"),
    "429 not a number": _limited(Retry_After="NaN"),
    "429 until the past": _limited(Retry_After="Mon, 01 Mar 1999 12:00:00 GMT"),
    "429 until the end": _limited(Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"),
    "429 by a wrong clock": _limited(
        Date="Fri, 31 Dec 9999 23:59:59 GMT", Retry_After="Mon, 01 Jan 0001 00:00:00 +2359"
    ),
    "429 by no date": _limited(Date="yesterday", Retry_After="Mon, 99 Foo 2027 99:99:99 GMT"),
    "HTML": replying(b"<html>we are back soon</html>", kind=HTML),
    "HTML that says it is JSON": replying(b"<html>we are back soon</html>"),
    "nothing": replying(),
    "null": replying(b"null"),
    "truncated JSON": replying(PAGE[:-20]),
    "no UTF-8": replying(PAGE.replace(b"Event", b"\xff\xfe\xfa")),
    "nested lists": replying(b"[" * 200_000),
    "nested objects": replying(b'{"results":' * 200_000),
    "nested in an event": replying(PAGE.replace(b'"name":', b'"name":' + b"[" * 50_000)),
    "a number without end": replying(PAGE.replace(b'"count": 1', b'"count": ' + b"9" * 9_999)),
    "a count without end": listing([an_object(1)], count=10**9),
    "a count below zero": listing([an_object(1)], count=-1),
    "a count of nothing": listing([], count=30),
    "the same event twice": listing([an_object(1), an_object(1)]),
    "a list of nulls": telling({"count": 3, "next": None, "results": [None] * 3, "id": 1}),
    "no gzip": replying(b"not gzip at all", Content_Encoding="gzip"),
    "unknown packing": replying(b"\x00\x01", Content_Encoding="zstd2"),
    "a broken chunk": _chunked(b"zz\r\n{}\r\n"),
    "a chunk without end": _chunked(b"FFFFFFFFFFFFFFFFFFFF\r\n{}"),
    "half a chunk": _chunked(b"50\r\n{}"),
    "a body that breaks off": replying(PAGE[:40], Content_Length="100000"),
    "no HTTP": saying(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "another HTTP": saying(b"HTTP/9.9 200 OK\r\n\r\n"),
    "no status": saying(b"HTTP/1.1 twohundred OK\r\n\r\n"),
    "a header without end": _endless_header,
    "a cookie that is none": replying(b"{}", status="500 x", Set_Cookie="\x01=;;; =, a b=c; =="),
    "a reset": _reset,
    "a hang-up": _leave,
    "a hang-up in the head": saying(b"HTTP/1.1 200 OK\r\nContent-Ty"),
}
"""What costs no time: a whole day of each."""


SLOW_FAULTS: dict[str, Say] = {
    "silence": _silence,
    "silence in the body": _silence_in_the_body,
    "a drip": _drip,
    "continue without end": _endless_continue,
}
"""What ends by the time limit of the client, which is a fraction of a second here."""


LARGE_FAULTS: dict[str, Say] = {
    "10 MiB of one event": listing([an_object(1) | {"description": "x" * 10 * MEGABYTE}]),
    "10 MiB of small lists": replying(b"[" + b"[]," * (10 * MEGABYTE // 3) + b"[]]"),
    "100 MiB, packed": replying(gzip.compress(b" " * 100 * MEGABYTE), Content_Encoding="gzip"),
}
"""What costs memory where it is believed."""


async def _endure(
    fault: Say, span: timedelta, caplog: pytest.LogCaptureFixture, *, within: timedelta = HOUR
) -> str:
    """Live through a fault of everything that LL2 serves; what was said of it."""
    async with watching(TEN, within=min(within, timedelta(seconds=20))) as watch:
        caplog.set_level(logging.INFO)
        caplog.clear()
        watch.wire.answer = lambda _: fault
        reports = await watch.go_on(span)
        watch.wire.answer = good(TEN)
        await watch.until_well()

        assert all(one.problem and not one.changes for one in reports)
        assert await watch.noticed() == []
        assert sorted(await watch.names()) == list(TEN)
        assert watch.wire.busiest_hour() <= BUDGET
        first, last = lines(caplog.records)
    assert first.startswith("WARNING Polling LL2 failed: ")
    assert last.startswith("INFO LL2 answers again, after ")
    return first


@pytest.mark.parametrize("name", FAULTS)
async def test_a_day_of_it_is_an_outage_and_no_news(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Two lines in the log, whatever it is, and the end of it needs nobody."""
    await _endure(FAULTS[name], HOUR, caplog)


@pytest.mark.parametrize("name", SLOW_FAULTS)
async def test_an_answer_has_a_time_limit_as_a_whole(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However often a byte comes."""
    limit = timedelta(milliseconds=60)

    said = await _endure(SLOW_FAULTS[name], HOUR / 2, caplog, within=limit)

    assert "no whole answer came in time" in said


@pytest.mark.parametrize("name", LARGE_FAULTS)
async def test_an_answer_has_a_size_limit_unpacked(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A full page is a few hundred kilobytes."""
    said = await _endure(LARGE_FAULTS[name], HOUR / 4, caplog)

    assert said.endswith("LL2's answer is larger than 8 MB; nothing was read from it")


async def test_an_outage_that_comes_and_goes_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every third answer is good: that is one trouble, and what then lasts is told again."""
    async with watching(TEN) as watch:
        caplog.set_level(logging.INFO)
        caplog.clear()
        usual, asked = good(TEN), watch.wire.asked
        watch.wire.answer = lambda path: FAULTS["503"] if len(asked) % 3 else usual(path)
        await watch.go_on(DAY / 2)
        for_good = len(caplog.records)
        watch.wire.answer = lambda _: FAULTS["503"]
        await watch.go_on(2 * HOUR)
        watch.wire.answer = usual
        await watch.until_well()

    said = [one.split(":")[0] for one in lines(caplog.records)]
    assert [one.split(",")[0] for one in said] == [
        "WARNING Polling LL2 failed",
        "INFO LL2 answers again",
        "WARNING Polling LL2 failed",
        "INFO LL2 answers again",
    ]
    assert for_good == 2


async def test_an_outage_of_a_day_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    """289 polls of it; what changed meanwhile is told once when it ends."""
    async with watching(TEN) as watch:
        caplog.set_level(logging.INFO)
        caplog.clear()
        watch.wire.answer = lambda _: FAULTS["503"]
        await watch.go_on(DAY)
        watch.wire.answer = good(range(1, 12))
        (report,) = await watch.go_on(timedelta(microseconds=1))

        polls = len(watch.wire.counted()) - 2
        assert [type(one) for one in report.changes] == [EventAnnounced]
        assert watch.wire.busiest_hour() <= BUDGET
        assert lines(caplog.records) == [
            "WARNING Polling LL2 failed: LL2 answered 503 with JSON; it is an outage on their side",
            f"INFO LL2 answers again, after {polls} failed polls",
            "INFO Polled LL2: 11 events, new",
        ]
    assert polls >= DAY // CALM
