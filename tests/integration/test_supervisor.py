"""The guarded border around an adapter: it is opened again with backoff, and hurts nobody else."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from random import Random

import pytest
from senders import NAME, PATIENCE_S, WatchedClock, a_supervisor

from bot.errors import ChatUnavailable, ConfigError, StoreError
from bot.ports import Adapter
from bot.services.supervisor import SOUND, Supervisor
from bot.testing import FakeClock, RecordingAdapter

MINUTE = timedelta(minutes=1)


def _opening(*failures: Exception) -> Callable[[], AbstractAsyncContextManager[Adapter]]:
    """An adapter that fails so often to open, and then opens."""
    left: Iterator[Exception] = iter(failures)

    @asynccontextmanager
    async def opening() -> AsyncIterator[Adapter]:
        for failure in left:
            raise failure
        async with RecordingAdapter(NAME) as adapter:
            yield adapter

    return opening


class _Work:
    """What an adapter is opened for: fails as told, then lasts until it is told to stop."""

    def __init__(self, stop: asyncio.Event, *failures: Exception | None) -> None:
        self.stop = stop
        self.rounds = 0
        self.began = asyncio.Event()
        self._failures = iter(failures)

    async def __call__(self, adapter: Adapter) -> None:
        """One round."""
        assert isinstance(adapter, RecordingAdapter)
        assert adapter.is_open
        self.rounds += 1
        for failure in self._failures:
            if failure is not None:
                raise failure
        self.began.set()
        await self.stop.wait()


async def _run_over(clock: WatchedClock, running: asyncio.Task[None], rests: int) -> None:
    """Let time pass over so many rests."""
    for rest in range(1, rests + 1):
        await clock.until_asked(lambda pauses, rest=rest: len(pauses) >= rest)  # type: ignore[misc]  # the default binds it
        await clock.until_waiting()
        clock.advance(clock.pauses[-1] or MINUTE)
    assert not running.done()


async def test_adapter_that_does_not_open_is_tried_again_with_backoff() -> None:
    """A bad token or an outage at the start: 5 s, 10 s, 20 s …, never in a rush."""
    clock, stop = WatchedClock(), asyncio.Event()
    work = _Work(stop)
    opening = _opening(*[ConfigError("bad token")] * 4)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(a_supervisor(clock).run(opening, work, stop), name="adapter")
        await _run_over(clock, running, 4)
        await work.began.wait()
        stop.set()

    assert work.rounds == 1
    seconds = [one.total_seconds() for one in clock.pauses if one]
    assert all(
        longest / 2 <= one <= longest for one, longest in zip(seconds, (5, 10, 20, 40), strict=True)
    )


async def test_adapter_that_fails_as_all_is_cancelled_is_not_opened_again() -> None:
    """Its failure hides that it was cancelled; whoever waits for its end must not wait for ever."""
    work, begun = asyncio.Event(), asyncio.Event()

    async def fail_when_cancelled(_adapter: Adapter) -> None:
        begun.set()
        try:
            await work.wait()
        except asyncio.CancelledError as cut_off:
            raise ConnectionError("reset") from cut_off

    running = asyncio.create_task(
        a_supervisor(FakeClock()).run(_opening(), fail_when_cancelled, asyncio.Event())
    )
    await begun.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=PATIENCE_S)

    assert running.cancelled()


async def test_adapter_that_fails_soon_after_each_opening_is_left_alone_ever_longer() -> None:
    """That it opened is no proof that it works: a platform counts how often we log in."""
    clock, stop = WatchedClock(), asyncio.Event()
    work = _Work(stop, *[ConnectionError("reset")] * 12)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(a_supervisor(clock).run(_opening(), work, stop), name="adapter")
        await _run_over(clock, running, 12)
        await work.began.wait()
        stop.set()

    assert sum(filter(None, clock.pauses), timedelta(0)) > timedelta(hours=2)


async def test_adapter_that_worked_long_enough_begins_with_a_short_rest() -> None:
    """Yesterday's trouble does not lengthen today's rest."""
    clock, stop = WatchedClock(), asyncio.Event()
    last = _Work(stop)
    rounds = 0

    async def work(adapter: Adapter) -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 7:
            await last(adapter)
        else:
            clock.advance(SOUND if rounds == 7 else timedelta(0))
            raise ConnectionError("reset")

    async with asyncio.TaskGroup() as group:
        running = group.create_task(a_supervisor(clock).run(_opening(), work, stop), name="adapter")
        await _run_over(clock, running, 7)
        await last.began.wait()
        stop.set()

    sixth, seventh = (one.total_seconds() for one in clock.pauses[5:] if one)
    assert sixth > 60
    assert seventh <= 5


async def test_stop_ends_a_rest() -> None:
    """Nobody waits an hour for an adapter that is down anyhow."""
    clock, stop = WatchedClock(), asyncio.Event()
    opening = _opening(*[ConnectionError("reset")] * 9)

    async with asyncio.TaskGroup() as group:
        group.create_task(a_supervisor(clock).run(opening, _Work(stop), stop), name="adapter")
        await clock.until_waiting()
        stop.set()

    assert len(clock.pauses) == 1


@pytest.mark.parametrize(
    "failure",
    [
        StoreError("the disk is full"),
        ExceptionGroup("", [StoreError("the disk is full")]),
        ExceptionGroup("", [ConnectionError("reset"), ExceptionGroup("", [StoreError("full")])]),
    ],
)
async def test_failing_store_ends_the_program_at_once(failure: Exception) -> None:
    """It is not the adapter's fault, whatever else failed beside it."""
    clock, stop = WatchedClock(), asyncio.Event()

    with pytest.raises(ExceptionGroup) as raised:
        await a_supervisor(clock).run(_opening(), _Work(stop, failure), stop)

    assert raised.group_contains(StoreError)
    assert clock.pauses == []


