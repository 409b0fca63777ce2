"""A store that lives for months on a clock that is moved: what comes of it, and what it took.

What LL2's librarians save is written into the store as the poller would. Reminders, fan-out,
dispatcher and housekeeper are the real ones, on a real file; the adapter notes what it is given.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import mean, quantiles
from time import perf_counter

from benchmarks.librarians import AGENCIES, LISTED, TYPES, Save, Verb, story
from benchmarks.timed import Timed
from bot.domain.changes import (
    Change,
    DateChanged,
    EventAnnounced,
    UpdatePosted,
    WebcastLive,
    kind_of,
)
from bot.domain.deliveries import Delivery, FanoutId, Outcome, Sent, priority_of
from bot.domain.events import Event, EventId, UpdateId
from bot.domain.fanouts import Debt
from bot.domain.messages import Limits, Message
from bot.domain.retention import Retention
from bot.domain.subscriptions import Destination, Filter, wants
from bot.domain.watching import Tracked, Watch
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.housekeeping import Housekeeper
from bot.services.pacing import SlotPace
from bot.services.reminder_clock import ReminderClock
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, FakeClock, an_update

HOUR = timedelta(hours=1)
_PURGE_EVERY = 6
"""Hours; the real program does every hour what is due by then, as much in all."""

_NAME = "console"
_TABLES = ("deliveries", "messages", "fanouts", "changes", "events", "filters", "destinations")


class YearClock(FakeClock):
    """A clock that the year moves; a wait takes its time at once."""

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Move on by the pause, unless a wake is set."""
        await asyncio.sleep(0)
        if pause is not None and not any(wake.is_set() for wake in wakes):
            self.advance(pause)


