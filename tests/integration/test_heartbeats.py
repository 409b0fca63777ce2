"""A loop that stalls turns /healthz red, however it stalls; time stands still but for the test."""

import asyncio
from datetime import timedelta

from senders import NAME, HeldAdapter, a_dispatcher, a_store, owe_to, until_states
from watchers import open_watcher
from watching_bench import CALM, ScriptedLL2, open_bench

from bot.domain.deliveries import State
from bot.domain.status import Status
from bot.domain.watching import Snapshot
from bot.ports import Store
from bot.services.fanout import Fanout
from bot.services.librarian import Librarian
from bot.services.pulses import Pulses
from bot.services.reminder_clock import ReminderClock
from bot.services.vitals import ServiceVitals, sender
from bot.testing import FakeClock, an_event

MINUTE = timedelta(minutes=1)
PATIENCE_S = 30.0


class HangingLL2(ScriptedLL2):
    """An LL2 that never answers, past every timeout, until it is let go."""

    def __init__(self) -> None:
        super().__init__(an_event())
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()

    async def snapshot(self) -> Snapshot:
        """Hang, then list."""
        self.asked.set()
        await self.let_go.wait()
        return await super().snapshot()


def vitals(store: Store, clock: FakeClock, pulses: Pulses) -> ServiceVitals:
    """The vitals of a process that polls and sends through one adapter."""
    return ServiceVitals(store, clock, pulses, Status, adapters=(NAME,), interval=CALM)


async def test_poller_that_hangs_turns_health_red() -> None:
    """Not while it may still be busy; and it is green again as soon as the loop goes on."""
    stop = asyncio.Event()
    async with open_bench() as bench:
        ll2 = bench.ll2 = HangingLL2()
        pulses = Pulses(bench.clock)
        async with (
            open_watcher(vitals(bench.store, bench.clock, pulses)) as watcher,
            asyncio.timeout(PATIENCE_S),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(bench.poller().run(stop, pulses.of("poller")), name="poller")
            await ll2.asked.wait()
            bench.clock.advance(10 * MINUTE)
            busy = await watcher.ask("/healthz")
            bench.clock.advance(MINUTE)
            stalled = await watcher.ask("/healthz")
            ll2.let_go.set()
            await bench.clock.until_waiting()
            recovered = await watcher.ask("/healthz")
            stop.set()

    assert [busy.status, stalled.status, recovered.status] == [200, 503, 200]
    assert '"poller": {"age_seconds": 660.0, "late": true}' in stalled.text


async def test_dispatcher_that_is_stuck_turns_health_red() -> None:
    """An adapter whose send never ends, nor lets itself be cut off, holds up its dispatcher."""
    clock, stop = FakeClock(), asyncio.Event()
    pulses, adapter = Pulses(clock), HeldAdapter(concurrency=1)
    async with a_store() as store:
        await owe_to(store, "main")
        async with (
            open_watcher(vitals(store, clock, pulses)) as watcher,
            a_dispatcher(store, adapter, clock) as dispatcher,
            asyncio.timeout(PATIENCE_S),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(dispatcher.run(stop, pulses.of(sender(NAME))), name="dispatcher")
            await adapter.until_sent(1)
            await clock.until_waiting()
            clock.advance(3 * MINUTE)
            busy = await watcher.ask("/healthz")
            clock.advance(MINUTE)
            stuck = await watcher.ask("/healthz")
            adapter.let_land()
            await until_states(store, State.SENT)
            recovered = await watcher.ask("/healthz")
            stop.set()

    assert [busy.status, stuck.status, recovered.status] == [200, 503, 200]
    assert f'"dispatcher {NAME}": {{"age_seconds": 240.0, "late": true}}' in stuck.text


async def test_loops_that_only_wait_stay_green() -> None:
    """Each may rest as long as it said: ten minutes, an hour, a week."""
    clock, stop = FakeClock(), asyncio.Event()
    pulses = Pulses(clock)
    async with a_store() as store:
        events = {"owed": asyncio.Event(), "moved": asyncio.Event()}
        loops = {
            "librarian": Librarian(ScriptedLL2(), store, clock).run,
            "reminders": ReminderClock(store, clock, rates={}, **events).run,
            "fan-out": Fanout(store, clock, owed=events["owed"], wakes=()).run,
        }
        async with (
            open_watcher(vitals(store, clock, pulses)) as watcher,
            asyncio.timeout(PATIENCE_S),
            asyncio.TaskGroup() as group,
        ):
            for name, loop in loops.items():
                group.create_task(loop(stop, pulses.of(name)), name=name)
            await clock.until_waiting(len(loops))
            clock.advance(10 * MINUTE)
            resting = await watcher.ask("/healthz")
            stop.set()

    assert resting.status == 200
    assert all(f'"{name}"' in resting.text for name in loops)


async def test_clock_that_is_put_forward_is_no_illness() -> None:
    """Heartbeats go by the time that has elapsed, not by what the machine takes for the present."""

    class CorrectedClock(FakeClock):
        def elapsed(self) -> timedelta:
            return timedelta(0)

    clock = CorrectedClock()
    pulses = Pulses(clock)
    pulses.of("poller").beat(MINUTE)

    clock.advance(timedelta(days=1))

    assert [one.is_late for one in pulses.heartbeats()] == [False]
