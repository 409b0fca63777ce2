"""Whose turn it is: what is put off, and how little of it is remembered."""

from datetime import timedelta

from bot.domain.deliveries import Delivery, DeliveryId
from bot.domain.messages import Lane, Limits, Rate
from bot.domain.subscriptions import Destination
from bot.services.pacing import SlotPace
from bot.services.turns import Turns
from bot.testing import FakeClock, a_delivery

SECOND = timedelta(seconds=1)
SLOW = Limits(
    text=4096,
    slots=30,
    lane=lambda address: Lane(key=address, rates=(Rate(count=1, per=SECOND),)),
)


def turns_of(clock: FakeClock) -> Turns:
    """Turns by the limits of slow chats."""
    pace = SlotPace(clock)
    pace.declare(SLOW)
    return Turns(pace, SLOW, now=clock.now())


def claimed(address: str, count: int) -> list[Delivery]:
    """So many deliveries to one chat, oldest first."""
    destination = Destination(adapter="telegram", address=address)
    return [a_delivery(id=DeliveryId(one), destination=destination) for one in range(count)]


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
