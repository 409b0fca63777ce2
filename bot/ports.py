"""Every port on one page: what the services ask of LL2, the store, the clock and the adapters.

Implementations do not inherit from these; mypy checks them where `app.py` puts them together. The
docstrings are the contract, and the contract tests quote them.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.changes import Change, Kind, News
from bot.domain.deliveries import Delivery, FanoutId, MessageId, Outcome, Part, State
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt, Record, Result
from bot.domain.messages import Limits, Message
from bot.domain.subscriptions import Destination, Filter, Subscription, SubscriptionId
from bot.domain.watching import (
    Catalogue,
    Headroom,
    Noticed,
    Purpose,
    RequestMark,
    Snapshot,
    Tracked,
)


class Clock(Protocol):
    """Time, and waiting for it. Only `bot.clock` and `bot.testing` implement it."""

    def now(self) -> datetime:
        """The present, aware UTC."""

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return after `pause` (None: never by itself) or as soon as one of `wakes` is set."""


class EventSource(Protocol):
    """LL2 behind its request budget.

    Every method raises `LL2Unavailable` (or `LL2Throttled`, `BudgetSpent`) when there is no usable
    answer; nothing may be concluded from that.
    """

    async def snapshot(self) -> Snapshot:
        """Everything upcoming, in as few requests as its count allows.

        Raises:
            SnapshotTorn: pages shifted, or `count` is not what was collected.

        """

    async def probe(self, event_ids: Collection[EventId]) -> Snapshot:
        """Ask for up to 100 ids in one request; ids that are absent in the answer do not exist."""

    async def catalogue(self) -> Catalogue:
        """All event types and the featured agencies, with their programs where known."""

    async def seed(self) -> None:
        """Read `/api-throttle/` (free of charge) and set the budget by it."""

    def headroom(self, now: datetime) -> Headroom:
        """What the budget allows to `Purpose.POLL` at this moment."""


class RequestLog(Protocol):
    """The requests of the last hour, kept across restarts."""

    async def marks(self, since: datetime) -> tuple[RequestMark, ...]:
        """Requests made after `since`, oldest first."""

    async def begin(self, at: datetime, purpose: Purpose) -> RequestMark:
        """Write down, before it is sent, that a request is made. Committed on return."""

    async def settle(self, mark: RequestMark, at: datetime) -> None:
        """Move a mark to when the answer came: the server counted it somewhere in between."""

    async def blocked_until(self) -> datetime | None:
        """Until when LL2 told us to stay away."""

    async def block(self, until: datetime) -> None:
        """Remember that LL2 told us to stay away."""


class Snapshots(Protocol):
    """What we know of events, and what we noticed."""

    async def recall(self, event_ids: Collection[EventId] = ()) -> dict[EventId, Tracked]:
        """All watched events, and those of `event_ids` whatever their state."""

    async def keep(self, tracked: Iterable[Tracked]) -> None:
        """Insert or replace these events."""

    async def record(
        self, changes: Sequence[Change], *, noticed_at: datetime, fanout_id: FanoutId | None
    ) -> None:
        """Append to the record of changes."""

    async def noticed(self, *, since: datetime | None = None) -> tuple[Noticed, ...]:
        """The record of changes, oldest first."""

    async def find(
        self,
        *,
        types: Collection[int] = (),
        agencies: Collection[int] = (),
        search: str = "",
    ) -> tuple[Event, ...]:
        """Watched events that match, soonest first; those with no date last."""


class Names(Protocol):
    """The catalogue of names that filters can use."""

    async def learn(self, catalogue: Catalogue) -> None:
        """Insert or rename; nothing is ever forgotten."""

    async def known(self) -> Catalogue:
        """All names, by id."""


class Memory(Protocol):
    """Small facts of the services that must survive a restart."""

    async def get(self, key: str) -> str | None:
        """The value, or None."""

    async def put(self, key: str, value: str | None) -> None:
        """Set the value; None forgets it."""


