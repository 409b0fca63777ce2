"""The request budget cannot be exceeded, and polling never eats the reserve for probes."""

from datetime import UTC, datetime, timedelta

import pytest
from budgets import HOUR, NOTHING, a_budget, a_report, minutes

from bot.domain.watching import Purpose, RequestMark
from bot.ll2.budget import ASK_EVERY, PERIOD, REQUEST_TIMEOUT, RequestBudget, latest_answer

START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def spend(
    budget: RequestBudget,
    count: int,
    *,
    purpose: Purpose = Purpose.POLL,
    at: datetime = START,
    first_id: int = 1,
) -> None:
    """Make requests that are answered at once."""
    for number in range(first_id, first_id + count):
        mark = RequestMark(id=number, at=latest_answer(at), purpose=purpose)
        budget.begin(mark, at)
        budget.settle(mark, at)


def test_poll_waits_until_the_oldest_request_counts_no_more() -> None:
    """With the polls' share used up, the wait ends exactly one period after the oldest answer."""
    budget = a_budget(3)
    spend(budget, 1)
    spend(budget, 1, at=START + minutes(10), first_id=2)

    wait = budget.wait(Purpose.POLL, START + minutes(20))

    assert wait == PERIOD - minutes(20)
    assert budget.wait(Purpose.POLL, START + minutes(20) + wait) == NOTHING


def test_a_probe_may_use_the_last_request() -> None:
    """The reserve is for probes."""
    budget = a_budget(15)

    spend(budget, 14)

    assert budget.wait(Purpose.POLL, START) > NOTHING
    assert budget.wait(Purpose.PROBE, START) == NOTHING


def test_a_budget_of_one_still_polls() -> None:
    """A reserve that left nothing for polls would make the bot blind."""
    budget = a_budget(1)

    assert budget.wait(Purpose.POLL, START) == NOTHING
    assert budget.headroom(START).cap == 1


def test_names_find_room_beside_the_calm_rhythm() -> None:
    """A poll every five minutes leaves two requests; the reserve for probes is not touched."""
    budget = a_budget(15)

    spend(budget, 13)
    assert budget.wait(Purpose.CATALOGUE, START) == NOTHING

    spend(budget, 1, first_id=14)
    assert budget.wait(Purpose.CATALOGUE, START) > NOTHING
    assert budget.wait(Purpose.PROBE, START) == NOTHING


def test_a_small_budget_never_asks_for_names() -> None:
    """Every poll of it counts; the wait is a whole period, not an error."""
    assert a_budget(9).wait(Purpose.CATALOGUE, START) == PERIOD
    assert a_budget(10).wait(Purpose.CATALOGUE, START) == NOTHING


def test_a_request_without_an_answer_counts_longer() -> None:
    """LL2 may have counted it until its time was up."""
    budget = a_budget(1)

    budget.begin(RequestMark(id=1, at=latest_answer(START), purpose=Purpose.POLL), START)

    assert budget.wait(Purpose.POLL, START + PERIOD) > REQUEST_TIMEOUT
    assert budget.wait(Purpose.POLL, latest_answer(START) + PERIOD) == NOTHING


def test_many_unanswered_requests_are_forgotten_in_time() -> None:
    """A long outage must not grow the log in memory."""
    budget = a_budget(2)

    for number in range(100):
        at = START + number * 2 * HOUR
        budget.begin(RequestMark(id=number, at=latest_answer(at), purpose=Purpose.POLL), at)

    assert len(budget._marks) == 1


def test_without_a_key_the_smaller_limit_rules() -> None:
    """The owner's budget and LL2's limit both hold."""
    generous, strict = a_budget(15), a_budget(15)

    generous.seeded(a_report(limit=210), START)
    strict.seeded(a_report(limit=5), START)

    assert generous.headroom(START).cap == 14
    assert strict.headroom(START).cap == 4


@pytest.mark.parametrize(("hourly", "cap", "reserve"), [(15, 14, 1), (2, 1, 1), (1, 1, 0)])
def test_headroom_tells_the_reserve_apart(hourly: int, cap: int, reserve: int) -> None:
    """Together they are what the owner allows, which is what people are told."""
    room = a_budget(hourly).headroom(START)

    assert (room.cap, room.reserve) == (cap, reserve)


