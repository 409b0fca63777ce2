"""Who manages a chat: asked of Telegram, remembered for a minute; in doubt nobody does."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import InvalidToken, TelegramError

from bot.adapters.telegram.paced import Paced
from bot.errors import HeldBack

logger = logging.getLogger(__name__)

REMEMBERED_S = 60.0
_MOST = 1000
_MANAGERS = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR}


class Rights:
    """The administrators whom we know of."""

    def __init__(
        self, bot: Bot, paced: Paced, *, monotonic: Callable[[], float] | None = None
    ) -> None:
        """Know nobody.

        Args:
            bot: whom to ask through.
            paced: the pace of asking.
            monotonic: seconds of a clock that never goes back; the loop's, if left out.

        """
        self._bot = bot
        self._paced = paced
        self._monotonic = monotonic or asyncio.get_running_loop().time
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}

    async def may_manage(self, chat: int, user: int) -> bool:
        """Whether this person is an administrator of this chat; False when Telegram does not say.

        Raises:
            InvalidToken: Telegram knows our token no more.

        """
        until, answer = self._known.get((chat, user), (0.0, False))
        if self._monotonic() < until:
            return answer
        try:
            ask = partial(self._bot.get_chat_member, chat, user)
            member = await self._paced.request(ask, urgent=True)
        except InvalidToken:
            raise
        except (TelegramError, HeldBack) as error:
            logger.warning("Telegram does not say who manages chat %d: %s", chat, error)
            return False
        return self._remembered((chat, user), answer=member.status in _MANAGERS)

    def _remembered(self, key: tuple[int, int], *, answer: bool) -> bool:
        self._known.pop(key, None)
        self._known[key] = (self._monotonic() + REMEMBERED_S, answer)
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return answer
