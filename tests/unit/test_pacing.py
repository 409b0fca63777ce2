"""The pace: who waits, who is woken, and what is given back when something goes wrong."""

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import pytest

from bot.domain.messages import Lane, Limits, Rate
from bot.errors import HeldBack
from bot.ports import Pace
from bot.services.limiter import PATIENCE
from bot.services.pacing import SlotPace
from bot.testing import START, FakeClock

SECOND = timedelta(seconds=1)
HOLD = timedelta(seconds=1.01)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that the test moves."""
    return FakeClock()


def a_pace(clock: FakeClock, slots: int = 2) -> SlotPace:
    """A pace of so many slots a second."""
    pace = SlotPace(clock)
    pace.declare(Limits(text=4096, slots=slots))
    return pace


async def request(pace: Pace, done: list[str], name: str, *, urgent: bool = False) -> None:
    """A request that is answered at once."""
    async with pace.slot(urgent=urgent):
        done.append(name)


async def test_slots_come_back_a_second_after_the_answer(clock: FakeClock) -> None:
    """Two at once, two more when their slots are back, in the order in which they asked."""
    pace, done = a_pace(clock), list[str]()

    async with asyncio.TaskGroup() as group:
        for name in "abcde":
            group.create_task(request(pace, done, name))
        await clock.settle()
        first = "".join(done)
        clock.advance(HOLD)
        await clock.settle()
        second = "".join(done)
        clock.advance(HOLD)

    assert (first, second, "".join(done)) == ("ab", "abcd", "abcde")


async def test_alert_goes_before_news_that_wait(clock: FakeClock) -> None:
    """A webcast that is live does not queue behind a broadcast."""
    pace, done = a_pace(clock, slots=1), list[str]()

    async def alert() -> None:
        async with pace.slot(alert=True):
            done.append("alert")

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(request(pace, done, name))
        await clock.settle()
        group.create_task(alert())
        for _ in range(3):
            await clock.settle()
            clock.advance(HOLD)

    assert done == ["a", "alert", "b", "c"]


async def test_urgent_request_goes_first(clock: FakeClock) -> None:
    """A person's command is answered within a slot's time while a broadcast goes on."""
    pace, done = a_pace(clock, slots=1), list[str]()

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(request(pace, done, name))
        await clock.settle()
        group.create_task(request(pace, done, "urgent", urgent=True))
        for _ in range(3):
            await clock.settle()
            clock.advance(HOLD)

    assert done == ["a", "urgent", "b", "c"]


async def test_cancelled_timekeeper_is_succeeded(clock: FakeClock) -> None:
    """Whoever gives up while keeping the time leaves nobody waiting for ever."""
    pace, done = a_pace(clock, slots=1), list[str]()

    async with asyncio.TaskGroup() as group:
        group.create_task(request(pace, done, "a"))
        await clock.settle()
        timekeeper = group.create_task(request(pace, done, "b"))
        await clock.until_waiting()
        group.create_task(request(pace, done, "c"))
        await clock.settle()
        timekeeper.cancel()
        await clock.settle()
        clock.advance(HOLD)

    assert done == ["a", "c"]


async def test_request_cancelled_with_its_slot_in_hand_gives_it_back(clock: FakeClock) -> None:
    """A slot that nobody used is free at once."""
    pace, done = a_pace(clock, slots=1), list[str]()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pace.slot())
        waiting = asyncio.ensure_future(request(pace, done, "a"))
        await clock.settle()
    clock.advance(HOLD)
    pace.throttled(timedelta(0))  # decides, so that the waiting one has its slot but not run yet
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting

    await request(pace, done, "b")

    assert done == ["b"]


async def test_request_without_an_answer_holds_its_slot_longer(clock: FakeClock) -> None:
    """A timeout says nothing of when the platform counted the request."""
    pace, done = a_pace(clock, slots=1), list[str]()
    with suppress(TimeoutError):
        async with pace.slot():
            raise TimeoutError

    waiting = asyncio.ensure_future(request(pace, done, "a"))
    await clock.settle()
    clock.advance(timedelta(seconds=4.9))
    await clock.settle()
    assert done == []

    clock.advance(timedelta(seconds=0.1))
    await waiting
    assert done == ["a"]


async def test_request_that_would_wait_too_long_is_held_back(clock: FakeClock) -> None:
    """The error tells how long, and the outbox waits in its place."""
    pace = a_pace(clock)
    pace.throttled(timedelta(hours=1), "42")

    with pytest.raises(HeldBack) as held:
        async with pace.slot("42"):
            pytest.fail("it was let out")

    assert held.value.wait == timedelta(hours=1)
    assert str(held.value) == "the limits let a request to 42 out in 3600 s"


async def test_answer_is_not_held_back_by_news_that_fills_its_group(clock: FakeClock) -> None:
    """What is kept of a lane for the people in it is theirs while all else waits a minute."""
    group = Lane(key="-1", rates=(Rate(count=2, per=timedelta(minutes=1), reserved=1),))
    pace, done = SlotPace(clock), list[str]()
    pace.declare(Limits(text=4096, slots=30, lane=lambda _: group))
    async with pace.slot("-1"):
        done.append("news")

    with pytest.raises(HeldBack):
        async with pace.slot("-1"):
            pytest.fail("news took the slot of the people")
    async with pace.slot("-1", urgent=True):
        done.append("answer")

    assert done == ["news", "answer"]


async def test_gate_that_closes_for_long_sends_the_waiting_away(clock: FakeClock) -> None:
    """Nobody sits out a flood wait of hours in a send."""
    pace, done = a_pace(clock, slots=1), list[str]()
    await request(pace, done, "a")
    waiting = asyncio.ensure_future(request(pace, done, "b"))
    await clock.settle()

    pace.throttled(timedelta(hours=12))
    with pytest.raises(HeldBack) as held:
        await waiting

    assert held.value.wait == timedelta(hours=12)
    assert done == ["a"]


async def test_wait_ends_when_patience_does(clock: FakeClock) -> None:
    """Many before it can make a request late without any 429."""
    pace = a_pace(clock, slots=1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pace.slot())
        waiting = asyncio.ensure_future(request(pace, [], "a"))
        await clock.settle()
        clock.advance(PATIENCE)
        with pytest.raises(HeldBack) as held:
            await waiting

    assert held.value.wait == SECOND
    assert str(held.value) == "the limits let a request out in 1 s"


async def test_block_that_ends_soon_is_waited_for(clock: FakeClock) -> None:
    """To the second, and no message goes back to the outbox for it."""
    pace, done = a_pace(clock), list[str]()
    pace.throttled(3 * SECOND)

    waiting = asyncio.ensure_future(request(pace, done, "a"))
    await clock.settle()
    clock.advance(timedelta(seconds=2.9))
    await clock.settle()
    assert done == []

    clock.advance(timedelta(seconds=0.1))
    await waiting
    assert done == ["a"]


async def test_earlier_chance_wakes_the_timekeeper(clock: FakeClock) -> None:
    """It keeps the time for all, also for those who come later and wait for less."""
    pace, done = a_pace(clock, slots=1), list[str]()
    pace.throttled(5 * SECOND, "1")

    async def to_blocked() -> None:
        async with pace.slot("1"):
            done.append("blocked")

    async with asyncio.TaskGroup() as group:
        group.create_task(to_blocked())
        await clock.settle()
        await request(pace, done, "a")
        group.create_task(request(pace, done, "b"))
        await clock.settle()
        clock.advance(HOLD)
        await clock.settle()
        soon = list(done)
        clock.advance(4 * SECOND)

    assert soon == ["a", "b"]
    assert done == ["a", "b", "blocked"]


class _BackwardClock(FakeClock):
    """A clock that somebody sets right."""

    def set_back(self, span: timedelta) -> None:
        self._now -= span


async def test_clock_that_is_set_back_freezes_nothing() -> None:
    """However often: held slots come back a second later all the same."""
    clock = _BackwardClock(START)
    pace, done = a_pace(clock, slots=1), list[str]()
    await request(pace, done, "a")

    for name in "bc":
        clock.set_back(timedelta(hours=1))
        waiting = asyncio.ensure_future(request(pace, done, name))
        await clock.settle()
        clock.advance(HOLD)
        await clock.settle()
        assert waiting.done()

    assert done == ["a", "b", "c"]


async def test_a_thousand_requests_a_second_cost_little() -> None:
    """Telegram's paid rate: the limiter itself must not be what slows it down."""
    clock = FakeClock()
    pace, done = a_pace(clock, slots=1000), list[str]()

    async with asyncio.TaskGroup() as group:
        for number in range(3000):
            group.create_task(request(pace, done, f"{number}"))
        for _ in range(3):
            await clock.settle()
            clock.advance(HOLD)

    assert len(done) == 3000
