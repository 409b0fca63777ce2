"""A machine's clock that jumps a day, either way: nothing is stuck, lost, or told twice by it.

Waits go by another clock and end when they should; only what is written down can mislead.
"""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from ll2_wire import BUDGET, Say, Watch, good, replying, telling, watching
from outboxes import expand, states, subscribe, tell, to
from senders import NAME, a_dispatcher, a_store, drain
from watching_bench import ScriptedLL2

from bot.domain.changes import Kind
from bot.domain.deliveries import Later, State
from bot.domain.events import EventType
from bot.domain.watching import Catalogue, Tracked
from bot.services.dispatcher import Dispatcher
from bot.services.librarian import Librarian
from bot.services.reminder_clock import ReminderClock
from bot.testing import START, FakeClock, RecordingAdapter, an_event

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LATER = Later(reason="busy", wait=10 * MINUTE)


async def _deliver(sender: Dispatcher, clock: FakeClock, span: timedelta) -> None:
    """Do as the sender's loop does for so long."""
    left = span
    while left > timedelta(0):
        if await sender.step():
            continue
        if sender._flights:
            await asyncio.wait(sender._flights)
        else:
            pause = min(await sender._pause() or left, left)
            clock.advance(pause)
            left -= pause


@pytest.mark.parametrize(
    ("age", "jump"),
    [
        (MINUTE, DAY),
        (MINUTE, -DAY),
        (MINUTE, -2 * MINUTE),
        (MINUTE, timedelta(days=-400)),
        (2 * DAY, -DAY),
    ],
)
async def test_what_waits_for_its_retry_is_sent_once_and_soon(
    age: timedelta, jump: timedelta
) -> None:
    """It waits as long as it should, or a little more, not for a day, however old it is."""
    clock, adapter = FakeClock(), RecordingAdapter(NAME, outcomes=[LATER])
    clock.advance(age)
    async with a_store() as store:
        await subscribe(store, to("a", NAME))
        await tell(store)

        async with a_dispatcher(store, adapter, clock) as sender:
            await _deliver(sender, clock, MINUTE)
            clock.jump(jump)
            await _deliver(sender, clock, 30 * MINUTE)

        assert len(adapter.sent) == 2
        assert await states(store) == [State.SENT]


async def test_what_was_owed_in_the_future_is_sent_after_a_restart(tmp_path: Path) -> None:
    """The clock ran a day ahead when it was noticed; the next process has the right one."""
    adapter = RecordingAdapter(NAME, outcomes=[LATER])
    async with a_store(tmp_path / "perigee.db") as store:
        await subscribe(store, to("a", NAME), to("b", NAME))
        await tell(store, created_at=START + DAY)
        await drain(store, adapter, FakeClock(START + DAY))

        await drain(store, adapter, FakeClock(START))

        assert [one.destination.address for one, _ in adapter.sent] == ["a", "b", "a"]
        assert await states(store) == [State.SENT] * 2


async def test_restart_with_a_right_clock_hastens_nothing(tmp_path: Path) -> None:
    """A platform that asked to be left alone is left alone, however often we start."""
    adapter = RecordingAdapter(NAME, outcomes=[LATER])
    async with a_store(tmp_path / "perigee.db") as store:
        await subscribe(store, to("a", NAME))
        await tell(store)
        for seconds in range(5):
            await drain(store, adapter, FakeClock(START + timedelta(seconds=seconds)))

        assert len(adapter.sent) == 1


@pytest.mark.parametrize("jumps", [(DAY, -DAY), (-DAY, DAY), (-DAY,), (DAY,)])
async def test_no_reminder_is_told_twice_nor_lost_for_good(jumps: tuple[timedelta, ...]) -> None:
    """What is due after the clock was set right is told, though a wrong one had passed it."""
    clock, event = FakeClock(), an_event(date=START + 60 * HOUR)
    async with a_store() as store:
        await subscribe(
            store, to("a"), kinds=frozenset({Kind.REMINDER}), leads=frozenset({24 * HOUR, HOUR})
        )
        async with store.writing() as unit:
            await unit.snapshots.keep([Tracked(event=event, first_seen_at=START)])
        reminders = ReminderClock(
            store, clock, rates={}, owed=asyncio.Event(), moved=asyncio.Event()
        )
        await reminders.step()
        for jump in jumps:
            clock.jump(jump)
            await reminders.step()
        while clock.now() < START + 61 * HOUR:
            clock.advance(await reminders.step())
        await expand(store)

        assert await states(store) == [State.PENDING] * 2


async def test_names_learnt_in_the_future_are_learnt_anew() -> None:
    """A clock that was years ahead must not keep them old for years."""
    clock, ll2 = FakeClock(), ScriptedLL2()
    ll2.names = Catalogue(types=(EventType(id=1, name="One"),))
    async with a_store() as store:
        librarian = Librarian(ll2, store, clock)
        clock.jump(400 * DAY)
        await librarian.step()
        clock.jump(-400 * DAY)
        ll2.names = Catalogue(types=(EventType(id=1, name="Two"),))
        pause = await librarian.step()

        async with store.reading() as unit:
            assert (await unit.names.known()).types[0].name == "Two"
        assert pause == 7 * DAY


class _Sky:
    """An LL2 with a clock of its own that counts strictly, and says what it counted."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._usual = good(range(1, 11))
        self.ahead = timedelta(0)
        self.counted = [at for at, _ in watch.wire.asked]
        self.most = 0

    def now(self) -> datetime:
        """The true present."""
        return self._watch.clock.now() - self.ahead

    def jump(self, span: timedelta) -> None:
        """Set the bot's clock."""
        self._watch.clock.jump(span)
        self.ahead += span

    def answer(self, path: str) -> Say:
        """Count what counts, and tell."""
        recent = [at for at in self.counted if at > self.now() - HOUR]
        if "/api-throttle/" in path:
            return telling(
                {
                    "your_request_limit": BUDGET,
                    "limit_frequency_secs": 3600,
                    "current_use": len(recent),
                    "next_use_secs": 0,
                }
            )
        self.counted.append(self.now())
        self.most = max(self.most, len(recent) + 1)
        return self._usual(path)

    def longest_gap(self) -> timedelta:
        """How long nothing was asked, at the most."""
        return max(after - before for before, after in pairwise(self.counted))


@pytest.mark.parametrize("jump", [DAY, -DAY, 2 * HOUR, -2 * HOUR, -400 * DAY])
async def test_the_budget_is_kept_and_watching_goes_on(jump: timedelta) -> None:
    """LL2 counts by its own clock; after a jump only it knows what its hour holds."""
    async with watching(range(1, 11)) as watch:
        sky = _Sky(watch)
        watch.wire.answer = sky.answer
        await watch.go_on(HOUR)
        sky.jump(jump)
        await watch.go_on(3 * HOUR)
        sky.jump(-jump)
        await watch.go_on(3 * HOUR)

        assert sky.most <= BUDGET
        assert sky.longest_gap() <= HOUR / 2
        assert await watch.noticed() == []


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_an_order_to_stay_away_is_kept_as_long_as_it_was_meant(jump: timedelta) -> None:
    """Ten minutes are ten minutes."""
    async with watching(range(1, 11)) as watch:
        sky = _Sky(watch)
        watch.wire.answer = lambda _: replying(status="429 x", Retry_After="600")
        await watch.poller.step()
        watch.wire.answer = sky.answer
        sky.jump(jump)
        await watch.go_on(HOUR)

        assert sky.counted
        assert sky.longest_gap() <= HOUR / 2
