"""Every request but polling goes through here: it takes its slot and tells the pace of 429s."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    TelegramError,
)

from bot.adapters.telegram.addresses import Place
from bot.adapters.telegram.transport import LEAVING, Detained, Flooded
from bot.domain.deliveries import DeliveryId
from bot.ports import Pace

Answer = TypeVar("Answer")

_ANSWERS = (BadRequest, ChatMigrated, Conflict, Flooded, Forbidden, InvalidToken)
"""Errors that are Telegram's answer; after any other the request may still be counted later."""

_SUSPICION_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flood:
    """The last 429: which chat, and when by the loop's time."""

    chat: int
    at: float


class Paced:
    """The pace, as the requests of this adapter use it."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._last: _Flood | None = None

    async def request(
        self,
        call: Callable[[], Awaitable[Answer]],
        place: Place | None = None,
        *,
        urgent: bool = False,
        alert: bool = False,
        delivery: DeliveryId | None = None,
    ) -> Answer:
        """Make one request in a slot.

        Args:
            call: makes it.
            place: where it puts a message; None: nowhere, so only the bot's own limit counts.
            urgent: a person waits for it.
            alert: it goes before what else is owed.
            delivery: what it is sent for; None: nothing that is owed.

        Raises:
            HeldBack: the limits let it out only later.
            TelegramError: what became of it.

        """
        address = "" if place is None else f"{place}"
        leave = None if delivery is None else partial(self._pace.departs, delivery)
        async with self._pace.slot(address, urgent=urgent, alert=alert):
            before = LEAVING.set(leave)
            try:
                return await call()
            except Detained as detained:
                raise detained.fault from None
            except _ANSWERS as answer:
                error: TelegramError = answer
            finally:
                LEAVING.reset(before)
        if isinstance(error, Flooded):
            self._tell(error, place)
        raise error

    def _tell(self, error: Flooded, place: Place | None) -> None:
        """Telegram does not say whether a chat or the bot was too fast; two chats mean the bot."""
        now = asyncio.get_running_loop().time()
        last, chat = self._last, 0 if place is None else place.chat
        self._last = _Flood(chat=chat, at=now)
        is_bot = last is not None and last.chat != chat and now - last.at < _SUSPICION_S
        if place is None or is_bot:
            self._pace.throttled(error.wait)
        else:
            self._pace.throttled(error.wait, f"{place}")
