"""Event: one observed state of an LL2 event, and the records inside it. No rules about change."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NewType, TypeVar

EventId = NewType("EventId", int)
UpdateId = NewType("UpdateId", int)

Key = TypeVar("Key")

REMEMBERED = 200
"""How many deleted updates or videos of one event are remembered; LL2's events carry under 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """LL2's type of an event. Compare by `id`: names were changed in place."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A space agency or company. `abbrev` may be empty."""

    id: int
    name: str
    abbrev: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A programme that an event belongs to, e.g. the International Space Station."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePrecision:
    """How exactly LL2 states a date (`net_precision`): ids 0 to 16, or one that is new to us."""

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDate:
    """A date at its precision; either may be missing. Meaning and wording: `domain.dates`."""

    date: datetime | None
    precision: DatePrecision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A librarian's comment on an event. `id` orders updates; LL2's own order means nothing."""

    id: UpdateId
    comment: str = ""
    info_url: str = ""
    created_by: str = ""
    created_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VidUrl:
    """A video of an event. The lowest `priority` is the main one."""

    url: str
    priority: int = 0
    title: str = ""
    publisher: str = ""
    language: str = ""
    live: bool = False
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoUrl:
    """A page about an event."""

    url: str
    priority: int = 0
    title: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture with its credit. Compare by `id`: LL2's hosts serve it under different URLs."""

    id: int
    url: str
    thumbnail_url: str = ""
    credit: str = ""
    license: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One state of an event, as complete as we know it.

    Attributes:
        updates: by ascending id.
        vid_urls: by (priority, url); `info_urls` likewise.
        duration: planned, or the length of the main video once that is over.
        last_updated: LL2's stamp; a hint only (facts: 1.3 % of updates leave it untouched).
        retired_updates: ids that this event once carried; a comment that comes back is not news.
        retired_vid_urls: the same for videos.

    """

    id: EventId
    name: str
    type: EventType
    date: datetime | None
    date_precision: DatePrecision | None
    description: str = ""
    location: str = ""
    duration: timedelta | None = None
    webcast_live: bool = False
    image: Image | None = None
    updates: tuple[Update, ...] = ()
    vid_urls: tuple[VidUrl, ...] = ()
    info_urls: tuple[InfoUrl, ...] = ()
    agencies: tuple[Agency, ...] = ()
    programs: tuple[Program, ...] = ()
    last_updated: datetime | None = None
    retired_updates: tuple[UpdateId, ...] = ()
    retired_vid_urls: tuple[str, ...] = ()

    @property
    def stated(self) -> StatedDate:
        """The date with its precision."""
        return StatedDate(date=self.date, precision=self.date_precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one LL2 answer said about an event.

    Attributes:
        event: the fields that were told; the others hold their defaults.
        untold: names of `Event`'s fields that the answer left out or gave as null where a list
            belongs (`mode=normal` has no agencies); they say nothing, so the old value stays.

    """

    event: Event
    untold: frozenset[str] = frozenset()


def remember(before: Event | None, seen: Observation) -> Event:
    """The state after an observation: what was told, completed by what was known."""
    if before is None:
        return seen.event
    kept = {name: getattr(before, name) for name in seen.untold}
    after = replace(seen.event, **kept)
    return replace(
        after,
        retired_updates=_retired(
            before.retired_updates,
            had=tuple(update.id for update in before.updates),
            has={update.id for update in after.updates},
        ),
        retired_vid_urls=_retired(
            before.retired_vid_urls,
            had=tuple(video.url for video in before.vid_urls),
            has={video.url for video in after.vid_urls},
        ),
    )


def _retired(retired: tuple[Key, ...], *, had: tuple[Key, ...], has: set[Key]) -> tuple[Key, ...]:
    everything = dict.fromkeys([*retired, *had])
    return tuple([key for key in everything if key not in has][-REMEMBERED:])
