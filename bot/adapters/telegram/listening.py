"""Act on what was heard: ask the desk, show its reply, tell it of places lost and found.

A reply that cannot be shown is logged and given up; only a token that Telegram knows no more ends
the adapter.
"""

import logging
from dataclasses import replace
from functools import partial
from typing import assert_never

from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError

from bot.adapters.telegram.addresses import Place, read_place
from bot.adapters.telegram.commands import (
    ELSEWHERE,
    Asked,
    Lost,
    Migrated,
    Pressed,
    Reached,
    Vanished,
    heard,
)
from bot.adapters.telegram.outcomes import token_refused
from bot.adapters.telegram.paced import Paced
from bot.adapters.telegram.posting import Draft, Post
from bot.adapters.telegram.rights import Rights
from bot.adapters.telegram.updates import UNREADABLE, skipped
from bot.domain.deliveries import Outcome, Sent
from bot.domain.lines import LONGEST_PRESS
from bot.domain.messages import Button, Limits, Message
from bot.domain.requests import CommandReply, CommandRequest, Who
from bot.domain.subscriptions import Destination
from bot.errors import HeldBack
from bot.ports import Surroundings
from bot.rendering.fit import Measure, length
from bot.rendering.plain import render_plain

logger = logging.getLogger(__name__)

TOO_OLD = "This message is too old for its buttons. Type the command instead, e.g. /help."
NO_SUCH_PLACE = (
    "There is no such channel or group, or you do not manage it. Write its @name or number, add me "
    "to it as an administrator, and be one there yourself."
)
"""The same words for both, as nobody shall learn in which places the bot is."""

_LONGEST_ALERT = 200
"""Telegram's limit for the answer to a press."""


