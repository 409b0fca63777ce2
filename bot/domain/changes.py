"""The kinds of news: what can change in an event and is worth telling. Data only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from bot.domain.events import EventId, StatedDate, Update, VidUrl


@unique
class Kind(StrEnum):
    """The word for a sort of news, as users type it and as `--json` answers say it."""

    NEW = "new"
    DATE = "date"
    UPDATE = "update"
    WEBCAST = "webcast"
    VIDEO = "video"
    DETAILS = "details"
    WITHDRAWN = "withdrawn"
    REMINDER = "reminder"


DEFAULT_KINDS = frozenset(Kind) - {Kind.DETAILS}
"""What a subscription gets that names no kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnnounced:
    """An event that we had not seen, or (`returned`) one that was withdrawn and is back."""

    event_id: EventId
    returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DateChanged:
    """The stated date moved by more than its precision allows.

    Attributes:
        nth: how often this event's date has changed by then, from the second time on; 0: this is
            the first time that we know of.

    """

    event_id: EventId
    before: StatedDate
    after: StatedDate
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePosted:
    """Librarians posted comments; by ascending id."""

    event_id: EventId
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebcastLive:
    """The webcast went live; once per live span."""

    event_id: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoAdded:
    """Videos were linked; the main one first."""

    event_id: EventId
    videos: tuple[VidUrl, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One field in words, before and after; an empty text means that there was or is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsChanged:
    """Name, type, location, description, agencies or programs changed."""

    event_id: EventId
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWithdrawn:
    """LL2 removed the event; its own page is gone too. `last_date` is the last that was stated."""

    event_id: EventId
    last_date: StatedDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """An event is near.

    Attributes:
        date: the date that the reminder is for; a move of the event makes it void.
        lead: how long before the date it was due.
        late: it woke up late, and says so.

    """

    event_id: EventId
    date: datetime
    lead: timedelta
    late: bool = False


Change = (
    EventAnnounced
    | DateChanged
    | UpdatePosted
    | WebcastLive
    | VideoAdded
    | DetailsChanged
    | EventWithdrawn
)
News = Change | Reminder

KINDS: dict[type[News], Kind] = {
    EventAnnounced: Kind.NEW,
    DateChanged: Kind.DATE,
    UpdatePosted: Kind.UPDATE,
    WebcastLive: Kind.WEBCAST,
    VideoAdded: Kind.VIDEO,
    DetailsChanged: Kind.DETAILS,
    EventWithdrawn: Kind.WITHDRAWN,
    Reminder: Kind.REMINDER,
}
"""Every sort of news with its word."""


def kind_of(news: News) -> Kind:
    """The word for a piece of news."""
    return KINDS[type(news)]


_BY_WEIGHT = (
    Kind.WITHDRAWN,
    Kind.WEBCAST,
    Kind.REMINDER,
    Kind.NEW,
    Kind.DATE,
    Kind.UPDATE,
    Kind.VIDEO,
    Kind.DETAILS,
)


def leading(kinds: Collection[Kind]) -> Kind:
    """The most telling of some kinds: what a message that tells them all begins with."""
    return next(kind for kind in _BY_WEIGHT if kind in kinds)
