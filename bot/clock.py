"""The real clock: the only place that reads the time and waits for it. `bot.testing` has a fake."""

import asyncio
from datetime import UTC, datetime, timedelta

_LONGEST_WAIT = timedelta(days=1)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return after `pause` (None: a day at most) or as soon as one of `wakes` is set."""
        longest = _LONGEST_WAIT if pause is None else min(pause, _LONGEST_WAIT)
        await first_set(wakes, timeout=max(longest.total_seconds(), 0))


async def first_set(wakes: tuple[asyncio.Event, ...], *, timeout: float) -> None:
    """Return when one of the events is set, or after `timeout` seconds."""
    if any(wake.is_set() for wake in wakes):
        return
    async with asyncio.TaskGroup() as group:
        timer = group.create_task(asyncio.sleep(timeout), name="clock timer")
        waiters = [group.create_task(_wait(wake), name="clock wake") for wake in wakes]
        await asyncio.wait([timer, *waiters], return_when=asyncio.FIRST_COMPLETED)
        for task in (timer, *waiters):
            task.cancel()


async def _wait(wake: asyncio.Event) -> None:
    await wake.wait()
