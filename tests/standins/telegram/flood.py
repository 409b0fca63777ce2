"""Flood control that counts strictly: no sliding window ever holds more than its limit."""

import math
from collections import deque
from dataclasses import dataclass

from standins.telegram.world import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `most` messages in any `seconds`."""

    most: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the stand-in lets pass (facts-delivery, 1.3); None: anything."""

    free: Window | None = Window(most=30, seconds=1)
    paid: Window | None = Window(most=1000, seconds=1)
    private: Window | None = Window(most=1, seconds=1)
    group: Window | None = Window(most=20, seconds=60)


class Flood:
    """The counters, of the whole bot and of each chat.

    Attributes:
        refused: how many requests were answered with 429.

    """

    def __init__(self, limits: Limits | None) -> None:
        self._limits = limits
        self._counted: dict[str, deque[float]] = {}
        self.refused = 0

    def count(self, chat_id: int, *, is_paid: bool, now: float) -> None:
        """Count one message.

        Raises:
            Refusal: it was one too many; it does not count.

        """
        if self._limits is None:
            return
        by_chat = self._limits.private if chat_id > 0 else self._limits.group
        by_bot = self._limits.paid if is_paid else self._limits.free
        full = [(f"chat {chat_id}", by_chat), ("paid" if is_paid else "free", by_bot)]
        windows = [(self._counted.setdefault(key, deque()), one) for key, one in full if one]
        for times, window in windows:
            self._refuse_if_full(times, window, now)
        for times, _ in windows:
            times.append(now)

    def _refuse_if_full(self, times: deque[float], window: Window, now: float) -> None:
        while times and times[0] <= now - window.seconds:
            times.popleft()
        if len(times) < window.most:
            return
        self.refused += 1
        wait = max(math.ceil(times[0] + window.seconds - now), 1)
        raise Refusal(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
