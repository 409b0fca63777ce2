"""Count each caller's requests in a rolling window, as Django REST framework does for LL2.

A refused request is not counted. Knows nothing of HTTP: callers are plain texts.
"""

from collections import deque
from datetime import datetime, timedelta

_MOST_CALLERS = 1_000


class RollingThrottle:
    """Remembers when each caller asked; forgets the callers longest unseen above a thousand."""

    def __init__(self, window: timedelta) -> None:
        """Start with nobody known."""
        self._window = window
        self._asked: dict[str, deque[datetime]] = {}

    def take(self, caller: str, *, limit: int, now: datetime) -> timedelta | None:
        """Count one request and return None, or return how long until one is free."""
        asked = self._recent(caller, now)
        if len(asked) >= limit:
            return self._until_free(asked, limit, now)
        asked.append(now)
        self._asked[caller] = self._asked.pop(caller, asked)
        while len(self._asked) > _MOST_CALLERS:
            del self._asked[next(iter(self._asked))]
        return None

    def used(self, caller: str, *, now: datetime) -> int:
        """Return how many requests of this caller the window holds."""
        return len(self._recent(caller, now))

    def wait(self, caller: str, *, limit: int, now: datetime) -> timedelta:
        """Return how long until a request is free: zero where one is free now."""
        asked = self._recent(caller, now)
        return self._until_free(asked, limit, now) if len(asked) >= limit else timedelta()

    def _recent(self, caller: str, now: datetime) -> deque[datetime]:
        asked = self._asked.get(caller, deque())
        while asked and asked[0] <= now - self._window:
            asked.popleft()
        return asked

    def _until_free(self, asked: deque[datetime], limit: int, now: datetime) -> timedelta:
        # With a limit of nothing there is no request to outlive: the whole window is the answer.
        return asked[len(asked) - limit] + self._window - now if limit else self._window
