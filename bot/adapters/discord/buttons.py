"""The buttons below a message, as discord.py sends them: made once, marked for each. Sends nothing.

A view costs a random id, a future and an object for each button, and thousands of channels get one
message; only the mark in its buttons' ids differs.
"""

from collections.abc import Sequence
from typing import Any

import discord

from bot.domain.messages import Button, Link
from bot.rendering.discord_markdown import uri
from bot.rendering.fit import Measure, cut

_LABEL, _ROWS, _ROW = 80, 5, 5

_Component = dict[str, Any]


class Buttons(discord.ui.View):
    """A row of links, and below it the rows of what can be pressed, as far as Discord allows."""

    def __init__(self, links: Sequence[Link], buttons: Sequence[Sequence[Button]]) -> None:
        super().__init__(timeout=None)
        pressed = (
            [_press(one, f"{row}.{column}") for column, one in enumerate(line[:_ROW])]
            for row, line in enumerate(buttons)
        )
        filled = [row for row in ([*map(_link, links)], *pressed) if row]
        for number, row in enumerate(filled[:_ROWS]):
            for item in row:
                item.row = number
                self.add_item(item)
        self._spelt: list[_Component] = super().to_components()

    def to_components(self) -> list[_Component]:
        """What Discord is sent."""
        return self._spelt

    def is_finished(self) -> bool:
        """True: discord.py keeps others in memory for ever; presses come by `on_interaction`."""
        return True


def marked_rows(rows: Sequence[_Component], mark: str) -> list[_Component]:
    """Rows of buttons as Discord is sent them, with a mark in each id of what can be pressed."""
    return [row | {"components": [_marked(one, mark) for one in row["components"]]} for row in rows]


def pressed(custom_id: str) -> str:
    """The line that a button gives, from its id."""
    return custom_id.partition("|")[2]


def marks(message: discord.Message) -> frozenset[str]:
    """The marks in the buttons of a message that Discord shows."""
    rows = (one for one in message.components if isinstance(one, discord.ActionRow))
    ids = (getattr(item, "custom_id", None) or "" for row in rows for item in row.children)
    places = (one.partition("|")[0].split(".") for one in ids)
    return frozenset(mark for _row, _column, mark in (one for one in places if len(one) == 3))


def _marked(component: _Component, mark: str) -> _Component:
    if "custom_id" not in component:
        return component
    place, _, press = component["custom_id"].partition("|")
    return component | {"custom_id": f"{place}.{mark}|{press}"}


def _link(link: Link) -> discord.ui.Button[Buttons]:
    return discord.ui.Button(label=_short(link.label), url=uri(link.url))


def _press(button: Button, place: str) -> discord.ui.Button[Buttons]:
    """Ids must differ within a message, and two buttons may give one line: hence the place."""
    return discord.ui.Button(label=_short(button.label), custom_id=f"{place}|{button.press}")


def _short(label: str) -> str:
    return cut(label, _LABEL, Measure.UTF16)
