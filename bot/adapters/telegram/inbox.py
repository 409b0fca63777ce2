"""Updates that wait to be acted on: in order within a chat, chats side by side.

Nobody waits for another chat, but all for Telegram: what is over the bound stays there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from telegram import Update

logger = logging.getLogger(__name__)

MOST = 1024
"""Updates that wait or are acted on; what comes then is left with Telegram until there is room."""

MOST_OF_A_CHAT = 16
"""Updates of one chat that wait; whoever asks faster than that is answered is not heard."""

_LAST_WORK_S = 5.0

Hear = Callable[[Update], Awaitable[None]]


class Inbox:
    """What was received and waits to be acted on, chat by chat; it holds a bounded number."""

    def __init__(self, hear: Hear, group: asyncio.TaskGroup) -> None:
        """Be empty.

        Args:
            hear: acts on one update.
            group: where that is done.

        """
        self._hear = hear
        self._group = group
        self._room = asyncio.Semaphore(MOST)
        self._waiting: dict[int, deque[Update]] = {}
        self._overfull: set[int] = set()
        self._working: set[asyncio.Task[None]] = set()

    async def take(self, update: Update) -> None:
        """Accept one update; waits while there is no room."""
        chat = update.effective_chat.id if update.effective_chat is not None else 0
        if self._is_too_much(chat, update):
            self._warn_once(chat)
            return
        await self._room.acquire()
        if chat in self._waiting:
            self._waiting[chat].append(update)
            return
        self._waiting[chat] = deque([update])
        working = self._group.create_task(self._work(chat), name=f"telegram chat {chat}")
        self._working.add(working)
        working.add_done_callback(self._working.discard)

    def _is_too_much(self, chat: int, update: Update) -> bool:
        return len(self._waiting.get(chat, ())) >= MOST_OF_A_CHAT and _is_said(update)

    def _warn_once(self, chat: int) -> None:
        if chat not in self._overfull:
            self._overfull.add(chat)
            logger.warning("Chat %d asks faster than it can be answered; some is not heard", chat)

    async def finish(self) -> None:
        """Let what was accepted be acted on, for a few seconds at the most."""
        if self._working:
            await asyncio.wait({*self._working}, timeout=_LAST_WORK_S)

    def close(self) -> None:
        """Give up what is left."""
        for working in self._working:
            working.cancel()

    async def _work(self, chat: int) -> None:
        waiting = self._waiting[chat]
        while waiting:
            try:
                await self._hear(waiting.popleft())
            finally:
                self._room.release()
        del self._waiting[chat]
        self._overfull.discard(chat)


def _is_said(update: Update) -> bool:
    """Whether people said it; what Telegram itself tells of a chat is never dropped."""
    said = update.message or update.channel_post
    return update.callback_query is not None or (said is not None and bool(said.text))
