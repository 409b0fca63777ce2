"""Put LL2's lists in an order that means something, each item once. LL2's own order means none."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class HasId(Protocol):
    """What LL2 knows by a number."""

    @property
    def id(self) -> int:
        """LL2's number."""
        ...


class Ranked(Protocol):
    """A link with its rank among others; the lowest priority is the main one."""

    @property
    def url(self) -> str:
        """Where it leads."""
        ...

    @property
    def priority(self) -> int:
        """Its rank."""
        ...


Identified = TypeVar("Identified", bound=HasId)
Linked = TypeVar("Linked", bound=Ranked)


def by_id(told: Iterable[Identified]) -> tuple[Identified, ...]:
    """By ascending id; of two with the same id the last wins."""
    once = {one.id: one for one in told}
    return tuple(once[number] for number in sorted(once))


def by_priority(told: Iterable[Linked]) -> tuple[Linked, ...]:
    """By (priority, url); an address that comes twice stands at its best priority."""
    once: dict[str, Linked] = {}
    for one in sorted(told, key=lambda one: (one.priority, one.url)):
        once.setdefault(one.url, one)
    return tuple(once.values())
