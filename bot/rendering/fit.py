"""Cut text and messages to a platform's limits without breaking what a reader sees as one.

A cut falls between what Unicode calls extended grapheme clusters, as far as the standard library
knows them (marks, joined emoji, flags, Hangul), never inside a web address, and shows as "…".
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, unique

from bot.domain.messages import Limits, Message, Piece, Section, SectionKind
from bot.rendering.words import spelled

_MORE = "…"
_WORD_END_WITHIN = 24
_SHORTEST_TAIL = 80
_ADDRESS = re.compile(r"https?://\S+")
_JOINER, _NON_JOINER = "\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_JAMO = range(0x1100, 0x1200)


@unique
class Measure(Enum):
    """In what a platform counts text: Telegram in UTF-16 units, others in code points."""

    CODE_POINTS = "code points"
    UTF16 = "utf-16"


def length(text: str, measure: Measure) -> int:
    """How long a text is in the given measure."""
    if measure is Measure.CODE_POINTS or text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


def cut(text: str, limit: int, measure: Measure) -> str:
    """The text, or as much of its start as fits into `limit` together with an ellipsis.

    Prefers the end of a word where one is near. Below 1 nothing fits.
    """
    if length(text, measure) <= limit:
        return text
    if limit < 1:
        return ""
    end = _outside_address(text, _whole(text, _reach(text, limit - 1, measure)))
    return text[: _word_end(text, end)].rstrip() + _MORE


def _reach(text: str, limit: int, measure: Measure) -> int:
    """How many characters fit into `limit`."""
    used = 0
    for position, char in enumerate(text):
        used += length(char, measure)
        if used > limit:
            return position
    return len(text)


def _whole(text: str, end: int) -> int:
    """The last place at or before `end` that splits nothing that is seen as one."""
    while 0 < end < len(text) and _belong_together(text, end):
        end -= 1
    return end


def _belong_together(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == _JOINER or _extends(after):
        return True
    if ord(before) in _FLAG_LETTERS and ord(after) in _FLAG_LETTERS:
        return _flag_letters_before(text, at) % 2 == 1
    return ord(before) in _JAMO and ord(after) in _JAMO


def _extends(char: str) -> bool:
    if char in {_JOINER, _NON_JOINER} or unicodedata.category(char).startswith("M"):
        return True
    return ord(char) in _SKIN or ord(char) in _TAGS


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return at - start


def _outside_address(text: str, end: int) -> int:
    for address in _ADDRESS.finditer(text):
        if address.start() < end < address.end():
            return address.start()
    return end


def _word_end(text: str, end: int) -> int:
    if end == len(text) or text[end].isspace():
        return end
    for position in range(end - 1, max(end - _WORD_END_WITHIN, 0), -1):
        if text[position].isspace():
            return position
    return end


def longest(shown: Callable[[int], str], most: int, limit: int, measure: Measure) -> str:
    """What `shown` gives for the largest amount of text up to `most` that still fits `limit`.

    For markup, whose escapes make a text longer: only the rendering tells. Empty if nothing fits.
    """
    if length(whole := shown(most), measure) <= limit:
        return whole
    best, low, high = "", 0, most
    while low < high:
        amount = (low + high) // 2
        candidate = shown(amount)
        if length(candidate, measure) <= limit:
            best, low = candidate, amount + 1
        else:
            high = amount
    return best


def fit(message: Message, limits: Limits, size: Callable[[Message], int]) -> Message:
    """The message, shortened until its rendering fits `limits.text`.

    First the background goes, then the tails of the longest paragraphs, then whole paragraphs
    and links from the end. Headline, changes and facts stay; the title is cut to `limits.title`.

    Args:
        message: what `compose` made, within reason: a headline and facts that fit by themselves.
        limits: the platform's; links beyond `limits.links` are left out in any case.
        size: how long a renderer's output is, in the platform's own measure.

    """
    title = cut(message.title, limits.title, Measure.UTF16)
    message = replace(message, title=title, links=message.links[: limits.links])
    for shorten in (_less_background, _shorter_tails, _fewer_paragraphs, _fewer_links):
        while (excess := size(message) - limits.text) > 0:
            shorter = shorten(message, excess)
            if shorter is None:
                break
            message = shorter
    return message


def _less_background(message: Message, excess: int) -> Message | None:
    at = _last(message, SectionKind.BACKGROUND)
    if at is None:
        return None
    left = _size(message.sections[at]) - excess
    if left < _SHORTEST_TAIL:
        return _without(message, at)
    return _with_body(message, at, left)


def _shorter_tails(message: Message, excess: int) -> Message | None:
    """Cut all long paragraphs to one length, so that a short one never pays for a long one."""
    paragraphs = [one for one in message.sections if one.kind is SectionKind.TEXT]
    sizes = [_size(one) for one in paragraphs]
    levels = range(max(sizes, default=0) - 1, _SHORTEST_TAIL - 1, -1)
    if not levels:
        return None
    enough = bisect_left(levels, excess, key=lambda level: _saved(sizes, level))
    level = levels[min(enough, len(levels) - 1)]
    for at, section in enumerate(message.sections):
        if section.kind is SectionKind.TEXT and _size(section) > level:
            message = _with_body(message, at, level)
    return message


def _saved(sizes: list[int], level: int) -> int:
    return sum(max(size - level, 0) for size in sizes)


def _fewer_paragraphs(message: Message, _excess: int) -> Message | None:
    at = _last(message, SectionKind.TEXT)
    return None if at is None else _without(message, at)


def _fewer_links(message: Message, _excess: int) -> Message | None:
    return replace(message, links=message.links[:-1]) if message.links else None


def _last(message: Message, kind: SectionKind) -> int | None:
    found = [at for at, section in enumerate(message.sections) if section.kind is kind]
    return found[-1] if found else None


def _without(message: Message, at: int) -> Message:
    return replace(message, sections=(*message.sections[:at], *message.sections[at + 1 :]))


def _with_body(message: Message, at: int, limit: int) -> Message:
    section = replace(message.sections[at], body=cut_pieces(message.sections[at].body, limit))
    return replace(message, sections=(*message.sections[:at], section, *message.sections[at + 1 :]))


def _size(section: Section) -> int:
    return sum(length(spelled(piece), Measure.UTF16) for piece in section.body)


def cut_pieces(body: tuple[Piece, ...], limit: int) -> tuple[Piece, ...]:
    """Pieces up to about `limit` UTF-16 units; what is no text stays whole or goes.

    A moment counts as long as its words are in UTC, which are hardly longer in other zones.
    """
    kept: list[Piece] = []
    for piece in body:
        fits = length(spelled(piece), Measure.UTF16) <= limit
        if not fits:
            rest = cut(piece, limit, Measure.UTF16) if isinstance(piece, str) else _MORE
            return (*kept, rest) if limit > 0 else tuple(kept)
        kept.append(piece)
        limit -= length(spelled(piece), Measure.UTF16)
    return tuple(kept)
