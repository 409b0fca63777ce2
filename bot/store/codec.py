"""Domain records to bytes and back, and sets of kinds to bits. No SQL."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import cast

import msgspec

from bot.domain.changes import KINDS, Change, Kind, Reminder
from bot.domain.channels import Channel
from bot.domain.events import Event
from bot.domain.messages import Message
from bot.domain.subscriptions import Filter

_BITS = {kind: 1 << place for place, kind in enumerate(Kind)}
"""One bit a kind, by the order in which `Kind` names them: never reorder, only append."""

_CHANGES = cast(
    "dict[Kind, type[Change]]",
    {kind: sort for sort, kind in KINDS.items() if sort is not Reminder},
)


def bits(kinds: Iterable[Kind]) -> int:
    """A set of kinds as one number."""
    return sum(_BITS[kind] for kind in set(kinds))


@cache
def kinds_of(mask: int) -> frozenset[Kind]:
    """The set of kinds that a number stands for; cached, there are 256 at most."""
    return frozenset(kind for kind, bit in _BITS.items() if mask & bit)


def each_bit(mask: int) -> tuple[int, ...]:
    """The single bits of a mask."""
    return tuple(bit for bit in _BITS.values() if mask & bit)


def dump(record: Event | Change | Message) -> bytes:
    """JSON bytes of a record."""
    return msgspec.json.encode(record)


@lru_cache(maxsize=1024)  # most commands look through all events, which seldom change
def load_event(body: bytes) -> Event:
    """An event from its bytes."""
    return msgspec.json.decode(body, type=Event)


def load_change(kind: str, body: bytes) -> Change:
    """A change from its kind and bytes."""
    return msgspec.json.decode(body, type=_CHANGES[Kind(kind)])


def dump_filter(asked: Filter) -> str:
    """A filter in one canonical spelling: equal filters give equal text."""
    return msgspec.json.encode(asked, order="deterministic").decode()


def load_filter(spec: str) -> Filter:
    """A filter from its canonical spelling."""
    return msgspec.json.decode(spec, type=Filter)


def dump_channel(channel: Channel) -> str:
    """A destination's settings in one canonical spelling."""
    return msgspec.json.encode(channel, order="deterministic").decode()


@lru_cache(maxsize=1024)  # most destinations share a few settings
def load_channel(spec: str) -> Channel:
    """A destination's settings from their spelling."""
    return msgspec.json.decode(spec, type=Channel)
