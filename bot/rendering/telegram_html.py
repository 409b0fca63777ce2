"""A message as Telegram's HTML. Pure; knows no client library.

Left to the adapter: the keyboard, and the picture as a link preview.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import lru_cache
from html import escape, unescape
from itertools import groupby
from typing import overload

from bot.domain.changes import Kind
from bot.domain.messages import Limits, Link, Message, Piece, Section, SectionKind, Stamp
from bot.rendering.bundling import Bundle
from bot.rendering.fit import Measure, cut, fit, length
from bot.rendering.untrusted import printable, web_address
from bot.rendering.words import spelled

_ENTITIES = 100
"""Telegram takes no more in one message (facts-delivery, section 4)."""

_BETWEEN = "\n\n" + 12 * "\N{BOX DRAWINGS LIGHT HORIZONTAL}" + "\n\n"
_JOINER = "\N{WORD JOINER}"
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_SCHEME = re.compile(r"\b(?!https?://)([a-z][a-z0-9+.-]*:)(?=//)", re.IGNORECASE)
"""Telegram makes links of tg:// and ton:// as well, which act in its own app."""

_COMMAND = re.compile(r"(?<![\w/])/(?=\w)")
"""What Telegram makes a command that a tap gives in the reader's name."""

_MARKED = re.compile(r"<(b|i|a|tg-time)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_CLOCK, _RELATIVE = "wDt", "r"
_STAMPS = range(1, 1 << 31)
_AT_ONCE = 512
"""Renderings remembered: some messages at once, each in the zones of its channels."""

_COUNTDOWN = "\N{HOURGLASS WITH FLOWING SAND}"
"""What an old client shows in place of "in 2 hours"."""

_SIGNS = {
    Kind.NEW: "\N{SQUARED NEW}",
    Kind.DATE: "\N{SPIRAL CALENDAR PAD}\N{VARIATION SELECTOR-16}",
    Kind.UPDATE: "\N{SPEECH BALLOON}",
    Kind.WEBCAST: "\N{LARGE RED CIRCLE}",
    Kind.VIDEO: "\N{MOVIE CAMERA}",
    Kind.DETAILS: "\N{PENCIL}\N{VARIATION SELECTOR-16}",
    Kind.WITHDRAWN: "\N{CROSS MARK}",
    Kind.REMINDER: "\N{ALARM CLOCK}",
}
"""In place of Discord's colours: what a scrolling reader sees first."""


@lru_cache(maxsize=_AT_ONCE)  # one message goes to thousands of chats
def render_telegram(message: Message, limits: Limits, zone: tzinfo = UTC) -> str:
    """The HTML; its text after parsing is at most `limits.text` UTF-16 units long.

    Args:
        message: what to show.
        limits: the platform's.
        zone: the channel's (`Channel.zone`), for clients that cannot convert times.

    """
    fitted = fit(message, limits, lambda candidate: _length(_layout(candidate, zone)))
    html = _layout(fitted, zone)
    if _length(html) > limits.text:
        # A last resort: what `compose` makes always fits by now, what a plug-in makes may not.
        return escape(cut(_visible(html), limits.text, Measure.UTF16))
    return html


def render_bundle(bundle: Bundle, limits: Limits, zone: tzinfo = UTC) -> str:
    """The HTML of messages that go together."""
    return _BETWEEN.join(render_telegram(one, limits, zone) for one in bundle)


def go_together(bundle: Bundle, limits: Limits, zone: tzinfo = UTC) -> bool:
    """Whether one post can show these; it has one place for buttons, and one for a picture."""
    if any(one.buttons or one.picture for one in bundle):
        return False
    html = render_bundle(bundle, limits, zone)
    return _length(html) <= limits.text and len(_MARKED.findall(html)) <= _ENTITIES


def _length(html: str) -> int:
    return length(_visible(html), Measure.UTF16)


def _visible(html: str) -> str:
    """The text that is left after parsing."""
    return unescape(_TAG.sub("", html))


def _layout(message: Message, zone: tzinfo) -> str:
    if message.kind is not None:
        message = _without_commands(message)
    blocks = [_head(message), *_sections(message, zone), "\n".join(_last_lines(message))]
    return _few_entities("\n\n".join(block for block in blocks if block).strip())


def _without_commands(message: Message) -> Message:
    """News, in which nothing that looks like a command is our own word."""
    return replace(
        message,
        title=_disarmed(message.title),
        sections=tuple(
            replace(one, heading=_disarmed(one.heading), body=tuple(map(_disarmed, one.body)))
            for one in message.sections
        ),
        links=tuple(replace(one, label=_disarmed(one.label)) for one in message.links),
    )


@overload
def _disarmed(part: str) -> str: ...
@overload
def _disarmed(part: Piece) -> Piece: ...
def _disarmed(part: Piece) -> Piece:
    return _COMMAND.sub(f"/{_JOINER}", part) if isinstance(part, str) else part


def _head(message: Message) -> str:
    sign = f"{_SIGNS[message.kind]} " if message.kind else ""
    headline = _bold(message.headline)
    lines = (f"{sign}{headline}" if headline else "", _bold(message.title))
    return "\n".join(line for line in lines if line)


def _sections(message: Message, zone: tzinfo) -> Iterator[str]:
    """Paragraphs one by one, neighbouring facts line by line."""
    for are_facts, group in groupby(message.sections, lambda one: one.kind is SectionKind.FACT):
        texts = ((one, _body(one, zone)) for one in group)
        shown = [(one, text) for one, text in texts if text]
        if are_facts:
            yield "\n".join(_row(one.heading, text) for one, text in shown)
        else:
            yield from (_paragraph(one.heading, text) for one, text in shown)


def _body(section: Section, zone: tzinfo) -> str:
    return "".join(_piece(part, zone) for part in section.body).strip()


def _row(heading: str, text: str) -> str:
    return f"{_bold(f'{heading}:')} {text}" if heading.strip() else text


def _paragraph(heading: str, text: str) -> str:
    return f"{_bold(heading)}\n{text}" if heading.strip() else text


def _last_lines(message: Message) -> Iterator[str]:
    yield from (line for link in message.links if (line := _link(link)))
    if message.picture is not None and (credit := _text(message.picture.credit).strip()):
        yield f"<i>{credit}</i>"


def _link(link: Link) -> str:
    address, label = web_address(link.url), _text(link.label).strip()
    if address is None:
        return label
    return f'<a href="{escape(address)}">{label or escape(address)}</a>'


def _piece(part: Piece, zone: tzinfo) -> str:
    text = _text(spelled(part, zone))
    return _moment(part, text) if isinstance(part, Stamp) else text


def _moment(stamp: Stamp, text: str) -> str:
    """A moment that clients show in their reader's zone; old ones show the words inside."""
    unix = int(stamp.at.timestamp())
    if unix not in _STAMPS:
        return text
    beside = f" ({_time(unix, _RELATIVE, _COUNTDOWN)})" if stamp.relative else ""
    return _time(unix, _CLOCK, text) + beside


def _time(unix: int, form: str, text: str) -> str:
    return f'<tg-time unix="{unix}" format="{form}">{text}</tg-time>'


def _bold(text: str) -> str:
    shown = _text(text).strip()
    return f"<b>{shown}</b>" if shown else ""


def _text(text: str) -> str:
    """Text that Telegram shows as it is, and that mentions nobody."""
    shown = _SCHEME.sub(rf"\1{_JOINER}", printable(text))
    return escape(_MENTION.sub(f"@{_JOINER}", shown), quote=False)


def _few_entities(html: str) -> str:
    """Without the markup beyond what Telegram takes; the words stay."""
    marked = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal marked
        marked += 1
        return found[0] if marked <= _ENTITIES else found[2]

    return _MARKED.sub(kept, html)
