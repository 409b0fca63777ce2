"""A message as plain text: for a terminal, or for a chat where our markup failed. Pure."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from itertools import groupby

from bot.domain.messages import Limits, Link, Message, Picture, Section, SectionKind
from bot.rendering.fit import Measure, cut, fit, length
from bot.rendering.untrusted import host, printable
from bot.rendering.words import spelled

_WIDEST_NAME = 12


def render_plain(
    message: Message,
    limits: Limits,
    *,
    zone: tzinfo = UTC,
    width: int | None = None,
    measure: Measure = Measure.UTF16,
) -> str:
    """The text, at most `limits.text` long.

    Args:
        message: what to show.
        limits: the platform's.
        zone: the channel's (`Channel.zone`), in which moments are told.
        width: columns of a terminal, where lines are wrapped and facts stand in a table; None:
            lines are left to the reader's screen.
        measure: in what the platform counts.

    """
    laid_out = partial(_layout, zone=zone, width=width)
    fitted = fit(message, limits, lambda candidate: length(laid_out(candidate), measure))
    # A last resort: what `compose` makes always fits by now, what a plug-in makes may not.
    return cut(laid_out(fitted), limits.text, measure)


def _layout(message: Message, *, zone: tzinfo, width: int | None) -> str:
    message = _in_words(message, zone)
    linked = [*(_link_row(link) for link in message.links), *_picture_row(message.picture)]
    names = [len(name) for name, _ in (*_facts(message), *linked)]
    column = min(max(names, default=0), _WIDEST_NAME) + 2
    blocks = [
        _wrapped(f"{message.headline}\n{message.title}".strip(), width),
        *_sections(message, width, column),
        "\n".join(_row(name, text, width, column) for name, text in linked),
    ]
    return printable("\n\n".join(block for block in blocks if block))


def _in_words(message: Message, zone: tzinfo) -> Message:
    told = (
        replace(one, body=tuple(spelled(piece, zone) for piece in one.body))
        for one in message.sections
    )
    return replace(message, sections=tuple(told))


def _sections(message: Message, width: int | None, column: int) -> Iterator[str]:
    """Paragraphs one by one, neighbouring facts as one table."""
    for is_table, group in groupby(message.sections, lambda one: one.kind is SectionKind.FACT):
        if is_table:
            yield "\n".join(_row(one.heading, _text(one), width, column) for one in group)
        else:
            yield from (_paragraph(one, width) for one in group if _text(one))


def _facts(message: Message) -> Iterator[tuple[str, str]]:
    for section in message.sections:
        if section.kind is SectionKind.FACT:
            yield section.heading, _text(section)


def _text(section: Section) -> str:
    return "".join(map(spelled, section.body))


def _link_row(link: Link) -> tuple[str, str]:
    """What a link is, and where it leads; a name that only repeats the host is left out."""
    what, _, name = link.label.partition(": ")
    return what, link.url if name in {"", host(link.url)} else f"{name}  {link.url}"


def _picture_row(picture: Picture | None) -> Iterator[tuple[str, str]]:
    if picture is not None:
        what, _, credit = picture.credit.partition(": ")
        yield what or "Picture", f"{credit}  {picture.url}" if credit else picture.url


def _row(name: str, text: str, width: int | None, column: int) -> str:
    if width is None:
        return f"{name}: {text}"
    return _wrapped(text, width, first=f"{name}  ".ljust(column), then=" " * column)


def _paragraph(section: Section, width: int | None) -> str:
    if not section.heading:
        return _wrapped(_text(section), width)
    indent = "" if width is None else "  "
    return f"{section.heading}:\n{_wrapped(_text(section), width, first=indent, then=indent)}"


def _wrapped(text: str, width: int | None, *, first: str = "", then: str = "") -> str:
    """Lines of at most `width` columns; words and addresses are never split."""
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        indent = then if lines else first
        lines += textwrap.wrap(
            line,
            width,
            initial_indent=indent,
            subsequent_indent=then,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)
