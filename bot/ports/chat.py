"""The ports to the chats: adapters, and what they are given when they are opened."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from bot.domain.deliveries import Delivery, DeliveryId, Outcome
from bot.domain.messages import Limits, Message
from bot.domain.requests import Desk
from bot.ports.turnstiles import Turnstile


class Adapter(Protocol):
    """The door to one chat platform; opened as an async context manager."""

    @property
    def name(self) -> str:
        """The first part of its destinations: `discord`, `discord-news`; what it was told to be."""

    @property
    def limits(self) -> Limits:
        """What it accepts and how fast."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send one message; expected refusals are outcomes, exceptions are bugs or outages.

        Raises:
            ConfigError: the platform does not know our token; it has not taken the message, nor
                will it take others, so the adapter is closed and opened anew.
            ChatUnavailable: it shuts us out; likewise.

        """


class Pace(Protocol):
    """The right to make requests of an adapter's platform, by the platform's own limits."""

    def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot for one request; it is given back a while after the answer came.

        An exception that leaves the block means that no answer came, and the slot is held longer;
        so catch a platform's refusal inside it.

        Args:
            address: the destination whose own limit counts too; empty: none.
            urgent: a person waits for it; it goes before what is broadcast.
            alert: it is for a delivery that is urgent; it goes before other deliveries.

        Raises:
            HeldBack: on entering, when it would take longer than a send may; nothing was sent.
                `Adapter.send` lets it pass: the dispatcher waits in its place.

        """

    async def departs(self, delivery: DeliveryId) -> None:
        """Tell, inside its slot and right before the request, that a delivery leaves now.

        It is recorded before this returns. Whoever declares `Limits.tells_departure` tells it of
        each request that may put a message into a chat; of further ones it may be told again.

        Raises:
            StoreError: it cannot be recorded, so the request must not be made.

        """

    def throttled(self, wait: timedelta, address: str = "") -> None:
        """Tell that the platform answered 429: no request for so long, with an address to there."""

    def refused(self) -> None:
        """Tell of a 401 or 403, on a platform that bans whoever collects too many of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter is given when it is opened.

    Attributes:
        name: what it shall be called, which is the first part of its destinations. One platform may
            have several: `discord` and `discord-news`, each with a token and a pace of its own.
        section: what its settings are called, for sentences about them: `discord.bots.news`.
        options: its section of the settings; never printed, for they hold its token.
        desk: the command core.
        pace: the limiter that each of its requests goes through.
        turnstile: for what the platform allows only so often, whichever process asks.
        listens: whether to hear people and to register the commands. What does not listen needs no
            connection by which the platform tells of anything.
        sends: whether deliveries are handed to it. Where one process sends and another listens
            with the same token, each declares its part of the platform's limits (`part_of`).

    """

    name: str
    section: str
    options: Mapping[str, object] = field(repr=False)
    desk: Desk
    pace: Pace
    turnstile: Turnstile
    listens: bool = True
    sends: bool = True


class AdapterFactory(Protocol):
    """What the entry points of group `perigee.adapters` name."""

    def __call__(self, surroundings: Surroundings) -> AbstractAsyncContextManager[Adapter]:
        """Build the adapter; entering it connects it."""