class Listener:
    """Turns what people do in Telegram into requests to the desk, and its replies into posts."""

    def __init__(
        self, bot: Bot, surroundings: Surroundings, paced: Paced, post: Post, rights: Rights
    ) -> None:
        self._bot = bot
        self._name = surroundings.name
        self._section = surroundings.section
        self._desk = surroundings.desk
        self._paced = paced
        self._post = post
        self._rights = rights

    async def hear(self, update: Update) -> None:
        """Act on one update.

        Raises:
            ConfigError: Telegram knows our token no more.

        """
        try:
            await self._act(update)
        except InvalidToken:
            raise token_refused(self._section) from None
        except (TelegramError, HeldBack) as error:
            logger.warning("An answer could not be shown in Telegram: %s", error)

    async def _act(self, update: Update) -> None:
        try:
            said = heard(update, self._desk.specs, self._bot.username)
        except UNREADABLE as error:
            skipped(update.update_id, error)
            return
        match said:
            case None:
                return
            case Asked():
                await self._asked(said)
            case Vanished(query=query):
                await self._answer(query, TOO_OLD, is_alert=True)
            case Reached(place=place):
                await self._desk.reachable(f"{place}")
            case Lost(place=place, reason=reason):
                await self._desk.unreachable(f"{place}", reason)
            case Migrated(old=old, new=new):
                await self._desk.moved(f"{old}", f"{new}")
            case _ as never:
                assert_never(never)

    async def _asked(self, asked: Asked) -> None:
        target = await self._target(asked)
        if target is None or not await self._is_theirs(asked, target):
            message = Message(kind=None, headline=NO_SUCH_PLACE)
            await self._show(asked, CommandReply(messages=(message,), is_private=True))
            return
        reply = await self._desk.handle(await self._request(asked, target))
        if target != asked.place:
            reply = _for_elsewhere(reply, target)
        await self._show(asked, reply)

    async def _is_theirs(self, asked: Asked, target: Place) -> bool:
        """Whether they may so much as look there: in another place, only whoever manages it."""
        return target == asked.place or await self._may_manage(asked, target)

    async def _request(self, asked: Asked, target: Place) -> CommandRequest:
        is_here = target == asked.place
        is_private = target.chat > 0
        return CommandRequest(
            command=asked.command,
            options=asked.options,
            place=Destination(adapter=self._name, address=f"{target}"),
            person=asked.person,
            may_manage=await self._may_manage(asked, target),
            server="" if is_private else f"{target.chat}",
            server_name=asked.title if is_here else asked.elsewhere,
            # A guide's buttons need all their room for the choices, not for another place.
            is_guided=is_here,
        )

    async def _may_manage(self, asked: Asked, target: Place) -> bool:
        """Asked of Telegram only where a command needs it; in another place each one does."""
        if target != asked.place:
            is_private = target.chat > 0
            if asked.user is None or is_private:
                return False
            return await self._rights.may_manage(target.chat, asked.user)
        if asked.is_trusted:
            return True
        spec = next((one for one in self._desk.specs if one.name == asked.command), None)
        if asked.user is None or spec is None or spec.who is not Who.MANAGERS:
            return False
        return await self._rights.may_manage(target.chat, asked.user)

    async def _target(self, asked: Asked) -> Place | None:
        """The place that a command is for; None: there is none of that name."""
        if not asked.elsewhere:
            return asked.place
        if not asked.elsewhere.startswith("@"):
            numbered = read_place(asked.elsewhere)
            # Whether there is such a topic cannot be asked, and made-up ones are endless.
            return numbered if numbered is not None and numbered.topic is None else None
        try:
            ask = partial(self._bot.get_chat, asked.elsewhere)
            return Place(chat=(await self._paced.request(ask, urgent=True)).id)
        except InvalidToken:
            raise
        except TelegramError as error:
            logger.info("Telegram knows no place of a name that somebody wrote: %s", error)
            return None

    async def _show(self, asked: Asked, reply: CommandReply) -> None:
        pressed = asked.pressed
        if pressed is None:
            await self._put_all(asked.place, reply)
            return
        alert = _as_alert(reply, asked.place)
        await self._answer(pressed.query, alert, is_alert=bool(alert))
        if not alert:
            await self._replace(asked.place, pressed, reply)

    async def _replace(self, place: Place, pressed: Pressed, reply: CommandReply) -> None:
        edited = reply.messages[:1] if reply.replaces else ()
        for message in edited:
            draft = Draft(
                place=place, message=message, zone=reply.zone, edits=pressed.message, urgent=True
            )
            _note(await self._post.put(draft), place)
        await self._put_all(place, replace(reply, messages=reply.messages[len(edited) :]))

    async def _put_all(self, place: Place, reply: CommandReply) -> None:
        for outcome in await self._post.put_all(place, reply):
            _note(outcome, place)

    async def _answer(self, query: str, text: str = "", *, is_alert: bool = False) -> None:
        """End the wait for a press, with words for whoever pressed, or without."""
        answer = partial(
            self._bot.answer_callback_query,
            query,
            text or None,
            show_alert=is_alert or None,
        )
        try:
            await self._paced.request(answer, urgent=True)
        except InvalidToken:
            raise
        except (TelegramError, HeldBack) as error:
            # A press waits for seconds only; whoever pressed may have given up, which is no harm.
            logger.info("A press in Telegram could not be answered: %s", error)


def _note(outcome: Outcome, place: Place) -> None:
    if not isinstance(outcome, Sent):
        logger.warning("An answer could not be shown in %s: %s", place, outcome.reason)


def _as_alert(reply: CommandReply, place: Place) -> str:
    """The words of a private reply to a press, if an alert can show them; otherwise empty.

    In a group its buttons are given up for that, as there all would see them.
    """
    if not reply.is_private or reply.replaces or len(reply.messages) != 1:
        return ""
    (message,) = reply.messages
    if message.buttons and place.chat > 0:
        return ""
    text = render_plain(message, Limits(text=10 * _LONGEST_ALERT), zone=reply.zone)
    return text if length(text, Measure.UTF16) <= _LONGEST_ALERT else ""


def _for_elsewhere(reply: CommandReply, target: Place) -> CommandReply:
    """The reply with buttons that are for the other place, too; those that cannot be are left out.

    Otherwise a button would do in the private chat what was asked for the channel.
    """
    messages = (
        replace(one, buttons=tuple(row for row in _rows(one, target) if row))
        for one in reply.messages
    )
    return replace(reply, messages=tuple(messages))


def _rows(message: Message, target: Place) -> list[tuple[Button, ...]]:
    return [
        tuple(
            replace(one, press=press)
            for one in row
            if len((press := f"{one.press} {ELSEWHERE}:{target}").encode()) <= LONGEST_PRESS
        )
        for row in message.buttons
    ]
