"""Ask Telegram for updates and have each acted on: in order within a chat, chats side by side.

Trouble with the network never ends it; a token that Telegram knows no more does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.adapters.telegram.outcomes import token_refused
from bot.adapters.telegram.transport import Flooded

logger = logging.getLogger(__name__)

WANTED = ("message", "channel_post", "callback_query", "my_chat_member")
"""The kinds of updates that we ask for."""

_LONG_POLL = timedelta(seconds=25)
_LANES = 8
_LANE_LENGTH = 32
_FIRST_REST_S, _LONGEST_REST_S = 0.25, 30.0
_LAST_WORK_S = 5.0

Hear = Callable[[Update], Awaitable[None]]


class Inbox:
    """What was received and waits to be acted on, chat by chat; it holds a bounded number."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._lanes = [asyncio.Queue[Update](_LANE_LENGTH) for _ in range(_LANES)]

    async def take(self, update: Update) -> None:
        """Accept one update; waits while its lane is full."""
        chat = update.effective_chat
        await self._lanes[chat.id % _LANES if chat is not None else 0].put(update)

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Act on what comes, until cancelled."""
        return [
            group.create_task(self._work(lane), name=f"telegram lane {number}")
            for number, lane in enumerate(self._lanes)
        ]

    async def finish(self) -> None:
        """Let what was accepted be acted on, for a few seconds at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORK_S):
                for lane in self._lanes:
                    await lane.join()

    async def _work(self, lane: asyncio.Queue[Update]) -> None:
        while True:
            update = await lane.get()
            try:
                await self._hear(update)
            finally:
                lane.task_done()


class Poller:
    """Long polling, one request after the other."""

    def __init__(self, bot: Bot, take: Hear) -> None:
        self._bot = bot
        self._take = take
        self._next = 0
        self._rest_s = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`, which a long poll does not see: cancel it then.

        Raises:
            ConfigError: Telegram knows our token no more.

        """
        while not stop.is_set():
            for update in await self._poll(stop):
                await self._take(update)
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
