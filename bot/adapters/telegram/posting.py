"""Put one message into one place, mending what can be mended; says what became of it.

Only here is a message turned into a request of Telegram's. Each mend is tried once, so a message
costs at most six requests.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import lru_cache, partial
from typing import Any, assert_never

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import EndPointNotFound, InvalidToken, TelegramError

from bot.adapters.telegram.addresses import Place
from bot.adapters.telegram.outcomes import SECTION, Judgement, Mend, Mendable, Moved, judged
from bot.adapters.telegram.paced import Paced
from bot.domain.deliveries import DeliveryId, Outcome, Refused, Sent
from bot.domain.messages import Button, Limits, Message, Section
from bot.domain.requests import CommandReply
from bot.rendering.bundling import bundled
from bot.rendering.fit import Measure, cut
from bot.rendering.plain import render_plain
from bot.rendering.telegram_html import go_together, render_bundle
from bot.rendering.untrusted import web_address

logger = logging.getLogger(__name__)

TOPIC_IS_GONE = "The topic that got these messages was deleted, so they come here now."
"""Told once, in the general topic."""

_MESSAGES_AT_ONCE = 32

_SEND, _EDIT = "send_Message", "edit_Message_Text"
"""`sendMessage` and `editMessageText`, as python-telegram-bot spells out what it is given.

Its own methods of these names make a `Message` with user and chat of each answer, which takes a
seventh of the time of a send (docs/performance.md); it warns of whoever asks for them by name.
"""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True).to_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message on its way.

    Attributes:
        zone: in which moments are told to clients that cannot convert them.
        also: further messages that the same post shows below it.
        edits: the id of our own message whose place it takes; None: it is a new one.
        urgent: a person waits for it.
        is_alert: it goes before what else is owed.
        delivery: what is owed with it; None: it answers a person.
        mends: what was tried already.

    """

    place: Place
    message: Message
    zone: tzinfo
    also: tuple[Message, ...] = ()
    edits: int | None = None
    is_silent: bool = False
    is_paid: bool = False
    urgent: bool = False
    is_alert: bool = False
    delivery: DeliveryId | None = None
    mends: frozenset[Mend] = frozenset()


class Post:
    """Puts messages into chats."""

    def __init__(self, bot: Bot, paced: Paced, limits: Limits, section: str = SECTION) -> None:
        self._bot = bot
        self._paced = paced
        self._limits = limits
        self._section = section

    async def put_all(self, place: Place, reply: CommandReply) -> Sequence[Outcome]:
        """Send an answer for which a person waits, as few posts as hold it; see `put`."""
        fit = partial(go_together, limits=self._limits, zone=reply.zone)
        drafts = [
            Draft(place=place, message=first, zone=reply.zone, also=tuple(also), urgent=True)
            for first, *also in bundled(reply.messages, fit)
        ]
        return [await self.put(draft) for draft in drafts]

    async def put(self, draft: Draft) -> Outcome:
        """Send or edit, and mend, until there is an outcome.

        Raises:
            ConfigError: Telegram knows our token no more.
            HeldBack: the limits let it out only later; nothing was sent.

        """
        first = draft.place
        while True:
            judgement = await self._attempt(draft)
            match judgement:
                case Moved(chat=chat) if draft.place.chat == first.chat != chat:
                    draft = replace(draft, place=Place(chat=chat))
                case Moved(chat=chat):
                    return Refused(reason=f"Telegram says that the chat moved again, to {chat}")
                case Mendable(how=how, reason=reason) if how in draft.mends:
                    return Refused(reason=f"Telegram refuses it: {reason}")
                case Mendable():
                    draft = _mended(draft, judgement)
                case Sent() if draft.place != first:
                    return replace(judgement, moved_to=f"{draft.place}")
                case outcome:
                    return outcome

    async def _attempt(self, draft: Draft) -> Judgement:
        send = partial(self._edit if draft.edits else self._send, draft)
        try:
            remote_id = await self._paced.request(
                send,
                draft.place,
                urgent=draft.urgent,
                alert=draft.is_alert,
                delivery=draft.delivery,
            )
        except TelegramError as error:
            return judged(error, self._section)
        return Sent(remote_id=remote_id)

    async def _send(self, draft: Draft) -> str:
        only_sent = {
            "message_thread_id": draft.place.topic,
            "disable_notification": draft.is_silent or None,
            "allow_paid_broadcast": draft.is_paid or None,
        }
        sent = await self._ask(_SEND, draft, only_sent)
        return f"{sent['message_id']}"

    async def _edit(self, draft: Draft) -> str:
        await self._ask(_EDIT, draft, {"message_id": draft.edits})
        return f"{draft.edits}"

    async def _ask(self, method: str, draft: Draft, others: Mapping[str, object]) -> Any:
        given = {
            "chat_id": draft.place.chat,
            "text": self._text(draft),
            "parse_mode": _mode(draft),
            "link_preview_options": _preview(draft),
            "reply_markup": _keyboard(draft),
            **others,
        }
        try:
            return await self._bot.do_api_request(method, given)
        except EndPointNotFound:
            # There are such methods, so it is the token that is not known.
            raise InvalidToken from None

    def _text(self, draft: Draft) -> str:
        bundle = (draft.message, *draft.also)
        if Mend.PLAIN_TEXT in draft.mends:
            texts = (render_plain(one, self._limits, zone=draft.zone) for one in bundle)
            return cut("\n\n".join(texts), self._limits.text, Measure.UTF16)
        return render_bundle(bundle, self._limits, draft.zone)


def _mended(draft: Draft, refusal: Mendable) -> Draft:
    mended = replace(draft, mends=draft.mends | {refusal.how})
    match refusal.how:
        case Mend.GENERAL_TOPIC:
            told = Section(body=(TOPIC_IS_GONE,))
            message = replace(draft.message, sections=(told, *draft.message.sections))
            return replace(mended, place=Place(chat=draft.place.chat), message=message)
        case Mend.PLAIN_TEXT:
            logger.error("Telegram refuses our markup, so it gets plain text: %s", refusal.reason)
            return mended
        case Mend.NO_PICTURE:
            return mended
        case Mend.NEW_MESSAGE:
            return replace(mended, edits=None)
        case _ as never:
            assert_never(never)


def _mode(draft: Draft) -> ParseMode | None:
    return None if Mend.PLAIN_TEXT in draft.mends else ParseMode.HTML


def _preview(draft: Draft) -> str:
    """The picture, large above the text, as JSON: a bad address then costs the picture only."""
    picture = draft.message.picture
    address = web_address(picture.url) if picture is not None else None
    if address is None or Mend.NO_PICTURE in draft.mends:
        return _NO_PREVIEW
    shown = LinkPreviewOptions(url=address, prefer_large_media=True, show_above_text=True)
    return shown.to_json()


def _keyboard(draft: Draft) -> str | None:
    """The buttons; none beside plain text, as it may be they that were refused."""
    if not draft.message.buttons or Mend.PLAIN_TEXT in draft.mends:
        return None
    return _markup(draft.message.buttons)


@lru_cache(maxsize=_MESSAGES_AT_ONCE)
def _markup(rows: tuple[tuple[Button, ...], ...]) -> str:
    """The JSON of buttons; thousands of chats get one message."""
    keyboard = [
        [InlineKeyboardButton(one.label, callback_data=one.press) for one in row] for row in rows
    ]
    return InlineKeyboardMarkup(keyboard).to_json()
