"""What people do in the stand-in's chats: write, press, invite, block, promote; each an update."""

import itertools
from collections.abc import Callable
from typing import Any

from standins.telegram.world import Chat, Post, Topic, User

Push = Callable[[str, dict[str, Any]], None]

_ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
_OWNER = User(id=900, name="Olga")


class People:
    """The chats and whoever is in them; what they do is pushed as updates.

    Attributes:
        chats: every chat, by id.

    """

    def __init__(self, push: Push, bot: dict[str, Any]) -> None:
        self._push = push
        self._bot = bot
        self._ids = itertools.count(1001)
        self._messages = itertools.count(1)
        self._queries = itertools.count(1)
        self.chats: dict[int, Chat] = {}

    def user(self, name: str = "Ada", *, started: bool = True) -> User:
        """A new person; their private chat is open unless they never started the bot."""
        user = User(id=next(self._ids), name=name)
        self._add(Chat(id=user.id, type="private", title=name, bot="member" if started else ""))
        return user

    def group(self, title: str = "Crew", *, is_forum: bool = False, basic: bool = False) -> Chat:
        """A new supergroup (or basic group) that the bot is in."""
        number = next(self._ids)
        if basic:
            return self._add(Chat(id=-number, type="group", title=title))
        chat = Chat(id=-1_000_000_000_000 - number, type="supergroup", title=title)
        chat.is_forum = is_forum
        return self._add(chat)

    def channel(self, title: str = "News", username: str = "") -> Chat:
        """A new channel in which the bot may post."""
        number = -1_000_000_000_000 - next(self._ids)
        chat = Chat(id=number, type="channel", title=title, username=username, bot="administrator")
        return self._add(chat)

    def _add(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        return chat

    def topic(self, chat: Chat) -> int:
        """A new open topic."""
        number = next(self._ids)
        chat.topics[number] = Topic.OPEN
        return number

    def promote(self, chat: Chat, user: User) -> None:
        """Make somebody an administrator."""
        chat.members[user.id] = "administrator"

    def demote(self, chat: Chat, user: User) -> None:
        """Make somebody a simple member."""
        chat.members[user.id] = "member"

    def say(self, place: Chat | User, text: str, *, by: User | None = None, topic: int = 0) -> int:
        """Write a message; in a private chat the person is who writes. The message's id."""
        chat = self.chats[place.id]
        author = place if isinstance(place, User) else by
        return self._write(chat, text, {"from": (author or _OWNER).as_json()}, topic)

    def say_as_the_group(self, chat: Chat, text: str) -> int:
        """Write as an anonymous administrator."""
        return self._write(chat, text, {"from": _ANONYMOUS, "sender_chat": chat.as_json()}, 0)

    def say_as_another(self, chat: Chat, text: str, other: Chat) -> int:
        """Write in a group in the name of a channel."""
        return self._write(chat, text, {"from": _ANONYMOUS, "sender_chat": other.as_json()}, 0)

    def post(self, channel: Chat, text: str) -> int:
        """Post in a channel."""
        message = self._message(channel, {"sender_chat": channel.as_json(), "text": text})
        self._push("channel_post", message)
        return int(message["message_id"])

    def _write(self, chat: Chat, text: str, who: dict[str, Any], topic: int) -> int:
        message = self._message(chat, {**who, "text": text})
        if topic:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        self._push("message", message)
        return int(message["message_id"])

    def arrive(self, kind: str, what: Any) -> None:
        """Anything at all comes as an update, also what no person could send."""
        self._push(kind, what)

    def press(self, post: Post, label: str, *, by: User) -> str:
        """Press a button; the id of the query."""
        query = f"q{next(self._queries)}"
        press = {
            "id": query,
            "from": by.as_json(),
            "chat_instance": "1",
            "data": post.pressed(label),
            "message": post.as_json(self._bot),
        }
        self._push("callback_query", press)
        return query

    def press_vanished(self, chat: Chat, data: str, *, by: User) -> str:
        """Press a button of a message that Telegram shows the bot no more."""
        query = f"q{next(self._queries)}"
        message = {"chat": chat.as_json(), "message_id": 1, "date": 0}
        press = {"id": query, "from": by.as_json(), "chat_instance": "1", "data": data}
        self._push("callback_query", {**press, "message": message})
        return query

    def block(self, user: User) -> None:
        """Block the bot."""
        self.set_bot(self.chats[user.id], "kicked")

    def unblock(self, user: User) -> None:
        """Let the bot write again."""
        self.set_bot(self.chats[user.id], "member")

    def set_bot(self, chat: Chat, status: str) -> None:
        """Change the bot's own status in a chat: `kicked`, `left`, `member`, `administrator`."""
        before, chat.bot = chat.bot or "left", status
        self._push("my_chat_member", self._membership(chat, before, status))

    def forbid(self, chat: Chat) -> None:
        """Take from the bot the right to write."""
        before, chat.may_write = chat.bot, False
        chat.bot = "administrator" if chat.type == "channel" else "restricted"
        self._push("my_chat_member", self._membership(chat, before, chat.bot))

    def allow(self, chat: Chat) -> None:
        """Give the bot the right to write."""
        before, chat.may_write = chat.bot, True
        chat.bot = "administrator" if chat.type == "channel" else "member"
        self._push("my_chat_member", self._membership(chat, before, chat.bot))

    def migrate(self, chat: Chat, *, tell: bool = True) -> Chat:
        """Turn a basic group into a supergroup; `tell` pushes the service messages."""
        new = self.group(chat.title)
        new.members, chat.moved_to = dict(chat.members), new.id
        if tell:
            self._push("message", self._message(chat, {"migrate_to_chat_id": new.id}))
            self._push("message", self._message(new, {"migrate_from_chat_id": chat.id}))
        return new

    def reopen(self, chat: Chat, topic: int) -> None:
        """Open a topic again."""
        chat.topics[topic] = Topic.OPEN
        service = {"forum_topic_reopened": {}, "message_thread_id": topic, "is_topic_message": True}
        self._push("message", self._message(chat, {**service, "from": _OWNER.as_json()}))

    def _message(self, chat: Chat, more: dict[str, Any]) -> dict[str, Any]:
        number = 1_000_000 + next(self._messages)
        return {"message_id": number, "date": 1_800_000_000, "chat": chat.as_json(), **more}

    def _membership(self, chat: Chat, before: str, after: str) -> dict[str, Any]:
        return {
            "chat": chat.as_json(),
            "from": _OWNER.as_json(),
            "date": 1_800_000_000,
            "old_chat_member": self.member(chat, before, self._bot),
            "new_chat_member": self.member(chat, after, self._bot),
        }

    def member(self, chat: Chat, status: str, user: dict[str, Any]) -> dict[str, Any]:
        """The Bot API's `ChatMember`."""
        rights: dict[str, Any] = {"status": status, "user": user}
        if status == "creator":
            rights["is_anonymous"] = False
        if status == "administrator":
            rights |= dict.fromkeys(_ADMINISTRATORS_RIGHTS, chat.may_write)
        if status == "restricted":
            rights |= dict.fromkeys(_RESTRICTED_RIGHTS, chat.may_write)
            rights |= {"is_member": True, "until_date": 0}
        if status == "kicked":
            rights["until_date"] = 0
        return rights


_ADMINISTRATORS_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages"),
    *("can_manage_video_chats", "can_restrict_members", "can_promote_members"),
    *("can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories"),
    *("can_delete_stories", "can_post_messages", "can_edit_messages", "can_pin_messages"),
    *("can_manage_topics", "can_manage_direct_messages"),
)
_RESTRICTED_RIGHTS = (
    *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos"),
    *("can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls"),
    *("can_send_other_messages", "can_add_web_page_previews", "can_change_info"),
    *("can_invite_users", "can_pin_messages", "can_manage_topics", "can_edit_tag"),
    "can_react_to_messages",
)
