"""What each method of the Bot API does to the stand-in's world."""

import itertools
from collections.abc import Callable
from typing import Any

from standins.telegram.flood import Flood
from standins.telegram.markup import LONGEST, Parsed, Unparsable, parse
from standins.telegram.people import People
from standins.telegram.world import Answer, Chat, Post, Refusal

Parameters = dict[str, Any]
Method = Callable[[Parameters, float], Any]
"""Takes the parameters and the loop's time."""


class Methods:
    """The methods that a bot calls, but for polling.

    Attributes:
        posts: every message that the bot sent, in order.
        answers: every answer to a press, in order.
        commands: the commands set, by scope type.
        webhook: the parameters of the webhook that is set; empty: none is.

    """

    def __init__(self, people: People, bot: dict[str, Any], flood: Flood) -> None:
        self._people = people
        self._bot = bot
        self._flood = flood
        self._ids = itertools.count(1)
        self._by_id: dict[tuple[int, int], Post] = {}
        self.posts: list[Post] = []
        self.answers: list[Answer] = []
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.webhook: Parameters = {}
        self._table: dict[str, Method] = {
            "getMe": lambda _given, _now: self._bot,
            "sendMessage": self._send_message,
            "editMessageText": self._edit_message_text,
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_my_commands,
            "deleteMyCommands": self._delete_my_commands,
            "getChatMember": self._get_chat_member,
            "getChat": self._get_chat,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
        }

    def call(self, method: str, given: Parameters, now: float) -> Any:
        """Do it; the result.

        Raises:
            Refusal: Telegram would refuse it.

        """
        if method not in self._table:
            raise Refusal(404, "Not Found")
        return self._table[method](given, now)

    def _send_message(self, given: Parameters, now: float) -> dict[str, Any]:
        chat = self._chat(given["chat_id"])
        is_paid = bool(given.get("allow_paid_broadcast"))
        self._flood.count(chat.id, is_paid=is_paid, now=now)
        topic = given.get("message_thread_id")
        chat.check_writing(topic)
        parsed = _parsed(given)
        post = Post(
            id=next(self._ids),
            chat=chat,
            topic=topic,
            text=parsed.text,
            html=given["text"],
            marks=parsed.entities,
            buttons=_buttons(given),
            preview=given.get("link_preview_options", {}),
            is_silent=bool(given.get("disable_notification")),
            is_paid=is_paid,
            at=now,
        )
        self.posts.append(post)
        self._by_id[chat.id, post.id] = post
        return post.as_json(self._bot)

    def _edit_message_text(self, given: Parameters, now: float) -> dict[str, Any]:
        chat = self._chat(given["chat_id"])
        self._flood.count(chat.id, is_paid=False, now=now)
        post = self._by_id.get((chat.id, given["message_id"]))
        if post is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        parsed, buttons = _parsed(given), _buttons(given)
        if (parsed.text, parsed.entities, buttons) == (post.text, post.marks, post.buttons):
            raise Refusal(400, "Bad Request: message is not modified")
        post.text, post.html, post.marks = parsed.text, given["text"], parsed.entities
        post.buttons, post.edits = buttons, post.edits + 1
        return post.as_json(self._bot)

    def _answer_callback_query(self, given: Parameters, _now: float) -> bool:
        self.answers.append(
            Answer(
                query=given["callback_query_id"],
                text=given.get("text", ""),
                is_alert=bool(given.get("show_alert")),
            )
        )
        return True

    def _set_my_commands(self, given: Parameters, _now: float) -> bool:
        self.commands[given.get("scope", {"type": "default"})["type"]] = given["commands"]
        return True

    def _delete_my_commands(self, given: Parameters, _now: float) -> bool:
        self.commands.pop(given.get("scope", {"type": "default"})["type"], None)
        return True

    def _get_chat_member(self, given: Parameters, _now: float) -> dict[str, Any]:
        chat = self._chat(given["chat_id"])
        if chat.bot in {"kicked", "left", ""}:
            raise Refusal(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        user = {"id": given["user_id"], "is_bot": False, "first_name": "Somebody"}
        return self._people.member(chat, chat.members.get(given["user_id"], "member"), user)

    def _get_chat(self, given: Parameters, _now: float) -> dict[str, Any]:
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
        return {
            **self._chat(given["chat_id"]).as_json(),
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), True),
        }

    def _set_webhook(self, given: Parameters, _now: float) -> bool:
        self.webhook = given if given["url"] else {}
        return True

    def _delete_webhook(self, _given: Parameters, _now: float) -> bool:
        self.webhook = {}
        return True

    def _chat(self, asked: int | str) -> Chat:
        if _is_id(asked):
            chat = self._people.chats.get(int(asked))
        else:
            named = (one for one in self._people.chats.values() if f"@{one.username}" == asked)
            chat = next(named, None)
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        return chat


def _is_id(asked: int | str) -> bool:
    return isinstance(asked, int) or asked.removeprefix("-").isdecimal()


def _parsed(given: Parameters) -> Parsed:
    try:
        parsed = parse(given["text"], given.get("parse_mode"))
    except Unparsable as error:
        words = str(error)
        raise Refusal(400, f"Bad Request: {words[0].lower()}{words[1:]}") from error
    if not parsed.text:
        raise Refusal(400, "Bad Request: message text is empty")
    if parsed.size > LONGEST:
        raise Refusal(400, "Bad Request: message is too long")
    return parsed


def _buttons(given: Parameters) -> list[list[tuple[str, str]]]:
    rows = given.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [[(one["text"], one.get("callback_data", "")) for one in row] for row in rows]
    if any(len(data.encode()) > 64 for row in buttons for _, data in row):
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return buttons
