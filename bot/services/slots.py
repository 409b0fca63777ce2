"""The parts of a limiter, without clock or network: held slots, a gate, a breaker, a lane.

A slot is taken before a request and comes back a hold after its answer. The platform counted the
request somewhere in between, so it never sees more than the limit in any window, however the
network dawdles (facts-delivery, 1.4).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush, nsmallest

from bot.domain.messages import Rate

MARGIN = timedelta(milliseconds=10)
"""How much longer than the platform's window a slot is held."""

UNANSWERED_HOLD = timedelta(seconds=5)
"""The least hold after no answer came: the platform may count the request late."""

_RECOVERY = timedelta(seconds=10)
_MARKS_FOR = timedelta(minutes=10)
_SLOW_AT, _STOP_AT = 500, 2_000


@dataclass(slots=True, kw_only=True)
class Slots:
    """The slots of one rate.

    Attributes:
        rate: what the platform allows.
        under_way: requests that have a slot and no answer.

    """

    rate: Rate
    under_way: int = 0
    _returns: list[datetime] = field(default_factory=list)

    def free(self, now: datetime, limit: int | None = None) -> int:
        """How many slots can be taken; `limit` in place of the rate's own count."""
        self._forget(now)
        count = self.rate.count if limit is None else limit
        return count - self.under_way - len(self._returns)

    def take(self) -> None:
        """Take one."""
        self.under_way += 1

    def give_back(self, now: datetime, *, answered: bool) -> None:
        """Let one come back after its hold."""
        self._forget(now)
        self.under_way -= 1
        hold = self.rate.per + MARGIN
        heappush(self._returns, now + (hold if answered else max(hold, UNANSWERED_HOLD)))

    def put_back(self) -> None:
        """Undo a take: no request was made."""
        self.under_way -= 1

    def next_return(self) -> datetime | None:
        """When the next held slot comes back; None: none is held."""
        return self._returns[0] if self._returns else None

    def open(self, now: datetime, *, is_urgent: bool) -> int:
        """How many slots such a request can choose from."""
        return self.free(now, self._count(is_urgent=is_urgent))

    def delay(self, now: datetime, behind: int, *, is_urgent: bool) -> timedelta:
        """How long a request waits that has `behind` others before it; about, never much less."""
        beyond = behind - self.open(now, is_urgent=is_urgent)
        if beyond < 0:
            return timedelta(0)
        rounds, place = divmod(beyond, self._count(is_urgent=is_urgent))
        known = nsmallest(place + 1, self._returns)
        at = known[place] if place < len(known) else now + self.rate.per
        return at - now + rounds * (self.rate.per + MARGIN)

    def is_idle(self, now: datetime) -> bool:
        """Whether it remembers nothing."""
        return self.free(now) == self.rate.count

    def _count(self, *, is_urgent: bool) -> int:
        return self.rate.count - (0 if is_urgent else self.rate.reserved)

    def _forget(self, now: datetime) -> None:
        while self._returns and self._returns[0] <= now:
            heappop(self._returns)


@dataclass(slots=True, kw_only=True, eq=False)
class LaneState:
    """One lane: its rates, a platform's word to stay away, and how many wait for it.

    Attributes:
        urgent: those of them for whom a person waits.
        others: the rest.

    """

    slots: tuple[Slots, ...]
    blocked_until: datetime | None = None
    urgent: int = 0
    others: int = 0

    def is_free(self, now: datetime, *, is_urgent: bool) -> bool:
        """Whether such a request may go."""
        has_room = all(one.open(now, is_urgent=is_urgent) > 0 for one in self.slots)
        return has_room and not self._is_blocked(now)

    def is_idle(self, now: datetime) -> bool:
        """Whether it can be forgotten."""
        rests = all(one.is_idle(now) for one in self.slots)
        return not (self.urgent or self.others or self._is_blocked(now)) and rests

    def count(self, change: int, *, is_urgent: bool) -> None:
        """Count who comes to wait, or goes."""
        if is_urgent:
            self.urgent += change
        else:
            self.others += change

    def block(self, until: datetime) -> None:
        """Stay away until then, or later if a later end was named before."""
        self.blocked_until = max(until, self.blocked_until or until)

    def delay(self, now: datetime, behind: int, *, is_urgent: bool) -> timedelta:
        """How long a request waits that has `behind` others before it, besides those waiting."""
        ahead = behind + self.urgent + (0 if is_urgent else self.others)
        blocked = (self.blocked_until or now) - now
        own = (one.delay(now, ahead, is_urgent=is_urgent) for one in self.slots)
        return max(timedelta(0), blocked, *own)

    def next_moment(self, now: datetime) -> datetime | None:
        """When a request may go; None: an answer decides, or nothing holds it up."""
        if self._is_blocked(now):
            return self.blocked_until
        full = [one for one in self.slots if one.open(now, is_urgent=not self.others) <= 0]
        returns = [one.next_return() for one in full]
        known = [moment for moment in returns if moment is not None]
        return max(known) if returns and len(known) == len(returns) else None

    def _is_blocked(self, now: datetime) -> bool:
        return self.blocked_until is not None and self.blocked_until > now


@dataclass(slots=True, kw_only=True)
class Gate:
    """One gate for all requests of a token: closed by a 429 for all, then reopened once, humbler.

    Attributes:
        slots: how many slots there are when all is well.
        closed_until: in the past when it is open.

    """

    slots: int
    closed_until: datetime | None = None
    _start: int = 0

    def is_closed(self, now: datetime) -> bool:
        """Whether nobody may send."""
        return self.closed_until is not None and self.closed_until > now

    def close(self, now: datetime, until: datetime) -> None:
        """Close; only the first 429 of a burst halves the slots, the others came from before."""
        if not self.is_closed(now):
            self._start = max(self.limit(now) // 2, 1)
        self.closed_until = max(until, self.closed_until or until)

    def limit(self, now: datetime) -> int:
        """How many slots there are: one more for each ten seconds since it reopened."""
        if self.closed_until is None:
            return self.slots
        recovered = max(now - self.closed_until, timedelta(0)) // _RECOVERY
        return min(self._start + recovered, self.slots)


@dataclass(slots=True)
class Breaker:
    """Counts 401, 403 and 429 of ten minutes: Discord bans an address that makes 10,000 of them."""

    _marks: deque[datetime] = field(default_factory=lambda: deque(maxlen=_STOP_AT))

    def mark(self, now: datetime) -> None:
        """Count one."""
        self._marks.append(now)

    def is_slow(self, now: datetime) -> bool:
        """Whether so many were counted that only a tenth of the slots may be used."""
        while self._marks and self._marks[0] + _MARKS_FOR <= now:
            self._marks.popleft()
        return len(self._marks) >= _SLOW_AT

    def stopped_until(self, now: datetime) -> datetime | None:
        """When a request may be made again; None: at once."""
        if len(self._marks) < _STOP_AT or self._marks[0] + _MARKS_FOR <= now:
            return None
        return self._marks[0] + _MARKS_FOR
