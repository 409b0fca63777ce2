"""Addresses of Discord destinations: a channel's or thread's id, or `@` and a person's id. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.messages import Lane, Rate

_PERSON = "@"
_LARGEST_ID = (1 << 64) - 1
_PER_CHANNEL = Rate(count=4, per=timedelta(seconds=5))
"""One less than Discord takes: at the last one discord.py holds its answer back for seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send.

    Attributes:
        id: a channel's, or a person's.

    """

    id: int
    is_person: bool = False


def read_address(address: str) -> Target | None:
    """What an address means; None: nothing."""
    is_person = address.startswith(_PERSON)
    number = address.removeprefix(_PERSON)
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        return None
    return Target(id=int(number), is_person=is_person) if int(number) <= _LARGEST_ID else None


def private_of(person: str) -> str:
    """Where one writes to a person in private; the chat is opened when something is sent."""
    return f"{_PERSON}{person}"


def lane_of(address: str) -> Lane:
    """Each channel has a limit of its own (facts-delivery, 1.1)."""
    return Lane(key=address, rates=(_PER_CHANNEL,))
