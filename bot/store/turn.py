"""Whose turn it is to write: who is waited for by a person first, and nobody for ever."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_AHEAD = 4
"""So many urgent ones go before whoever else waits; then that one goes first."""

_Waiting = asyncio.Future[None]


class Turn:
    """A lock with two queues; who waits in one queue goes in the order of coming.

    Both queues are bounded by those who write: loops, one each, and commands under way.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._urgent: deque[_Waiting] = deque()
        self._patient: deque[_Waiting] = deque()
        self._went_ahead = 0

    @asynccontextmanager
    async def taken(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for the turn, have it, and give it on."""
        await self._wait(self._urgent if urgent else self._patient)
        try:
            yield
        finally:
            self._give()

    async def _wait(self, queue: deque[_Waiting]) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        waiting: _Waiting = asyncio.get_running_loop().create_future()
        queue.append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            # It may have been given the turn in the moment in which it was cancelled.
            if not waiting.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        """Give the turn to whoever is next; to nobody when nobody waits."""
        for queue in (self._urgent, self._patient):
            while queue and queue[0].cancelled():
                queue.popleft()
        is_fair = self._went_ahead < _AHEAD or not self._patient
        following = self._urgent if self._urgent and is_fair else self._patient
        is_overtaking = following is self._urgent and bool(self._patient)
        self._went_ahead = self._went_ahead + 1 if is_overtaking else 0
        self._is_taken = bool(following)
        if following:
            following.popleft().set_result(None)
