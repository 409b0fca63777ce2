"""A message as Discord's API takes it: spelt once, addressed and marked for each. Sends nothing.

Thousands of channels get one message; what discord.py makes of it is the same for all of them but
for the nonce, the mark that its buttons carry, and what a channel wishes.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import discord
from discord.http import handle_message_parameters

from bot.adapters.discord.buttons import marked_rows
from bot.adapters.discord.layout import CONTENT, Arguments, laid_out
from bot.domain.deliveries import Delivery
from bot.domain.messages import Limits, Message
from bot.rendering.fit import Measure, cut

Payload = Mapping[str, Any]
"""The JSON of "Create Message" (discord-api-docs, resources/message)."""

NONCE = frozenset({"nonce", "enforce_nonce"})
"""The keys of a payload that have Discord make one message of its repeats."""

_MESSAGES_AT_ONCE = 32
_SILENT = discord.MessageFlags(suppress_notifications=True).value
_BARE = discord.MessageFlags(suppress_embeds=True)


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def embedded(message: Message, limits: Limits) -> Payload:
    """The embed and the buttons of a message."""
    return spelt(laid_out(message, limits))


def spelt(arguments: Arguments) -> Payload:
    """What discord.py sends for these arguments."""
    given = dict(arguments)
    if given.pop("suppress_embeds", False):
        given["flags"] = _BARE
    with handle_message_parameters(**given) as spelt_out:
        return spelt_out.payload or {}


def addressed(payload: Payload, delivery: Delivery, message: Message) -> Payload:
    """The payload with what the channel wishes: no sound, or a mention of its role."""
    channel = delivery.channel
    wished: dict[str, Any] = {}
    if channel.is_silent and not message.urgent:
        wished["flags"] = payload.get("flags", 0) | _SILENT
    if channel.mention.isdecimal() and {message.kind, *message.also} & channel.mention_kinds:
        mention, text = f"<@&{int(channel.mention)}>", payload.get("content", "")
        wished["content"] = cut(f"{mention}\n{text}", CONTENT, Measure.UTF16) if text else mention
        wished["allowed_mentions"] = {"parse": [], "roles": [channel.mention]}
    return {**payload, **wished} if wished else payload


def unrepeatable(payload: Payload, nonce: int) -> Payload:
    """The payload with its nonce, of which Discord makes one message, and with its mark."""
    told = {**payload, "nonce": f"{nonce}", "enforce_nonce": True}
    if "components" in payload:
        told["components"] = marked_rows(payload["components"], mark_of(nonce))
    return told


def nonce_of(delivery: Delivery, bot_id: int) -> int:
    """A number of 63 bits that is the same for each repeat of a delivery, and for nothing else.

    Discord keeps nonces by author, not by channel, so all that tells two messages of one bot apart
    goes into it; the form, because a delivery that was folded since is another message.
    """
    parts = (bot_id, delivery.id, delivery.destination, delivery.event_id, delivery.form)
    digest = hashlib.blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def mark_of(nonce: int) -> str:
    """A nonce as a button carries it."""
    return f"{nonce:x}"
