"""The limiter's lanes: each at its own rate and behind its own blocks, and forgotten in time."""

from datetime import timedelta

import pytest
from strict_server import MINUTE, SECOND, a_limiter, admitted, granted, lane_of

from bot.domain.messages import Lane, Limits, Rate
from bot.services.slots import LaneState
from bot.testing import START


def test_group_full_of_news_is_still_answered() -> None:
    """Some of a group's requests are kept for people; beyond them its own limit holds for all."""
    rates = (Rate(count=18, per=MINUTE, reserved=3),)
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lambda key: Lane(key=key, rates=rates)))
    news = [limiter.ask("-1", START, is_urgent=False) for _ in range(18)]
    asked = [limiter.ask("-1", START, is_urgent=True) for _ in range(4)]

    assert limiter.grant(START) == [*asked, *news[:11]]

    late = [limiter.ask("-1", START, is_urgent=True) for _ in range(4)]
    assert limiter.grant(START) == late[:3]


def test_answer_does_not_queue_behind_news_of_its_chat() -> None:
    """Where news must wait a minute for its chat's limit, an answer goes at once."""
    rates = (Rate(count=18, per=MINUTE, reserved=3),)
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lambda key: Lane(key=key, rates=rates)))
    for _ in range(15):
        limiter.give_back(admitted(limiter, "-1"), START, answered=True)
    limiter.ask("-1", START, is_urgent=False)

    assert limiter.delay("-1", START) >= MINUTE
    assert limiter.delay("-1", START, is_urgent=True) == timedelta(0)
    assert admitted(limiter, "-1", is_urgent=True).may_go


def test_blocked_destination_holds_up_nobody_else() -> None:
    """A flood wait of one chat is its own."""
    limiter = a_limiter()
    limiter.throttled(START, 5 * SECOND, "1")
    blocked = limiter.ask("1", START, is_urgent=False)
    other = limiter.ask("2", START, is_urgent=False)

    assert limiter.grant(START) == [other]
    assert limiter.next_moment(START) == START + 5 * SECOND
    assert limiter.grant(START + 5 * SECOND) == [blocked]


def test_block_is_shared_by_a_lane() -> None:
    """All topics of a group wait when the group must."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    limiter.throttled(START, 5 * SECOND, "-3/7")

    assert limiter.delay("-3/9", START) == 5 * SECOND
    assert limiter.delay("-4", START) == timedelta(0)


def test_question_how_long_makes_no_lane() -> None:
    """Of all whom news is owed most are only asked about; lanes are for those who are sent to."""
    limiter = a_limiter()

    limiter.delay("1", START)
    assert not limiter._lanes

    limiter.ask("1", START, is_urgent=False)
    assert list(limiter._lanes) == ["1"]


def test_last_free_slot_waits_for_a_lane_and_not_for_another_slot() -> None:
    """While one slot is free an answer to somebody else changes nothing for those who wait."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    limiter.throttled(START, 5 * SECOND, "1")
    admitted(limiter, "2")
    limiter.ask("1", START, is_urgent=False)

    assert limiter.next_moment(START) == START + 5 * SECOND


def test_wait_for_one_rate_of_a_lane_is_not_for_another() -> None:
    """The last message of a group's minute waits for its second, not for the minute's end."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    at = START
    for _ in range(17):
        at += 2 * SECOND
        ticket = limiter.ask("-1", at, is_urgent=False)
        assert limiter.grant(at) == [ticket]
        limiter.give_back(ticket, at, answered=True)

    limiter.ask("-1", at, is_urgent=False)

    assert limiter.next_moment(at) == at + 1.01 * SECOND


@pytest.mark.parametrize("is_urgent", [True, False])
def test_end_of_a_block_is_minded_for_all_who_wait(*, is_urgent: bool) -> None:
    """A person's answer is not left to wait until somebody else wakes it."""
    limiter = a_limiter()
    limiter.throttled(START, 5 * SECOND, "1")
    limiter.ask("1", START, is_urgent=is_urgent)

    assert limiter.next_moment(START) == START + 5 * SECOND


def test_request_to_nobody_has_no_lane() -> None:
    """What an adapter asks for itself is no message to a chat, and not paced like one."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    own = [limiter.ask("", START, is_urgent=False) for _ in range(3)]

    assert limiter.grant(START) == own


def test_slow_means_one_at_least_and_no_more() -> None:
    """A tenth of a small limit is less than one slot; something always goes."""
    limiter = a_limiter(Limits(text=4096, slots=5))
    for _ in range(500):
        limiter.refused(START)

    assert granted(limiter, START) == 1


def test_block_outlives_thousands_of_other_lanes() -> None:
    """What is forgotten to save memory is what rests, never what must stay away."""
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lane_of))
    limiter.throttled(START, MINUTE, "blocked")

    for number in range(3000):
        limiter.put_back(admitted(limiter, f"{number}"))

    assert limiter.delay("blocked", START) == MINUTE
    assert len(limiter._lanes) < 3000


def test_lane_that_is_blocked_or_awaited_does_not_rest() -> None:
    """Were it forgotten, a flood wait would be broken and those who wait be counted no more."""
    resting, blocked, awaited, asked = (LaneState(slots=()) for _ in range(4))
    blocked.block(START + SECOND)
    awaited.count(1, is_urgent=False)
    asked.count(1, is_urgent=True)

    assert [one.is_idle(START) for one in (resting, blocked, awaited, asked)] == [
        True,
        False,
        False,
        False,
    ]
    assert blocked.is_idle(START + SECOND)


def test_resting_lanes_are_forgotten() -> None:
    """A million chats do not fill the memory."""
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lane_of))
    now = START

    for number in range(20_000):
        ticket = limiter.ask(f"{number}", now, is_urgent=False)
        assert limiter.grant(now) == [ticket]
        limiter.give_back(ticket, now, answered=True)
        now += timedelta(milliseconds=10)

    assert len(limiter._lanes) < 3000
    assert len(limiter._slots._returns) < 200
