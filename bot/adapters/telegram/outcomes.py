"""What Telegram's refusals mean: an outcome, or a mend with which to try again. One table, pure.

Texts are compared in lower case, because python-telegram-bot changes the case of some of them. The
sources of the texts are in facts-delivery, section 3, and in Telegram's own server.
"""

from dataclasses import dataclass
from enum import Enum, unique

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)

from bot.adapters.telegram.transport import Flooded, NeverSent
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.errors import ConfigError


@unique
class Mend(Enum):
    """How the same message may still arrive."""

    GENERAL_TOPIC = "the topic is gone"
    NO_PICTURE = "the picture is not taken"
    PLAIN_TEXT = "our markup is not taken"
    NEW_MESSAGE = "the old message cannot be edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mendable:
    """A refusal that `how` may overcome; `reason` is Telegram's."""

    how: Mend
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The group became the supergroup `chat`."""

    chat: int


Judgement = Outcome | Mendable | Moved

_Row = tuple[tuple[str, ...], Outcome | Mend]

_FORBIDDEN: tuple[_Row, ...] = (
    (
        ("bot was blocked by the user",),
        Gone(reason="the person has blocked the bot; unblocking it and sending /start helps"),
    ),
    (("user is deactivated",), Gone(reason="the person's account was deleted")),
    (
        ("bot can't initiate conversation",),
        Gone(reason="the person never started the bot; sending it /start helps"),
    ),
    (("bot was kicked",), Gone(reason="the bot was removed from the chat; adding it again helps")),
    (("is not a member",), Gone(reason="the bot is not in the chat; adding it helps")),
    (("chat was deleted",), Gone(reason="the group was deleted")),
)

_BAD_REQUESTS: tuple[_Row, ...] = (
    (("message thread not found", "topic_deleted"), Mend.GENERAL_TOPIC),
    (
        ("topic_closed",),
        Gone(
            reason="the topic is closed; opening it again, or letting the bot manage topics, helps",
            missing="Manage Topics",
        ),
    ),
    (
        ("chat not found", "peer_id_invalid"),
        Gone(
            reason="Telegram knows no such chat; check its number and that the bot is in it",
            is_certain=False,
        ),
    ),
    (
        (
            *("wrong file identifier/http url", "failed to get http url content"),
            *("wrong type of the web page content", "image_process_failed", "webpage_"),
            *("photo_invalid_dimensions", "rights to send photos"),
        ),
        Mend.NO_PICTURE,
    ),
    (
        ("need administrator rights in the channel",),
        Gone(
            reason="the bot may not post in the channel; make it an administrator who may",
            is_certain=False,
            missing="Post Messages",
        ),
    ),
    (
        (
            *("not enough rights", "have no rights to send", "chat_write_forbidden"),
            *("chat_restricted", "chat_send_plain_forbidden"),
        ),
        Gone(
            reason="the bot may not write in the group; give it the right to send messages",
            is_certain=False,
            missing="Send Messages",
        ),
    ),
    (
        (
            *("can't parse entities", "message is too long", "caption is too long"),
            *("button_data_invalid", "reply markup is too long"),
        ),
        Mend.PLAIN_TEXT,
    ),
    (("message is not modified",), Sent()),
    (("message to edit not found", "message can't be edited"), Mend.NEW_MESSAGE),
)


SECTION = "telegram"
"""The section of the settings, unless it is that of a further bot."""


def judged(error: TelegramError, section: str = SECTION) -> Judgement:
    """What an error of one request means; `section` is where the bot's settings are.

    Raises:
        ConfigError: Telegram knows our token no more; nothing at all can be sent.

    """
    match error:
        case InvalidToken():
            raise token_refused(section) from None
        case Flooded(wait=wait):
            return Later(reason=error.message, wait=wait)
        case ChatMigrated(new_chat_id=chat):
            return Moved(chat=chat)
        case Forbidden():
            unknown = Gone(reason=f"Telegram refuses it: {error.message}", is_certain=False)
            return _looked_up(error, _FORBIDDEN, otherwise=unknown)
        # A bad request is a network error to python-telegram-bot, so it must be asked for first.
        case BadRequest():
            refused = Refused(reason=f"Telegram refuses it: {error.message}")
            return _looked_up(error, _BAD_REQUESTS, otherwise=refused)
        case NeverSent():
            return Later(reason=error.message)
        case NetworkError() if "too many requests" in error.message.lower():
            return Later(reason="Telegram asks to wait")
        case _:
            return Unknown(reason=error.message)


def _looked_up(
    error: TelegramError, table: tuple[_Row, ...], *, otherwise: Outcome
) -> Outcome | Mendable:
    said = error.message.lower()
    found = (meaning for texts, meaning in table if any(text in said for text in texts))
    meaning = next(found, otherwise)
    return Mendable(how=meaning, reason=error.message) if isinstance(meaning, Mend) else meaning


def token_refused(section: str) -> ConfigError:
    """What to say when Telegram does not know the token of that section."""
    return ConfigError(
        f"{section}.token is not accepted by Telegram; copy it again from @BotFather, and check "
        f"{section}.api_base_url"
    )
