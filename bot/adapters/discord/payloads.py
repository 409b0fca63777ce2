"""A message as Discord's API takes it: spelt once, addressed and signed for each. Sends nothing.

Thousands of channels get one message; what discord.py makes of it is the same for all of them but
for the nonce, the mark that its buttons carry, and what a channel wishes. So is its JSON.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from secrets import token_hex
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

_MESSAGES_AT_ONCE = 32
_SILENT = discord.MessageFlags(suppress_notifications=True).value
_BARE = discord.MessageFlags(suppress_embeds=True)

# Nobody can know them, so no text of an event holds one.
_NONCE_HERE, _MARK_HERE = token_hex(), token_hex()


@dataclass(frozen=True, eq=False)
class Draft:
    """What all channels are sent that wish the same.

    Attributes:
        payload: without nonce and marks.

    """

    payload: Payload

    def marked(self, mark: str) -> Payload:
        """With a mark in the buttons, if there are any."""
        if "components" not in self.payload:
            return self.payload
        return {**self.payload, "components": marked_rows(self.payload["components"], mark)}

    @cached_property
    def blank(self) -> str:
        """As JSON, with blanks for the nonce and the mark."""
        told = {**self.marked(_MARK_HERE), "nonce": _NONCE_HERE, "enforce_nonce": True}
        return json.dumps(told, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A draft for one delivery: Discord makes one message of its repeats, and its mark is found.

    Attributes:
        draft: what all get.
        nonce: of this one alone; see `nonce_of`.

    """

    draft: Draft
    nonce: int

    @property
    def opening(self) -> Payload:
        """As the first message of a forum's post, which takes no nonce."""
        return self.draft.marked(mark_of(self.nonce))

    @property
    def spelt(self) -> bytes:
        """As JSON."""
        numbered = self.draft.blank.replace(_NONCE_HERE, f"{self.nonce}")
        return numbered.replace(_MARK_HERE, mark_of(self.nonce)).encode()


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def embedded(message: Message, limits: Limits) -> Draft:
    """The embed and the buttons of a message."""
    return drafted(laid_out(message, limits))


def drafted(arguments: Arguments) -> Draft:
    """What discord.py sends for these arguments."""
    given = dict(arguments)
    if given.pop("suppress_embeds", False):
        given["flags"] = _BARE
    with handle_message_parameters(**given) as spelt_out:
        return Draft(spelt_out.payload or {})


def addressed(draft: Draft, delivery: Delivery, message: Message) -> Draft:
    """The draft with what the channel wishes: no sound, or a mention of its role."""
    channel, payload = delivery.channel, draft.payload
    wished: dict[str, Any] = {}
    if channel.is_silent and not message.urgent:
        wished["flags"] = payload.get("flags", 0) | _SILENT
    if channel.mention.isdecimal() and {message.kind, *message.also} & channel.mention_kinds:
        mention, text = f"<@&{int(channel.mention)}>", payload.get("content", "")
        wished["content"] = cut(f"{mention}\n{text}", CONTENT, Measure.UTF16) if text else mention
        wished["allowed_mentions"] = {"parse": [], "roles": [channel.mention]}
    return Draft({**payload, **wished}) if wished else draft


def nonce_of(delivery: Delivery, bot_id: int) -> int:
    """A number of 63 bits that is the same for each repeat of a delivery, and for nothing else.

    Discord keeps nonces by author, not by channel, so all that tells two messages of one bot apart
    goes into it; the form, because a delivery that was folded since is another message.
    """
    one, place = delivery, delivery.destination
    told = f"{bot_id}\n{one.id}\n{place}\n{one.event_id}\n{one.form}"
    digest = hashlib.blake2b(told.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def mark_of(nonce: int) -> str:
    """A nonce as a button carries it."""
    return f"{nonce:x}"
