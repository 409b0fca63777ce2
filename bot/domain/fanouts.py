"""What goes into the outbox and what its record shows. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.changes import Kind, Reminder
from bot.domain.channels import Health
from bot.domain.deliveries import Delivery, DeliveryId, Priority, State, Verdict
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A fan-out about to be opened: who wants `kinds` of this event's news shall get it.

    Attributes:
        reminder: set when the debt is a reminder; it is then never opened twice for one event,
            date and lead time.
        expires_at: after this moment it no longer helps.

    """

    event_id: EventId
    kinds: frozenset[Kind]
    priority: Priority
    created_at: datetime
    expires_at: datetime | None = None
    reminder: Reminder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One delivery as the record shows it."""

    id: DeliveryId
    change_ids: tuple[int, ...]
    event_id: EventId
    kind: Kind
    destination: Destination
    state: State
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    remote_id: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of one attempt at a delivery, to be recorded."""

    delivery: Delivery
    verdict: Verdict
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Deliveries in numbers by adapter and state, and what is wrong.

    Attributes:
        last_errors: deliveries that were given up last.
        ailing: destinations that messages do not reach, or may not; a few of them.

    """

    counts: Mapping[tuple[str, State], int]
    last_errors: tuple[Record, ...]
    ailing: Mapping[Destination, Health]
