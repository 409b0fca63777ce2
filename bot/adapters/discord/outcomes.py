"""What an error of Discord means for a delivery: one table by code. Sends nothing.

Codes: discord-api-docs, topics/opcodes-and-status-codes; what follows: facts-delivery, section 3.
"""

from datetime import timedelta
from typing import assert_never

import discord

from bot.adapters.discord.transport import NETWORK_ERRORS, NEVER_SENT
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.errors import ChatUnavailable, ConfigError

SECTION = "discord"
"""The section of the settings, unless it is that of a further bot."""


def not_let_in(section: str) -> ConfigError:
    """Discord knows the token of that section not, or no more."""
    return ConfigError(
        f"{section}.token is refused by Discord; copy the bot's present token from the Developer "
        "Portal (Bot, Reset Token), or empty the setting to turn Discord off"
    )


VIEW = "View Channel"
HISTORY = "Read Message History"
CANNOT_SEE = 50001
_MAY_NOT = 50013
MISSING_RIGHTS = frozenset({CANNOT_SEE, _MAY_NOT})
"""A permission is missing; Discord does not say which."""

_ARCHIVED = 50083
_LOCKED = 160005
_WRONG_TYPES = frozenset({40058, 50008, 50024})

_OUR_FAULTS = frozenset({40005, 50006, 50035, 50045})
"""What we sent is no valid message; the destination is well."""

_BAD_TOKEN = frozenset({40001, 50014})
_SHUT_OUT = 40333
_UNKNOWN_CHANNEL = 10003

_WRONG_TYPE = Gone(
    reason="Discord takes no messages in this type of channel; subscribe a text channel, an "
    "announcement channel, a thread or a forum"
)
_NO_DIRECT_MESSAGES = Gone(
    reason="this person does not accept direct messages from the bot, or shares no server with it"
)
_BLOCKED = "the server's AutoMod or content filter blocked the message"
_BUSY = Later(reason="Discord is overloaded or has turned sending off for a while")
_SLOW = "the channel's slow mode or write limit holds the message back"

_BY_CODE: dict[int, Outcome] = {
    _UNKNOWN_CHANNEL: Gone(reason="the channel or thread does not exist any more"),
    10004: Gone(reason="the server does not exist any more, or has removed the bot"),
    # On create: our nonce made a message that was deleted since (facts-delivery, 2.2).
    10008: Sent(),
    10013: _NO_DIRECT_MESSAGES,
    10015: Gone(reason="the webhook does not exist any more"),
    20009: Refused(reason=_BLOCKED),
    20016: Later(reason=_SLOW),
    20028: Later(reason=_SLOW),
    20029: Later(reason=_SLOW),
    40004: _BUSY,
    40006: _BUSY,
    40058: _WRONG_TYPE,
    40062: Later(reason=_SLOW),
    50007: _NO_DIRECT_MESSAGES,
    50008: _WRONG_TYPE,
    50024: _WRONG_TYPE,
    50027: Gone(reason="the webhook's token is not valid any more"),
    _ARCHIVED: Gone(
        reason="the thread is archived and the bot may not open it", missing="Manage Threads"
    ),
    50033: _NO_DIRECT_MESSAGES,
    50278: _NO_DIRECT_MESSAGES,
    130000: _BUSY,
    _LOCKED: Gone(reason="the thread is locked", missing="Manage Threads"),
    200000: Refused(reason=_BLOCKED),
    200001: Refused(reason=_BLOCKED),
    240000: Refused(reason="the server's filter for harmful links blocked the message"),
}


def is_our_fault(error: Exception) -> bool:
    """Whether Discord finds the message itself invalid: a plainer one may pass."""
    return isinstance(error, discord.HTTPException) and error.code in _OUR_FAULTS


def is_deleted_place(result: object) -> bool:
    """Whether a request ended so because its channel or thread does not exist."""
    return isinstance(result, discord.HTTPException) and result.code == _UNKNOWN_CHANNEL


