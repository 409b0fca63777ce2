"""The ports to the store as a whole: its transactions, and what processes share through it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.domain.leases import RoleLease
from bot.ports.purge import Purge
from bot.ports.store import Destinations, Memory, Names, Outbox, Snapshots, Subscriptions


class Leases(Protocol):
    """Which process has which role."""

    async def held(self) -> Mapping[str, RoleLease]:
        """Every role that ever had a holder, by its name."""

    async def take(self, role: str, seen: RoleLease | None, holder: str) -> RoleLease | None:
        """Take a role over, unless something has changed since it was seen like this; then None."""

    async def renew(self, lease: RoleLease) -> RoleLease | None:
        """Show that its holder lives; None: it is its own no more."""

    async def release(self, lease: RoleLease) -> None:
        """Give it back, if it is still its holder's."""

    async def guard(self, lease: RoleLease) -> None:
        """Let this transaction commit only in the epoch of this lease.

        Until it has ended nobody takes the role over; afterwards it would be refused.

        Raises:
            LeaseLost: somebody else has taken it over.

        """


class UnitOfWork(Protocol):
    """All parts of the store inside one transaction."""

    @property
    def snapshots(self) -> Snapshots:
        """Events and changes."""

    @property
    def names(self) -> Names:
        """The catalogue."""

    @property
    def memory(self) -> Memory:
        """Small facts."""

    @property
    def subscriptions(self) -> Subscriptions:
        """Who wants what."""

    @property
    def outbox(self) -> Outbox:
        """Fan-outs and deliveries."""

    @property
    def destinations(self) -> Destinations:
        """Settings, health and mutes of destinations."""

    @property
    def purge(self) -> Purge:
        """What may be forgotten."""

    @property
    def leases(self) -> Leases:
        """Which process has which role."""

    def tell(self, topic: str) -> None:
        """Tell all processes so when this commits; at most once, and of use only while heard."""


class Store(Protocol):
    """The door to the store."""

    def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction that may write; it commits at the end and rolls back on an error.

        Where only one can write at a time, an `urgent` one, for which somebody waits, goes before
        others, but not for ever. A `brief` one, as urgent ones are, has few rows to do with, and
        may work in our own thread but for its begin and its end.
        """

    def reading(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction that only reads; it blocks no writer.

        An `urgent` one, for which somebody waits, reads little, and may do so in our own thread.
        """


class SharedStore(Store, Protocol):
    """The door to a store through which processes tell each other things."""

    def listening(self, hear: Callable[[str], None]) -> AbstractAsyncContextManager[None]:
        """Call `hear` with what transactions of any process tell, for as long as it can be heard.

        A store that only one process can use has nobody to listen to.
        """
