"""The real clock: the only place that reads the time and waits for it. `bot.testing` has a fake."""

import asyncio
from contextlib import suppress
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
        with suppress(TimeoutError):
            async with asyncio.timeout(max(longest.total_seconds(), 0)):
                await first_set(*wakes)


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