@dataclass(slots=True, kw_only=True)
class Readers:
    """An adapter that sends nothing, says so at once, and keeps what each destination was told.

    Attributes:
        told: how often each destination was told of each fan-out.

    """

    name: str = _NAME
    limits: Limits = field(default_factory=lambda: Limits(text=4096, rate=1e6, concurrency=256))
    told: Counter[tuple[Destination, FanoutId]] = field(default_factory=Counter)

    async def send(self, delivery: Delivery, _message: Message) -> Outcome:
        """Note what it tells."""
        self.told.update((delivery.destination, part.fanout_id) for part in delivery.parts)
        return Sent(remote_id="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What a span came to; durations in seconds.

    Attributes:
        size: bytes of the file and its log at the end.
        rows: by table, at the end.
        sent: how many deliveries.
        chunk: a fan-out's transaction, the mean.
        send: a delivery from its claim to its mark, the mean.
        batch: a transaction of a purge, the mean.
        read: what `/subscriptions` and `/events` ask of the store, 99th percentile.

    """

    size: int
    rows: dict[str, int]
    sent: int
    chunk: float
    send: float
    batch: float
    read: float


class Year:
    """A store, its services, its readers, and what the librarians do meanwhile.

    Attributes:
        readers: what was told, and to whom.
        owed: the fan-outs of changes, each with the destinations that want it.

    """

    def __init__(self, store: SqlStore, path: Path, *, destinations: int, span: timedelta) -> None:
        self.readers = Readers()
        self.owed: dict[FanoutId, frozenset[Destination]] = {}
        self._store, self._path, self._clock = store, path, YearClock()
        self._dice = Random(1)  # noqa: S311, the same year each time
        self._saves = story(span, self._dice)
        self._holders = _holders(destinations, self._dice)
        self._places = sorted({one for held in self._holders.values() for one in held}, key=str)
        self._now: dict[EventId, Event] = {}
        self._chunks, self._batches = Timed(store), Timed(store)
        self._send_s = 0.0

    async def begin(self, retention: Retention) -> None:
        """Subscribe everybody, and learn in silence what is listed."""
        owed, self._wake = asyncio.Event(), asyncio.Event()
        self._keeper = Housekeeper(self._batches, self._clock, retention)
        self._fanout = Fanout(self._chunks, self._clock, owed=owed, wakes=(self._wake,))
        rates = {_NAME: self.readers.limits.rate}
        self._reminders = ReminderClock(
            self._store, self._clock, rates=rates, owed=owed, moved=asyncio.Event()
        )
        async with self._store.writing() as unit:
            for asked, places in self._holders.items():
                for place in places:
                    await unit.subscriptions.add(place, asked, now=START)
        first, self._saves = self._saves[:LISTED], self._saves[LISTED:]
        for save in first:
            await self._keep(save)

    async def live(self, span: timedelta) -> Month:
        """Let so much time pass; what it came to."""
        before = self.readers.told.total()
        self._chunks.took.clear()
        self._batches.took.clear()
        self._send_s = 0.0
        pace = SlotPace(self._clock)
        adapter, clock, dice, wake = self.readers, self._clock, self._dice, self._wake
        async with Dispatcher(
            self._store, adapter, clock, random=dice, wake=wake, pace=pace
        ) as dispatcher:
            for hour in range(span // HOUR):
                await self._hour(dispatcher)
                if hour % _PURGE_EVERY == 0:
                    await self._keeper.step()
        return await self._month(self.readers.told.total() - before)

    async def _hour(self, dispatcher: Dispatcher) -> None:
        end = self._clock.now() + HOUR
        while self._saves and self._saves[0].at <= end:
            save = self._saves.pop(0)
            self._clock.advance(max(save.at - self._clock.now(), timedelta(0)))
            await self._save(save)
            await self._tell(dispatcher)
        self._clock.advance(max(end - self._clock.now(), timedelta(0)))
        await self._reminders.step()
        await self._tell(dispatcher)

    async def _tell(self, dispatcher: Dispatcher) -> None:
        if not await self._fanout.step():
            return
        await self._fanout.drain()
        begun = perf_counter()
        await dispatcher.drain()
        self._send_s += perf_counter() - begun

    async def _save(self, save: Save) -> None:
        """As the poller commits it: the event, what it owes, and what was noticed."""
        changes, now = _changes(self._now.get(save.event.id), save), self._clock.now()
        await self._keep(save)
        if not changes:
            return
        kinds = frozenset(map(kind_of, changes))
        debt = Debt(
            event_id=save.event.id, kinds=kinds, priority=priority_of(changes), created_at=now
        )
        async with self._store.writing() as unit:
            fanout_id = await unit.outbox.owe(debt)
            await unit.snapshots.record(changes, noticed_at=now, fanout_id=fanout_id)
        if fanout_id is not None:
            wanting = [one for one in self._holders if _wants(one, save.event, changes)]
            self.owed[fanout_id] = frozenset().union(*(self._holders[one] for one in wanting))

    async def _keep(self, save: Save) -> None:
        watch = Watch.FINISHED if save.verb is Verb.OVER else Watch.WATCHED
        self._now[save.event.id] = save.event
        tracked = Tracked(event=save.event, watch=watch, first_seen_at=self._clock.now())
        async with self._store.writing() as unit:
            await unit.snapshots.keep([tracked])

    async def _month(self, sent: int) -> Month:
        files = (Path(f"{self._path}{suffix}") for suffix in ("", "-wal"))
        with closing(sqlite3.connect(self._path)) as connection:
            count = "SELECT count(*) FROM {}".format
            rows = {one: connection.execute(count(one)).fetchone()[0] for one in _TABLES}
        return Month(
            size=sum(one.stat().st_size for one in files if one.exists()),
            rows=rows,
            sent=sent,
            chunk=mean(self._chunks.took or [0.0]),
            send=self._send_s / max(sent, 1),
            batch=mean(self._batches.took or [0.0]),
            read=quantiles([await self._read(one) for one in self._places[:300]], n=100)[98],
        )

    async def _read(self, place: Destination) -> float:
        begun = perf_counter()
        async with self._store.reading() as unit:
            await unit.subscriptions.held(place)
            await unit.destinations.last_delivery(place)
            await unit.snapshots.find(search="event")
        return perf_counter() - begun


def _changes(before: Event | None, save: Save) -> tuple[Change, ...]:
    key = save.event.id
    note = UpdatePosted(event_id=key, updates=(an_update(id=UpdateId(int(save.at.timestamp()))),))
    match save.verb:
        case Verb.NEW:
            return (EventAnnounced(event_id=key),)
        case Verb.MOVE if before is not None:
            moved = DateChanged(event_id=key, before=before.stated, after=save.event.stated)
            return (moved, note)
        case Verb.LIVE:
            return (WebcastLive(event_id=key),)
        case Verb.OVER:
            return ()
        case _:
            return (note,)


def _wants(asked: Filter, event: Event, changes: Iterable[Change]) -> bool:
    return any(wants(asked, event, kind_of(one)) for one in changes)


def _holders(count: int, dice: Random) -> dict[Filter, frozenset[Destination]]:
    """Most ask for a type or an agency, some for both, a few for everything."""
    held: dict[Filter, set[Destination]] = {}
    for number in range(count):
        place = Destination(adapter=_NAME, address=f"{number}")
        for _ in range(dice.choice((1, 1, 2))):
            held.setdefault(_filter(dice), set()).add(place)
    return {asked: frozenset(places) for asked, places in held.items()}


def _filter(dice: Random) -> Filter:
    types, agencies = frozenset({dice.randrange(TYPES)}), frozenset({dice.randrange(AGENCIES)})
    sort = dice.random()
    if sort < 0.03:
        return Filter()
    if sort < 0.6:
        return Filter(types=types)
    return Filter(types=types, agencies=agencies) if sort < 0.8 else Filter(agencies=agencies)


@asynccontextmanager
async def open_year(
    path: Path, *, destinations: int, span: timedelta, retention: Retention
) -> AsyncIterator[Year]:
    """A store at its beginning, about to live for so long."""
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()
        year = Year(store, path, destinations=destinations, span=span)
        await year.begin(retention)
        yield year
