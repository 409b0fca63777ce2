"""The chats, topics, people and rights of the stand-in, and the posts that it was given. Data only.

Refusals are worded as Telegram words them (facts-delivery, section 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any

BOT = {
    "id": 123456,
    "is_bot": True,
    "first_name": "Perigee",
    "username": "perigee_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
"""The bot itself, as `getMe` tells it."""


@dataclass(eq=False)
class Refusal(Exception):
    """An error answer of the Bot API."""

    code: int
    description: str
    parameters: Mapping[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": dict(self.parameters)} if self.parameters else body


@unique
class Topic(StrEnum):
    """How a topic of a forum stands."""

    OPEN = "open"
    CLOSED = "closed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person."""

    id: int
    name: str

    def as_json(self) -> dict[str, Any]:
        """The Bot API's `User`."""
        return {"id": self.id, "is_bot": False, "first_name": self.name}


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A private chat, a group, a supergroup or a channel.

    Attributes:
        members: the status of people in it, by id, as the Bot API has it.
        bot: the bot's own status; empty: it never was in there.
        may_write: whether the bot may post.
        topics: by id; General has none.
        moved_to: the supergroup that it became.
        is_deleted: the group was deleted, or the user closed the account.

    """

    id: int
    type: str
    title: str
    username: str = ""
    is_forum: bool = False
    members: dict[int, str] = field(default_factory=dict)
    bot: str = "member"
    may_write: bool = True
    topics: dict[int, Topic] = field(default_factory=dict)
    moved_to: int | None = None
    is_deleted: bool = False

    def as_json(self) -> dict[str, Any]:
        """The Bot API's `Chat`."""
        named = "first_name" if self.type == "private" else "title"
        chat = {"id": self.id, "type": self.type, named: self.title}
        if self.username:
            chat["username"] = self.username
        return {**chat, "is_forum": True} if self.is_forum else chat

    def check_writing(self, topic: int | None) -> None:
        """Refuse what Telegram refuses when the bot posts here."""
        if self.moved_to is not None:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.moved_to},
            )
        if (words := self._forbidding()) is not None:
            raise Refusal(403, f"Forbidden: {words}")
        if not self.may_write:
            lacking = (
                "need administrator rights in the channel chat"
                if self.type == "channel"
                else "not enough rights to send text messages to the chat"
            )
            raise Refusal(400, f"Bad Request: {lacking}")
        self._check_topic(topic)

    def _forbidding(self) -> str | None:
        if self.type == "private":
            if self.is_deleted:
                return "user is deactivated"
            if self.bot == "kicked":
                return "bot was blocked by the user"
            return None if self.bot else "bot can't initiate conversation with a user"
        if self.is_deleted:
            return "the group chat was deleted"
        if self.bot == "kicked":
            return f"bot was kicked from the {self.type} chat"
        return (
            None if self.bot not in {"", "left"} else f"bot is not a member of the {self.type} chat"
        )

    def _check_topic(self, topic: int | None) -> None:
        if topic is None:
            return
        match self.topics.get(topic):
            case None:
                raise Refusal(400, "Bad Request: message thread not found")
            case Topic.DELETED:
                raise Refusal(400, "Bad Request: TOPIC_DELETED")
            case Topic.CLOSED:
                raise Refusal(400, "Bad Request: TOPIC_CLOSED")
            case Topic.OPEN:
                return


@dataclass(slots=True, kw_only=True, eq=False)
class Post:
    """A message that the bot sent.

    Attributes:
        text: without markup; `html` is as it came.
        marks: what was marked in it: (kind, the words).
        buttons: the labels and their data, by row.
        preview: its link preview options.
        edits: how often it was edited.
        at: the loop's time when it was counted.

    """

    id: int
    chat: Chat
    topic: int | None = None
    text: str
    html: str
    marks: tuple[tuple[str, str], ...] = ()
    buttons: list[list[tuple[str, str]]] = field(default_factory=list)
    preview: dict[str, Any] = field(default_factory=dict)
    is_silent: bool = False
    is_paid: bool = False
    edits: int = 0
    at: float = 0.0

    def as_json(self, bot: Mapping[str, Any]) -> dict[str, Any]:
        """The Bot API's `Message`."""
        message = {
            "message_id": self.id,
            "date": 1_800_000_000,
            "chat": self.chat.as_json(),
            "from": dict(bot),
            "text": self.text,
        }
        if self.topic is not None:
            message |= {"message_thread_id": self.topic, "is_topic_message": True}
        return message

    def pressed(self, label: str) -> str:
        """The data of the button with this label."""
        found = [data for row in self.buttons for text, data in row if text == label]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} buttons are labelled {label!r}: {self.buttons}")
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a press was answered: `text` is empty for a mere acknowledgement."""

    query: str
    text: str = ""
    is_alert: bool = False
