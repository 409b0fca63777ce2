"""Watch LL2: fetch a snapshot, notice what changed, commit it with the fan-outs it owes.

Snapshot, changes and fan-outs are one transaction; requests are made outside of it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.changes import WebcastLive, kind_of
from bot.domain.deliveries import priority_of
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt
from bot.domain.leases import MOVED, OWED
from bot.domain.watching import Catalogue, PollOutcome, PollReport, Snapshot, Tracked
from bot.errors import BudgetSpent, LL2Throttled, LL2Unavailable, SnapshotTorn
from bot.ports import (
    UNMETERED,
    UNWATCHED,
    Clock,
    EventSource,
    Meter,
    Pulse,
    Store,
    UnitOfWork,
)
from bot.services.noticing import (
    FEW,
    MISSES_TO_PROBE,
    Judgement,
    Sighting,
    dated,
    doubted_for,
    explains,
    judge,
    must_know,
    settle,
    witness_of,
)
from bot.services.poll_diary import PollDiary
from bot.services.rhythm import next_poll

LAST_POLL = "poller.last_poll"
"""Memory key: when the last complete poll was; absent before the first."""

_TURN = timedelta(minutes=10)
"""How long one poll may take: some requests, each of which may take a minute, and their waits."""

_SHORT_SINCE = "poller.short_since"
_PROBED_AT_ONCE = 99
"""A request asks for a hundred; one is for the witness."""

_LIVE_HELPS = timedelta(hours=4)


class Poller:
    """The one that watches LL2.

    Attributes:
        read_at: when LL2 last gave a complete answer; None: not yet.
        problem: why the last answer could not be used; empty: it could.

    """

    def __init__(
        self,
        source: EventSource,
        store: Store,
        clock: Clock,
        *,
        interval: timedelta,
        announce_first_run: bool,
        wakes: Iterable[asyncio.Event],
        meter: Meter = UNMETERED,
    ) -> None:
        """Prepare to watch.

        Args:
            source: LL2.
            store: what we know.
            clock: what the rhythm goes by.
            interval: the calm rhythm.
            announce_first_run: tell what is already there, instead of learning it silently.
            wakes: set when something changed: there are fan-outs, and events may have moved.
            meter: counts polls, and what they notice.

        """
        self._source = source
        self._store = store
        self._clock = clock
        self._interval = interval
        self._announce_first_run = announce_first_run
        self._wakes = tuple(wakes)
        self._meter = meter
        self._diary = PollDiary()
        self.read_at: datetime | None = None
        self.problem = ""

    async def recall(self) -> None:
        """Know from the store when LL2 last answered, so that a restart does not look like none."""
        async with self._store.reading() as unit:
            self.read_at = _moment(await unit.memory.get(LAST_POLL))

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Poll until `stop`."""
        while not stop.is_set():
            pulse.beat(_TURN)
            pause = await self.pause(await self.step())
            pulse.beat(pause + _TURN)
            await self._clock.wait(pause, stop)

    async def pause(self, report: PollReport) -> timedelta:
        """How long to wait after a poll."""
        now = self._clock.now()
        async with self._store.reading() as unit:
            known = await unit.snapshots.recall()
        events = [one.event for one in known.values()]
        rhythm = next_poll(events, self._source.headroom(now), now=now, calm=self._interval)
        return max(rhythm, report.wait)

    async def step(self) -> PollReport:
        """Poll once; an outage changes nothing and is reported."""
        report = await self._poll()
        self._meter.polled(report)
        return report

    async def _poll(self) -> PollReport:
        try:
            snapshot = await self._fetch()
        except LL2Unavailable as exc:
            return self._failed(exc)
        return await self._take(snapshot)

    async def _fetch(self) -> Snapshot:
        snapshot = await self._source.snapshot()
        if snapshot.observations:
            return snapshot
        async with self._store.reading() as unit:
            is_first = await unit.memory.get(LAST_POLL) is None
        if snapshot.malformed:
            example, count = snapshot.malformed[0].reason, len(snapshot.malformed)
            raise LL2Unavailable(f"LL2 listed {count} events and none can be read: {example}")
        if is_first:
            # A fault; learnt as the truth, it would make everything news at the next poll.
            raise LL2Unavailable("LL2 listed no event at all; there is nothing to learn yet")
        return snapshot

    def _failed(self, error: LL2Unavailable) -> PollReport:
        self.problem = str(error)
        self._diary.failed(error, self._clock.now())
        wait = error.wait if isinstance(error, LL2Throttled | BudgetSpent) else timedelta(0)
        return PollReport(outcome=_outcome(error), problem=str(error), wait=wait)

    async def _take(self, snapshot: Snapshot) -> PollReport:
        now = self._clock.now()
        async with self._store.reading() as unit:
            known = await unit.snapshots.recall([one.event.id for one in snapshot.observations])
            last_poll = _moment(await unit.memory.get(LAST_POLL))
            short_since = _moment(await unit.memory.get(_SHORT_SINCE))
        is_first = last_poll is None
        self.read_at, self.problem = now, ""
        self._diary.answered(snapshot.malformed, now)
        judgement = judge(known, snapshot, now, last_poll=last_poll)
        if judgement.is_short:
            return await self._doubt(snapshot, judgement, short_since, now)
        self._diary.believed(snapshot.malformed, now)
        suspects = [one for one in judgement.missing if one.misses >= MISSES_TO_PROBE]
        probed = await self._probe(suspects, witness_of(snapshot), now)
        return await self._commit(snapshot, judgement, probed, is_first=is_first)

    async def _doubt(
        self,
        snapshot: Snapshot,
        judgement: Judgement,
        short_since: datetime | None,
        now: datetime,
    ) -> PollReport:
        """So much is missing that the API is doubted, for long and until a probe agrees."""
        lacks = self.problem = f"{dated(judgement.missing)} events that should be there are missing"
        # Since a later moment than now: the clock was set back.
        since = min(short_since or now, now)
        if now - since >= doubted_for(judgement.missing):
            probed = await self._probe(judgement.missing, witness_of(snapshot), now)
            if probed and all(map(explains, probed)):
                self.problem = ""
                self._diary.agreed(lacks)
                return await self._commit(snapshot, judgement, probed, is_first=False)
            since = now
        self._diary.doubted(lacks, now)
        async with self._store.writing() as unit:
            await unit.memory.put(_SHORT_SINCE, since.isoformat())
        outcome, count = PollOutcome.DOUBTED, len(snapshot.observations)
        return PollReport(outcome=outcome, events=count, problem=lacks)

    async def _probe(
        self, missing: Sequence[Tracked], witness: EventId | None, now: datetime
    ) -> tuple[Sighting, ...]:
        """Ask for missing events by id; nothing is concluded when that fails."""
        asked = missing[:_PROBED_AT_ONCE]
        if not asked or (witness is None and len(missing) > FEW):
            return ()
        ids = [one.event.id for one in asked]
        try:
            answer = await self._source.probe([*ids, *(() if witness is None else (witness,))])
            must_know(answer, witness)
        except LL2Unavailable as exc:
            self._diary.probed(len(asked), exc)
            return ()
        self._diary.probed(len(asked), None)
        return settle(asked, answer, now)

    async def _commit(
        self,
        snapshot: Snapshot,
        judgement: Judgement,
        probed: tuple[Sighting, ...],
        *,
        is_first: bool,
    ) -> PollReport:
        now = self._clock.now()
        silent = is_first and not self._announce_first_run
        sightings = [*judgement.sightings, *probed]
        async with self._store.writing() as unit:
            kept = [*judgement.finished, *judgement.missing]
            await unit.snapshots.keep([*kept, *(one.tracked for one in sightings)])
            await unit.names.learn(_names(one.tracked.event for one in sightings))
            for one in () if silent else sightings:
                await _owe(unit, one, now)
            await unit.memory.put(LAST_POLL, now.isoformat())
            await unit.memory.put(_SHORT_SINCE, None)
            for topic in (OWED, MOVED):
                unit.tell(topic)
        changes = () if silent else tuple(change for one in sightings for change in one.changes)
        self._diary.noticed(len(snapshot.observations), changes, is_first=is_first)
        for wake in self._wakes if changes or is_first else ():
            wake.set()
        return PollReport(events=len(snapshot.observations), changes=changes, is_first=is_first)


