"""The limiter against a server that counts strictly: never a request too many, never one lost."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strict_server import (
    MINUTE,
    SECOND,
    World,
    a_limiter,
    broadcast,
    granted,
    lane_of,
    latencies,
    most_within,
)

from bot.domain.messages import Limits
from bot.services.limiter import Limiter
from bot.testing import START


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1_000_000),
    longest=st.sampled_from([0.0, 0.05, 0.2, 1.0, 3.0]),
    slots=st.sampled_from([1, 5, 30]),
)
def test_no_window_holds_more_than_the_limit(seed: int, longest: float, slots: int) -> None:
    """Whatever the network does, a strict sliding second never counts a request too many."""
    limiter = a_limiter(Limits(text=4096, slots=slots))
    world = World(limiter=limiter, latency=latencies(seed, longest))

    broadcast(world, [f"{number}" for number in range(slots * 6)], senders=slots * 2)

    counted = [time for times in world.counted.values() for time in times]
    assert len(counted) == slots * 6
    assert most_within(counted, SECOND) <= slots


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1_000_000),
    addresses=st.lists(st.sampled_from(["1", "2", "-3", "-3/7", "-4"]), min_size=1, max_size=60),
)
def test_no_lane_is_sent_more_than_it_takes(seed: int, addresses: list[str]) -> None:
    """A private chat gets one a second, a group 18 a minute with all its topics together."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    world = World(limiter=limiter, latency=latencies(seed, 0.2))

    broadcast(world, addresses, senders=8)

    sent = Counter({lane: len(times) for lane, times in world.counted.items()})
    assert sent == Counter(lane_of(one).key for one in addresses)
    for lane, times in world.counted.items():
        assert most_within(times, SECOND) == 1
        assert most_within(times, MINUTE) <= (18 if lane.startswith("-") else 60)


@pytest.mark.parametrize("slots", [30, 50])
def test_limit_is_used_to_the_full(slots: int) -> None:
    """With 0 to 200 ms of latency nine tenths of the limit get through, as 1 / (1.01 + 0.1)."""
    limiter = a_limiter(Limits(text=4096, slots=slots))
    world = World(limiter=limiter, latency=latencies(1, 0.2))

    broadcast(world, [f"{number}" for number in range(2000)], senders=slots)

    assert 2000 / (world.ends[-1] - START).total_seconds() > slots * 0.88


def test_who_has_nobody_before_it_goes_at_once() -> None:
    """Until the slots are taken, and again when they have come back."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    first, second = (limiter.at_once(one, START) for one in "12")
    assert first is not None
    assert second is not None

    assert limiter.at_once("3", START) is None
    limiter.give_back(first, START, answered=True)
    assert limiter.at_once("3", START + SECOND) is None
    assert limiter.at_once("3", START + 2 * SECOND) is not None


@pytest.mark.parametrize("waiting", [{"is_urgent": True}, {"is_urgent": False}, {"is_alert": True}])
def test_nobody_goes_at_once_before_who_waits(waiting: dict[str, bool]) -> None:
    """Whatever they wait for; slots are free, but those before are asked first."""
    limiter = a_limiter(Limits(text=4096, slots=0))
    ticket = limiter.ask("1", START, **{"is_urgent": False} | waiting)
    assert limiter.at_once("2", START) is None

    limiter.leave(ticket)

    assert limiter.at_once("2", START) is not None


def test_nobody_goes_at_once_through_a_closed_gate() -> None:
    """The platform's word holds for all, with slots of ours and without; a lane's for its own."""
    for slots in (0, 5):
        limiter = a_limiter(Limits(text=4096, slots=slots))
        limiter.throttled(START, SECOND, "1")
        assert limiter.at_once("1", START) is None
        assert limiter.at_once("2", START) is not None

        limiter.throttled(START, SECOND, "")
        assert limiter.at_once("2", START) is None


def test_nobody_goes_at_once_into_a_full_lane() -> None:
    """A chat takes one a second; the next chat has its own."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    assert limiter.at_once("1", START) is not None
    assert limiter.at_once("1", START) is None
    assert limiter.at_once("2", START) is not None


def test_news_goes_evenly_after_somebody_was_answered() -> None:
    """Then it queues, for were all slots taken at once, the next who asks would wait a second."""
    limiter = a_limiter()
    assert limiter.at_once("1", START) is not None

    limiter.leave(limiter.ask("2", START, is_urgent=True))

    assert limiter.at_once("3", START) is None
    assert limiter.at_once("3", START + 2 * MINUTE) is not None


def test_urgent_overtakes() -> None:
    """A person who waits for an answer goes before what is broadcast."""
    limiter = a_limiter(Limits(text=4096, slots=1))
    ordinary = limiter.ask("1", START, is_urgent=False)
    urgent = limiter.ask("2", START, is_urgent=True)

    assert limiter.grant(START) == [urgent]
    assert not ordinary.may_go


def test_alert_overtakes_other_news_but_no_answer() -> None:
    """Whoever sends claims a second's worth ahead; an alert does not stand behind that."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    news = limiter.ask("1", START, is_urgent=False)
    alert = limiter.ask("2", START, is_urgent=False, is_alert=True)
    answer = limiter.ask("3", START, is_urgent=True)

    granted = limiter.grant(START)

    assert granted == [answer, alert]
    assert not news.may_go


@pytest.mark.parametrize("longest", [0.0, 0.05, 0.2])
def test_nobody_waits_a_whole_second_in_a_broadcast(longest: float) -> None:
    """Slots come back as evenly as they went, though the network is so steady that none mixes them.

    Were all taken in one moment, all would come back in one, and who asks between waited a second.
    """
    limiter = a_limiter()
    world = World(limiter=limiter, latency=latencies(1, longest))
    world.ask("0", is_urgent=True)

    broadcast(world, [f"{number}" for number in range(600)], senders=30)

    ends = [one for one in world.ends if one > START + 2 * SECOND]
    gaps = [later - sooner for sooner, later in pairwise(ends)]
    assert max(gaps) < 0.5 * SECOND


def test_news_goes_at_full_speed_where_nobody_asks() -> None:
    """Evenness costs a hundredth of the speed; requests of the adapter itself are no people."""
    limiter = a_limiter()
    limiter.leave(limiter.ask("", START, is_urgent=True))
    news = [limiter.ask(f"{number}", START, is_urgent=False) for number in range(40)]
    assert limiter.grant(START) == news[:30]

    for ticket in news[:30]:
        limiter.give_back(ticket, START, answered=True)
    limiter.leave(limiter.ask("0", START, is_urgent=True))
    assert limiter.grant(START + 2 * SECOND) == news[30:35]
    assert limiter.grant(START + 2 * MINUTE) == news[35:]


def test_few_requests_go_before_limits_are_declared() -> None:
    """An adapter that logs in has not said yet what its platform takes."""
    assert granted(Limiter(), START) == 5
