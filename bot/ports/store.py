"""The ports to the store: what is kept, each part by itself. Transactions: `transactions`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.changes import Change, Kind, News
from bot.domain.channels import Channel, Health, Keeper, Reach, Trouble
from bot.domain.deliveries import Delivery, FanoutId, MessageId, Part, State
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt, Record, Result
from bot.domain.messages import Message
from bot.domain.requests import Person
from bot.domain.subscriptions import Destination, Filter, Subscription, SubscriptionId
from bot.domain.vitals import Queue
from bot.domain.watching import Catalogue, Noticed, Tracked


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

    async def in_server(self, adapter: str, server: str) -> int:
        """How many subscriptions the destinations of a server hold together."""

    async def leads(self) -> frozenset[timedelta]:
        """Every lead time that some subscription to reminders names."""

    async def audience(self, event: Event, kind: Kind, lead: timedelta | None) -> Mapping[str, int]:
        """How many destinations want this, by adapter."""


class Outbox(Protocol):
    """Fan-outs and the deliveries that they become."""

    async def owe(self, debt: Debt) -> FanoutId | None:
        """Open a fan-out at the start of its subscribers; None when a reminder was owed before."""

    async def expand(self) -> bool:
        """Turn one chunk of an open fan-out into deliveries and move its cursor.

        The most urgent goes first, then the oldest; older ones of its event go before it.

        Unique per fan-out and destination: a kill between chunks resumes and repeats nothing. A
        destination with several matching subscriptions gets one delivery. False: none was open.
        """

    async def claim(
        self, adapter: str, *, limit: int, now: datetime, lease: timedelta
    ) -> tuple[Delivery, ...]:
        """Take due deliveries of an adapter, urgent first, then those due longest, and lease them.

        One event's messages keep their order within a destination: a delivery waits while another
        of the same pair is under way or waits for its retry. Others of the pair that are due are
        folded into the claimed one, which counts the attempts of the least tried: no news is given
        up before its time. One in doubt goes before others of its pair, alone and as it was: what
        tells more is another message, and would tell again what may have arrived.
        """

    async def reclaim(self, adapter: str, *, now: datetime | None) -> int:
        """Free what was leased but not started: leases that ran out, or all (None); how many."""

    async def hasten(self, adapter: str, *, now: datetime, is_set_back: bool) -> None:
        """Let nothing wait for a time that the clock had reached before it was set back.

        Args:
            adapter: whose deliveries.
            now: the present, from when on they are due.
            is_set_back: it is known to have been; otherwise only what was owed in the future is
                hastened, since that tells it.

        """

    async def interrupted(self, adapter: str) -> tuple[Delivery, ...]:
        """What is marked `sending`; asked once at the start, when whoever sent it is dead."""

    async def news(self, parts: Sequence[Part]) -> tuple[Event, tuple[News, ...]]:
        """The event as it is now, and what these parts tell of it, oldest first.

        A reminder of an event that was withdrawn since is void and left out.
        """

    async def message(self, form: str) -> MessageId | None:
        """The id of the message that was kept under a form; a program that sends writes it anew."""

    async def keep_message(self, form: str, message: Message, *, newest: FanoutId) -> MessageId:
        """Keep a message under its form, once for all its recipients.

        It is kept for as long as a delivery of the `newest` fan-out that it tells of.
        """

    async def start(self, started: Iterable[tuple[Delivery, MessageId]], *, now: datetime) -> None:
        """Mark as `sending` since `now`, one attempt more, before the adapter is called."""

    async def finish(self, results: Iterable[Result]) -> None:
        """Record what became of deliveries, and what was opened for their events.

        A verdict's `post` is what later deliveries of the same event and destination carry. Their
        `attempts` are kept, of which one that was never started may be one.
        """

    async def next_due(self, adapter: str, *, after: datetime) -> datetime | None:
        """When the next pending delivery of an adapter becomes due; None: none after `after`.

        What was due before and could not be claimed waits for another of its event and destination,
        and becomes free with that one.
        """

    async def queue(self, adapter: str, now: datetime) -> Queue:
        """How much is pending for an adapter; counts `MOST_COUNTED` at the most, so it is cheap."""

    async def records(
        self, *, state: State | None = None, limit: int | None = None
    ) -> tuple[Record, ...]:
        """The record of deliveries, by age; at most the last `limit`."""

    async def counts(self) -> Mapping[tuple[str, State], int]:
        """How many deliveries there are by adapter and state."""


class Destinations(Protocol):
    """How a destination wants to be addressed, how well it is reached, and who set it up.

    One that nobody told us of reads as the defaults; each method that writes makes its row.
    """

    async def channel(self, destination: Destination) -> Channel:
        """Its settings."""

    async def set_channel(self, destination: Destination, channel: Channel) -> None:
        """Replace its settings."""

    async def health(self, destination: Destination) -> Health:
        """How well it can be reached."""

    async def set_health(self, destination: Destination, health: Health) -> None:
        """Replace its health. Nothing is claimed for a paused one; it keeps all that it holds.

        Once it is not paused any more it gets the news of `KEPT_FOR` that it missed; older news is
        too late.
        """

    async def below(self, destination: Destination) -> tuple[Destination, ...]:
        """Those inside it, by address: a chat's topics, whose addresses begin with its and "/"."""

    async def unwell(self, asked: Collection[Destination]) -> Mapping[Destination, Health]:
        """The health of those of them that are not active."""

    async def paused(self, adapter: str, *, after: str, limit: int) -> tuple[Destination, ...]:
        """Paused destinations of an adapter by address, from the first behind `after` on."""

    async def ailing(self, limit: int) -> Mapping[Destination, Health]:
        """Destinations that are not active, those that have been so the longest first."""

    async def keeper(self, destination: Destination) -> Keeper:
        """Who can mend it."""

    async def neighbours(self, destination: Destination) -> tuple[Destination, ...]:
        """Other destinations of its server that hold subscriptions and are active, oldest first."""

    async def untold(self, adapter: str) -> tuple[Trouble, ...]:
        """The paused of an adapter of which nobody was told.

        Only those that hold subscriptions; nobody misses anything elsewhere. One that is tried
        again and refused once more has been told of; one that was active in between has not.
        """

    async def set_told(self, told: Collection[Destination], *, is_told: bool) -> None:
        """Whether somebody was told that these are paused."""

    async def move(self, old: Destination, new: Destination) -> None:
        """Give all that the old address holds to the new one, which may hold things already."""

    async def mute(self, destination: Destination, event_id: EventId) -> None:
        """Send no more news of this event here, nor what waits; muting twice is muting once."""

    async def unmute(self, destination: Destination, event_id: EventId) -> None:
        """Send news of this event here again."""

    async def muted(self, destination: Destination) -> tuple[EventId, ...]:
        """The events that are silenced here, by id."""

    async def last_delivery(self, destination: Destination) -> Record | None:
        """The delivery that was last sent or given up here; None: none was."""

    async def count(self) -> Mapping[tuple[str, Reach], int]:
        """How many destinations hold subscriptions, by adapter and reach."""

    async def met(
        self, destination: Destination, *, server: str, name: str, person: Person
    ) -> None:
        """Remember its server, its name for people, and who manages it, to tell of trouble.

        Args:
            destination: where a manager gave a command.
            server: the platform's id of its server; empty: it has none.
            name: the names of server and channel; empty leaves the known one.
            person: whoever managed it last; one without an id leaves the known one.

        """
