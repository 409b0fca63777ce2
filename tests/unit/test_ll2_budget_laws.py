"""Laws of the request budget, for any story: it cannot be exceeded."""

import heapq
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from budgets import HOUR, NOTHING, a_budget, a_report, minutes
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.watching import Purpose, RequestMark
from bot.ll2.budget import REQUEST_TIMEOUT, RequestBudget, latest_answer

START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One wish to ask LL2: how long after the one before, and what becomes of it.

    An eager one waits for exactly as long as the budget says; others go or are dropped.
    """

    pause: timedelta
    is_eager: bool
    purpose: Purpose
    latency: timedelta
    counted_after: float
    is_answered: bool
    restarts: bool


attempts = st.builds(
    Attempt,
    pause=st.just(NOTHING) | st.timedeltas(NOTHING, minutes(2)) | st.timedeltas(NOTHING, HOUR),
    is_eager=st.booleans(),
    purpose=st.sampled_from(Purpose),
    latency=st.sampled_from([NOTHING, REQUEST_TIMEOUT]) | st.timedeltas(NOTHING, REQUEST_TIMEOUT),
    counted_after=st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    is_answered=st.booleans(),
    restarts=st.integers(0, 5).map(lambda number: number == 0),
)


@dataclass(slots=True, kw_only=True)
class World:
    """A bot and the strict server, whose counting moments only the server knows."""

    hourly_budget: int
    budget: RequestBudget
    log: dict[int, RequestMark] = field(default_factory=dict)
    counted: list[tuple[datetime, Purpose]] = field(default_factory=list)
    answers: list[tuple[datetime, int]] = field(default_factory=list)

    def attempt(self, now: datetime, attempt: Attempt) -> datetime:
        """Ask if the budget allows it; the server counts between sending and answer."""
        now += attempt.pause
        self._take_answers(now)
        if attempt.restarts:
            self._restart(now)
        if attempt.is_eager:
            now += self.budget.wait(attempt.purpose, now)
            self._take_answers(now)
        if self.budget.wait(attempt.purpose, now) == NOTHING:
            self._send(now, attempt)
        return now

    def _send(self, now: datetime, attempt: Attempt) -> None:
        number = len(self.log) + 1
        mark = RequestMark(id=number, at=latest_answer(now), purpose=attempt.purpose)
        self.log[number] = mark
        self.budget.begin(mark, now)
        self.counted.append((now + attempt.latency * attempt.counted_after, attempt.purpose))
        if attempt.is_answered:
            heapq.heappush(self.answers, (now + attempt.latency, number))

    def _take_answers(self, now: datetime) -> None:
        while self.answers and self.answers[0][0] <= now:
            at, number = heapq.heappop(self.answers)
            self.budget.settle(self.log[number], at)
            self.log[number] = replace(self.log[number], at=at)

    def _restart(self, now: datetime) -> None:
        self.answers.clear()
        self.budget = a_budget(self.hourly_budget)
        self.budget.restore(self.log.values(), blocked_until=None, now=now)

    def fullest_window(self) -> int:
        """The most requests that the server saw in any closed hour."""
        moments = sorted(moment for moment, _ in self.counted)
        return max(
            (sum(start <= one <= start + HOUR for one in moments) for start in moments), default=0
        )


@given(st.integers(1, 4), st.lists(attempts, max_size=40))
def test_no_hour_holds_more_than_the_budget(hourly_budget: int, wishes: list[Attempt]) -> None:
    """Whatever the calls, answers and restarts, a strict server never counts one too many."""
    world = World(hourly_budget=hourly_budget, budget=a_budget(hourly_budget))

    now = START
    for wish in wishes:
        now = world.attempt(now, wish)

    assert world.fullest_window() <= hourly_budget


@given(st.integers(2, 4), st.lists(attempts, max_size=40))
def test_polls_alone_leave_one_request_for_a_probe(
    hourly_budget: int, wishes: list[Attempt]
) -> None:
    """Polls and questions for names use at most the budget less one in any hour."""
    world = World(hourly_budget=hourly_budget, budget=a_budget(hourly_budget))

    now = START
    for wish in wishes:
        kinds = Purpose.POLL if wish.purpose is Purpose.PROBE else wish.purpose
        now = world.attempt(now, replace(wish, purpose=kinds))

    assert world.fullest_window() <= hourly_budget - 1


@given(
    st.lists(st.timedeltas(NOTHING, minutes(100)), max_size=15),
    st.lists(attempts, max_size=25),
    st.lists(attempts, max_size=40),
)
def test_what_others_used_before_is_respected(
    others: list[timedelta], before: list[Attempt], after: list[Attempt]
) -> None:
    """A report counts the requests of others; ours are added to them and never exceed the limit."""
    limit = 15
    world = World(hourly_budget=limit, budget=a_budget(limit))
    now = START
    for wish in before:
        now = world.attempt(now, wish)
    now += minutes(1)
    foreign = [(now - age, Purpose.POLL) for age in others]

    seen = [moment for moment, _ in (*world.counted, *foreign) if now - HOUR < moment <= now]
    world.budget.seeded(a_report(limit=limit, used=len(seen), next_use=minutes(1)), now)
    asked_before = len(world.counted)
    for wish in after:
        now = world.attempt(now, replace(wish, restarts=False))

    ours_after = [moment for moment, _ in world.counted[asked_before:]]
    everything = [moment for moment, _ in (*world.counted, *foreign)]
    for last in ours_after:
        assert sum(last - HOUR < one <= last for one in everything) <= limit
