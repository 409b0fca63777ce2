"""The limiter's gate: what a 429 closes, what slows it down, and how long one waits."""

from datetime import timedelta

import pytest
from strict_server import MINUTE, SECOND, a_limiter, admitted, granted, lane_of

from bot.domain.messages import Limits
from bot.services.limiter import PATIENCE
from bot.testing import START


def test_global_429_closes_one_gate_for_all() -> None:
    """Nobody sends until its end, which a shorter word does not bring nearer."""
    limiter = a_limiter()
    waiting = limiter.ask("1", START, is_urgent=True)
    limiter.throttled(START, 3 * SECOND, "")
    limiter.throttled(START, SECOND, "")

    assert limiter.grant(START + 2 * SECOND) == []
    assert limiter.next_moment(START) == START + 3 * SECOND
    assert limiter.grant(START + 3 * SECOND) == [waiting]


def test_gate_reopens_with_half_the_slots_and_recovers() -> None:
    """One slot more for each ten seconds; several 429s of one burst halve once."""
    limiter = a_limiter()
    for _ in range(7):
        limiter.throttled(START, SECOND, "")
    reopened = START + SECOND

    assert granted(limiter, reopened) == 15
    assert granted(limiter, reopened + timedelta(seconds=35)) == 18
    assert granted(limiter, reopened + timedelta(minutes=10)) == 30


def test_second_429_halves_what_is_left() -> None:
    """A limit that is lower than we think is found step by step."""
    limiter = a_limiter()
    limiter.throttled(START, SECOND, "")
    limiter.throttled(START + SECOND, SECOND, "")

    assert granted(limiter, START + 2 * SECOND) == 7


def test_gate_halves_down_to_a_single_slot() -> None:
    """A small limit is halved too, and something always goes."""
    for slots in (1, 2, 3):
        limiter = a_limiter(Limits(text=4096, slots=slots))
        limiter.throttled(START, SECOND, "")

        assert granted(limiter, START + SECOND) == 1


def test_unanswered_request_holds_its_slot_longer() -> None:
    """The platform may count it late."""
    limiter = a_limiter(Limits(text=4096, slots=1))
    ticket = limiter.ask("1", START, is_urgent=False)
    limiter.grant(START)
    limiter.give_back(ticket, START, answered=False)

    assert granted(limiter, START + timedelta(seconds=4.9)) == 0
    assert granted(limiter, START + timedelta(seconds=5)) == 1


def test_many_refusals_slow_it_down_and_more_stop_it() -> None:
    """Far from the 10,000 in ten minutes at which Discord bans an address."""
    limiter = a_limiter()
    limiter.refused(START)
    for _ in range(498):
        limiter.refused(START + SECOND)
    assert granted(limiter, START + SECOND) == 30

    limiter.refused(START + SECOND)
    assert granted(limiter, START + SECOND) == 3

    for _ in range(1500):
        limiter.refused(START + MINUTE)
    assert granted(limiter, START + MINUTE) == 0
    assert limiter.delay("1", START + MINUTE) == 9 * MINUTE
    assert granted(limiter, START + 11 * MINUTE) == 30


def test_whoever_would_wait_too_long_is_sent_away() -> None:
    """What must wait longer waits in the outbox, where it survives a restart."""
    limiter = a_limiter()
    limiter.throttled(START, PATIENCE / 2, "1")
    patient = limiter.ask("1", START, is_urgent=False)
    assert limiter.late(START) == []

    limiter.throttled(START, timedelta(hours=12), "")

    assert limiter.late(START) == [patient]
    assert limiter.next_moment(START) is None


def test_delay_counts_those_who_go_before() -> None:
    """The 20th message to a group waits a minute, the 37th two."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    delays = [limiter.delay("-1", START, behind=number) for number in (0, 1, 17, 18, 36)]

    assert delays[0] == timedelta(0)
    assert SECOND <= delays[1] < 2 * SECOND
    assert timedelta(seconds=17) <= delays[2] < timedelta(seconds=20)
    assert MINUTE <= delays[3] < MINUTE + 20 * SECOND
    assert 2 * MINUTE <= delays[4] < 2 * MINUTE + 40 * SECOND


def test_delay_lasts_until_a_held_slot_comes_back() -> None:
    """A second and its margin after the last answer, not a second from now."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    limiter.give_back(admitted(limiter, "1"), START, answered=True)

    assert limiter.delay("1", START + 0.6 * SECOND) == 0.41 * SECOND


@pytest.mark.parametrize("is_urgent", [True, False])
def test_delay_counts_those_who_wait_already(*, is_urgent: bool) -> None:
    """Each of them takes its second; whoever leaves takes it along."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    waiting = [limiter.ask("1", START, is_urgent=is_urgent) for _ in range(4)]

    many = limiter.delay("1", START, is_urgent=is_urgent)
    for ticket in waiting[:2]:
        limiter.leave(ticket)
    few = limiter.delay("1", START, is_urgent=is_urgent)

    assert 4 * SECOND <= many < 5 * SECOND
    assert 2 * SECOND <= few < 3 * SECOND


def test_delay_of_the_urgent_counts_no_news() -> None:
    """A person's answer goes before all news that waits for the same chat."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    for _ in range(4):
        limiter.ask("1", START, is_urgent=False)

    assert limiter.delay("1", START, is_urgent=True) == timedelta(0)


def test_absurd_wait_does_not_run_off_the_calendar() -> None:
    """A platform may say anything."""
    limiter = a_limiter()

    limiter.throttled(START, timedelta(days=999_999_999), "")

    assert limiter.delay("", START) == timedelta(days=7)
