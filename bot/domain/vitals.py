"""The service's signs of life, for whoever watches it: heartbeats, facts, what it lacks. Pure.

What people in a chat are told of it is `status`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.channels import Reach
from bot.domain.spans import spell_span


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """When a loop last showed that it is alive.

    Attributes:
        loop: its name.
        age: how long ago.
        is_late: it promised to be back before now.

    """

    loop: str
    age: timedelta
    is_late: bool


MOST_COUNTED = 100_000
"""How many pending deliveries are counted at the most: a look must stay cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits to be sent through one adapter.

    Attributes:
        depth: how many deliveries are pending; `MOST_COUNTED` stands for that and more.
        age: how long ago the oldest of those counted was owed; zero when there are none.

    """

    depth: int = 0
    age: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How the service stands at a moment.

    Attributes:
        store_problem: why the store cannot be read; empty: it can, and what follows is true.
        data_age: how long ago LL2 last gave a list that was believed; None: never.
        fresh_for: how old that may be; None: this process does not poll.
        poll_problem: why the last poll came to nothing; empty: it did not.
        requests: how many requests to LL2 count against the budget now.
        budget: how many are allowed to polls in an hour.
        adapters: why each is out of order; empty: it is connected.
        queues: what waits, by adapter.
        reaches: how many destinations with subscriptions there are, by adapter and reach.

    """

    store_problem: str = ""
    data_age: timedelta | None = None
    fresh_for: timedelta | None = None
    poll_problem: str = ""
    requests: int = 0
    budget: int = 0
    adapters: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    reaches: Mapping[tuple[str, Reach], int] = field(default_factory=dict)


def lacks(facts: Facts) -> tuple[str, ...]:
    """What keeps the service from doing all its work, a sentence each; none: it is ready."""
    store = (facts.store_problem,) if facts.store_problem else _old_data(facts)
    return (*store, *(f"{name}: {why}" for name, why in facts.adapters.items() if why))


def _old_data(facts: Facts) -> tuple[str, ...]:
    if facts.fresh_for is None:
        return ()
    why = f": {facts.poll_problem}" if facts.poll_problem else ""
    if facts.data_age is None:
        return (f"LL2 has not given its list of events yet{why}",)
    if facts.data_age > facts.fresh_for:
        age = spell_span(timedelta(seconds=int(facts.data_age.total_seconds())))
        return (f"what LL2 told is {age} old{why}",)
    return ()
