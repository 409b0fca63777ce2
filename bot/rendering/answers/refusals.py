"""What we say when a command cannot be answered. Pure."""

from collections.abc import Sequence

from bot.domain.messages import Message
from bot.rendering.answers.parts import said, sentence
from bot.rendering.facts import short


def not_allowed(command: str) -> Message:
    """Whoever asked does not manage the channel, or that could not be made sure of."""
    return said(
        "For channel managers only",
        f"/{command} can be used by those who manage this channel. Please ask one of them.",
    )


def unknown_command(command: str, near: Sequence[str]) -> Message:
    """There is no such command."""
    meant = f"; did you mean /{near[0]}?" if near else ""
    none = sentence(f"There is no /{short(command, 32)}{meant}")
    return said("No such command", f"{none} /help lists all commands.")


def mistaken(fault: str) -> Message:
    """What was asked cannot be understood; the fault says why and what to write instead."""
    return said("Not quite", sentence(fault))


def crashed(problem: str) -> Message:
    """A bug of ours; the number leads its owner to the log."""
    return said(
        "Sorry",
        f"Something went wrong on our side, not on yours: please try again, and if it stays, tell "
        f"the owner of this bot the number of the problem, {problem}.",
    )
