"""What tests of watching share: a web server before chosen vitals, and who asks it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.vitals import Facts, Heartbeat
from bot.ports import Vitals
from bot.web.metrics import Metrics
from bot.web.server import serve

PATIENCE = aiohttp.ClientTimeout(total=30)

SECRET = "s3cret-token"  # noqa: S105, made up
"""What the mask of these tests hides."""


def masked(text: str) -> str:
    """The text without the secret."""
    return text.replace(SECRET, "***")


@dataclass(slots=True, kw_only=True)
class FixedVitals:
    """Vitals that are what the test says."""

    told: Facts
    beats: tuple[Heartbeat, ...] = ()

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """The loops."""
        return self.beats

    async def facts(self) -> Facts:
        """How it stands."""
        return self.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who asks a web server; `address` is `http://host:port`."""

    address: str

    async def ask(self, path: str, *, method: str = "GET", **options: Any) -> Told:
        """Ask for a path."""
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.request(method, f"{self.address}{path}", **options) as response,
        ):
            text = await response.text()
            return Told(status=response.status, headers=response.headers.copy(), text=text)

    async def statuses(self, *paths: str) -> list[int]:
        """The statuses of these, asked in turn."""
        return [(await self.ask(path)).status for path in paths]

    async def samples(self) -> dict[str, float]:
        """Every sample of /metrics: `perigee_polls_total{outcome="read"}` and its value."""
        return samples((await self.ask("/metrics")).text)


def samples(page: str) -> dict[str, float]:
    """Every sample of a page in Prometheus' text format, its labels by name."""
    return {
        f"{one.name}{_labels(one.labels)}": one.value
        for family in text_string_to_metric_families(page)
        for one in family.samples
    }


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{{{told}}}" if told else ""


def bound_address(log: str) -> str:
    """Where a program says in its log that it serves."""
    found = re.search(r"Serving /healthz.* at (http://\S+)", log)
    assert found, log
    return found[1]


@asynccontextmanager
async def open_watcher(
    vitals: Vitals, metrics: Metrics | None = None, **options: Any
) -> AsyncIterator[Watcher]:
    """A web server on a free port, and who asks it."""
    counted = metrics or Metrics()
    async with serve("127.0.0.1:0", vitals, counted, masked, **options) as address:
        yield Watcher(address=address)


def a_heartbeat(loop: str = "poller", *, is_late: bool = False) -> Heartbeat:
    """A loop that showed itself two seconds ago."""
    return Heartbeat(loop=loop, age=timedelta(seconds=2), is_late=is_late)
