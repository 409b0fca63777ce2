"""Message: neutral text, links and picture, before any platform's markup. Data only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, unique

from bot.domain.changes import Kind


@unique
class LinkKind(StrEnum):
    """What a link leads to."""

    VIDEO = "video"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment: the reader's own client may show it in the reader's own zone.

    Where it cannot, a renderer puts it in words, in the zone of the channel
    (`rendering.words.spelled`); so one message serves channels of all zones.

    Attributes:
        at: the moment, aware UTC.
        to_the_second: whether it is stated so exactly; otherwise to the minute.
        relative: whether to show "in 2 hours" beside the clock time, where the client can.

    """

    at: datetime
    to_the_second: bool = False
    relative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of a server, by the platform's id: named, not called. Shown by name where possible."""

    id: str


Piece = str | Stamp | Role


@unique
class SectionKind(StrEnum):
    """What a section is for: renderers lay it out by it, and fitting cuts by it."""

    CHANGE = "change"
    """What changed, in a line or two; never cut."""
    FACT = "fact"
    """One line under a short heading, fit for a table; never cut."""
    TEXT = "text"
    """A paragraph, e.g. somebody's words; its tail may be cut."""
    BACKGROUND = "background"
    """What a reader can do without; it goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A paragraph with an optional heading. Text is plain: no markup, and none is interpreted."""

    body: tuple[Piece, ...]
    heading: str = ""
    kind: SectionKind = SectionKind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A labelled web address, http or https."""

    label: str
    url: str
    kind: LinkKind = LinkKind.PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press under a message.

    Attributes:
        label: at most 80 characters (Discord's limit).
        press: the command that it gives, as one would type it without the slash ("mute event:2001",
            "events page:2 type:3"); at most 64 bytes (Telegram's limit). It says all that there is
            to know, so a button works after a restart and under an old message.

    """

    label: str
    press: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image with the credit that must stand beside it."""

    url: str
    thumbnail_url: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a reader gets, most telling part first.

    Attributes:
        kind: the leading kind of news, by which renderers may colour; None for an answer.
        headline: what happened, in a few words ("Moved later by 2 days").
        title: the event's name.
        sections: what changed, then date, place, agencies and text, in reading order.
        links: videos first.
        buttons: rows of at most 5 (Discord's limit), at most 5 rows.
        urgent: worth a sound even where a channel is silent by default.
        also: the further kinds of news that it tells.

    """

    kind: Kind | None
    headline: str
    title: str = ""
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()
    picture: Picture | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    urgent: bool = False
    also: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` requests in any span of `per`.

    Attributes:
        reserved: how many of them are kept for those for which a person waits.

    """

    count: int
    per: timedelta
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The limits that a destination shares with all that has the same `key`, e.g. a chat's topics.

    Attributes:
        rates: each of them holds.

    """

    key: str
    rates: tuple[Rate, ...]


def no_lane(_address: str) -> Lane | None:
    """A platform that limits no single destination."""
    return None


def no_private(_person: str) -> str:
    """A platform where no person can be written to."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a platform accepts and how fast, declared as data by its adapter.

    Attributes:
        text: characters of one message; `title` likewise.
        links: how many links are shown.
        rate: messages per second that the whole adapter can send; reminders start early by it.
        concurrency: how many sends may be under way at once.
        slots: requests a second that the platform allows the whole adapter; 0: no such limit.
        listening: the share of the slots that is kept for whoever listens, where that is another
            process than the one that sends.
        lane: the lane of an address; None: its destination has no limit of its own.
        private: the address of a private chat with a person, by the person's id; empty: none.
        repeat_is_harmless: whether sending the same delivery twice makes one message (a nonce, or
            a place where a repeat does not hurt); decides about sends whose end is not known.
        tells_departure: whether the adapter says by `Pace.departs` when a delivery leaves; what has
            not left at a kill is then sent for sure, and not left because it may have arrived.

    """

    text: int
    title: int = 256
    links: int = 10
    rate: float = 1.0
    concurrency: int = 1
    slots: int = 0
    listening: float = 0.1
    lane: Callable[[str], Lane | None] = no_lane
    private: Callable[[str], str] = no_private
    repeat_is_harmless: bool = False
    tells_departure: bool = False


def part_of(limits: Limits, *, listens: bool, sends: bool) -> Limits:
    """What one process may use of a token's limits; another has the rest.

    Both parts together never exceed the whole. Of a lane's rate, what is reserved for those who
    wait is the listener's, and the rest the sender's; a rate without a reserve both may use, for a
    person asks rarely enough.
    """
    if listens == sends:
        return limits
    kept = max(round(limits.slots * limits.listening), 1) if limits.slots else 0
    left = limits.slots - kept
    slots = kept if listens else left
    rate = limits.rate * slots / limits.slots if limits.slots else limits.rate
    return replace(limits, slots=slots, rate=rate, lane=_Part(limits.lane, is_reserve=listens))


@dataclass(frozen=True, slots=True)
class _Part:
    """The lanes of a platform, with the reserves of their rates or with all but these."""

    lane: Callable[[str], Lane | None]
    is_reserve: bool = field(kw_only=True)

    def __call__(self, address: str) -> Lane | None:
        lane = self.lane(address)
        return None if lane is None else replace(lane, rates=tuple(map(self._part, lane.rates)))

    def _part(self, rate: Rate) -> Rate:
        if not rate.reserved:
            return rate
        count = rate.reserved if self.is_reserve else rate.count - rate.reserved
        return Rate(count=count, per=rate.per)
