"""Read what Telegram sends as updates, one by one: one that cannot be read costs no other.

Whoever took them goes on to what comes after, for Telegram repeats what is not acknowledged.
"""

import json
import logging
from collections.abc import Mapping

from telegram import Bot, Update

logger = logging.getLogger(__name__)

WANTED = ("message", "channel_post", "callback_query", "my_chat_member")
"""The kinds of updates that we ask for."""

UNREADABLE = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What reading raises where something is missing, or is not what we know."""


def read_body(body: bytes, bot: Bot) -> Update | None:
    """The update of a webhook's call; None: it cannot be read, which is logged."""
    try:
        told = json.loads(body)
    except ValueError as error:
        skipped(None, error)
        return None
    return read_update(told, bot)


def read_update(told: object, bot: Bot) -> Update | None:
    """The update of its JSON; None: it cannot be read, which is logged."""
    try:
        update = _read(told, bot)
    except UNREADABLE as error:
        skipped(id_of(told), error)
        return None
    return update


def _read(told: object, bot: Bot) -> Update:
    if not isinstance(told, Mapping):
        raise TypeError("an update is a JSON object")
    update = Update.de_json(dict(told), bot)
    chat = update.effective_chat
    # python-telegram-bot looks at no types, and by this number what a chat says is kept in order.
    if chat is not None and not isinstance(chat.id, int):
        raise TypeError("a chat's id is a number")
    return update


def id_of(told: object) -> int | None:
    """The number by which an update is acknowledged; None: it has none."""
    number = told.get("update_id") if isinstance(told, Mapping) else None
    return number if isinstance(number, int) else None


def skipped(number: int | None, error: Exception) -> None:
    """Say in the log that an update was skipped; not its words, which may be what people wrote."""
    which = "an update" if number is None else f"update {number}"
    logger.warning("Skipped %s of Telegram: it cannot be read (%s)", which, type(error).__name__)
