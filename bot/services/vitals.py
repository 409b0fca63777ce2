"""How the service stands, for whoever watches it; what the store knows is asked for now and then.

Queries that watchers cause are cheap, bounded, and no more often than once a second: whoever asks
in a loop must not slow down what it watches.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.channels import Reach
from bot.domain.leases import POLL, sending
from bot.domain.status import Status
from bot.domain.vitals import Facts, Heartbeat, Queue
from bot.errors import StoreError
from bot.ports import Clock, Store
from bot.services.poller import LAST_POLL
from bot.services.pulses import Pulses
from bot.services.roles import AllRoles, Roles

_ASK_EVERY = timedelta(seconds=1)

_COUNT_EVERY = timedelta(minutes=5)
"""How often the destinations are counted, which reads them all: half a second for 300,000."""

_PATIENCE_S = 5.0
"""How long the store may take to answer a watcher."""

_HOUR = timedelta(hours=1)
_MISSED = 3
"""How many polls in a row may come to nothing before what we know counts as old."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """What the store said last."""

    problem: str = ""
    last_poll: datetime | None = None
    queues: Mapping[str, Queue] = field(default_factory=dict)
    reaches: Mapping[tuple[str, Reach], int] = field(default_factory=dict)
    asked_at: timedelta | None = None
    counted_at: timedelta | None = None


class ServiceVitals:
    """`ports.Vitals` of a running service."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pulses: Pulses,
        status: Callable[[], Status],
        *,
        adapters: Collection[str],
        interval: timedelta | None,
        roles: Roles | None = None,
    ) -> None:
        """Prepare to look.

        Args:
            store: what is asked for facts.
            clock: what ages go by.
            pulses: of the loops.
            status: how the service stands, as people in chats are told.
            adapters: those that this process sends through.
            interval: the calm rhythm of polls; None: this process does not poll.
            roles: which roles are ours; what others do is no trouble of ours. None: all.

        """
        self._store = store
        self._clock = clock
        self._pulses = pulses
        self._status = status
        self._adapters = tuple(adapters)
        self._interval = interval
        self._roles = roles or AllRoles()
        self._known = _Known()
        self._turn = asyncio.Lock()

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """The loops that run, by name."""
        return self._pulses.heartbeats()

    async def facts(self) -> Facts:
        """How it stands now."""
        async with self._turn:
            if self._is_due(self._known.asked_at, _ASK_EVERY):
                await self._ask()
        known, status = self._known, self._status()
        return Facts(
            store_problem=known.problem,
            data_age=self._age(known.last_poll),
            fresh_for=self._fresh_for(status),
            poll_problem=status.problem,
            requests=status.requests,
            budget=status.budget,
            adapters={name: self._trouble(name, status) for name in self._adapters},
            queues=known.queues,
            reaches=known.reaches,
        )

    def _is_due(self, at: timedelta | None, every: timedelta) -> bool:
        return at is None or self._clock.elapsed() - at >= every

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._read()
            self._known.problem = ""
            await self._count()
        except StoreError as exc:
            self._known.problem = str(exc)
        except TimeoutError:
            self._known.problem = f"the store did not answer within {_PATIENCE_S:g} s"
        # From the end on: those who queued up meanwhile are content with what the first was told.
        self._known.asked_at = self._clock.elapsed()

    async def _read(self) -> None:
        now, known = self._clock.now(), self._known
        async with self._store.reading() as unit:
            said = await unit.memory.get(LAST_POLL)
            known.last_poll = None if said is None else datetime.fromisoformat(said)
            known.queues = {name: await unit.outbox.queue(name, now) for name in self._adapters}

    async def _count(self) -> None:
        """Count the destinations; where they are so many that it takes too long, the last holds."""
        known = self._known
        if not self._is_due(known.counted_at, _COUNT_EVERY):
            return
        known.counted_at = self._clock.elapsed()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S), self._store.reading() as unit:
                known.reaches = await unit.destinations.count()

    def _age(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else max(self._clock.now() - moment, timedelta(0))

    def _fresh_for(self, status: Status) -> timedelta | None:
        """By the rhythm that the budget allows: with one request an hour, hours are fresh."""
        if self._interval is None or not self._roles.held({POLL}):
            return None
        return _MISSED * max(self._interval, _HOUR / max(status.budget, 1))

    def _trouble(self, adapter: str, status: Status) -> str:
        if not self._roles.held({sending(adapter)}):
            return ""
        if adapter in status.troubles:
            return status.troubles[adapter]
        return "" if self._pulses.beats(sender(adapter)) else "it is not connected yet"


def sender(adapter: str) -> str:
    """The name of the loop that sends through an adapter."""
    return f"dispatcher {adapter}"