class Subscriptions(Protocol):
    """Who wants what."""

    async def add(self, destination: Destination, asked: Filter, *, now: datetime) -> Subscription:
        """Add a subscription; the same filter twice at one destination is one subscription."""

    async def remove(self, destination: Destination, subscription_id: SubscriptionId | None) -> int:
        """Remove one, or all of a destination (None); how many were removed."""

    async def held(self, destination: Destination | None = None) -> tuple[Subscription, ...]:
        """Subscriptions of one destination, or of all; by destination, then by age."""

    async def leads(self) -> frozenset[timedelta]:
        """Every lead time that some subscription to reminders names."""

    async def audience(self, event: Event, kind: Kind, lead: timedelta | None) -> Mapping[str, int]:
        """How many destinations want this, by adapter."""


class Outbox(Protocol):
    """Fan-outs and the deliveries that they become."""

    async def owe(self, debt: Debt) -> FanoutId | None:
        """Open a fan-out at the start of its subscribers; None when a reminder was owed before."""

    async def expand(self) -> bool:
        """Turn one chunk of the oldest open fan-out into deliveries and move its cursor.

        Unique per fan-out and destination: a kill between chunks resumes and repeats nothing. A
        destination with several matching subscriptions gets one delivery. False: none was open.
        """

    async def claim(
        self, adapter: str, *, limit: int, now: datetime, lease: timedelta
    ) -> tuple[Delivery, ...]:
        """Take due deliveries of an adapter, urgent first, and lease them.

        One event's messages keep their order within a destination: a delivery waits while another
        of the same pair is under way or waits for its retry. Others of the pair that are due are
        folded into the claimed one, which counts the attempts of the least tried: no news is given
        up before its time.
        """

    async def reclaim(self, adapter: str, *, now: datetime | None) -> int:
        """Free what was leased but not started: leases that ran out, or all (None); how many."""

    async def interrupted(self, adapter: str) -> tuple[Delivery, ...]:
        """What is marked `sending`; asked once at the start, when whoever sent it is dead."""

    async def news(self, parts: Sequence[Part]) -> tuple[Event, tuple[News, ...]]:
        """The event as it is now, and what these parts tell of it, oldest first.

        A reminder of an event that was withdrawn since is void and left out.
        """

    async def message(self, form: str) -> tuple[MessageId, Message] | None:
        """The message that was kept under a form."""

    async def keep_message(self, form: str, message: Message) -> MessageId:
        """Keep a message under its form, once for all its recipients."""

    async def start(self, started: Iterable[tuple[Delivery, MessageId]]) -> None:
        """Mark as `sending`, one attempt more, before the adapter is called."""

    async def finish(self, results: Iterable[Result]) -> None:
        """Record what became of deliveries."""

    async def next_due(self, adapter: str, *, after: datetime) -> datetime | None:
        """When the next pending delivery of an adapter becomes due; None: none after `after`.

        What was due before and could not be claimed waits for another of its event and destination,
        and becomes free with that one.
        """

    async def records(
        self, *, state: State | None = None, limit: int | None = None
    ) -> tuple[Record, ...]:
        """The record of deliveries, by age; at most the last `limit`."""

    async def counts(self) -> Mapping[tuple[str, State], int]:
        """How many deliveries there are by adapter and state."""


class UnitOfWork(Protocol):
    """All parts of the store inside one transaction."""

    @property
    def snapshots(self) -> Snapshots:
        """Events and changes."""

    @property
    def names(self) -> Names:
        """The catalogue."""

    @property
    def memory(self) -> Memory:
        """Small facts."""

    @property
    def subscriptions(self) -> Subscriptions:
        """Who wants what."""

    @property
    def outbox(self) -> Outbox:
        """Fan-outs and deliveries."""


class Store(Protocol):
    """The door to the store."""

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction that may write; it commits at the end and rolls back on an error."""

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction that only reads; it blocks no writer."""


class Adapter(Protocol):
    """The door to one chat platform; opened as an async context manager."""

    @property
    def name(self) -> str:
        """The first part of its destinations: `discord`, `console`."""

    @property
    def limits(self) -> Limits:
        """What it accepts and how fast."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send one message; expected refusals are outcomes, exceptions are bugs or outages."""


class AdapterFactory(Protocol):
    """What the entry points of group `perigee.adapters` name."""

    def __call__(self, options: Mapping[str, object]) -> AbstractAsyncContextManager[Adapter]:
        """Build the adapter from its section of the settings; entering it connects it."""
