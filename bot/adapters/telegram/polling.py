"""Ask Telegram for updates by long polling. Trouble with the network never ends it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.adapters.telegram.inbox import Inbox
from bot.adapters.telegram.outcomes import SECTION, token_refused
from bot.adapters.telegram.transport import READ_TIMEOUT_S, Flooded
from bot.adapters.telegram.updates import WANTED, id_of, read_update

logger = logging.getLogger(__name__)

_LONG_POLL_S = 25
_FIRST_REST_S, _LONGEST_REST_S = 0.25, 30.0

ALONE_AFTER_S = 90.0
"""Two who poll disturb each other at least as often as this, however long each of them rests."""

_RIVAL = "another program uses the same token, or a webhook is set; end it"

Report = Callable[[str], None]
"""Is told of trouble that lasts; empty: of none any more."""


@asynccontextmanager
async def polling(
    bot: Bot, inbox: Inbox, group: asyncio.TaskGroup, report: Report, section: str
) -> AsyncIterator[None]:
    """Poll meanwhile; at the end what was taken is acted on, and acknowledged."""
    stop = asyncio.Event()
    poller = Poller(bot, inbox, report, section=section)
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

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        report: Report,
        *,
        section: str = SECTION,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        """Prepare to poll.

        Args:
            bot: whom to ask through.
            inbox: takes the updates.
            report: is told of another program that polls, while there is one.
            section: where the bot's settings are.
            monotonic: seconds of a clock that never goes back; the loop's, if left out.

        """
        self._bot = bot
        self._inbox = inbox
        self._report = report
        self._section = section
        # As its adapter: Telegram, Telegram-news.
        self._called = section.replace(".bots.", "-").capitalize()
        self._monotonic = monotonic or asyncio.get_running_loop().time
        self._next = 0
        self._rest_s = 0.0
        self._disturbed_at: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`, which a long poll does not see: cancel it then.

        Raises:
            ConfigError: Telegram knows our token no more.

        """
        while not stop.is_set():
            for told in await self._poll(stop):
                update = read_update(told, self._bot)
                if update is not None:
                    await self._inbox.take(update)
                self._next = max(self._next, (id_of(told) or 0) + 1)

    async def acknowledge(self) -> None:
        """Tell Telegram what was taken, so that nothing is acted on twice after a restart."""
        if not self._next:
            return
        try:
            await self._ask(0)
        except TelegramError as error:
            logger.warning("%s may send the last updates again: %s", self._called, error)

    async def _ask(self, wait_s: int) -> Sequence[object]:
        """Updates as Telegram tells them.

        Not by `get_updates`, which fails as a whole where one of them cannot be read, and logs all.
        """
        asked: dict[str, Any] = {"timeout": wait_s, "allowed_updates": [*WANTED]}
        if self._next:
            asked["offset"] = self._next
        reading = wait_s + READ_TIMEOUT_S
        told = await self._bot._post("getUpdates", asked, read_timeout=reading)  # noqa: SLF001
        if not isinstance(told, list) or (told and not any(map(id_of, told))):
            raise TelegramError("it sent something else than updates with their numbers")
        return told

    async def _poll(self, stop: asyncio.Event) -> Sequence[object]:
        try:
            updates = await self._ask(_LONG_POLL_S)
        except InvalidToken:
            raise token_refused(self._section) from None
        except TelegramError as error:
            await self._rest(error, stop)
            return ()
        if self._rest_s:
            logger.info("%s can be asked for updates again", self._called)
            self._rest_s = 0.0
        self._note_calm()
        return updates

    def _note_calm(self) -> None:
        """A poll that succeeds proves little: a rival may just be resting."""
        since = self._disturbed_at
        if since is not None and self._monotonic() - since >= ALONE_AFTER_S:
            self._disturbed_at = None
            self._report("")

    async def _rest(self, error: TelegramError, stop: asyncio.Event) -> None:
        if isinstance(error, Conflict):
            self._disturbed_at = self._monotonic()
            self._report(_RIVAL)
        if not self._rest_s:
            logger.warning("%s cannot be asked for updates: %s", self._called, _in_words(error))
        self._rest_s = min(max(2 * self._rest_s, _FIRST_REST_S), _LONGEST_REST_S)
        asked = error.wait.total_seconds() if isinstance(error, Flooded) else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(max(asked, self._rest_s)):
                await stop.wait()


def _in_words(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return f"{_RIVAL} ({error})"
    return f"{error}"
