"""The bundled space week, played to the real client over HTTP, and what came of it."""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from stores import made_store

from bot.domain.changes import Change, Kind, kind_of
from bot.domain.events import EventId
from bot.domain.spans import read_span
from bot.domain.watching import Noticed, PollReport, Tracked
from bot.ll2.client import LL2Client
from bot.ll2.transport import open_session
from bot.services.poller import Poller
from bot.simulator import Request, Simulator, bundled_scenario, serve
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock

CALM = timedelta(minutes=5)
WEEK = timedelta(days=7)
SLOWEST = CALM + timedelta(seconds=1)
TO_PROBE = 2 * SLOWEST
"""Two polls without an event, the second of which asks for it."""


PROBED = {2028, 2029, 2030, 2031}
"""Events that vanish from the list at some time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What one librarian's save changed for a reader."""

    at: timedelta
    event_id: int
    kinds: frozenset[Kind]

    @property
    def known_by(self) -> timedelta:
        """When it must have been noticed, the outage allowed for."""
        is_hidden = span("4d18h") <= self.at < span("4d23h")
        shown_at = span("4d23h") if is_hidden else self.at
        vanishes = self.event_id in PROBED and Kind.NEW not in self.kinds
        return shown_at + (TO_PROBE if vanishes else SLOWEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of the week."""

    noticed: Sequence[Noticed]
    reports: Sequence[tuple[timedelta, PollReport]]
    requests: Sequence[Request]
    violations: int
    lines: Sequence[str]
    known: dict[EventId, Tracked]

    def told(self) -> list[tuple[Save, timedelta]]:
        """What was noticed, by poll and event, each with when."""
        return [
            (
                Save(at=at - START, event_id=key, kinds=frozenset(kind_of(one) for one in changes)),
                at - START,
            )
            for (at, key), group in groupby(
                self.noticed, lambda one: (one.noticed_at, one.event_id)
            )
            for changes in ([one.change for one in group],)
        ]

    def changes(self, event_id: int) -> list[Change]:
        """All that was noticed of an event."""
        return [one.change for one in self.noticed if one.event_id == event_id]

    def problems(self, since: str, until: str) -> set[str]:
        """What the polls within a span came to."""
        return {report.problem for at, report in self.reports if span(since) <= at < span(until)}


class Diary(logging.Handler):
    """Keeps what the services log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


def span(text: str) -> timedelta:
    """The span that is written like "4d18h"."""
    span = read_span(text)
    assert span is not None
    return span


async def play(diary: Diary) -> Played:
    """Play it on a clock that leaps from poll to poll; the diary has listened meanwhile."""
    clock = FakeClock()
    simulator = Simulator(bundled_scenario(), clock.now, anchor=START)
    async with AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(serve(simulator))
        store = await stack.enter_async_context(made_store("sqlite://"))
        client = LL2Client(
            await stack.enter_async_context(open_session()),
            base_url=base_url,
            api_key="",
            hourly_budget=15,
            log=store.requests,
            clock=clock,
        )
        await client.load()
        await client.seed()
        reports = await _poll(_poller(client, store, clock), clock)
        async with store.reading() as unit:
            noticed = await unit.snapshots.noticed()
            known = await unit.snapshots.recall([EventId(n) for n in range(2001, 2047)])
    return Played(
        noticed=noticed,
        reports=reports,
        requests=tuple(simulator.requests),
        violations=simulator.violations,
        lines=diary.lines,
        known=known,
    )


def _poller(client: LL2Client, store: SqlStore, clock: FakeClock) -> Poller:
    return Poller(client, store, clock, interval=CALM, announce_first_run=False, wakes=())


async def _poll(poller: Poller, clock: FakeClock) -> list[tuple[timedelta, PollReport]]:
    reports = []
    while clock.now() < START + WEEK:
        report = await poller.step()
        reports.append((clock.now() - START, report))
        clock.advance(await poller.pause(report))
    return reports
