"""Works of several programs on one store, all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import cycle

from bot.store.unit_of_work import SqlStore

TOGETHER = 8


Work = Callable[[SqlStore, int], Awaitable[None]]


async def together(stores: Iterable[SqlStore], *works: Work) -> None:
    """Let each of these be done `TOGETHER` times, all at once, by one program or another."""
    through = cycle(stores)
    async with asyncio.TaskGroup() as group:
        for number in range(TOGETHER):
            for work in works:
                group.create_task(_done(work, next(through), number))


async def _done(work: Work, store: SqlStore, number: int) -> None:
    await work(store, number)
