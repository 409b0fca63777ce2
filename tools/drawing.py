"""Lines of styled text, broken by their likely width, on a card as SVG; buttons below it.

Knows no platform.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

WIDTH, EDGE = 440, 16
"""Of a card and of the margin inside it, in pixels."""

BUTTON, ARROW, _PAD = 32, 16, 14
"""How high a button is, how wide the arrow in it, and the margins beside its label."""

_LEADING = 1.4
_FONTS = "'Noto Sans', 'Helvetica Neue', Helvetica, Arial, 'Noto Color Emoji', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a card and its buttons.

    They are opaque, so that they read the same on light and on dark.
    """

    card: str
    edge: str
    text: str
    link: str
    dim: str
    button: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Text in one style: `""`, `b` (bold), `a` (link), `i` (aside)."""

    text: str
    style: str = ""


Line = tuple[Run, ...]


@dataclass(slots=True)
class Sheet:
    """Elements drawn so far, in pixels.

    Attributes:
        y: how far down they reach.
        card: where the card ends; 0: not yet.

    """

    y: float = EDGE
    elements: list[str] = field(default_factory=list)
    card: float = 0

    def end_card(self) -> None:
        """End the card under what is there; what follows stands below it."""
        self.y += EDGE
        self.card = self.y

    def place_button(self, label: str, x: float, width: float, *, is_link: bool = False) -> None:
        """Add a button at this height; one that leads away has an arrow behind its label."""
        icon = ARROW if is_link else 0
        shown = _clipped(label, width - 2 * _PAD - icon)
        middle = x + (width - icon) / 2
        self.elements.append(
            f'<rect class="button" x="{x:g}" y="{self.y:.1f}" width="{width:.1f}"'
            f' height="{BUTTON}" rx="6"/>'
            f'<text class="label" x="{middle:.1f}" y="{self.y + BUTTON / 2 + 5:.1f}"'
            f' font-size="14" text-anchor="middle">{escape(shown, quote=False)}</text>'
        )
        if is_link:
            at = f"M{x + width - _PAD - 9:.1f} {self.y + BUTTON / 2 + 4.5:.1f}"
            self.elements.append(f'<path class="arrow" d="{at}l8 -8m-6 0h6v6"/>')

    def write(self, lines: Iterable[Line], x: float = EDGE, size: int = 14) -> None:
        """Add lines below what is there."""
        for line in lines:
            self.y += size * _LEADING
            spans = "".join(
                _span(style, run) for style, run in groupby(line, lambda one: one.style)
            )
            at = f'x="{x:g}" y="{self.y - size * 0.35:.1f}" font-size="{size}"'
            if spans:
                self.elements.append(f'<text {at} xml:space="preserve">{spans}</text>')

    def place_picture(self, x: float, y: float, width: float, height: float) -> None:
        """Add a frame where a client shows the picture."""
        self.elements.append(
            f'<rect class="frame" x="{x:g}" y="{y:.1f}" width="{width:g}" height="{height:g}"'
            ' rx="6"/>'
            f'<text class="i" x="{x + width / 2:g}" y="{y + height / 2 + 4:.1f}" font-size="11"'
            ' text-anchor="middle">picture</text>'
        )


def svg(sheet: Sheet, palette: Palette, title: str) -> str:
    """The sheet on a card of these colours; `title` is what is read to those who cannot see."""
    if not sheet.card:
        sheet.end_card()
    height = round(sheet.y) + 1
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    style = (
        f"text {{ fill: {palette.text}; font-family: {_FONTS}; }} .b {{ font-weight: bold; }}"
        f" .a {{ fill: {palette.link}; }} .i {{ fill: {palette.dim}; }}"
        f" .frame {{ fill: none; stroke: {palette.dim}; stroke-dasharray: 4 3; }}"
        f" .button {{ fill: {palette.button}; }} .label {{ fill: {palette.label}; }}"
        f" .arrow {{ fill: none; stroke: {palette.label}; stroke-width: 1.5; }}"
    )
    card = (
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{sheet.card - 0.5:.1f}" rx="8"'
        f' fill="{palette.card}" stroke="{palette.edge}"/>'
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    lines = [head, f"<title>{title}</title>", f"<style>{style}</style>", card, *sheet.elements]
    return "\n".join([*lines, "</svg>", ""])


def wrapped(runs: Iterable[Run], width: float, size: int = 14) -> Iterator[Line]:
    """Lines that are surely no wider than `width` pixels, unless one word alone is."""
    line: list[Run] = []
    for word in _words(runs):
        if word == _BREAK or (line and _wide([*line, *word], size) > width):
            yield tuple(line)
            line = []
        line.extend(run for run in word if word != _BREAK)
    if line:
        yield tuple(line)


_BREAK = (Run(text="\n"),)


def _words(runs: Iterable[Run]) -> Iterator[Line]:
    """What no line may divide; the spaces after a word belong to it."""
    word: list[Run] = []
    for run in runs:
        for piece in re.findall(r"\n|[^\S\n]+|\S+", run.text):
            if piece.isspace():
                word.extend([Run(text=" ", style=run.style)] if piece != "\n" else [])
                yield from [tuple(word)] if word else []
                yield from [_BREAK] if piece == "\n" else []
                word = []
            else:
                word.append(Run(text=piece, style=run.style))
    if word:
        yield tuple(word)


def button_width(label: str, *, is_link: bool = False) -> float:
    """How wide a button is that shows its whole label; a card's width at most."""
    text = math.ceil(_wide([Run(text=label)], 14))
    return min(text + 2 * _PAD + (ARROW if is_link else 0), WIDTH)


def _clipped(label: str, width: float) -> str:
    """A label, or as much of its start as surely fits, as clients show it."""
    shown = label
    while shown and _wide([Run(text=shown)], 14) > width:
        shown = f"{shown.rstrip('…')[:-1].rstrip()}…" if len(shown) > 1 else ""
    return shown


def _wide(runs: Iterable[Run], size: int) -> float:
    """About how wide, rather too much than too little: fonts differ from reader to reader."""
    return sum(_ems(letter, run.style) for run in runs for letter in run.text) * size


def _ems(letter: str, style: str) -> float:
    bold = 1.08 if style == "b" else 1.0
    if letter in "ijltfI.,:;'!|()[] ":
        return 0.32 * bold
    if letter in "mwMW@" or ord(letter) > 0x2000:
        return 0.95 * bold
    return (0.7 if letter.isupper() else 0.6) * bold


def _span(style: str, runs: Iterable[Run]) -> str:
    """Neighbours in one style, as one."""
    shown = escape("".join(run.text for run in runs), quote=False)
    return f'<tspan class="{style}">{shown}</tspan>' if style else shown
