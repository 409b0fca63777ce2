"""Serve a scenario over HTTP as LL2 2.3.0 would: throttle, redirects, formats and faults.

What the answers say is `api`'s business. Time is injected: nothing here reads a clock.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from aiohttp import web

from bot.simulator.api import Answer, Api, Question, detail
from bot.simulator.callers import Caller, Callers
from bot.simulator.faults import FaultPlan
from bot.simulator.replies import (
    VERSION,
    cloudflare_page,
    redirect,
    reply,
    server_error,
    truncated,
)
from bot.simulator.scenario import Fault, Scenario
from bot.simulator.world import World

THROTTLE_PATH = "/api-throttle/"
"""The one endpoint that costs nothing."""

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that was answered, or left hanging: then its status is 0.

    Attributes:
        time: when it came, on the injected clock.
        path: with the version, without the query.
        query: as sent.
        status: what it was answered.

    """

    time: datetime
    path: str
    query: str
    status: int


class Simulator:
    """A scenario being played: what was asked of it, and what it answers now.

    Attributes:
        requests: the last ten thousand requests, oldest first.
        served: how many requests there were in all.
        violations: how many were refused because their caller had used up the hour.

    """

    def __init__(
        self,
        scenario: Scenario,
        now: Callable[[], datetime],
        *,
        anchor: datetime,
        seed: int = 0,
        throttle: bool = True,
    ) -> None:
        """Play the scenario from `anchor` on the clock `now`; both must know their time zone.

        The seed settles the order of comments and videos; without `throttle` every request passes,
        while `/api-throttle/` still counts.
        """
        anchor = anchor.astimezone(UTC)
        self.scenario = scenario
        self.anchor = anchor
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self.served = 0
        self.violations = 0
        self._now = now
        self._enforced = throttle
        self._api = Api(scenario, anchor=anchor, seed=seed)
        self._faults = FaultPlan(scenario.faults, anchor=anchor)
        self._callers = Callers(scenario.throttle)

    def world(self, moment: datetime) -> World:
        """Return what exists at this moment, whether or not it is now."""
        return self._api.world(moment)

    async def respond(self, request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
        """Answer one request; one that hangs is held until `closing` is set."""
        now = self._now()
        path = request.path.removeprefix(VERSION)
        fault = None if path == THROTTLE_PATH else self._faults.strike(path, now)
        if fault is not None and fault.kind in {"hang", "disconnect"}:
            self._note(request, now, 0)
            return await self._forsake(request, fault, closing)
        response = self._answer(request, path, fault, now)
        self._note(request, now, response.status)
        return response

    async def _forsake(
        self, request: web.Request, fault: Fault, closing: asyncio.Event
    ) -> web.Response:
        if fault.kind == "hang":
            await closing.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)

    def _note(self, request: web.Request, now: datetime, status: int) -> None:
        self.served += 1
        self.requests.append(
            Request(time=now, path=request.path, query=request.query_string, status=status)
        )

    def _answer(
        self, request: web.Request, path: str, fault: Fault | None, now: datetime
    ) -> web.Response:
        if fault is not None and fault.kind == "cloudflare":
            return cloudflare_page(fault.status)
        if not request.path.startswith(f"{VERSION}/"):
            return reply(request, detail(404, "Not found."))
        if not path.endswith("/"):
            return redirect(request)
        if path == THROTTLE_PATH:
            return self._throttle_state(request, now)
        return self._refusal(request, now) or self._content(request, path, fault, now)

    def _caller(self, request: web.Request) -> Caller:
        authorization = request.headers.get("Authorization", "")
        return self._callers.recognise(authorization, request.remote or "unknown")

    def _throttle_state(self, request: web.Request, now: datetime) -> web.Response:
        state = self._callers.state(self._caller(request), now)
        return reply(request, Answer(status=200, body=json.dumps(state)))

    def _refusal(self, request: web.Request, now: datetime) -> web.Response | None:
        refusal = self._callers.admit(self._caller(request), now)
        if refusal is None or not self._enforced:
            return None
        self.violations += 1
        headers = {"Retry-After": refusal.retry_after} if refusal.retry_after else {}
        return reply(request, detail(429, refusal.sentence), headers)

    def _content(
        self, request: web.Request, path: str, fault: Fault | None, now: datetime
    ) -> web.Response:
        if fault is not None and fault.kind == "status":
            return server_error(fault.status)
        if request.method not in {"GET", "HEAD"}:
            return reply(request, detail(405, f'Method "{request.method}" not allowed.'))
        if request.query.get("format", "json") not in {"json", "api"}:
            return reply(request, detail(404, "Not found."))
        query = parse_qs(request.query_string, keep_blank_values=True)
        question = Question(path=path, query=query, now=now, fault=fault)
        response = reply(request, self._api.answer(question))
        return truncated(response) if fault and fault.kind == "truncated" else response


@asynccontextmanager
async def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the simulator and yield its base address, `http://host:port/2.3.0`.

    Port 0 takes a free one; a port in use is the operating system's `OSError`. Leaving the context
    lets go of requests that hang and closes every connection.
    """
    closing = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        return await simulator.respond(request, closing)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handle)
    # Cancelling with the client keeps abandoned requests from hanging on until the end.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}{VERSION}"
    finally:
        closing.set()
        await runner.cleanup()
