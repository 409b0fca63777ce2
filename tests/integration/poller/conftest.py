"""What tests of the poller begin with."""

from collections.abc import AsyncIterator

import pytest
from watching_bench import Bench, open_bench, several


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A store that has learnt ten events."""
    async with open_bench(*several(10)) as opened:
        await opened.polled(opened.poller())
        opened.wake.clear()
        yield opened


@pytest.fixture
async def fresh() -> AsyncIterator[Bench]:
    """An empty store before an LL2 with three events."""
    async with open_bench(*several(3)) as opened:
        yield opened
