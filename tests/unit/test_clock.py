"""The clocks that run: the machine's, and a story's that leaps when all its parties wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import StoryClock, SystemClock, first_set
from bot.testing import START

BLINK, DAY, WEEK = timedelta(milliseconds=1), timedelta(days=1), timedelta(weeks=1)
FAST = 1e12
"""Story seconds a second: as fast as the work allows."""


def test_system_clock_tells_aware_utc() -> None:
    """No naive time enters the house."""
    before = datetime.now(UTC)

    now = SystemClock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


@pytest.mark.parametrize("pause", [BLINK, timedelta(0), -DAY])
async def test_system_clock_waits_no_longer_than_asked(pause: timedelta) -> None:
    """A pause that is over, or lies in the past, ends the wait; a wake is not needed."""
    wake = asyncio.Event()

    async with asyncio.timeout(10):
        await SystemClock().wait(pause, wake)

    assert not wake.is_set()


async def test_system_clock_waits_as_long_as_asked() -> None:
    """Not a moment less, by the clock of the event loop."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    await SystemClock().wait(20 * BLINK)

    # A timer of the event loop may ring early by the clock's own resolution.
    assert loop.time() - began >= 0.019


async def test_system_clock_lets_others_run_even_without_a_pause() -> None:
    """A loop that has always something due must not starve the rest."""
    ran: list[str] = []
    other = asyncio.ensure_future(_note(ran))

    await SystemClock().wait(timedelta(0), asyncio.Event())

    assert ran == ["other"]
    await other


async def _note(ran: list[str]) -> None:
    ran.append("other")


@pytest.mark.parametrize("pause", [None, WEEK, timedelta.max])
async def test_system_clock_ends_a_wait_at_any_wake(pause: timedelta | None) -> None:
    """Whatever the pause: the first wake is enough."""
    first, second = asyncio.Event(), asyncio.Event()
    waiting = asyncio.ensure_future(SystemClock().wait(pause, first, second))
    await asyncio.sleep(0)

    second.set()

    async with asyncio.timeout(10):
        await waiting


async def test_system_clock_passes_a_cancellation_on() -> None:
    """Only its own timeout is swallowed."""
    waiting = asyncio.ensure_future(SystemClock().wait(WEEK))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_first_set_returns_at_once_for_a_set_event() -> None:
    """Nobody sleeps through a signal that came before."""
    ringing = asyncio.Event()
    ringing.set()

    await first_set(asyncio.Event(), ringing)

    assert ringing.is_set()


async def test_first_set_leaves_no_task_behind() -> None:
    """Neither when it returns nor when it is cancelled: a service waits millions of times."""
    first, second = asyncio.Event(), asyncio.Event()
    returned = asyncio.ensure_future(first_set(first, second))
    cancelled = asyncio.ensure_future(first_set(second))
    await asyncio.sleep(0)

    first.set()
    cancelled.cancel()
    await asyncio.wait({returned, cancelled})
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_first_set_of_nothing_never_returns() -> None:
    """There is nothing to wait for."""
    waiting = asyncio.ensure_future(first_set())
    for _ in range(10):
        await asyncio.sleep(0)

    assert not waiting.done()
    waiting.cancel()


@asynccontextmanager
async def _told(parties: int, speed: float = FAST) -> AsyncIterator[StoryClock]:
    """A story that is being told."""
    clock = StoryClock(START, parties=parties, speed=speed)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        telling = group.create_task(clock.run(), name="story")
        yield clock
        telling.cancel()


async def test_story_leaps_to_the_first_moment_awaited() -> None:
    """A week passes in no time, and each waiter wakes exactly at its moment."""
    woke: list[tuple[str, timedelta]] = []

    async def wait(name: str, *pauses: timedelta) -> None:
        for pause in pauses:
            await clock.wait(pause)
            woke.append((name, clock.now() - START))

    async with _told(2) as clock, asyncio.TaskGroup() as group:
        group.create_task(wait("late", 3 * DAY), name="late")
        group.create_task(wait("early", DAY, 2 * DAY), name="early")

    assert [woke[0], *sorted(woke[1:])] == [("early", DAY), ("early", 3 * DAY), ("late", 3 * DAY)]


async def test_story_stands_still_while_a_party_works() -> None:
    """No work is ever late because the machine is slow."""
    async with _told(2) as clock:
        waiting = asyncio.ensure_future(clock.wait(DAY))
        for _ in range(100):
            await asyncio.sleep(0)
        early = waiting.done(), clock.now()
        await clock.wait(DAY)
        await waiting

    assert early == (False, START)
    assert clock.now() == START + DAY


async def test_story_stands_still_while_a_party_waits_for_the_world() -> None:
    """A wait without a pause is a wait for something outside the story, e.g. a send."""
    landed = asyncio.Event()
    async with _told(2) as clock:
        sleeping = asyncio.ensure_future(clock.wait(DAY))
        sending = asyncio.ensure_future(clock.wait(None, landed))
        for _ in range(100):
            await asyncio.sleep(0)
        early = sleeping.done(), clock.now()
        landed.set()
        await sending
        await clock.wait(DAY)
        await sleeping

    assert early == (False, START)


async def test_story_leaps_not_while_a_woken_party_has_yet_to_run() -> None:
    """Whom a wake set free works at the story's present, not a leap later."""
    wake = asyncio.Event()
    times: list[datetime] = []

    async def work() -> None:
        await clock.wait(WEEK, wake)
        times.append(clock.now())
        await clock.wait(WEEK)

    async with _told(2) as clock, asyncio.TaskGroup() as group:
        worker = group.create_task(work(), name="worker")
        await asyncio.sleep(0)
        wake.set()
        await clock.wait(DAY)
        worker.cancel()

    assert times == [START]


async def test_story_is_told_no_faster_than_asked() -> None:
    """So that a reader can follow."""
    loop = asyncio.get_running_loop()
    async with _told(1, speed=DAY.total_seconds() / 0.02) as clock:
        began = loop.time()
        await clock.wait(DAY)
        await clock.wait(DAY)
        lasted = loop.time() - began

    assert lasted >= 0.038
    assert clock.now() == START + 2 * DAY


async def test_party_that_begins_to_work_during_a_pause_of_the_story_is_not_leapt_over() -> None:
    """While the story is held back to its speed, the world goes on: a wake stops the leap."""
    loop, wake, work_done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    times: list[datetime] = []

    async def work() -> None:
        await clock.wait(WEEK, wake)
        loop.call_later(0.1, work_done.set)
        await work_done.wait()
        times.append(clock.now())
        wake.clear()
        await clock.wait(WEEK, wake)

    async with _told(2, speed=DAY.total_seconds() / 0.05) as clock, asyncio.TaskGroup() as group:
        worker = group.create_task(work(), name="worker")
        loop.call_later(0.01, wake.set)
        await clock.wait(DAY)
        worker.cancel()

    assert times == [START]


async def test_waits_that_are_over_leave_the_story() -> None:
    """A cancelled wait does not count as a party that waits."""
    async with _told(2) as clock:
        given_up = asyncio.ensure_future(clock.wait(DAY))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        waiting = asyncio.ensure_future(clock.wait(DAY))
        for _ in range(100):
            await asyncio.sleep(0)
        early = waiting.done()
        await clock.wait(DAY)
        await waiting

    assert not early