def is_archived(result: object) -> bool:
    """Whether a request ended so because the thread is archived."""
    return isinstance(result, discord.HTTPException) and result.code == _ARCHIVED


def takes_no_replies(result: object) -> bool:
    """Whether a request ended so because a post was deleted, locked or shut away for good."""
    shut = {_UNKNOWN_CHANNEL, _LOCKED, _ARCHIVED}
    return isinstance(result, discord.HTTPException) and result.code in shut


def is_of_wrong_type(result: object) -> bool:
    """Whether a request ended so because nobody writes into such a channel: a forum, say."""
    return isinstance(result, discord.HTTPException) and result.code in _WRONG_TYPES


def is_forbidden(result: object) -> bool:
    """Whether a request ended so because the bot sees the channel but lacks a right there."""
    return isinstance(result, discord.HTTPException) and result.code == _MAY_NOT


def outcome_of(error: Exception, *, missing: str = "", section: str = SECTION) -> Outcome:
    """What becomes of a delivery whose request ended so.

    Args:
        error: what discord.py or its transport raised.
        missing: the permission that the bot lacks in the channel, if that is known.
        section: where the bot's settings are.

    Raises:
        ConfigError: the token is not valid (any more).
        ChatUnavailable: Discord shuts the bot out.
        Exception: the error itself, if it is none of Discord's or the network's.

    """
    match error:
        case discord.RateLimited(retry_after=seconds):
            return Later(reason="Discord's rate limit", wait=timedelta(seconds=seconds))
        case discord.HTTPException():
            return _of_answer(error, missing, section)
        case TimeoutError():
            return Unknown(reason="Discord did not answer in time")
        case _ if isinstance(error, NEVER_SENT):
            return Later(reason=f"Discord cannot be reached: {error}")
        case _ if isinstance(error, NETWORK_ERRORS):
            return Unknown(reason=f"the connection to Discord broke: {error!r}")
        case _:
            raise error


def _of_answer(error: discord.HTTPException, missing: str, section: str) -> Outcome:
    _raise_if_shut_out(error, section)
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if error.code in MISSING_RIGHTS:
        return lacking(missing)
    if error.status == 429:
        return Later(reason="Discord's rate limit")
    if error.status >= 500:
        # Some of what answers so stands before Discord, and knows no better what became of it.
        return Unknown(reason=f"Discord has trouble (HTTP {error.status})")
    what = "found our message invalid" if is_our_fault(error) else "refused the message"
    return Refused(reason=f"Discord {what} ({error.code or error.status}): {error.text[:300]}")


def unsent(outcome: Outcome) -> Outcome:
    """What the failed look for a message means for its delivery: nothing was sent by it."""
    match outcome:
        case Gone() | Later():
            return outcome
        case Refused(reason=reason) | Unknown(reason=reason):
            return Later(reason=f"it may have arrived, and the look for it failed: {reason}")
        case Sent():
            return Later(reason="it may have arrived, and the look for it failed")
        case _ as never:
            assert_never(never)


def lacking(missing: str) -> Gone:
    """The bot may not write there; doubtful, for rights change while a server is being set up."""
    which = f'the permission "{missing}"' if missing else "a permission"
    return Gone(reason=f"the bot lacks {which} in this channel", is_certain=False, missing=missing)


def _raise_if_shut_out(error: discord.HTTPException, section: str) -> None:
    """Every further request would count towards a ban (facts-delivery, 1.1)."""
    if error.code in _BAD_TOKEN or (error.status == 401 and error.code not in _BY_CODE):
        raise not_let_in(section) from error
    if error.code == _SHUT_OUT or (error.status == 429 and not error.code and _is_wall(error)):
        sentence = f"Discord's outer wall shuts this machine out (HTTP {error.status})"
        raise ChatUnavailable(f"{sentence}; the adapter rests before it tries again") from error


def _is_wall(error: discord.HTTPException) -> bool:
    """A 429 that does not come from Discord itself but from what stands before it."""
    headers = error.response.headers
    return "Via" not in headers or headers.get("Content-Type") != "application/json"
