"""The stand-in's request budget: a strict rolling window for each caller."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.callers import Callers
from bot.simulator.scenario import Throttle
from bot.simulator.throttle import RollingThrottle

START = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_budget_returns_when_the_oldest_request_leaves_the_window() -> None:
    """The wait is told to the second, and exactly after it one request is free."""
    throttle = RollingThrottle(HOUR)
    throttle.take("a", limit=2, now=START)
    throttle.take("a", limit=2, now=START + timedelta(minutes=10))

    refused = throttle.take("a", limit=2, now=START + timedelta(minutes=30))

    assert refused == timedelta(minutes=30)
    assert throttle.take("a", limit=2, now=START + HOUR) is None
    assert throttle.take("a", limit=2, now=START + HOUR) == timedelta(minutes=10)


def test_refused_requests_do_not_prolong_the_wait() -> None:
    """Only what was answered counts, as in Django REST framework."""
    throttle = RollingThrottle(HOUR)
    throttle.take("a", limit=1, now=START)

    for minute in range(60):
        throttle.take("a", limit=1, now=START + timedelta(minutes=minute))

    assert throttle.used("a", now=START + timedelta(minutes=59)) == 1
    assert throttle.take("a", limit=1, now=START + HOUR) is None


def test_callers_have_budgets_of_their_own() -> None:
    """One caller's use leaves another's alone."""
    throttle = RollingThrottle(HOUR)
    throttle.take("a", limit=1, now=START)

    assert throttle.take("b", limit=1, now=START) is None


def test_memory_of_callers_is_bounded() -> None:
    """A crowd of addresses cannot fill the memory; the longest unseen is forgotten."""
    throttle = RollingThrottle(HOUR)

    for number in range(1_001):
        throttle.take(str(number), limit=1, now=START)

    assert throttle.used("0", now=START) == 0
    assert throttle.used("1000", now=START) == 1


def test_limit_of_nothing_refuses_everything() -> None:
    """A scenario may close the door altogether."""
    assert RollingThrottle(HOUR).take("a", limit=0, now=START) == HOUR


@given(st.lists(st.integers(min_value=0, max_value=900), max_size=80), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[int], limit: int) -> None:
    """Whatever the rhythm of the requests, every hour holds at most the limit."""
    throttle = RollingThrottle(HOUR)
    now = START
    passed: list[datetime] = []

    for gap in gaps:
        now += timedelta(seconds=gap)
        if throttle.take("a", limit=limit, now=now) is None:
            passed.append(now)

    for first in passed:
        assert sum(first <= moment < first + HOUR for moment in passed) <= limit


def test_token_has_a_name_that_does_not_give_it_away() -> None:
    """The ident of a token is a digest, and its limit is the token's."""
    caller = Callers(Throttle()).recognise("Token secret-key", "192.0.2.1")

    assert caller.limit == 210
    assert "secret" not in caller.ident


def test_unknown_token_counts_for_its_address() -> None:
    """LL2 shows the address where it does not accept a token."""
    callers = Callers(Throttle(tokens=("good",)))

    assert callers.recognise("Token bad", "192.0.2.1").ident == "192.0.2.1"
    assert callers.recognise("Token good", "192.0.2.1").limit == 210


def test_state_tells_use_and_wait() -> None:
    """The body of `/api-throttle/` agrees with what the throttle would do next."""
    callers = Callers(Throttle(anonymous_limit=1))
    caller = callers.recognise("", "192.0.2.1")
    callers.admit(caller, START)

    state = callers.state(caller, START + timedelta(seconds=0.5))

    assert state == {
        "your_request_limit": 1,
        "limit_frequency_secs": 3600,
        "current_use": 1,
        "next_use_secs": 3600,
        "ident": "192.0.2.1",
    }
