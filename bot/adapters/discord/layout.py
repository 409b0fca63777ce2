"""A message as arguments for discord.py: embed, buttons, plain text. Sends nothing."""

from datetime import tzinfo
from functools import lru_cache
from typing import Any

import discord

from bot.adapters.discord.buttons import Buttons
from bot.domain.messages import Limits, Link, Message
from bot.rendering.bundling import Bundle
from bot.rendering.discord_embed import button_links, render_embed
from bot.rendering.discord_markdown import escaped
from bot.rendering.fit import Measure, cut
from bot.rendering.plain import render_plain

Arguments = dict[str, Any]
"""Keyword arguments for one of discord.py's ways to send."""

CONTENT = 2000
"""UTF-16 units of a message's own text (facts-delivery, 4)."""

NOBODY = discord.AllowedMentions.none()

_MESSAGES_AT_ONCE = 32
_ROW = 5
_EMBEDS, _EMBED_TEXT = 10, 6000
_PLAIN = Limits(text=CONTENT)


def laid_out(message: Message, limits: Limits) -> Arguments:
    """The embed and the buttons of a message; nobody is mentioned, whatever its text says."""
    arguments: Arguments = {"embed": _embed(message, limits), "allowed_mentions": NOBODY}
    return arguments | _below(_buttons(message, limits))


def presses(message: Message) -> Arguments:
    """The buttons that can be pressed, alone."""
    return _below(Buttons((), message.buttons))


def laid_out_plainly(*messages: Message, zone: tzinfo) -> Arguments:
    """Text alone, its moments told in a zone, for when Discord finds the embed invalid."""
    text = "\n\n".join(escaped(render_plain(one, _PLAIN, zone=zone)) for one in messages)
    content = cut(text, CONTENT, Measure.UTF16)
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
    arguments: Arguments = {"embeds": embeds, "allowed_mentions": NOBODY}
    return arguments | _below(Buttons(_links(bundle, limits), ()))


def _links(bundle: Bundle, limits: Limits) -> list[Link]:
    every = (link for one in bundle for link in button_links(one, limits))
    return [*{link.url: link for link in every}.values()]


def _below(view: Buttons) -> Arguments:
    """Nothing where there is no button: Discord refuses an empty row."""
    return {"view": view} if view.children else {}


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def _embed(message: Message, limits: Limits) -> discord.Embed:
    """Thousands of channels get one message, and fitting a long one takes 30 ms.

    Channels of all zones: Discord shows times in each reader's own.
    """
    return discord.Embed.from_dict(render_embed(message, limits))


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def _buttons(message: Message, limits: Limits) -> Buttons:
    return Buttons(button_links(message, limits), message.buttons)
