"""A stand-in for LL2 with canned answers, and a client to put before it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aiohttp import ClientSession, web

from bot.domain.watching import Purpose, RequestMark
from bot.ll2.client import LL2Client
from bot.ll2.transport import open_session
from bot.testing import FakeClock

UPCOMING = "/events/upcoming/"
THROTTLE = "/api-throttle/"
JSON = "application/json"

Reply = web.StreamResponse | dict[str, object] | list[object]
Route = Callable[[web.Request], Reply]


class FakeLog:
    """A request log in memory, which outlives the client as the store does."""

    def __init__(self) -> None:
        self.kept: dict[int, RequestMark] = {}
        self.until: datetime | None = None

    async def marks(self, since: datetime) -> tuple[RequestMark, ...]:
        """Requests made after `since`, oldest first."""
        late = (mark for mark in self.kept.values() if mark.at > since)
        return tuple(sorted(late, key=lambda mark: mark.at))

    async def begin(self, at: datetime, purpose: Purpose) -> RequestMark:
        """Write down that a request is made; others run meanwhile, as while a store commits."""
        await asyncio.sleep(0)
        mark = RequestMark(id=len(self.kept) + 1, at=at, purpose=purpose)
        self.kept[mark.id] = mark
        return mark

    async def settle(self, mark: RequestMark, at: datetime) -> None:
        """Move a mark."""
        self.kept[mark.id] = replace(mark, at=at)

    async def blocked_until(self) -> datetime | None:
        """Until when to stay away."""
        return self.until

    async def block(self, until: datetime) -> None:
        """Remember to stay away."""
        self.until = until


@dataclass(slots=True, kw_only=True)
class StandIn:
    """A server with canned answers by path; what it was asked is in `requests`."""

    base_url: str = ""
    routes: dict[str, Route] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the route of this path says, else as LL2 does: 404."""
        self.requests.append(request)
        route = self.routes.get(request.path.removeprefix("/2.3.0"))
        if route is None:
            return web.json_response({"detail": "Not found."}, status=404)
        reply = route(request)
        return reply if isinstance(reply, web.StreamResponse) else web.json_response(reply)

    def asked(self, path: str = UPCOMING) -> list[web.Request]:
        """The requests for one path."""
        return [one for one in self.requests if one.path == f"/2.3.0{path}"]


@dataclass(slots=True, kw_only=True)
class Bench:
    """A stand-in, and what a client needs to talk to it."""

    ll2: StandIn
    session: ClientSession
    clock: FakeClock
    log: FakeLog

    async def client(
        self,
        *,
        api_key: str = "",
        hourly_budget: int = 15,
        base_url: str = "",
        within: timedelta = timedelta(seconds=20),
    ) -> LL2Client:
        """A client whose budget was restored from the log."""
        client = LL2Client(
            self.session,
            base_url=base_url or self.ll2.base_url,
            api_key=api_key,
            hourly_budget=hourly_budget,
            log=self.log,
            clock=self.clock,
            timeout=within,
        )
        await client.load()
        return client


@asynccontextmanager
async def serving(handler: Callable[[web.Request], object]) -> AsyncIterator[str]:
    """Serve a handler on a free loopback port; yields its address."""
    app = web.Application()
    app.router.add_route("GET", "/{anything:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_bench() -> AsyncIterator[Bench]:
    """A fresh stand-in that knows no path, and an empty log."""
    ll2 = StandIn()
    async with serving(ll2.answer) as origin, open_session() as session:
        ll2.base_url = f"{origin}/2.3.0"
        yield Bench(ll2=ll2, session=session, clock=FakeClock(), log=FakeLog())


def an_object(number: int) -> dict[str, object]:
    """A detailed event."""
    return {
        "id": number,
        "name": f"Event {number}",
        "type": {"id": 2, "name": "Docking"},
        "date": "2027-03-04T10:30:00Z",
        "date_precision": None,
    }


def a_page(ids: Sequence[int], *, count: int | None = None, following: str = "") -> Route:
    """One page, the same whatever is asked."""
    page: dict[str, object] = {
        "count": len(ids) if count is None else count,
        "next": following or None,
        "previous": None,
        "results": [an_object(number) for number in ids],
    }
    return lambda _: page


def paged(total: int, *, host: str = "") -> Route:
    """A listing cut into pages as LL2 does; its `next` names any host."""

    def route(request: web.Request) -> Reply:
        limit, offset = int(request.query["limit"]), int(request.query.get("offset", 0))
        after = offset + limit
        following = f"{host}?mode=list&limit={limit}&offset={after}" if after < total else ""
        return a_page(range(1, total + 1)[offset:after], count=total, following=following)(request)

    return route


def answering(
    status: int, text: str, *, kind: str = "text/html", headers: dict[str, str] | None = None
) -> Route:
    """Always this answer."""
    return lambda _: web.Response(status=status, text=text, content_type=kind, headers=headers)


def reporting(*, used: int, limit: int = 15, next_use: int = 0) -> Route:
    """What `/api-throttle/` says."""
    report: dict[str, object] = {
        "your_request_limit": limit,
        "limit_frequency_secs": 3600,
        "current_use": used,
        "next_use_secs": next_use,
        "ident": "203.0.113.9",
    }
    return lambda _: report
