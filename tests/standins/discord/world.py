"""What exists in the pretended Discord: servers, channels, roles, people. Knows no wire."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from itertools import count
from typing import Any

JSON = dict[str, Any]

_ids = count(1_300_000_000_000_000_001)

PUBLISHED = 1 << 0
"""The flag CROSSPOSTED of a message."""

_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""From which snowflakes count (discord-api-docs, reference)."""


def _present() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh snowflake, unique in the process."""
    return str(next(_ids))


class Right(IntFlag):
    """The permission bits that matter here (discord-api-docs, topics/permissions)."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
USUAL = (
    Right.VIEW_CHANNEL
    | Right.SEND_MESSAGES
    | Right.EMBED_LINKS
    | Right.READ_MESSAGE_HISTORY
    | Right.USE_APPLICATION_COMMANDS
    | Right.SEND_MESSAGES_IN_THREADS
    | Right.CREATE_PUBLIC_THREADS
)
"""What everybody may in a new server."""


class ChannelType(IntEnum):
    """The types of channel that matter here."""

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP = 3
    CATEGORY = 4
    ANNOUNCEMENT = 5
    THREAD = 11
    FORUM = 15


WRITABLE = {ChannelType.TEXT, ChannelType.DM, ChannelType.VOICE, ChannelType.ANNOUNCEMENT}
"""Where messages can be sent, beside threads."""


@dataclass(kw_only=True, eq=False)
class Role:
    """A role of a server; everybody's has the server's own id."""

    id: str
    name: str
    rights: int


@dataclass(kw_only=True, eq=False)
class User:
    """An account."""

    id: str = field(default_factory=new_id)
    name: str
    is_bot: bool = False


@dataclass(kw_only=True, eq=False)
class Overwrite:
    """What a channel allows and denies to one role or one member."""

    id: str
    is_member: bool = False
    allow: int = 0
    deny: int = 0


@dataclass(kw_only=True, eq=False)
class Channel:
    """A channel, a thread, or a private chat (`guild` None).

    Attributes:
        messages: as the API shows them, by id, oldest first.

    """

    id: str = field(default_factory=new_id)
    name: str
    type: ChannelType = ChannelType.TEXT
    guild: "Guild | None" = None
    parent: "Channel | None" = None
    owner_id: str = "1"
    overwrites: list[Overwrite] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    recipient: User | None = None
    messages: dict[str, JSON] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread, of a text channel or a forum."""
        return self.type is ChannelType.THREAD


@dataclass(kw_only=True, eq=False)
class Guild:
    """A server.

    Attributes:
        members: role ids by user id.
        commands: those that it has for itself, beside those of all servers.
        is_available: False during an outage on Discord's side.

    """

    id: str = field(default_factory=new_id)
    name: str
    owner_id: str = "1"
    roles: dict[str, Role] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    commands: list[JSON] = field(default_factory=list)
    is_available: bool = True

    def __post_init__(self) -> None:
        self.roles.setdefault(self.id, Role(id=self.id, name="@everyone", rights=USUAL))


@dataclass(kw_only=True, eq=False)
class World:
    """All of it, with the bot's own account.

    Attributes:
        now: its clock, by which messages get their ids and nonces are forgotten.

    """

    token: str
    bot: User = field(default_factory=lambda: User(name="perigee", is_bot=True))
    users: dict[str, User] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    private: dict[str, Channel] = field(default_factory=dict)
    commands: list[JSON] = field(default_factory=list)
    now: Callable[[], datetime] = _present

    def stamped_id(self) -> str:
        """A fresh snowflake that tells when it was made, as those of messages must."""
        moment = (self.now() - _EPOCH) // timedelta(milliseconds=1)
        return str(moment << 22 | next(_ids) & (1 << 22) - 1)

    def channel(self, channel_id: str) -> Channel | None:
        """A channel, thread or private chat by its id."""
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        return self.private.get(channel_id)

    def command(self, name: str) -> JSON:
        """A registered command."""
        for command in self.commands:
            if command["name"] == name:
                return command
        known = ", ".join(one["name"] for one in self.commands) or "none"
        raise LookupError(f"there is no command /{name}; registered: {known}")


def rights_in(channel: Channel, user_id: str) -> int:
    """What a user may in a channel, by Discord's algorithm; threads have their parent's rights."""
    guild = channel.guild
    if guild is None:
        return EVERYTHING
    if user_id not in guild.members:
        return 0
    if user_id == guild.owner_id:
        return EVERYTHING
    roles = [guild.id, *guild.members[user_id]]
    rights = 0
    for role in roles:
        rights |= guild.roles[role].rights
    if rights & Right.ADMINISTRATOR:
        return EVERYTHING
    return _overwritten(rights, channel.parent or channel, roles, user_id)


def _overwritten(rights: int, channel: Channel, roles: list[str], user_id: str) -> int:
    everyone, held = roles[0], roles[1:]
    by_id = {one.id: one for one in channel.overwrites}
    layers = [[everyone], held, [user_id]]
    for layer in layers:
        found = [by_id[one] for one in layer if one in by_id]
        for one in found:
            rights &= ~one.deny
        for one in found:
            rights |= one.allow
    return rights