async def test_cancelling_ends_it() -> None:
    """The grace is over: no rest, no further opening."""
    clock, stop = WatchedClock(), asyncio.Event()
    work = _Work(stop)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(a_supervisor(clock).run(_opening(), work, stop), name="adapter")
        await work.began.wait()
        running.cancel()

    assert running.cancelled()
    assert clock.pauses == []


async def test_failure_and_recovery_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """One error with its traceback, one line when it is back."""
    clock, stop = WatchedClock(), asyncio.Event()
    work = _Work(stop, ConnectionError("reset"))

    with caplog.at_level("INFO"):
        async with asyncio.TaskGroup() as group:
            running = group.create_task(
                a_supervisor(clock).run(_opening(), work, stop), name="adapter"
            )
            await _run_over(clock, running, 1)
            await work.began.wait()
            stop.set()

    assert [one.levelname for one in caplog.records] == ["ERROR", "INFO"]
    assert caplog.records[0].exc_info
    assert caplog.records[1].getMessage() == "Adapter recording is back"


@pytest.mark.parametrize(
    ("failure", "told", "has_traceback"),
    [
        (ConfigError("the token is wrong"), ": the token is wrong", False),
        (ExceptionGroup("", [ChatUnavailable("no answer")]), ": no answer", False),
        (ExceptionGroup("", [ChatUnavailable("no answer"), KeyError()]), ": no answer", True),
        (ConnectionError("reset"), "", True),
    ],
)
async def test_fault_of_owner_or_platform_is_a_sentence(
    caplog: pytest.LogCaptureFixture, failure: Exception, told: str, *, has_traceback: bool
) -> None:
    """A traceback is for bugs; a wrong token is tried again for ever, and must not fill the log."""
    clock, stop = WatchedClock(), asyncio.Event()

    async with asyncio.TaskGroup() as group:
        running = a_supervisor(clock).run(_opening(failure), _Work(stop), stop)
        group.create_task(running, name="adapter")
        await clock.until_waiting()
        stop.set()

    (record,) = caplog.records
    assert re.fullmatch(rf"Adapter recording failed; next try in \d+ s{told}", record.getMessage())
    assert bool(record.exc_info) is has_traceback


_REFUSED = ConfigError("its token is refused")


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (_REFUSED, "its token is refused"),
        (
            ExceptionGroup("tasks", [ExceptionGroup("its own", [_REFUSED])]),
            "its token is refused",
        ),
        (
            ExceptionGroup("tasks", [_REFUSED, ChatUnavailable("no answer"), KeyError("secret")]),
            "its token is refused; no answer",
        ),
        (KeyError("secret"), "it failed; the log says how"),
    ],
)
async def test_trouble_is_known_while_it_lasts(failure: Exception, trouble: str) -> None:
    """Whoever asks for the status of one platform hears of another, in its sentence."""
    clock, stop, troubles = WatchedClock(), asyncio.Event(), dict[str, str]()
    supervisor = Supervisor(NAME, clock, Random(1), troubles)  # noqa: S311, jitter
    work = _Work(stop)
    opening = _opening(failure)

    running = asyncio.create_task(supervisor.run(opening, work, stop), name="supervisor")
    await clock.until_waiting()
    told = dict(troubles)
    await _run_over(clock, running, 1)
    await work.began.wait()

    assert told == {NAME: trouble}
    assert troubles == {}
    stop.set()
    await running
