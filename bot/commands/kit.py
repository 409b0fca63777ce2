"""What a handler is given, and what a command is: its spec and its handler."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest, CommandSpec
from bot.domain.status import Status
from bot.ports import Clock, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What the handlers work with.

    Attributes:
        status: how the service stands now.
        specs: the commands as this adapter offers them.
        wake: to be set when a destination may be sent to again.
        invite: where one adds the bot to another server; empty: nowhere.

    """

    store: Store
    clock: Clock
    status: Callable[[], Status]
    specs: tuple[CommandSpec, ...]
    wake: asyncio.Event
    invite: str = ""


Handler = Callable[[Kit, CommandRequest], Awaitable[CommandReply]]
"""Answers one command; a `ConfigError` that it raises is told to whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and who answers it."""

    spec: CommandSpec
    handler: Handler


def answer(*messages: Message, is_private: bool = False, replaces: bool = False) -> CommandReply:
    """A reply of these messages."""
    return CommandReply(messages=messages, is_private=is_private, replaces=replaces)
