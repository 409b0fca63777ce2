"""What an update says, in our words. Pure: asks nobody, knows no command by name.

Options are typed as `type:EVA agency:NASA`, see `bot.domain.lines`. In a private chat `in:@channel`
names another place that the command is for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUpdated,
    MaybeInaccessibleMessage,
    Message,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, ChatType

from bot.adapters.telegram.addresses import Place, read_place
from bot.domain.lines import read_line, split_line
from bot.domain.requests import NOBODY, CommandSpec, Person

ELSEWHERE = "in"
"""The option of ours that every command has in a private chat."""

START = "start"
"""Telegram's own word: it opens a private chat, and what follows it is a link's, not typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Which button was pressed.

    Attributes:
        query: the id that the answer must name.
        message: the message that holds the button.

    """

    query: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command that somebody typed, or that a button gave.

    Attributes:
        elsewhere: the chat that it is for, by number or @name; empty: for the place itself.
        user: who must have the right to manage the place; None: nobody whom one could look up.
        is_trusted: whoever asks manages the place, as only managers can write there so.
        pressed: None when it was typed.

    """

    command: str
    options: Mapping[str, str]
    place: Place
    title: str
    elsewhere: str = ""
    user: int | None = None
    person: Person = NOBODY
    is_trusted: bool = False
    pressed: Pressed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """A button under a message that Telegram shows no more, so its topic is not known."""

    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The place may be tried again."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The place is out of reach."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The group has a new number."""

    old: Place
    new: Place


Heard = Asked | Vanished | Reached | Lost | Migrated


def heard(update: Update, specs: Sequence[CommandSpec], username: str) -> Heard | None:
    """What an update says; None: nothing that is meant for us.

    Args:
        update: one of the kinds that we ask for.
        specs: the commands that there are.
        username: ours, as people add it to commands in groups.

    """
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    if update.callback_query is not None:
        return _press(update.callback_query, specs)
    message = update.message or update.channel_post
    # What a channel posts is copied into its discussion group, where nobody typed it.
    if message is None or message.is_automatic_forward:
        return None
    return _message(message, specs, username)


def _message(message: Message, specs: Sequence[CommandSpec], username: str) -> Heard | None:
    chat = message.chat.id
    if message.migrate_to_chat_id:
        return Migrated(old=Place(chat=chat), new=Place(chat=message.migrate_to_chat_id))
    if message.migrate_from_chat_id:
        return Migrated(old=Place(chat=message.migrate_from_chat_id), new=Place(chat=chat))
    if message.forum_topic_reopened is not None:
        return Reached(place=_place(message))
    return _typed(message, specs, username) if (message.text or "").startswith("/") else None


def _typed(message: Message, specs: Sequence[CommandSpec], username: str) -> Asked | None:
    named, rest = split_line(message.text or "")
    command, _, addressee = named.partition("@")
    spec = _spec(command, specs)
    is_ours = addressee == username.lower() or message.chat.type == ChatType.PRIVATE
    if (addressee and not is_ours) or (spec is None and not is_ours):
        return None
    options, elsewhere = _options("" if command == START else rest, spec, message.chat)
    as_chat = message.sender_chat
    user = message.from_user if as_chat is None else None
    return Asked(
        command=command,
        options=options,
        place=_place(message),
        title=message.chat.effective_name or "",
        elsewhere=elsewhere,
        user=None if user is None else user.id,
        person=_person(user),
        # Whoever writes as the chat itself is its anonymous administrator, or posts in the channel.
        is_trusted=message.chat.type == ChatType.PRIVATE
        or (as_chat is not None and as_chat.id == message.chat.id),
    )


def _press(query: CallbackQuery, specs: Sequence[CommandSpec]) -> Asked | Vanished | None:
    message = query.message
    if message is None or not query.data:
        return None
    if not message.is_accessible and message.chat.is_forum:
        return Vanished(query=query.id)
    command, rest = split_line(query.data)
    options, elsewhere = _options(rest, _spec(command, specs), message.chat)
    return Asked(
        command=command,
        options=options,
        place=_place(message),
        title=message.chat.effective_name or "",
        elsewhere=elsewhere,
        user=query.from_user.id,
        person=_person(query.from_user),
        is_trusted=message.chat.type == ChatType.PRIVATE,
        pressed=Pressed(query=query.id, message=message.message_id),
    )


def _options(rest: str, spec: CommandSpec | None, chat: Chat) -> tuple[Mapping[str, str], str]:
    options = read_line(rest, spec)
    elsewhere = options.pop(ELSEWHERE, "") if chat.type == ChatType.PRIVATE else ""
    return options, elsewhere


def _spec(command: str, specs: Sequence[CommandSpec]) -> CommandSpec | None:
    return next((one for one in specs if one.name == command), None)


def _place(message: MaybeInaccessibleMessage) -> Place:
    """The place of a message; in groups without topics replies have thread numbers, too."""
    topic = None
    if isinstance(message, Message) and message.is_topic_message:
        topic = message.message_thread_id
    written = f"{message.chat.id}" if topic is None else f"{message.chat.id}/{topic}"
    return read_place(written) or Place(chat=message.chat.id)


def _person(user: User | None) -> Person:
    return NOBODY if user is None else Person(id=f"{user.id}", name=user.full_name)


def _membership(change: ChatMemberUpdated) -> Reached | Lost:
    """Whether we may write in a chat, now that our own standing in it changed."""
    place, now = Place(chat=change.chat.id), change.new_chat_member
    if now.status in {ChatMemberStatus.BANNED, ChatMemberStatus.LEFT}:
        is_person = change.chat.type == ChatType.PRIVATE
        by_whom = "the person has blocked the bot" if is_person else "the bot was removed"
        return Lost(place=place, reason=by_whom)
    if _is_mute(now, change.chat):
        return Lost(place=place, reason="the bot lost the right to send messages")
    return Reached(place=place)


def _is_mute(member: ChatMember, chat: Chat) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return not member.can_send_messages
    if isinstance(member, ChatMemberAdministrator) and chat.type == ChatType.CHANNEL:
        return not member.can_post_messages
    # In a channel only administrators may post.
    return chat.type == ChatType.CHANNEL and member.status == ChatMemberStatus.MEMBER
