"""Updates that wait to be acted on: in order within a chat, chats side by side."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from telegram import Update

_LANES = 64
"""Enough that chats seldom share one, so that a slow chat seldom holds up another."""

_LANE_LENGTH = 16
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
