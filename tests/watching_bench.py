"""What tests of noticing share: an LL2 that says what a test tells it, and a poller before it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from stores import made_store

from bot.domain.changes import Change
from bot.domain.events import Event, EventId, Observation
from bot.domain.watching import Catalogue, Headroom, Malformed, PollReport, Snapshot, Tracked
from bot.ports import UNMETERED, Meter, Store
from bot.services.poller import Poller
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, an_event

CALM = timedelta(minutes=5)


class ScriptedLL2:
    """An event source that says what the test sets.

    Attributes:
        listed: what `/events/upcoming/` holds.
        unlisted: what exists besides, found by a probe only.
        malformed: what of either cannot be read.
        failure: raised by a snapshot or the catalogue, if set; `probe_failure` by a probe.
        probe_knows_nothing: a probe finds nothing, whatever is asked for.
        probes: the ids of each probe.
        snapshots: how many were taken.
        names: the catalogue.

    """

    def __init__(self, *listed: Event) -> None:
        self.listed = listed
        self.unlisted: tuple[Event, ...] = ()
        self.malformed: tuple[Malformed, ...] = ()
        self.failure: Exception | None = None
        self.probe_failure: Exception | None = None
        self.probe_knows_nothing = False
        self.probes: list[frozenset[EventId]] = []
        self.snapshots = 0
        self.names = Catalogue()

    async def snapshot(self) -> Snapshot:
        """What is listed."""
        self.snapshots += 1
        if self.failure is not None:
            raise self.failure
        return a_snapshot(*self.listed, malformed=self.malformed)

    async def probe(self, event_ids: Collection[EventId]) -> Snapshot:
        """What of these exists."""
        self.probes.append(frozenset(event_ids))
        if self.probe_failure is not None:
            raise self.probe_failure
        if self.probe_knows_nothing:
            return a_snapshot()
        found = (one for one in (*self.listed, *self.unlisted) if one.id in event_ids)
        garbled = tuple(one for one in self.malformed if one.event_id in {None, *event_ids})
        return a_snapshot(*found, malformed=garbled)

    async def catalogue(self) -> Catalogue:
        """The names."""
        if self.failure is not None:
            raise self.failure
        return self.names

    async def seed(self) -> None:
        """Nothing: this budget has no end."""

    def headroom(self, _now: object) -> Headroom:
        """A new hour, always."""
        return Headroom(cap=14, period=timedelta(hours=1))


def a_snapshot(*events: Event, malformed: Iterable[Malformed] = ()) -> Snapshot:
    """These events, fully told."""
    seen = tuple(Observation(event=event) for event in events)
    return Snapshot(observations=seen, malformed=tuple(malformed))


@dataclass(slots=True, kw_only=True)
class Bench:
    """A poller between a scripted LL2 and a real store in memory."""

    ll2: ScriptedLL2
    store: SqlStore
    clock: FakeClock
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def poller(
        self,
        store: Store | None = None,
        *,
        announce_first_run: bool = False,
        meter: Meter = UNMETERED,
    ) -> Poller:
        """A poller as after a start: it remembers only what the store does."""
        return Poller(
            self.ll2,
            store or self.store,
            self.clock,
            interval=CALM,
            announce_first_run=announce_first_run,
            wakes=(self.wake,),
            meter=meter,
        )

    async def known(self, *event_ids: int) -> dict[EventId, Tracked]:
        """What is watched, and these events whatever their state."""
        async with self.store.reading() as unit:
            return await unit.snapshots.recall([EventId(one) for one in event_ids])

    async def noticed(self) -> list[Change]:
        """The record of changes."""
        async with self.store.reading() as unit:
            return [one.change for one in await unit.snapshots.noticed()]

    async def polled(self, poller: Poller, *, times: int = 1) -> list[PollReport]:
        """Poll so often, five minutes apart; the clock stands at the end of the last pause."""
        reports = []
        for _ in range(times):
            reports.append(await poller.step())
            self.clock.advance(CALM)
        return reports


@asynccontextmanager
async def open_bench(*listed: Event) -> AsyncIterator[Bench]:
    """An empty store, and an LL2 that lists these events."""
    async with made_store("sqlite://") as store:
        yield Bench(ll2=ScriptedLL2(*listed), store=store, clock=FakeClock())


def several(count: int, first: int = 1, **changes: Any) -> tuple[Event, ...]:
    """So many events with ids in a row."""
    return tuple(an_event(id=EventId(first + n), **changes) for n in range(count))


def kinds(reports: Sequence[PollReport]) -> list[type[Change]]:
    """The sorts of changes that these polls noticed."""
    return [type(change) for report in reports for change in report.changes]
