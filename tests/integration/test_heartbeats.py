"""A loop that stalls turns /healthz red, however it stalls; time stands still but for the test."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from outboxes import subscribe, tell, to
from senders import NAME, HeldAdapter, a_dispatcher, a_store, owe_to, until_states
from watchers import Watcher, open_watcher
from watching_bench import CALM, ScriptedLL2, open_bench

from bot.app import open_service
from bot.config import FixedSettings
from bot.domain.deliveries import Delivery, Outcome, State
from bot.domain.messages import Message
from bot.domain.retention import Retention
from bot.domain.status import Status
from bot.domain.watching import Snapshot
from bot.ports import Store
from bot.running import run
from bot.services.fanout import Fanout
from bot.services.housekeeping import Housekeeper
from bot.services.librarian import Librarian
from bot.services.pulses import Pulses
from bot.services.reminder_clock import ReminderClock
from bot.services.supervisor import SOUND
from bot.services.vitals import ServiceVitals, sender
from bot.testing import FakeClock, RecordingAdapter, an_event

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SETTINGS = {
    "store": {"url": "sqlite://"},
    "ll2": {"base_url": "http://127.0.0.1:9/2.3.0"},
    "console": {"enabled": True},
    "web": {"listen": "127.0.0.1:0"},
}
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
    """Each may rest as long as it said: ten minutes, or a week."""
    clock, stop = FakeClock(), asyncio.Event()
    pulses, owed = Pulses(clock), asyncio.Event()
    async with a_store() as store, a_dispatcher(store, RecordingAdapter(NAME), clock) as sending:
        reminders = ReminderClock(store, clock, rates={}, owed=owed, moved=asyncio.Event())
        loops = {
            "librarian": Librarian(ScriptedLL2(), store, clock).run,
            "reminders": reminders.run,
            "fan-out": Fanout(store, clock, owed=owed, wakes=()).run,
            sender(NAME): sending.run,
        }
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for name, loop in loops.items():
                group.create_task(loop(stop, pulses.of(name)), name=name)
            await clock.until_waiting(len(loops))
            clock.advance(10 * MINUTE - SECOND)
            resting = pulses.heartbeats()
            clock.advance(timedelta(days=6))
            librarian = [one for one in pulses.heartbeats() if one.loop == "librarian"]
            stop.set()

    assert {one.loop: one.is_late for one in resting} == dict.fromkeys(loops, False)
    assert [one.is_late for one in librarian] == [False]


async def test_loops_that_wait_end_as_soon_as_they_are_told() -> None:
    """A stop waits for no pause of theirs: whoever stops the program would kill it meanwhile."""
    clock, stop = FakeClock(), asyncio.Event()
    owed = asyncio.Event()
    async with a_store() as store, a_dispatcher(store, RecordingAdapter(NAME), clock) as sending:
        reminders = ReminderClock(store, clock, rates={}, owed=owed, moved=asyncio.Event())
        loops = (
            Librarian(ScriptedLL2(), store, clock).run,
            Housekeeper(store, clock, Retention()).run,
            reminders.run,
            Fanout(store, clock, owed=owed, wakes=()).run,
            sending.run,
        )
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(loop(stop))
            await clock.until_waiting(len(loops))
            stop.set()


async def _crash(_delivery: Delivery, _message: Message) -> Outcome:
    raise ConnectionError("reset")


async def test_adapter_that_fails_and_rests_is_no_illness() -> None:
    """It has no heart until it is opened again; /readyz minds, /healthz does not."""
    clock, stop = FakeClock(), asyncio.Event()
    adapter = RecordingAdapter("console", outcomes=_crash)
    async with open_service(FixedSettings.model_validate(SETTINGS), clock=clock) as opened:
        service = replace(opened, factories={"console": lambda _surroundings: adapter})
        await subscribe(service.store, to())
        async with (
            service.watched(["console"], polls=False) as address,
            asyncio.timeout(PATIENCE_S),
            asyncio.TaskGroup() as group,
        ):
            watcher = Watcher(address=address)
            group.create_task(run(service, stop, roles=("send",)), name="run")
            await clock.until_waiting()
            well = await watcher.statuses("/healthz", "/readyz")
            clock.advance(SOUND)
            await tell(service.store)
            service.wakes["console"].set()
            while not service.troubles:
                await clock.settle()
            ill = await watcher.statuses("/healthz", "/readyz")
            health = await watcher.ask("/healthz")
            stop.set()

    assert (well, ill) == ([200, 200], [200, 503])
    assert '"loops": {}' in health.text


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
