"""Whose turn it is: what is put off, and how little of it is remembered."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bot.domain.deliveries import Delivery, DeliveryId, Priority
from bot.domain.messages import Lane, Limits, Rate
from bot.domain.subscriptions import Destination
from bot.services.pacing import SlotPace
from bot.services.turns import SHORTLY, Turns, put_back
from bot.testing import START, FakeClock, a_delivery

SECOND = timedelta(seconds=1)
SLOW = Limits(
    text=4096,
    slots=30,
    lane=lambda address: Lane(key=address.partition("/")[0], rates=(Rate(count=1, per=SECOND),)),
)
"""A message a second to each chat, with all its topics together."""


def turns_of(clock: FakeClock) -> Turns:
    """Turns by the limits of slow chats."""
    return Turns(pace_of(clock), SLOW, now=clock.now())


def pace_of(clock: FakeClock) -> SlotPace:
    """The pace of slow chats."""
    pace = SlotPace(clock)
    pace.declare(SLOW)
    return pace


def claimed(address: str, count: int, *, first: int = 0, **changes: Any) -> list[Delivery]:
    """So many deliveries to one chat, oldest first; `changes` are `Delivery`'s fields."""
    destination = Destination(adapter="telegram", address=address)
    return [
        a_delivery(id=DeliveryId(first + one), destination=destination, **changes)
        for one in range(count)
    ]


def ids(put_off: list[tuple[Delivery, datetime]]) -> list[int]:
    """Which were put off, in order."""
    return [delivery.id for delivery, _ in put_off]


def test_long_queue_of_one_chat_is_not_kept_in_memory() -> None:
    """It waits in the outbox, each at its own time; only the first of it are remembered."""
    clock = FakeClock()
    turns = turns_of(clock)

    put_off = turns.put_off(claimed("1", 500), now=clock.now())

    times = [at for _, at in put_off]
    assert len(put_off) > 490
    assert times == sorted(times)
    assert len(turns._waiting["1"]) == 64


def test_chats_that_wait_no_more_are_forgotten() -> None:
    """Ten thousand chats leave no trace once their time has come."""
    clock = FakeClock()
    turns = turns_of(clock)

    for number in range(10_000):
        turns.put_off(claimed(f"{number}", 4), now=clock.now())
        clock.advance(SECOND / 10)

    assert len(turns._waiting) <= 1024


def test_each_that_must_wait_comes_back_a_slot_after_the_one_before_it() -> None:
    """Whoever goes shortly is not put off; the others come one at a time, not all at once."""
    clock = FakeClock()

    put_off = turns_of(clock).put_off(claimed("1", 6), now=clock.now())

    assert ids(put_off) == [2, 3, 4, 5]
    assert SHORTLY < put_off[0][1] - clock.now() < 1.1 * SHORTLY
    for (_, sooner), (_, later) in pairwise(put_off):
        assert SECOND <= later - sooner < 1.1 * SECOND


def test_what_may_go_within_two_seconds_is_not_put_off() -> None:
    """A wait to the second costs less than another claim."""
    clock = FakeClock()
    pace = pace_of(clock)
    turns = Turns(pace, SLOW, now=clock.now())
    pace.throttled(SHORTLY, "1")

    assert turns.put_off(claimed("1", 1), now=clock.now()) == []


def test_chat_with_a_long_queue_holds_up_no_other() -> None:
    """Each chat has its own limit, and all topics of one chat share it."""
    clock = FakeClock()
    turns = turns_of(clock)
    turns.put_off(claimed("1/7", 10), now=clock.now())

    other = turns.put_off(claimed("2", 1, first=10), now=clock.now())
    topic = turns.put_off(claimed("1/9", 1, first=11), now=clock.now())

    assert other == []
    assert ids(topic) == [11]


def test_newcomer_waits_behind_those_that_were_put_off() -> None:
    """Order within a chat holds, though the chat itself is free by now."""
    clock = FakeClock()
    turns = turns_of(clock)
    put_off = turns.put_off(claimed("1", 10), now=clock.now())

    newcomer = turns.put_off(claimed("1", 1, first=10), now=clock.now())

    assert [at for _, at in newcomer] == [put_off[-1][1]]


def test_urgent_newcomer_waits_behind_nobody() -> None:
    """Only the chat's own limit holds it up, not the news that was put off before."""
    clock = FakeClock()
    turns = turns_of(clock)
    turns.put_off(claimed("1", 10), now=clock.now())

    urgent = claimed("1", 1, first=10, priority=Priority.URGENT)

    assert turns.put_off(urgent, now=clock.now()) == []


def test_whose_time_has_come_waits_for_no_younger() -> None:
    """It had its place in the queue: those behind it are no reason to put it off again."""
    clock = FakeClock()
    turns = turns_of(clock)
    put_off = turns.put_off(claimed("1", 10), now=clock.now())
    first, at = put_off[0]
    clock.advance(at - clock.now())

    assert turns.put_off([first], now=clock.now()) == []


def test_put_off_delivery_stays_in_doubt() -> None:
    """It may have arrived before: whoever sends it at last must still look for it first."""
    doubted = a_delivery(in_doubt_since=START)

    result = put_back(doubted, START + SHORTLY, now=START)

    assert result.verdict.in_doubt_since == START
    assert result.verdict.not_before == START + SHORTLY
