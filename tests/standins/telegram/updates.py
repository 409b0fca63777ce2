"""The queue of updates: each is kept until a poll asks for what comes after it."""

import asyncio
from typing import Any

from standins.telegram.world import Refusal

_TERMINATED = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


class Updates:
    """What happened and was not yet acknowledged.

    Attributes:
        asked: the parameters of every poll, in order.

    """

    def __init__(self) -> None:
        self._waiting: list[dict[str, Any]] = []
        self._next = 1
        self._polls = 0
        self._news = asyncio.Condition()
        self.asked: list[dict[str, Any]] = []

    def push(self, kind: str, what: dict[str, Any]) -> None:
        """Add an update; whoever polls learns of it by `wake`."""
        self._waiting.append({"update_id": self._next, kind: what})
        self._next += 1

    async def wake(self) -> None:
        """Let a waiting poll look again."""
        async with self._news:
            self._news.notify_all()

    @property
    def unacknowledged(self) -> int:
        """How many updates no poll has gone beyond."""
        return len(self._waiting)

    def take(self) -> dict[str, Any] | None:
        """The oldest, acknowledged: what a webhook is called with."""
        return self._waiting.pop(0) if self._waiting else None

    def acknowledge(self, asked: dict[str, Any], *, has_webhook: bool) -> None:
        """Forget what is before the offset.

        Raises:
            Refusal: a webhook is set.

        """
        if has_webhook:
            raise Refusal(409, _WEBHOOK)
        self.asked.append(asked)
        offset = asked.get("offset", 0)
        self._waiting = [one for one in self._waiting if one["update_id"] >= offset]

    async def poll(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Wait for updates.

        Raises:
            Refusal: another poll came meanwhile; there is only one poller at a time.

        """
        self._polls += 1
        mine = self._polls
        await self._wait(mine, asked.get("timeout", 0))
        if self._polls != mine:
            raise Refusal(409, _TERMINATED)
        return self._waiting[: asked.get("limit", 100)]

    async def _wait(self, mine: int, seconds: float) -> None:
        async with self._news:
            self._news.notify_all()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: self._waiting or self._polls != mine)
            except TimeoutError:
                return
