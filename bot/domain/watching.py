"""What watching LL2 exchanges and keeps: snapshots, tracked events, and the request budget's state.

Data only; `services.poller` decides and `ll2` fetches.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from bot.domain.changes import Change
from bot.domain.events import Agency, Event, EventId, EventType, Observation, Program


@unique
class Purpose(StrEnum):
    """What a request to LL2 is for. One request an hour is kept in reserve for probes."""

    POLL = "poll"
    PROBE = "probe"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """One event that could not be read; `event_id` is None when not even its id could be."""

    event_id: EventId | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One complete and consistent answer of `/events/upcoming/`, all its pages together."""

    observations: tuple[Observation, ...]
    malformed: tuple[Malformed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Names that filters can use: all event types, and the featured agencies."""

    types: tuple[EventType, ...] = ()
    agencies: tuple[Agency, ...] = ()
    programs: tuple[Program, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What the request budget allows.

    Attributes:
        cap: polls allowed in any `period`; the reserve for probes is already taken off.
        reserve: requests kept for probes, beyond the cap.
        period: the length of the rolling window.
        spent: when the requests that still count were made, ascending.
        blocked_until: LL2 told us to stay away until then; None: it did not.

    """

    cap: int
    period: timedelta
    reserve: int = 0
    spent: tuple[datetime, ...] = ()
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMark:
    """One request that counts against the budget; `at` is when its answer came, or may have."""

    id: int
    at: datetime
    purpose: Purpose


@unique
class Watch(StrEnum):
    """Where a known event stands."""

    WATCHED = "watched"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """An event as we know it, with what we keep about watching it.

    Attributes:
        misses: complete polls in a row that lacked it although it should still be there; negative
            while a probe's good answer keeps it from being asked for again.

    """

    event: Event
    watch: Watch = Watch.WATCHED
    misses: int = 0
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One row of the record of changes."""

    id: int
    event_id: EventId
    event_name: str
    change: Change
    noticed_at: datetime


@unique
class PollOutcome(StrEnum):
    """What one poll came to, in a word."""

    READ = "read"
    """LL2's list was read and believed."""
    DOUBTED = "doubted"
    """It lacks so much that it was not believed."""
    TORN = "torn"
    """Its pages did not fit together."""
    UNAVAILABLE = "unavailable"
    """LL2 gave no usable answer."""
    THROTTLED = "throttled"
    """LL2 answered 429."""
    NO_BUDGET = "no_budget"
    """LL2 was not asked: the request budget had nothing left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one poll came to.

    Attributes:
        outcome: in a word.
        events: how many events LL2 gave.
        changes: what was noticed; on a silent first run nothing, whatever was learnt.
        is_first: the store knew nothing before.
        problem: why the answer was not used; empty when it was.
        wait: how long LL2 or the budget asks to stay away.

    """

    outcome: PollOutcome = PollOutcome.READ
    events: int = 0
    changes: tuple[Change, ...] = ()
    is_first: bool = False
    problem: str = ""
    wait: timedelta = timedelta(0)
