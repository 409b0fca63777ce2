"""How a channel wants to be addressed, and how well it can be reached. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum, unique
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.changes import Kind
from bot.domain.subscriptions import DEFAULT_LEADS, Destination

PATIENCE = timedelta(minutes=10)
"""How far apart two doubtful refusals lie before a destination is paused (facts-delivery, 3)."""

KEPT_FOR = timedelta(days=7)
"""How old news may be that a paused destination still gets when it can be reached again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A destination's own settings.

    Attributes:
        time_zone: IANA name; used in words and fall-backs where the client shows no local time.
        is_silent: deliver without a sound, but for what is urgent.
        mention: the platform's id of the role to mention; empty: nobody is.
        mention_kinds: the kinds of news that mention it.
        leads: lead times of new subscriptions that name none.
        publishes: pass messages on to the channels that follow it, where the platform can.

    """

    time_zone: str = "UTC"
    is_silent: bool = False
    mention: str = ""
    mention_kinds: frozenset[Kind] = frozenset({Kind.WEBCAST})
    leads: frozenset[timedelta] = frozenset(DEFAULT_LEADS)
    publishes: bool = False

    @property
    def zone(self) -> tzinfo:
        """The time zone of that name; UTC where this machine does not have it."""
        return _zone(self.time_zone)


@lru_cache(maxsize=1024)  # more than there are; a name that is none costs a search on the disk
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An older store may hold a name that this machine does not; a folder's raises OSError.
        return UTC


DEFAULT_CHANNEL = Channel()
"""How a destination is addressed that said nothing of it."""


@unique
class Reach(StrEnum):
    """Whether messages get through to a destination."""

    ACTIVE = "active"
    SUSPECT = "suspect"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well a destination can be reached.

    Attributes:
        since: when this state began.
        reason: why it is not active, in words for whoever can mend it.
        missing: the permission that is missing; empty: none is.

    """

    reach: Reach = Reach.ACTIVE
    since: datetime | None = None
    reason: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Who can mend a destination, each as the platform's id; empty: unknown.

    Attributes:
        server: what it belongs to.
        name: the names of server and channel, for people.
        person: whoever managed it last.

    """

    server: str = ""
    name: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A paused destination that holds subscriptions, and who can mend it."""

    destination: Destination
    health: Health
    keeper: Keeper
    neighbours: tuple[Destination, ...] = ()


def refused(
    health: Health, *, now: datetime, reason: str, is_certain: bool, missing: str = ""
) -> Health:
    """After a refusal: paused when it is certain, or doubtful twice far enough apart."""
    if health.reach is Reach.PAUSED:
        return health
    # Doubted in the future: the clock was set back since.
    first_doubt = health.reach is Reach.ACTIVE or health.since is None or health.since > now
    if not is_certain and (first_doubt or now - (health.since or now) < PATIENCE):
        since = now if first_doubt else health.since
        return Health(reach=Reach.SUSPECT, since=since, reason=reason, missing=missing)
    return Health(reach=Reach.PAUSED, since=now, reason=reason, missing=missing)


def tried_again(health: Health, *, now: datetime) -> Health:
    """After a sign that a paused one can be reached: doubtful, until a success proves the sign."""
    if health.reach is not Reach.PAUSED:
        return health
    return replace(health, reach=Reach.SUSPECT, since=now)


def reached(health: Health, *, now: datetime) -> Health:
    """After a success, or a word of the platform that it may be tried again."""
    return health if health.reach is Reach.ACTIVE else replace(Health(), since=now)
