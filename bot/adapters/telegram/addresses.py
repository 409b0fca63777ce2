"""A place in Telegram as a destination's address: `<chat id>` or `<chat id>/<topic id>`."""

import re
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.messages import Lane, Rate

_ADDRESS = re.compile(r"(-?[1-9]\d{0,19})(?:/([1-9]\d{0,9}))?", re.ASCII)
_GENERAL = 1
_PRIVATE = (Rate(count=1, per=timedelta(seconds=1)),)
_GROUP = (*_PRIVATE, Rate(count=18, per=timedelta(minutes=1), reserved=3))
"""Below Telegram's own 20 a minute, whose edges are not published (facts-delivery, 1.3, 1.4).

Who asks in a group that has had its share of news would be answered only a minute later.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, or a topic in it.

    Attributes:
        chat: negative for groups and channels, positive for private chats.
        topic: None for the general topic, which must be addressed without its number.

    """

    chat: int
    topic: int | None = None

    def __str__(self) -> str:
        return f"{self.chat}" if self.topic is None else f"{self.chat}/{self.topic}"


def read_place(address: str) -> Place | None:
    """The place of an address; None: it is not one of Telegram's."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    topic = int(match[2]) if match[2] else _GENERAL
    return Place(chat=int(match[1]), topic=None if topic == _GENERAL else topic)


def lane_of(address: str) -> Lane | None:
    """What Telegram allows one chat; its topics share it."""
    place = read_place(address)
    if place is None:
        return None
    return Lane(key=f"{place.chat}", rates=_GROUP if place.chat < 0 else _PRIVATE)


def private_of(person: str) -> str:
    """Where one writes to a person in private: Telegram gives that chat the person's own number."""
    return person
