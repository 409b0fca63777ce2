"""An LL2 that says byte for byte what a test wants, and days of watching it. It has no manners."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ll2_bench import an_object
from stores import made_store

from bot.domain.changes import Change
from bot.domain.watching import PollReport
from bot.ll2.client import LL2Client
from bot.ll2.transport import open_session
from bot.services.poller import Poller
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock

CALM = timedelta(minutes=5)
BUDGET = 15

Say = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]
"""What a server does with a connection on which a question came; it is closed afterwards."""

Answer = Callable[[str], Say]
"""What it does by the path asked for, with its query."""


def saying(raw: bytes) -> Say:
    """These bytes."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return say


def replying(
    body: bytes = b"", *, status: str = "200 OK", kind: str = "application/json", **headers: str
) -> Say:
    """A reply as HTTP has it; `Retry_After` is the header Retry-After."""
    length = headers.pop("Content_Length", str(len(body)))
    named = {"Content-Type": kind, "Content-Length": length, "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return saying(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body)


def telling(told: object) -> Say:
    """A good reply with this as JSON."""
    return replying(json.dumps(told).encode())


def listing(objects: Iterable[object], *, count: int | None = None) -> Say:
    """One page that holds all of these."""
    results = list(objects)
    length = len(results) if count is None else count
    return telling({"count": length, "next": None, "previous": None, "results": results})


def good(numbers: Iterable[int]) -> Answer:
    """An LL2 in order, that holds and lists these events."""
    held = {number: an_object(number) for number in numbers}

    def answer(path: str) -> Say:
        if "/api-throttle/" in path:
            return replying(b'{"detail": "Not found."}', status="404 Not Found")
        if "?id=" in path:
            wanted = (
                path.split("?id=", maxsplit=1)[1]
                .split("&", maxsplit=1)[0]
                .replace("%2C", ",")
                .split(",")
            )
            return listing(held[int(one)] for one in wanted if int(one) in held)
        return listing(held.values())

    return answer


@dataclass(slots=True, kw_only=True)
class Wire:
    """The server; what it was asked, and when, is in `asked`."""

    clock: FakeClock
    answer: Answer
    base_url: str = ""
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one question and say what is to be said, until it is or the asker has left."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self.asked.append((self.clock.now(), path))
            await _first_of(self.answer(path)(writer), reader.read())
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def counted(self) -> list[datetime]:
        """When requests were made that LL2 counts."""
        return [at for at, path in self.asked if "/api-throttle/" not in path]

    def busiest_hour(self) -> int:
        """The most requests that LL2 counts in any hour."""
        times = self.counted()
        hour = timedelta(hours=1)
        return max(sum(at <= one < at + hour for one in times) for at in times)


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Do these until one of them is done; a connection that is gone is the end, and no error."""
    tasks = [asyncio.ensure_future(one) for one in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, ConnectionError):
            raise end


@dataclass(slots=True, kw_only=True)
class Watch:
    """A poller with its client before a wire, on a fake clock and a store in memory."""

    wire: Wire
    clock: FakeClock
    store: SqlStore
    poller: Poller
    client: LL2Client

    async def go_on(self, span: timedelta) -> list[PollReport]:
        """Poll as the poller itself would for so long."""
        end = self.clock.now() + span
        reports = []
        while self.clock.now() < end:
            report = await self.poller.step()
            reports.append(report)
            self.clock.advance(await self.poller.pause(report))
        return reports

    async def until_well(self) -> None:
        """Poll on until LL2's answer is of use again; a day of it is enough."""
        end = self.clock.now() + timedelta(days=1, minutes=10)
        while (await self.go_on(CALM))[-1].problem:
            assert self.clock.now() < end

    async def noticed(self) -> list[Change]:
        """The record of changes."""
        async with self.store.reading() as unit:
            return [one.change for one in await unit.snapshots.noticed()]

    async def names(self) -> dict[int, str]:
        """What is watched, by id."""
        async with self.store.reading() as unit:
            return {key: one.event.name for key, one in (await unit.snapshots.recall()).items()}


@asynccontextmanager
async def watching(
    numbers: Sequence[int], *, within: timedelta = timedelta(seconds=20)
) -> AsyncIterator[Watch]:
    """A watch that has learnt these events."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        wire = Wire(clock=clock, answer=good(numbers))
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        await stack.enter_async_context(server)
        wire.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/2.3.0"
        store = await stack.enter_async_context(made_store("sqlite://"))
        client = LL2Client(
            await stack.enter_async_context(open_session()),
            base_url=wire.base_url,
            api_key="",
            hourly_budget=BUDGET,
            log=store.requests,
            clock=clock,
            timeout=within,
        )
        await client.load()
        poller = Poller(client, store, clock, interval=CALM, announce_first_run=False, wakes=())
        watch = Watch(wire=wire, clock=clock, store=store, poller=poller, client=client)
        await watch.go_on(CALM)
        yield watch


def lines(records: Iterable[logging.LogRecord]) -> list[str]:
    """What an owner reads at the usual level, of us or of the HTTP client."""
    return [
        f"{one.levelname} {one.getMessage()}"
        for one in records
        if one.levelno >= logging.INFO and one.name.split(".")[0] in {"bot", "aiohttp"}
    ]
