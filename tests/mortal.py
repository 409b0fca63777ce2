"""A world in which a sender is killed at its n-th operation, and what its readers got before."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from senders import NAME, limits

from bot.domain.deliveries import Delivery, DeliveryId, Outcome, Sent
from bot.domain.messages import Message
from bot.ports import Store, UnitOfWork


class Killed(BaseException):
    """The end of the process, as far as the code under test can tell: nobody may catch it."""


class Life:
    """So many operations, and then the end; after it nothing is done any more."""

    def __init__(self, operations: int | None = None) -> None:
        self._left = operations

    @property
    def is_over(self) -> bool:
        """Whether the kill came."""
        return self._left is not None and self._left < 0

    def live(self) -> None:
        """Do one operation, or die at it."""
        if self._left is not None:
            self._left -= 1
        if self.is_over:
            raise Killed


class MortalStore:
    """A store whose user can die before each commit, which undoes it, and after it."""

    def __init__(self, store: Store, life: Life) -> None:
        self._store = store
        self._life = life

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction, with two moments to die."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit
            self._life.live()
        self._life.live()

    @asynccontextmanager
    async def reading(self, *, urgent: bool = False) -> AsyncIterator[UnitOfWork]:
        """One transaction that only reads."""
        async with self._store.reading(urgent=urgent) as unit:
            yield unit


class Readers:
    """What arrived where, over all lives.

    Attributes:
        arrived: how often each delivery reached its reader.

    """

    def __init__(self) -> None:
        self.arrived = Counter[DeliveryId]()


class MortalAdapter:
    """An adapter whose user can die before a message arrives, and before its answer is read."""

    name = NAME

    def __init__(self, readers: Readers, life: Life, *, concurrency: int, harmless: bool) -> None:
        self.limits = limits(concurrency, harmless=harmless)
        self._readers = readers
        self._life = life

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Let it arrive, with two moments to die."""
        assert message.title
        self._life.live()
        self._readers.arrived[delivery.id] += 1
        self._life.live()
        return Sent(remote_id=f"{delivery.id}")
