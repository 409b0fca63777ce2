"""What chat and the command core exchange: specs, requests, replies. Data only.

Adapters offer the specs in their platform's way, turn what a person typed, chose or pressed into a
`CommandRequest`, and show the `CommandReply`. No adapter knows what a command does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum, unique
from typing import Protocol

from bot.domain.messages import Message
from bot.domain.subscriptions import Destination


@unique
class Who(StrEnum):
    """Who may use a command."""

    ALL = "all"
    MANAGERS = "managers"
    """Whoever manages the channel, as its platform has it; everyone in a private chat."""


@unique
class OptionKind(StrEnum):
    """What an option takes; adapters complete it, or offer its choices, by this."""

    TEXT = "text"
    SUBSCRIPTION = "subscription"
    """One of the place's own, by its number in the list."""
    EVENT = "event"
    TYPE = "type"
    AGENCY = "agency"
    PROGRAM = "program"
    CHANGES = "changes"
    LEADS = "leads"
    TIME_ZONE = "time zone"
    SWITCH = "switch"
    ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command.

    Attributes:
        name: lower case, as typed.
        description: a sentence without a full stop, at most 100 characters (Discord's limit).
        is_first: the words after the command belong to it when no option is named.

    """

    name: str
    description: str
    kind: OptionKind
    is_required: bool = False
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """One command.

    Attributes:
        name: lower case, without the slash.
        description: a sentence without a full stop, at most 100 characters (Discord's limit).
        is_private: the answer is only for whoever asked, where the platform can do that.
        pressed: names of further options that only buttons give; adapters do not offer them.

    """

    name: str
    description: str
    who: Who = Who.ALL
    options: tuple[Option, ...] = ()
    is_private: bool = False
    pressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asked; `id` is the platform's, empty where it tells none (a channel's own post)."""

    id: str = ""
    name: str = ""


NOBODY = Person()
"""Who posted as a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command as somebody gave it.

    Attributes:
        command: the name of its spec.
        options: the values as typed, by option.
        place: where it was given; what it subscribes.
        may_manage: whether this person manages this place; False when that cannot be known.
        server: the platform's id of the server that the place belongs to; empty for none.
        server_name: its name and the channel's, for people.
        is_guided: the platform leads through choices by buttons that edit one message, so a command
            without options asks for them instead of taking its widest meaning.

    """

    command: str
    options: Mapping[str, str] = field(default_factory=dict)
    place: Destination
    person: Person = NOBODY
    may_manage: bool = False
    server: str = ""
    server_name: str = ""
    is_guided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """The answer to a command or a press.

    Attributes:
        messages: what to show, in order; buttons are in the messages.
        is_private: only for whoever asked, where the platform can do that.
        replaces: an answer to a press takes the place of the message that holds the button.
        zone: the time zone of the place that it is about, for whoever puts moments in words.

    """

    messages: tuple[Message, ...]
    is_private: bool = False
    replaces: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One suggestion while an option is typed: what is shown, and what is sent."""

    label: str
    value: str


class Desk(Protocol):
    """The command core as an adapter sees it."""

    @property
    def specs(self) -> tuple[CommandSpec, ...]:
        """All commands."""

    def introduce(self, invite: str) -> None:
        """Where one adds the bot to another server or group; known once the adapter is open."""

    def report(self, trouble: str) -> None:
        """What is out of order although the adapter goes on, in a sentence; empty: nothing."""

    async def handle(self, request: CommandRequest) -> CommandReply:
        """Answer a command or a press; never raises."""

    async def complete(
        self, command: str, option: Option, text: str, *, place: Destination
    ) -> tuple[Choice, ...]:
        """At most 25 suggestions for an option of a command that is typed at that place."""

    async def reachable(self, address: str) -> None:
        """The platform says that this destination may be tried again."""

    async def unreachable(self, address: str, reason: str) -> None:
        """The platform says that this destination cannot be reached any more."""

    async def retry(self, is_open: Callable[[str], bool]) -> None:
        """Try those paused destinations again that `is_open` says of, by all that is known now.

        Weaker than `reachable`, the platform's own word: when it fails too, nobody is told anew.
        """

    async def moved(self, old: str, new: str) -> None:
        """The platform gave this destination another address for good."""