def test_with_a_key_the_reported_limit_rules() -> None:
    """With an API key the budget follows `your_request_limit`."""
    budget = a_budget(15, has_key=True)
    assert budget.headroom(START).cap == 14

    budget.seeded(a_report(limit=210), START)

    assert budget.headroom(START).cap == 209


def test_requests_of_others_take_room_for_an_hour() -> None:
    """What others behind our address used is taken off until it has surely aged out."""
    budget = a_budget(15)

    budget.seeded(a_report(used=10), START)

    assert len(budget.headroom(START).spent) == 10
    assert len(budget.headroom(START + minutes(59)).spent) == 10
    assert budget.headroom(START + PERIOD).spent == ()


def test_own_requests_are_not_taken_for_those_of_others() -> None:
    """LL2's figure includes ours."""
    budget = a_budget(15)
    spend(budget, 6)

    budget.seeded(a_report(used=8), START + minutes(5))

    assert len(budget.headroom(START + minutes(5)).spent) == 8


def test_crowding_is_told_apart_from_our_own_spending() -> None:
    """Asking LL2 again helps only when others are in the way."""
    crowded, spent = a_budget(15), a_budget(15)

    crowded.seeded(a_report(used=14), START)
    spend(spent, 14)

    assert crowded.crowded(Purpose.POLL, START)
    assert not spent.crowded(Purpose.POLL, START)


def test_nobody_plans_to_wait_for_others_longer_than_until_asking_again() -> None:
    """Headroom lists a crowd until LL2 may be asked again; the budget itself stays shut."""
    budget = a_budget(15)
    budget.asking(START)
    budget.seeded(a_report(used=14), START)

    room = budget.headroom(START)
    later = START + ASK_EVERY

    assert len(room.spent) == room.cap
    assert room.spent[0] + room.period == later
    assert budget.headroom(later).spent == ()
    assert budget.wait(Purpose.POLL, later) > NOTHING


def test_next_use_counts_only_when_the_limit_is_reached() -> None:
    """LL2 reports a next use also while requests are free."""
    free, full = a_budget(15), a_budget(15)

    free.seeded(a_report(used=14, next_use=minutes(27)), START)
    full.seeded(a_report(used=15, next_use=minutes(27)), START)

    assert free.headroom(START).blocked_until is None
    assert full.headroom(START).blocked_until == START + minutes(27)


def test_an_order_to_stay_away_holds_for_every_purpose() -> None:
    """After a 429 nothing goes, not even a probe."""
    budget = a_budget(15)

    budget.throttled(minutes(10), START)

    assert {budget.wait(purpose, START) for purpose in Purpose} == {minutes(10)}
    assert budget.wait(Purpose.POLL, START + minutes(10)) == NOTHING


def test_a_shorter_order_does_not_lift_a_longer_one() -> None:
    """The longest order stands."""
    budget = a_budget(15)

    budget.throttled(minutes(10), START)
    budget.throttled(minutes(1), START)

    assert budget.blocked_until == START + minutes(10)


def test_an_absurd_order_is_followed_for_a_day_at_most() -> None:
    """A broken header must not silence the bot for years."""
    budget = a_budget(15)

    budget.throttled(timedelta(days=9000), START)

    assert budget.blocked_until == START + timedelta(days=1)


def test_times_from_a_wrong_clock_cannot_shut_the_budget_for_long() -> None:
    """Marks and orders far in the future are drawn in at the start."""
    budget = a_budget(1)
    mark = RequestMark(id=1, at=START + timedelta(days=900), purpose=Purpose.POLL)

    budget.restore([mark], blocked_until=START + timedelta(days=900), now=START)

    assert budget.wait(Purpose.PROBE, START) == timedelta(days=1)
    assert budget.wait(Purpose.PROBE, START + timedelta(days=1)) == NOTHING


def test_a_longer_window_of_ll2_is_kept() -> None:
    """Where LL2 counts over more than an hour, so do we."""
    budget = a_budget(2)
    spend(budget, 2)

    budget.seeded(a_report(limit=2, used=2, period=timedelta(hours=6)), START)

    assert budget.wait(Purpose.PROBE, START + minutes(61)) > timedelta(hours=4)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_fresh_budget_lets_everything_go(purpose: Purpose) -> None:
    """Nothing spent, nothing blocked."""
    assert a_budget(15).wait(purpose, START) == NOTHING
