"""What each adapter puts beside the text that its renderer gave: buttons, and Telegram's picture.

The golden files hold what a reader sees; the pictures in the README are drawn from them, too.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import goldens
import pytest
from golden_cases import CASES

from bot.adapters.discord.layout import laid_out
from bot.adapters.discord.sending import LIMITS
from bot.adapters.telegram.addresses import Place
from bot.adapters.telegram.posting import Draft, _keyboard, _preview
from bot.domain.messages import Message

KINDS = ("discord_buttons", "telegram_beside")


def discord_buttons(message: Message) -> list[list[dict[str, str]]]:
    """The rows of buttons: their labels, and where links lead."""
    view = laid_out(message, LIMITS).get("view")
    rows: list[Any] = view.to_components() if view else []
    return [
        [{key: one[key] for key in ("label", "url") if one.get(key)} for one in row["components"]]
        for row in rows
    ]


def telegram_beside(message: Message) -> dict[str, Any]:
    """The picture above the text, and the rows of buttons below it."""
    draft = Draft(place=Place(chat=1), message=message, zone=UTC)
    keyboard = _keyboard(draft)
    rows = json.loads(keyboard)["inline_keyboard"] if keyboard else ()
    return {
        "picture": json.loads(_preview(draft)).get("url", ""),
        "buttons": [[one["text"] for one in row] for row in rows],
    }


def a_line_each(shown: Mapping[str, Any]) -> str:
    """JSON with each case on a line of its own."""
    lines = (f"{json.dumps(title)}: {json.dumps(one)}" for title, one in shown.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


@pytest.mark.parametrize("name", sorted(CASES))
def test_buttons_on_discord_are_as_their_golden_file_shows(name: str) -> None:
    """Links in a row, then what can be pressed."""
    shown = {case.title: discord_buttons(case.message()) for case in CASES[name]}

    goldens.compare("discord_buttons", f"{name}.json", a_line_each(shown))


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_telegram_shows_beside_is_as_its_golden_file_shows(name: str) -> None:
    """A keyboard, and the picture as a preview; links stand in the text."""
    shown = {case.title: telegram_beside(case.message()) for case in CASES[name]}

    goldens.compare("telegram_beside", f"{name}.json", a_line_each(shown))


@pytest.mark.parametrize("kind", KINDS)
def test_every_golden_file_has_its_cases(kind: str) -> None:
    """A golden file that nothing makes any more would only seem to test something."""
    assert goldens.stale(kind, CASES, "json") == set()
