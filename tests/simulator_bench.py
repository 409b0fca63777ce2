"""The stand-in served over HTTP, and a client that asks it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.simulator import Simulator, parse_scenario, serve
from bot.simulator.scenario import Scenario

ANCHOR = datetime(2027, 3, 1, 12, tzinfo=UTC)
STORY = parse_scenario(
    'title = "T"\nduration = "7d"\n'
    + "".join(
        f'[[event]]\nid = {number}\nname = "Event {number}"\ntype = "EVA"\n'
        f'date = "{number}h"\nprecision = "Minute"\n'
        for number in range(1, 6)
    )
)


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
