"""Ask Telegram for updates by long polling. Trouble with the network never ends it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.adapters.telegram.inbox import WANTED, Inbox
from bot.adapters.telegram.outcomes import token_refused
from bot.adapters.telegram.transport import Flooded

logger = logging.getLogger(__name__)

_LONG_POLL = timedelta(seconds=25)
_FIRST_REST_S, _LONGEST_REST_S = 0.25, 30.0


@asynccontextmanager
async def polling(bot: Bot, inbox: Inbox, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Poll meanwhile; at the end what was taken is acted on, and acknowledged."""
    stop = asyncio.Event()
    poller = Poller(bot, inbox)
    task = group.create_task(poller.run(stop), name="telegram polling")
    try:
        yield
    finally:
        stop.set()
        task.cancel()
        await inbox.finish()
        await poller.acknowledge()


class Poller:
    """Long polling, one request after the other."""

    def __init__(self, bot: Bot, inbox: Inbox) -> None:
        self._bot = bot
        self._inbox = inbox
        self._next = 0
        self._rest_s = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`, which a long poll does not see: cancel it then.

        Raises:
            ConfigError: Telegram knows our token no more.

        """
        while not stop.is_set():
            for update in await self._poll(stop):
                await self._inbox.take(update)
                self._next = update.update_id + 1

    async def acknowledge(self) -> None:
        """Tell Telegram what was taken, so that nothing is acted on twice after a restart."""
        if not self._next:
            return
        try:
            await self._bot.get_updates(offset=self._next, timeout=0, allowed_updates=WANTED)
        except TelegramError as error:
            logger.warning("Telegram may send the last updates again: %s", error)

    async def _poll(self, stop: asyncio.Event) -> Sequence[Update]:
        try:
            updates = await self._bot.get_updates(
                offset=self._next or None, timeout=_LONG_POLL, allowed_updates=WANTED
            )
        except InvalidToken:
            raise token_refused() from None
        except TelegramError as error:
            await self._rest(error, stop)
            return ()
        if self._rest_s:
            logger.info("Telegram can be asked for updates again")
            self._rest_s = 0.0
        return updates

    async def _rest(self, error: TelegramError, stop: asyncio.Event) -> None:
        if not self._rest_s:
            logger.warning("Telegram cannot be asked for updates: %s", _in_words(error))
        self._rest_s = min(max(2 * self._rest_s, _FIRST_REST_S), _LONGEST_REST_S)
        asked = error.wait.total_seconds() if isinstance(error, Flooded) else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(max(asked, self._rest_s)):
                await stop.wait()


def _in_words(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return f"another program uses the same token, or a webhook is set; end it ({error})"
    return f"{error}"
