"""What tests of the reminder clock begin with."""

from collections.abc import AsyncIterator

import pytest
from outboxes import subscribe
from reminder_bench import CHANNEL, DATE, Bench
from stores import made_store

from bot.testing import an_event


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """One event in thirty hours, one channel that wants everything of it."""
    async with made_store("sqlite://") as store:
        opened = Bench(store=store)
        await opened.keep(an_event(date=DATE))
        await subscribe(store, CHANNEL)
        yield opened