def _outcome(error: LL2Unavailable) -> PollOutcome:
    match error:
        case LL2Throttled():
            return PollOutcome.THROTTLED
        case BudgetSpent():
            return PollOutcome.NO_BUDGET
        case SnapshotTorn():
            return PollOutcome.TORN
        case _:
            return PollOutcome.UNAVAILABLE


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def _owe(unit: UnitOfWork, sighting: Sighting, now: datetime) -> None:
    """What one save changed is one fan-out."""
    changes, event = sighting.changes, sighting.tracked.event
    if not changes:
        return
    only_live = all(isinstance(change, WebcastLive) for change in changes)
    debt = Debt(
        event_id=event.id,
        kinds=frozenset(kind_of(change) for change in changes),
        priority=priority_of(changes),
        created_at=now,
        expires_at=now + _LIVE_HELPS if only_live else None,
    )
    fanout_id = await unit.outbox.owe(debt)
    await unit.snapshots.record(changes, noticed_at=now, fanout_id=fanout_id)


def _names(events: Iterable[Event]) -> Catalogue:
    seen = tuple(events)
    return Catalogue(
        types=tuple({event.type.id: event.type for event in seen}.values()),
        agencies=tuple({one.id: one for event in seen for one in event.agencies}.values()),
        programs=tuple({one.id: one for event in seen for one in event.programs}.values()),
    )
