"""Updates that wait to be acted on: in order within a chat, chats side by side."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from telegram import Update

logger = logging.getLogger(__name__)

_LANES = 64
"""Enough that chats seldom share one, so that a slow chat seldom holds up another."""

_LANE_LENGTH = 64
_SHARE = 5
"""What one chat may have waiting; what its people say beyond that is left unanswered.

A reply goes out in a second at best, so a chat that floods would hold up the intake for all.
"""

_LAST_WORK_S = 5.0

Hear = Callable[[Update], Awaitable[None]]


class Inbox:
    """What was received and waits to be acted on, chat by chat; it holds a bounded number."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._lanes = [asyncio.Queue[Update](_LANE_LENGTH) for _ in range(_LANES)]
        self._waiting: Counter[int] = Counter()
        self._flooding: set[int] = set()

    async def take(self, update: Update) -> None:
        """Accept one update; waits while its lane is full, and drops what a chat has too much."""
        chat = _chat_of(update)
        if self._waiting[chat] >= _SHARE and _is_said(update):
            self._note_flood(chat)
            return
        self._waiting[chat] += 1
        await self._lanes[chat % _LANES].put(update)

    def _note_flood(self, chat: int) -> None:
        """Tell once, until the chat has nothing waiting any more."""
        if chat not in self._flooding:
            self._flooding.add(chat)
            logger.info("Chat %d of Telegram asks too fast; some of it is left unanswered", chat)

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
                self._done(_chat_of(update))
                lane.task_done()

    def _done(self, chat: int) -> None:
        self._waiting[chat] -= 1
        if not self._waiting[chat]:
            del self._waiting[chat]
            self._flooding.discard(chat)


def _chat_of(update: Update) -> int:
    return 0 if update.effective_chat is None else update.effective_chat.id


def _is_said(update: Update) -> bool:
    """Whether people said it; what Telegram itself tells of a chat is never dropped."""
    said = update.message or update.channel_post
    return update.callback_query is not None or (said is not None and bool(said.text))
