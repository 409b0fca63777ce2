"""A message as discord.py sends it: embed, buttons, mention, nonce. Sends nothing."""

import hashlib
from collections.abc import Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any

import discord

from bot.domain.deliveries import Delivery
from bot.domain.messages import Button, Limits, Link, Message
from bot.rendering.bundling import Bundle
from bot.rendering.discord_embed import button_links, render_embed
from bot.rendering.discord_markdown import escaped, uri
from bot.rendering.fit import Measure, cut
from bot.rendering.plain import render_plain

Arguments = dict[str, Any]
"""Keyword arguments for one of discord.py's ways to send."""

NOBODY = discord.AllowedMentions.none()

_MESSAGES_AT_ONCE = 32
_LABEL, _ROWS, _ROW, _CONTENT = 80, 5, 5, 2000
_EMBEDS, _EMBED_TEXT = 10, 6000
_PLAIN = Limits(text=_CONTENT)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def laid_out(message: Message, limits: Limits) -> Arguments:
    """The embed and the buttons of a message; nobody is mentioned, whatever its text says."""
    arguments: Arguments = {"embed": _embed(message, limits), "allowed_mentions": NOBODY}
    view = _view(button_links(message, limits), message.buttons)
    return arguments | ({"view": view} if view.children else {})


def presses(message: Message) -> Arguments:
    """The buttons that can be pressed, alone."""
    view = _view((), message.buttons)
    return {"view": view} if view.children else {}


def laid_out_plainly(*messages: Message, zone: tzinfo) -> Arguments:
    """Text alone, its moments told in a zone, for when Discord finds the embed invalid."""
    text = "\n\n".join(escaped(render_plain(one, _PLAIN, zone=zone)) for one in messages)
    content = cut(text, _CONTENT, Measure.UTF16)
    return {"content": content, "allowed_mentions": NOBODY, "suppress_embeds": True}


def go_together(bundle: Bundle, limits: Limits) -> bool:
    """Whether one message can show these (facts-delivery, 4); buttons belong to one alone."""
    text = sum(len(_embed(one, limits)) for one in bundle)
    return (
        not any(one.buttons for one in bundle)
        and len(bundle) <= _EMBEDS
        and text <= _EMBED_TEXT
        and len(_links(bundle, limits)) <= _ROW
    )


def laid_out_together(bundle: Bundle, limits: Limits) -> Arguments:
    """An embed for each of messages that go together, and the links of all as buttons."""
    if len(bundle) == 1:
        return laid_out(bundle[0], limits)
    embeds = [_embed(one, limits).copy() for one in bundle]
    for number, one in enumerate(embeds):
        # Of embeds that lead to one address Discord shows the first alone (facts-delivery, 4).
        if one.url in {other.url for other in embeds[:number]}:
            one.url = None
    view = _view(_links(bundle, limits), ())
    arguments: Arguments = {"embeds": embeds, "allowed_mentions": NOBODY}
    return arguments | ({"view": view} if view.children else {})


def _links(bundle: Bundle, limits: Limits) -> list[Link]:
    every = (link for one in bundle for link in button_links(one, limits))
    return [*{link.url: link for link in every}.values()]


def addressed(arguments: Arguments, delivery: Delivery, message: Message) -> Arguments:
    """The arguments with what the channel wishes: no sound, or a mention of its role."""
    channel = delivery.channel
    wished: Arguments = {"silent": True} if channel.is_silent and not message.urgent else {}
    told = {message.kind, *message.also}
    if channel.mention.isdecimal() and told & channel.mention_kinds:
        role = discord.Object(int(channel.mention))
        mention = f"<@&{role.id}>"
        text = arguments.get("content", "")
        wished["content"] = cut(f"{mention}\n{text}", _CONTENT, Measure.UTF16) if text else mention
        wished["allowed_mentions"] = discord.AllowedMentions(
            everyone=False, users=False, roles=[role], replied_user=False
        )
    return arguments | wished


def nonce_of(delivery: Delivery, bot_id: int) -> int:
    """A number of 63 bits that is the same for each repeat of a delivery, and for nothing else.

    Discord keeps nonces by author, not by channel, so all that tells two messages of one bot apart
    goes into it; the form, because a delivery that was folded since is another message.
    """
    parts = (bot_id, delivery.id, delivery.destination, delivery.event_id, delivery.form)
    digest = hashlib.blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def mark_of(nonce: int) -> str:
    """A nonce in few characters, as a button carries it."""
    digits = ""
    while nonce:
        nonce, digit = divmod(nonce, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or _DIGITS[0]


def marked(arguments: Arguments, mark: str) -> Arguments:
    """The arguments with a mark in the ids of the buttons that can be pressed."""
    for item in arguments["view"].children if "view" in arguments else ():
        if item.custom_id:
            place, _, press = item.custom_id.partition("|")
            item.custom_id = f"{place}.{mark}|{press}"
    return arguments


def marks(message: discord.Message) -> frozenset[str]:
    """The marks in the buttons of a message that Discord shows."""
    rows = (one for one in message.components if isinstance(one, discord.ActionRow))
    ids = (getattr(item, "custom_id", None) or "" for row in rows for item in row.children)
    places = (one.partition("|")[0].split(".") for one in ids)
    return frozenset(mark for _row, _column, mark in (one for one in places if len(one) == 3))


def pressed(custom_id: str) -> str:
    """The line that a button gives, from its id."""
    return custom_id.partition("|")[2]


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def _embed(message: Message, limits: Limits) -> discord.Embed:
    """Thousands of channels get one message, and fitting a long one takes 30 ms.

    Channels of all zones: Discord shows times in each reader's own.
    """
    return discord.Embed.from_dict(render_embed(message, limits))


def _view(links: Sequence[Link], buttons: Sequence[Sequence[Button]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    rows = [[_press(one, f"{row}.{column}") for column, one in enumerate(line[:_ROW])]
            for row, line in enumerate(buttons)]  # fmt: skip
    filled = [row for row in ([*map(_link, links)], *rows) if row]
    for number, row in enumerate(filled[:_ROWS]):
        for item in row:
            item.row = number
            view.add_item(item)
    # A view that goes on would be kept in memory for ever; presses come by `on_interaction`.
    view.stop()
    return view


def _link(link: Link) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(label=_short(link.label), url=uri(link.url))


def _press(button: Button, place: str) -> discord.ui.Button[discord.ui.View]:
    """Ids must differ within a message, and two buttons may give one line: hence the place."""
    return discord.ui.Button(label=_short(button.label), custom_id=f"{place}|{button.press}")


def _short(label: str) -> str:
    return cut(label, _LABEL, Measure.UTF16)
