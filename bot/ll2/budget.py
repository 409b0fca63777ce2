"""The request budget: a sliding log that says when a request to LL2 may go. Pure, no I/O, no clock.

LL2 counts a request somewhere between its sending and its answer. A mark therefore stands at the
latest moment at which that can have been, and counts for one period from there: no window of that
length can then hold more than the limit, whatever the network does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.watching import Headroom, Purpose, RequestMark
from bot.ll2.throttle import LONGEST_WAIT, ThrottleReport

REQUEST_TIMEOUT = timedelta(seconds=60)
"""How long one answer may take; detailed pages took up to 30 s (facts-ll2, section 7)."""

PERIOD = timedelta(hours=1, seconds=1)
"""LL2's rolling hour, and a second for clocks that run differently."""

ASK_EVERY = timedelta(minutes=1)
"""How often LL2 is asked again how much others behind our address used; asking is free."""

_COMMIT_TIME = timedelta(seconds=15)
"""How long the request log may take to commit a mark before the request leaves."""

_LEAST_FOR_NAMES = 10
"""A smaller hourly budget goes to polls and probes alone: names also come with the events."""


def latest_answer(now: datetime) -> datetime:
    """When the answer to a request begun now has come at the latest, or never will."""
    return now + REQUEST_TIMEOUT + _COMMIT_TIME


class RequestBudget:
    """How many requests were made and how many may be; lives as long as its client.

    Args:
        hourly_budget: what the owner allows in an hour, at least 1.
        has_key: with an API key the limit that LL2 reports replaces `hourly_budget`.

    """

    def __init__(self, *, hourly_budget: int, has_key: bool) -> None:
        self._allowed_by_owner = hourly_budget
        self._has_key = has_key
        self._limit = hourly_budget
        self._period = PERIOD
        self._marks: dict[int, datetime] = {}
        self._foreign = 0
        self._foreign_seen_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._blocked_until: datetime | None = None

    @property
    def blocked_until(self) -> datetime | None:
        """Until when LL2 told us to stay away; may lie in the past."""
        return self._blocked_until

    def restore(
        self, marks: Iterable[RequestMark], *, blocked_until: datetime | None, now: datetime
    ) -> None:
        """Continue from the log after a restart.

        Times that a wrong clock wrote into the far future are drawn in: they must not close the
        budget for longer than an honest mark could.
        """
        latest = latest_answer(now)
        self._marks = {mark.id: min(mark.at, latest) for mark in marks}
        if blocked_until is not None:
            self._blocked_until = min(blocked_until, now + LONGEST_WAIT)

    def set_back(self, by: timedelta) -> None:
        """The clock was set back: nothing may count, or keep us away, for so much longer."""
        self._marks = {number: at - by for number, at in self._marks.items()}
        self._foreign_seen_at = _earlier(self._foreign_seen_at, by)
        self._asked_at = _earlier(self._asked_at, by)
        self._blocked_until = _earlier(self._blocked_until, by)

    def wait(self, purpose: Purpose, now: datetime) -> timedelta:
        """How long until a request for this purpose may go; zero: now."""
        counting = sorted([*self._own(now), *self._others(now)])
        return max(self._until_room(counting, purpose, now), self._until_unblocked(now))

    def crowded(self, purpose: Purpose, now: datetime) -> bool:
        """Whether only the requests of others behind our address are in the way."""
        own = self._own(now)
        allowed = self._allowed(purpose)
        return len(own) < allowed <= len(own) + len(self._others(now))

    def begin(self, mark: RequestMark, now: datetime) -> None:
        """Count a request that is about to be sent, at the latest time its answer can have.

        Forgets what counts no more.
        """
        self._marks = {number: at for number, at in self._marks.items() if at + self._period > now}
        self._marks[mark.id] = mark.at

    def settle(self, mark: RequestMark, at: datetime) -> None:
        """Its answer came at this time, so LL2 counted it no later."""
        self._marks[mark.id] = at

    def asking(self, now: datetime) -> None:
        """`/api-throttle/` is being asked, whatever comes of it."""
        self._asked_at = now

    def ask_in(self, now: datetime) -> timedelta:
        """How long until `/api-throttle/` may be asked again."""
        if self._asked_at is None:
            return timedelta()
        return max(self._asked_at + ASK_EVERY - now, timedelta())

    def seeded(self, report: ThrottleReport, now: datetime) -> None:
        """Take over what LL2 reports: its limit, and what others behind our address used.

        `next_use` counts only when nothing is left: otherwise it is stale or says nothing.
        """
        owner = self._allowed_by_owner
        self._limit = report.limit if self._has_key else min(owner, report.limit)
        self._period = max(PERIOD, report.period + timedelta(seconds=1))
        self._foreign = max(report.used - self._surely_counted(report.period, now), 0)
        self._foreign_seen_at = now
        if report.used >= report.limit:
            self.throttled(report.next_use, now)

    def throttled(self, wait: timedelta, now: datetime) -> None:
        """LL2 told us to stay away for so long; an earlier and longer order stands."""
        until = now + min(max(wait, timedelta()), LONGEST_WAIT)
        self._blocked_until = max(until, self._blocked_until or until)

    def headroom(self, now: datetime) -> Headroom:
        """What polls may use. The requests of others stand where we learnt of them.

        When only they are in the way they are listed until LL2 may be asked again, not for the
        whole period: asking is free, so nobody should plan a longer wait for them.
        """
        others = self._others(now)
        if self.crowded(Purpose.POLL, now):
            others = self._until_asked(others, now)
        blocked = self._until_unblocked(now) > timedelta()
        return Headroom(
            cap=self._limit - self._reserve(),
            period=self._period,
            reserve=self._reserve(),
            spent=tuple(sorted([*self._own(now), *others])),
            blocked_until=self._blocked_until if blocked else None,
        )

    def _until_asked(self, others: list[datetime], now: datetime) -> list[datetime]:
        wait = self.ask_in(now)
        return [now + wait - self._period for _ in others] if wait else []

    def _until_room(self, counting: list[datetime], purpose: Purpose, now: datetime) -> timedelta:
        allowed = self._allowed(purpose)
        if allowed < 1:
            return self._period
        excess = len(counting) - allowed
        return timedelta() if excess < 0 else counting[excess] + self._period - now

    def _until_unblocked(self, now: datetime) -> timedelta:
        return max((self._blocked_until or now) - now, timedelta())

    def _allowed(self, purpose: Purpose) -> int:
        match purpose:
            case Purpose.PROBE:
                return self._limit
            case Purpose.POLL:
                return self._limit - self._reserve()
            case Purpose.CATALOGUE:
                # The calm rhythm leaves two of fifteen free, as many as names need once a week.
                return self._limit - self._reserve() if self._limit >= _LEAST_FOR_NAMES else 0

    def _reserve(self) -> int:
        """One request is kept for probes; with a budget of one, polling comes first."""
        return 1 if self._limit > 1 else 0

    def _own(self, now: datetime) -> list[datetime]:
        return [at for at in self._marks.values() if at + self._period > now]

    def _others(self, now: datetime) -> list[datetime]:
        seen_at = self._foreign_seen_at
        if seen_at is None or seen_at + self._period <= now:
            return []
        return [seen_at] * self._foreign

    def _surely_counted(self, period: timedelta, now: datetime) -> int:
        """Own requests that LL2's figure must include; at its edges it may or may not."""
        edge = latest_answer(now) - period
        return sum(edge < at <= now for at in self._marks.values())


def _earlier(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment - by
