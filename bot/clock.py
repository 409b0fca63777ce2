"""The clocks that run: the machine's, and a story's that leaps. The only callers of now and sleep.

`bot.testing` has the clock that stands still.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

_LONGEST_WAIT = timedelta(days=1)
_YIELDS = 10
"""Rounds in which woken tasks may leave their wait before a story's clock takes them for idle."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """The time since the machine started, or so; whoever sets its clock changes nothing."""
        return timedelta(seconds=monotonic())

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return after `pause` (None: a day at most) or as soon as one of `wakes` is set."""
        longest = _LONGEST_WAIT if pause is None else min(pause, _LONGEST_WAIT)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(longest.total_seconds(), 0)):
                await first_set(*wakes)


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiter:
    due: datetime | None
    wakes: tuple[asyncio.Event, ...]
    alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def is_idle(self) -> bool:
        """Whether nothing but time can wake it, and time has not."""
        return self.due is not None and not any(one.is_set() for one in (self.alarm, *self.wakes))


class StoryClock:
    """A story's time: when all its parties wait for time, it leaps to the first moment awaited.

    So a week passes as fast as the work in it allows, and no work is ever late because the machine
    is slow. A party that waits without a pause waits for the world, and time stands still.
    """

    def __init__(self, start: datetime, *, parties: int, speed: float) -> None:
        """Begin at `start`.

        Args:
            start: aware UTC.
            parties: how many tasks wait on this clock; it leaps only when all of them do.
            speed: story seconds a second at the most.

        """
        self._start = self._now = start
        self._parties = parties
        self._speed = speed
        self._waiters: set[_Waiter] = set()
        self._arrived = asyncio.Event()
        self._told = timedelta(0)

    def now(self) -> datetime:
        """The story's present."""
        return self._now

    def elapsed(self) -> timedelta:
        """The story's time since it began."""
        return self._now - self._start

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return when the story has gone on by `pause`, or as soon as one of `wakes` is set."""
        waiter = _Waiter(due=None if pause is None else self._now + pause, wakes=wakes)
        self._waiters.add(waiter)
        self._arrived.set()
        try:
            await first_set(waiter.alarm, *wakes)
        finally:
            self._waiters.discard(waiter)

    async def run(self) -> None:
        """Tell the story; ends by being cancelled."""
        began = asyncio.get_running_loop().time()
        while True:
            self._arrived.clear()
            if await self._is_quiet():
                await self._leap(began)
            else:
                await self._arrived.wait()

    async def _is_quiet(self) -> bool:
        for _ in range(_YIELDS):
            if self._target() is None:
                return False
            await asyncio.sleep(0)
        return self._target() is not None

    def _target(self) -> datetime | None:
        """The first moment awaited; None while a party works or waits for the world."""
        dues = [waiter.due for waiter in self._waiters if waiter.due and waiter.is_idle()]
        if len(self._waiters) < self._parties or len(dues) < len(self._waiters):
            return None
        return max(min(dues), self._now)

    async def _leap(self, began: float) -> None:
        target = self._target() or self._now
        told = self._told + (target - self._now)
        # What the work took already counts: only a story that runs ahead is held back.
        ahead = began + told.total_seconds() / self._speed
        await asyncio.sleep(max(ahead - asyncio.get_running_loop().time(), 0))
        if self._target() == target:
            self._now, self._told = target, told
            self._ring()

    def _ring(self) -> None:
        for waiter in self._waiters:
            if waiter.due is not None and waiter.due <= self._now:
                waiter.alarm.set()


async def first_set(*wakes: asyncio.Event) -> None:
    """Return as soon as one of the events is set; never when there is none."""
    if any(wake.is_set() for wake in wakes):
        return
    waiters = [asyncio.ensure_future(wake.wait()) for wake in wakes or (asyncio.Event(),)]
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
