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

UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError),
    ValueError,
)
"""What reading raises where something is missing, or is not what we know."""


def read_body(body: bytes, bot: Bot) -> Update | None:
    """The update of a webhook's call; None: it cannot be read, which is logged."""
    try:
        told = json.loads(body)
    except (RecursionError, ValueError) as error:
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
    _must_be_whole(update)
    return update


def _must_be_whole(update: Update) -> None:
    """The kinds that we ask for say in which chat, and of whom; the library lets them leave it out.

    Raises:
        TypeError: it leaves that out; or an `AttributeError`.

    """
    press, change = update.callback_query, update.my_chat_member
    chats = [one.chat for one in (update.message, update.channel_post, change) if one is not None]
    if press is not None and press.message is not None:
        chats.append(press.message.chat)
    people = [press.from_user] if press is not None else []
    people += [change.new_chat_member.user] if change is not None else []
    numbers: list[object] = [*(one.id for one in chats), *(one.id for one in people)]
    if not all(isinstance(one, int) for one in numbers):
        raise TypeError("an update without a chat's number")


def id_of(told: object) -> int | None:
    """The number by which an update is acknowledged; None: it has none."""
    number = told.get("update_id") if isinstance(told, Mapping) else None
    return number if isinstance(number, int) else None


def skipped(number: int | None, error: Exception) -> None:
    """Say in the log that an update was skipped; not its words, which may be what people wrote."""
    which = "an update" if number is None else f"update {number}"
    logger.warning("Skipped %s of Telegram: it cannot be read (%s)", which, type(error).__name__)
