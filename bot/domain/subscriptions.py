"""Who wants what: destinations, filters, and `wants()`, which the store's SQL must equal."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import NewType

from bot.domain.changes import DEFAULT_KINDS, Kind
from bot.domain.events import Event
from bot.errors import ConfigError

SubscriptionId = NewType("SubscriptionId", int)

DEFAULT_LEADS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=10))
"""When reminders are due before an event, unless the subscription says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Destination:
    """An address in an adapter; written `adapter:address`, e.g. `discord:123`, `telegram:-1/7`."""

    adapter: str
    address: str

    def __str__(self) -> str:
        return f"{self.adapter}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a subscription asks for. Values of one field are alternatives; the fields must all hold.

    Attributes:
        types: event type ids; empty: any. `agencies` and `programs` likewise.
        words: plain substrings of `searchable()`, as `normalised()` gives them; empty: any.
        kinds: the kinds of news wanted.
        leads: lead times of the reminders wanted.

    """

    types: frozenset[int] = frozenset()
    agencies: frozenset[int] = frozenset()
    programs: frozenset[int] = frozenset()
    words: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = DEFAULT_KINDS
    leads: frozenset[timedelta] = frozenset(DEFAULT_LEADS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A filter held by a destination."""

    id: SubscriptionId
    destination: Destination
    filter: Filter


def wants(asked: Filter, event: Event, kind: Kind, *, lead: timedelta | None = None) -> bool:
    """Whether a subscription with this filter gets this kind of news of this event.

    Args:
        asked: the subscription's filter.
        event: the event as it is now.
        kind: the kind of news.
        lead: of a reminder, its lead time; otherwise None.

    """
    return (
        kind in asked.kinds
        and (kind is not Kind.REMINDER or lead in asked.leads)
        and (not asked.types or event.type.id in asked.types)
        and (not asked.agencies or bool(asked.agencies & {one.id for one in event.agencies}))
        and (not asked.programs or bool(asked.programs & {one.id for one in event.programs}))
        and (not asked.words or any(word in searchable(event) for word in asked.words))
    )


def searchable(event: Event) -> str:
    """The text that words are looked for in: name, location and description, normalised."""
    return normalised(f"{event.name}\n{event.location}\n{event.description}")


def normalised(text: str) -> str:
    """Text made comparable: compatibility characters, case and runs of blanks do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Folding can leave accents out of order, so that equal texts would differ: hence once more.
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def parse_destination(text: str) -> Destination:
    """Read `adapter:address`; blanks around the two do not matter.

    Raises:
        ConfigError: one of the two parts is missing.

    """
    adapter, address = (part.strip() for part in text.partition(":")[::2])
    if not (adapter and address):
        raise ConfigError(
            f'"{text}" is not a destination; write adapter:address, e.g. discord:123456'
        )
    return Destination(adapter=adapter.lower(), address=address)
