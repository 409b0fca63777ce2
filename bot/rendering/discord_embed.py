"""A message as a Discord embed, in the words of Discord's API. Pure; knows no client library.

Left to the adapter: buttons (`button_links` says which links become some), mentions and flags.
An embed needs no time zone: Discord shows a moment in each reader's own.
"""

from collections.abc import Iterable, Iterator

from bot.domain.changes import Kind
from bot.domain.messages import Limits, Link, Message, Picture, Section, SectionKind, Stamp
from bot.rendering.discord_markdown import escaped, label, masked, piece, uri
from bot.rendering.fit import Measure, cut, cut_pieces, fit, length, longest
from bot.rendering.untrusted import printable
from bot.rendering.words import spelled

_TITLE, _DESCRIPTION, _FOOTER, _AUTHOR = 256, 4096, 2048, 256
_FIELDS, _NAME, _VALUE, _ALL = 25, 256, 1024, 6000
"""Discord's limits (facts-delivery, section 4), counted here in UTF-16, the stricter way."""

_BUTTONS, _LONGEST_BUTTON_URL = 5, 512
_INLINE = 64
_COLOURS = {
    Kind.NEW: 0x2ECC71,
    Kind.DATE: 0xF1C40F,
    Kind.UPDATE: 0x3498DB,
    Kind.WEBCAST: 0xE74C3C,
    Kind.VIDEO: 0x9B59B6,
    Kind.DETAILS: 0x95A5A6,
    Kind.WITHDRAWN: 0x7F3F3F,
    Kind.REMINDER: 0x1ABC9C,
}
_ANSWER = 0x5865F2
_LARGE = {Kind.NEW, Kind.WEBCAST, Kind.REMINDER, None}
"""News that somebody meets an event by, and answers, show the picture large; others beside."""

Embed = dict[str, object]


def render_embed(message: Message, limits: Limits) -> Embed:
    """The embed, as the API takes it, within Discord's own limits and `limits.text` in all.

    Args:
        message: what to show.
        limits: `text` bounds the sum of all texts, `links` how many links are shown.

    """
    most = min(limits.text, _ALL)

    def size(candidate: Message) -> int:
        described = length("\n\n".join(_description(candidate)), Measure.UTF16)
        all_texts = described + _length_beside(candidate)
        return limits.text + max(all_texts - most, described - _DESCRIPTION)

    fitted = fit(message, limits, size)
    # A last resort: what `compose` makes always fits by now, what a plug-in makes may not.
    room = min(most - _length_beside(fitted), _DESCRIPTION)
    return _embed(fitted, cut("\n\n".join(_description(fitted)), room, Measure.UTF16))


def button_links(message: Message, limits: Limits) -> tuple[Link, ...]:
    """The links that the adapter shows as one row of buttons; the embed lists the others."""
    shown = (link for link in message.links[: limits.links] if _fits_button(link))
    return tuple(shown)[:_BUTTONS]


def _fits_button(link: Link) -> bool:
    return 0 < len(uri(link.url)) <= _LONGEST_BUTTON_URL


def _embed(message: Message, description: str) -> Embed:
    embed: Embed = {
        "title": _title(message),
        "color": _COLOURS[message.kind] if message.kind else _ANSWER,
        "fields": list(_fields(message)),
        **_headline(message),
        **_picture(message),
        **_timestamp(message),
    }
    page = next((uri(link.url) for link in message.links if uri(link.url)), "")
    extra = {"description": description, "url": page if message.title else ""}
    return {key: value for key, value in (embed | extra).items() if value}


def _length_beside(message: Message) -> int:
    """The length of all texts but the description."""
    fields = [text for one in _fields(message) for text in (one["name"], one["value"])]
    author = _cut_plain(message.headline, _AUTHOR) if message.title else ""
    texts = (_title(message), author, _credit(message.picture), *map(str, fields))
    return sum(length(text, Measure.UTF16) for text in texts)


def _title(message: Message) -> str:
    return _cut_escaped(message.title or message.headline, _TITLE)


def _headline(message: Message) -> Embed:
    """Above the title; alone, the headline is the title. Discord shows this text as it is."""
    name = _cut_plain(message.headline, _AUTHOR)
    return {"author": {"name": name}} if message.title and name else {}


def _cut_plain(text: str, limit: int) -> str:
    return cut(" ".join(printable(text).split()), limit, Measure.UTF16)


def _cut_escaped(text: str, limit: int) -> str:
    """One line of Markdown."""
    line = " ".join(printable(text).split())
    return longest(
        lambda amount: escaped(cut(line, amount, Measure.UTF16)),
        length(line, Measure.UTF16),
        limit,
        Measure.UTF16,
    )


def _description(message: Message) -> Iterator[str]:
    in_table = _in_table(message)
    for section in message.sections:
        if section not in in_table and (text := _paragraph(section)):
            yield text
    buttons = button_links(message, Limits(text=0, links=len(message.links)))
    listed = [masked(link) for link in message.links if link not in buttons]
    if listed:
        yield "\n".join(listed)


def _paragraph(section: Section) -> str:
    text = "".join(map(piece, section.body)).strip()
    heading = label(section.heading)
    return f"**{heading}**\n{text}" if heading and text else text


def _in_table(message: Message) -> tuple[Section, ...]:
    """Facts that can be fields; those beyond Discord's number stay paragraphs."""
    facts = (
        one
        for one in message.sections
        if one.kind is SectionKind.FACT and _name(one) and _value(one)
    )
    return tuple(facts)[:_FIELDS]


def _fields(message: Message) -> Iterator[dict[str, object]]:
    for section in _in_table(message):
        value = _value(section)
        has_stamp = any(isinstance(part, Stamp) for part in section.body)
        yield {
            "name": _name(section),
            "value": value,
            "inline": not has_stamp and len(value) <= _INLINE,
        }


def _name(section: Section) -> str:
    return _cut_escaped(section.heading, _NAME)


def _value(section: Section) -> str:
    most = sum(length(spelled(part), Measure.UTF16) for part in section.body)
    return longest(
        lambda amount: "".join(map(piece, cut_pieces(section.body, amount))).strip(),
        most,
        _VALUE,
        Measure.UTF16,
    )


def _credit(picture: Picture | None) -> str:
    shown = picture is not None and uri(picture.url)
    return _cut_plain(picture.credit, _FOOTER) if picture and shown else ""


def _picture(message: Message) -> Embed:
    """A credit without its picture would puzzle, a picture without its credit would wrong."""
    picture = message.picture
    if picture is None or not (large := uri(picture.url)):
        return {}
    small = uri(picture.thumbnail_url) or large
    is_large = message.kind in _LARGE
    shown: Embed = {"image": {"url": large}} if is_large else {"thumbnail": {"url": small}}
    credit = _credit(picture)
    return shown | ({"footer": {"text": credit}} if credit else {})


def _timestamp(message: Message) -> Embed:
    """The event's own time where it is stated to the minute: Discord shows it in any client."""
    stamps = _exact(one for one in message.sections if one.kind is SectionKind.FACT)
    first = next(stamps, None)
    return {} if first is None else {"timestamp": first.at.isoformat()}


def _exact(facts: Iterable[Section]) -> Iterator[Stamp]:
    for fact in facts:
        if fact.body and isinstance(fact.body[0], Stamp):
            yield fact.body[0]
