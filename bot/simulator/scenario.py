"""What a scenario says, as plain frozen records: who exists, what happens when, what breaks.

Neither reads a file (that is `loading`) nor plays the story (that is `world`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from bot.simulator.offsets import Offset

FaultKind: TypeAlias = Literal[
    "status",
    "cloudflare",
    "hang",
    "disconnect",
    "truncated",
    "empty",
    "short",
    "count",
    "shift",
    "malformed",
]
"""What may go wrong; docs/scenarios.md says what each looks like from outside."""

RelatedKind: TypeAlias = Literal["launch", "station", "expedition", "astronaut"]
"""What an event may refer to beside agencies and programmes."""

DEFAULT_BUCKET = "https://images.example.org/media"
"""Where pictures are found unless the scenario says otherwise."""

RetryAfter: TypeAlias = Literal["seconds", "date", "none"]
"""How a 429 tells the wait: a number, an HTTP date, or in the body only."""


class ScenarioError(Exception):
    """A scenario file is wrong: the sentence names the file, the key, the value and the cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How many requests a caller may make in a rolling window.

    Attributes:
        anonymous_limit: requests for callers without a token, counted by address.
        token_limit: requests for each token.
        tokens: the tokens that are accepted; none named accepts all.
        window: the rolling window.
        retry_after: the form of the `Retry-After` header.

    """

    anonymous_limit: int = 15
    token_limit: int = 210
    tokens: tuple[str, ...] = ()
    window: timedelta = timedelta(hours=1)
    retry_after: RetryAfter = "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An organisation; events name it by its abbreviation."""

    id: int
    name: str
    abbrev: str
    type: str
    featured: bool = False
    founded: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A programme, such as the International Space Station; events name it by its name."""

    id: int
    name: str
    agencies: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that events share; `path` is joined to the bucket of the moment."""

    id: int
    name: str
    path: str
    credit: str | None = None
    license: str = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A launch, station, expedition or astronaut beside an event, in as much detail as we need.

    Attributes:
        kind: which of LL2's lists it belongs to.
        id: an integer, or a launch's UUID.
        name: what people call it.
        date: when a launch lifted off, a station was founded, an expedition began.
        agency: an astronaut's agency, by abbreviation.
        station: an expedition's station, by name.

    """

    kind: RelatedKind
    id: int | str
    name: str
    date: Offset
    agency: str | None = None
    station: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A webcast; the lowest `priority` is the main one."""

    url: str
    title: str
    priority: int = 10
    publisher: str | None = None
    type: str | None = "Official Webcast"
    language: str = "en"
    description: str | None = None
    starts: Offset | None = None
    ends: Offset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A web page about an event."""

    url: str
    title: str
    priority: int = 10
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """What a librarian can type into an event's form.

    `None` for `programs` or `astronauts` is LL2's null, an empty tuple its empty list.
    """

    name: str
    type: int
    date: Offset | None = None
    precision: str | None = None
    nudge: timedelta = timedelta()
    duration: str | None = None
    location: str | None = None
    description: str = ""
    webcast_live: bool = False
    image: int | None = None
    agencies: tuple[str, ...] = ()
    programs: tuple[str, ...] | None = ()
    launches: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    expeditions: tuple[str, ...] = ()
    astronauts: tuple[str, ...] | None = ()
    videos: tuple[Video, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One entry of an event's `updates`; the label lets a later step edit or delete it.

    The text may hold `{day}`, `{time}`, `{month}`, `{quarter}` and `{year}`: the event's date as it
    stands after the save, because a story that can start at any time cannot write dates itself.
    """

    text: str
    by: str | None = None
    source: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it is first published, `announced` after the scenario's start or before it."""

    id: int
    announced: timedelta
    fields: EventFields
    comment: Comment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One save: everything in it becomes visible at the same instant.

    Attributes:
        at: how long after the start.
        event: whose; None is every event that exists then.
        changes: names of `EventFields` with their new values.
        comment: a new comment, or the new text where `edit` names an old one.
        edit: the label of the comment that gets this text.
        delete: the label of the comment that goes.
        presence: "remove" for a deletion, "restore" to bring the event back.
        add_videos: webcasts put beside those already there.
        drop_videos: addresses of webcasts taken away.
        bucket: the address under which all pictures are found from now on.
        silent: leave `last_updated` as it is, as LL2 sometimes does.

    """

    at: timedelta
    event: int | None
    changes: Mapping[str, Any] = field(default_factory=dict)
    comment: Comment | None = None
    edit: str | None = None
    delete: str | None = None
    presence: Literal["remove", "restore"] | None = None
    add_videos: tuple[Video, ...] = ()
    drop_videos: tuple[str, ...] = ()
    bucket: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that breaks from `start` (included) to `end` (excluded).

    Attributes:
        kind: what breaks.
        start: since when, after the scenario's start.
        end: until when.
        path: only requests whose path after the version starts with this; "/" is all.
        times: at most so many answers; None is all of them.
        status: for `status` (500-599) and `cloudflare` (403, 429 or 502).
        keep: for `short`, how many events remain.
        by: for `count` and `shift`, by how many.
        event: for `malformed`, whose object is spoiled.
        values: for `malformed`, the keys that get wrong values.
        drop: for `malformed`, the keys that go.

    """

    kind: FaultKind
    start: timedelta
    end: timedelta
    path: str = "/"
    times: int | None = None
    status: int = 503
    keep: int = 3
    by: int = 1
    event: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole story; all its times count from an anchor that the player chooses."""

    title: str
    duration: timedelta
    bucket: str = DEFAULT_BUCKET
    throttle: Throttle = Throttle()
    types: Mapping[int, str] = field(default_factory=dict)
    agencies: tuple[Agency, ...] = ()
    programs: tuple[Program, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Related, ...] = ()
    events: tuple[Event, ...] = ()
    steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
