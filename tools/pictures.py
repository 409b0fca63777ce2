"""Draw the README's pictures from the golden files: `python -m tools.pictures`.

Not screenshots: a plain drawing of exactly what the renderers gave, word for word, with the buttons
and the picture that the adapters put beside it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any

from tools.drawing import BUTTON, EDGE, WIDTH, Palette, Run, Sheet, button_width, svg, wrapped

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
FOLDER = ROOT / "docs" / "pictures"

_THUMBNAIL, _IMAGE = 64, 120
_IN_A_ROW = 3
_TIGHT, _LOOSE = 4, 8
"""Gaps between buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One golden case to draw; `ahead` is how long before the event its reader reads it."""

    name: str
    file: str
    case: str
    ahead: timedelta


SCENES = (
    Scene(name="moved", file="combined", case="date and update", ahead=timedelta(days=3)),
    Scene(name="live", file="webcast", case="Minute", ahead=timedelta(minutes=45)),
    Scene(name="new", file="new", case="Month", ahead=timedelta(0)),
)


_DISCORD = Palette(
    card="#2b2d31",
    edge="#43464d",
    text="#e3e5e8",
    link="#5eb5f7",
    dim="#b5bac1",
    button="#4e5058",
    label="#ffffff",
)
_TELEGRAM = Palette(
    card="#ffffff",
    edge="#c4ccd4",
    text="#1c1e21",
    link="#0b65c2",
    dim="#5f6b76",
    button="#dbe7f1",
    label="#0b65c2",
)


def pictures() -> dict[str, str]:
    """Every picture by the name of its file."""
    drawn = {}
    for scene in SCENES:
        embed, buttons = (cases(kind, scene.file) for kind in ("discord", "discord_buttons"))
        html = (GOLDEN / "telegram" / f"{scene.file}.html").read_text("utf-8")
        text, beside = telegram_cases(html), cases("telegram_beside", scene.file)
        on_discord = draw_discord(embed[scene.case], buttons[scene.case], scene.ahead)
        drawn[f"discord-{scene.name}.svg"] = on_discord
        drawn[f"telegram-{scene.name}.svg"] = draw_telegram(text[scene.case], beside[scene.case])
    return drawn


def cases(kind: str, file: str) -> dict[str, Any]:
    """What a golden file of JSON shows, by the titles of its cases."""
    found: dict[str, Any] = json.loads((GOLDEN / kind / f"{file}.json").read_text("utf-8"))
    return found


def telegram_cases(html: str) -> dict[str, str]:
    """The messages in a golden file of Telegram, by the titles of their cases."""
    pieces = re.split(r"^<!-- (.*) -->\n", html, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], (text.strip() for text in pieces[1::2]), strict=True))


def draw_telegram(html: str, beside: dict[str, Any]) -> str:
    """A message of Telegram, with the times that a client without zones shows.

    Args:
        html: its text.
        beside: its picture, above the text, and the rows of its buttons, by their labels.

    """
    sheet, inner = Sheet(), WIDTH - 2 * EDGE
    if beside["picture"]:
        sheet.place_picture(EDGE, sheet.y, inner, _IMAGE)
        sheet.y += _IMAGE + 8
    sheet.write(wrapped(_html_runs(html), inner))
    sheet.end_card()
    for row in beside["buttons"]:
        sheet.y += _TIGHT
        width = (WIDTH - _TIGHT * (len(row) - 1)) / len(row)
        for column, label in enumerate(row):
            sheet.place_button(label, column * (width + _TIGHT), width)
        sheet.y += BUTTON
    return svg(sheet, _TELEGRAM, "A message on Telegram")


def draw_discord(
    embed: dict[str, Any], buttons: Sequence[Sequence[dict[str, str]]], ahead: timedelta
) -> str:
    """An embed of Discord, with the times that a reader in UTC sees, and the rows of buttons."""
    sheet, inner = Sheet(), WIDTH - 2 * EDGE
    beside = _THUMBNAIL + EDGE if "thumbnail" in embed else 0
    if beside:
        sheet.place_picture(WIDTH - EDGE - _THUMBNAIL, EDGE, _THUMBNAIL, _THUMBNAIL)
    author = embed.get("author", {}).get("name", "")
    sheet.write(wrapped([Run(text=author, style="b")], inner - beside))
    title = _markdown_runs(embed["title"], ahead, "a" if "url" in embed else "b")
    sheet.write(wrapped(title, inner - beside, 16), size=16)
    if description := embed.get("description"):
        sheet.y += 4
        sheet.write(wrapped(_markdown_runs(description, ahead), inner - beside))
    _write_fields(sheet, embed.get("fields", ()), ahead)
    if "image" in embed:
        sheet.y += 10
        sheet.place_picture(EDGE, sheet.y, inner, _IMAGE)
        sheet.y += _IMAGE
    _write_footer(sheet, embed)
    colour = f"#{embed['color']:06x}"
    bar = f'<rect x="1" y="8" width="4" height="{sheet.y + EDGE - 16:.1f}" fill="{colour}"/>'
    sheet.elements.append(bar)
    sheet.end_card()
    for row in buttons:
        _write_buttons(sheet, row)
    return svg(sheet, _DISCORD, "A message on Discord")


def _write_fields(sheet: Sheet, fields: Sequence[dict[str, Any]], ahead: timedelta) -> None:
    for is_inline, group in groupby(fields, lambda one: one["inline"]):
        members, most = list(group), _IN_A_ROW if is_inline else 1
        for start in range(0, len(members), most):
            _write_row(sheet, members[start : start + most], ahead)


def _write_row(sheet: Sheet, row: Sequence[dict[str, Any]], ahead: timedelta) -> None:
    """Fields side by side; the longest says where the next row begins."""
    sheet.y += 8
    top, lowest = sheet.y, sheet.y
    width = (WIDTH - 2 * EDGE) / len(row)
    for column, one in enumerate(row):
        sheet.y, x = top, EDGE + column * width
        sheet.write(wrapped(_markdown_runs(one["name"], ahead, "b"), width - 8), x)
        sheet.write(wrapped(_markdown_runs(one["value"], ahead), width - 8), x)
        lowest = max(lowest, sheet.y)
    sheet.y = lowest


def _write_buttons(sheet: Sheet, row: Sequence[dict[str, str]]) -> None:
    """One beside the other, and on the next line where there is no room."""
    x = 0.0
    sheet.y += _LOOSE
    for one in row:
        is_link = "url" in one
        width = button_width(one["label"], is_link=is_link)
        if x and x + width > WIDTH:
            x = 0.0
            sheet.y += BUTTON + _LOOSE
        sheet.place_button(one["label"], x, width, is_link=is_link)
        x += width + _LOOSE
    sheet.y += BUTTON


def _write_footer(sheet: Sheet, embed: dict[str, Any]) -> None:
    words = [embed["footer"]["text"]] if "footer" in embed else []
    if "timestamp" in embed:
        words.append(f"{datetime.fromisoformat(embed['timestamp']):%d/%m/%Y %H:%M}")
    if words:
        sheet.y += 8
        footer = [Run(text=" • ".join(words), style="i")]
        sheet.write(wrapped(footer, WIDTH - 2 * EDGE, 12), size=12)


_MARKDOWN = re.compile(
    r"\\(?P<plain>.)|\*\*(?P<bold>.+?)\*\*|<t:(?P<unix>\d+):(?P<form>[FR])>"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\(<[^>]*>\)",
    re.DOTALL,
)


def _markdown_runs(text: str, ahead: timedelta, style: str = "") -> Iterator[Run]:
    """What Discord makes of its Markdown, as far as our renderer writes any."""
    at = 0
    for found in _MARKDOWN.finditer(text):
        yield Run(text=text[at : found.start()], style=style)
        at = found.end()
        match found.lastgroup:
            case "bold":
                yield from _markdown_runs(found["bold"], ahead, "b")
            case "label":
                yield from _markdown_runs(found["label"], ahead, "a")
            case "form":
                yield Run(text=_stamp(int(found["unix"]), found["form"], ahead), style=style)
            case _:
                yield Run(text=found["plain"], style=style)
    yield Run(text=text[at:], style=style)


def _stamp(unix: int, form: str, ahead: timedelta) -> str:
    if form == "F":
        at = datetime.fromtimestamp(unix, UTC)
        return f"{at:%A}, {at.day} {at:%B %Y} at {at:%H:%M}"
    minutes = int(ahead.total_seconds()) // 60
    if minutes >= 24 * 60:
        return f"in {minutes // (24 * 60)} days"
    return f"in {minutes} minutes"


class _Telegram(HTMLParser):
    """Collects the runs of Telegram's HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Enter a style; an address is not drawn."""
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        """Leave the innermost style: our markup is well nested."""
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Add text in the style that it stands in."""
        style = next((tag for tag in self._open if tag in {"a", "b", "i"}), "")
        self.runs.append(Run(text=data, style=style))


def _html_runs(html: str) -> list[Run]:
    parser = _Telegram()
    parser.feed(html)
    parser.close()
    return parser.runs


def main() -> None:
    """Write every picture into its folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, drawn in pictures().items():
        (FOLDER / name).write_text(drawn, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
