"""The ports to the chats: adapters, and what they are given when they are opened."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.domain.deliveries import Delivery, Outcome
from bot.domain.messages import Limits, Message
from bot.domain.requests import Desk


class Adapter(Protocol):
    """The door to one chat platform; opened as an async context manager."""

    @property
    def name(self) -> str:
        """The first part of its destinations: `discord`, `console`."""

    @property
    def limits(self) -> Limits:
        """What it accepts and how fast."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send one message; expected refusals are outcomes, exceptions are bugs or outages."""


class Pace(Protocol):
    """The right to make requests of an adapter's platform, by the platform's own limits."""

    def slot(self, address: str = "", *, urgent: bool = False) -> AbstractAsyncContextManager[None]:
        """Hold a slot for one request; it is given back a while after the answer came.

        Args:
            address: the destination whose own limit counts too; empty: none.
            urgent: a person waits for it; it goes before what is broadcast.

        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter is given when it is opened.

    Attributes:
        options: its section of the settings.
        desk: the command core.
        pace: the limiter that each of its requests goes through.

    """

    options: Mapping[str, object]
    desk: Desk
    pace: Pace


class AdapterFactory(Protocol):
    """What the entry points of group `perigee.adapters` name."""

    def __call__(self, surroundings: Surroundings) -> AbstractAsyncContextManager[Adapter]:
        """Build the adapter; entering it connects it."""
