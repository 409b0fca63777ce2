"""What is kept for how long after its end, and what a purge may find. Data only."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique

Key = tuple[int, ...]
"""What tells one row of the store from the others of its sort."""


@unique
class Remains(StrEnum):
    """What is purged, in the order in which one sort sets the next free."""

    DELIVERIES = "deliveries"
    """Ended, or held for so long that they cannot be told any more; what was folded into a
    delivery stays with it."""
    MESSAGES = "messages"
    """Of fan-outs that no delivery is left of."""
    FANOUTS = "fan-outs"
    """Done, with no delivery left; a reminder's only once its date is over for long."""
    CHANGES = "changes"
    """Of events that are not watched any more, and that no delivery tells."""
    MUTES = "mutes"
    """Of events that are over for long."""
    POSTS = "posts"
    """Of events that are over for long."""
    EVENTS = "events"
    """Over for long, with nothing left that was noticed of them."""
    FILTERS = "filters"
    """Held by nobody."""
    DESTINATIONS = "destinations"
    """Those that hold nothing and have never said how they want to be addressed."""


_OF_CHANGES = frozenset({Remains.CHANGES, Remains.EVENTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long is kept what has ended.

    Attributes:
        deliveries: deliveries after their end, and all that only they needed.
        changes: changes since they were noticed, and their events; longer where an event is
            watched still.

    """

    deliveries: timedelta = timedelta(days=30)
    changes: timedelta = timedelta(days=365)

    def of(self, sort: Remains) -> timedelta:
        """How long this sort is kept."""
        return self.changes if sort in _OF_CHANGES else self.deliveries
