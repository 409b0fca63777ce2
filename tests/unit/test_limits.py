"""How two processes share what a platform allows one token."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord.sending import LIMITS as DISCORD
from bot.adapters.telegram.client import FREE, PAID
from bot.domain.messages import Lane, Limits, Rate, part_of

MINUTE = timedelta(minutes=1)


def a_group(count: int, reserved: int) -> Limits:
    """Limits with a lane of this rate everywhere."""
    lane = Lane(key="x", rates=(Rate(count=count, per=MINUTE, reserved=reserved),))
    return Limits(text=100, slots=10, lane=lambda _address: lane)


@pytest.mark.parametrize("both", [True, False])
def test_whoever_does_both_has_all(*, both: bool) -> None:
    """One process, or a check that neither sends nor listens: nothing is shared."""
    assert part_of(FREE, sends=both, listens=both) == FREE


@pytest.mark.parametrize("limits", [DISCORD, FREE, PAID])
def test_parts_are_no_more_than_the_whole(limits: Limits) -> None:
    """Together they may not exceed what the platform allows, and each has some."""
    sender, listener = (part_of(limits, sends=one, listens=not one) for one in (True, False))

    assert sender.slots + listener.slots == limits.slots
    assert min(sender.slots, listener.slots) > 0
    assert sender.rate + listener.rate == pytest.approx(limits.rate)


@given(st.integers(min_value=2, max_value=1000), st.data())
def test_reserve_of_a_lane_is_the_listeners(count: int, drawn: st.DataObject) -> None:
    """What is kept for those who wait is theirs, and the rest the sender's."""
    reserved = drawn.draw(st.integers(min_value=1, max_value=count - 1))
    whole = a_group(count, reserved)

    lanes = [part_of(whole, sends=one, listens=not one).lane("a") for one in (True, False)]

    assert [lane and lane.rates[0].count for lane in lanes] == [count - reserved, reserved]


def test_platform_without_limits_has_none_in_parts() -> None:
    """Nothing is made up where nothing was declared."""
    free = Limits(text=100, rate=7.0)

    sender = part_of(free, sends=True, listens=False)

    assert (sender.slots, sender.rate, sender.lane("a")) == (0, 7.0, None)
