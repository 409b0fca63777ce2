"""Buttons: what is said on them, and the command lines that they give. Pure."""

from collections.abc import Iterable

from bot.domain.events import EventId
from bot.domain.lines import LONGEST_PRESS, write_line
from bot.domain.messages import Button
from bot.rendering.facts import short
from bot.rendering.links import LONGEST_LABEL

Row = tuple[Button, ...]

_IN_A_ROW = 5
"""Discord's limit (facts-delivery, section 4)."""


def button(label: str, command: str, **options: str) -> Button | None:
    """A button that gives a command; None where the line is longer than a button can give."""
    press = write_line(command, options)
    if len(press.encode()) > LONGEST_PRESS:
        return None
    return Button(label=short(label, LONGEST_LABEL), press=press)


def row(*buttons: Button | None) -> tuple[Row, ...]:
    """One row of those that there are; none when there is none."""
    there = tuple(one for one in buttons if one is not None)
    return (there,) if there else ()


def rows(buttons: Iterable[Button | None], *, width: int = _IN_A_ROW) -> tuple[Row, ...]:
    """Those that there are, in rows of the same width."""
    there = tuple(one for one in buttons if one is not None)
    return tuple(there[start : start + width] for start in range(0, len(there), width))


def mute(event_id: EventId) -> Button | None:
    """Silences an event where the button is."""
    return button("Mute this event", "mute", event=str(event_id))


def unmute(event_id: EventId) -> Button | None:
    """Takes that back."""
    return button("Unmute", "unmute", event=str(event_id))


def details(event_id: EventId) -> Button | None:
    """Shows an event in full."""
    return button("Details", "event", event=str(event_id))
