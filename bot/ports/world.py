"""The ports to time and to LL2."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.events import EventId
from bot.domain.watching import (
    Catalogue,
    Headroom,
    Purpose,
    RequestMark,
    Snapshot,
)


class Clock(Protocol):
    """Time, and waiting for it. Only `bot.clock` and `bot.testing` implement it."""

    def now(self) -> datetime:
        """The present, aware UTC."""

    def elapsed(self) -> timedelta:
        """The time since some moment, never put back or forward as the present may be."""

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return after `pause` (None: never by itself) or as soon as one of `wakes` is set."""


class EventSource(Protocol):
    """LL2 behind its request budget.

    Every method raises `LL2Unavailable` (or `LL2Throttled`, `BudgetSpent`) when there is no usable
    answer; nothing may be concluded from that.
    """

    async def snapshot(self) -> Snapshot:
        """Everything upcoming, in as few requests as its count allows.

        Raises:
            SnapshotTorn: pages shifted, or `count` is not what was collected.

        """

    async def probe(self, event_ids: Collection[EventId]) -> Snapshot:
        """Ask for up to 100 ids in one request; ids that are absent in the answer do not exist."""

    async def catalogue(self) -> Catalogue:
        """All event types and the featured agencies, with their programs where known."""

    async def seed(self) -> None:
        """Read `/api-throttle/` (free of charge) and set the budget by it."""

    def headroom(self, now: datetime) -> Headroom:
        """What the budget allows to `Purpose.POLL` at this moment."""


class RequestLog(Protocol):
    """The requests of the last hour, kept across restarts."""

    async def marks(self, since: datetime) -> tuple[RequestMark, ...]:
        """Requests made after `since`, oldest first."""

    async def begin(self, at: datetime, purpose: Purpose) -> RequestMark:
        """Write down, before it is sent, that a request is made. Committed on return."""

    async def settle(self, mark: RequestMark, at: datetime) -> None:
        """Move a mark to when the answer came: the server counted it somewhere in between."""

    async def blocked_until(self) -> datetime | None:
        """Until when LL2 told us to stay away."""

    async def block(self, until: datetime) -> None:
        """Remember that LL2 told us to stay away."""
