"""A store whose write transactions are timed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from bot.ports import UnitOfWork
from bot.store.unit_of_work import SqlStore


class Timed:
    """A store that notes how long each write transaction held the lock.

    Attributes:
        took: seconds of each.

    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.reading = store.reading
        self.took: list[float] = []

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction, timed from when it has the lock until it is committed."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            begun = perf_counter()
            yield unit
        self.took.append(perf_counter() - begun)
