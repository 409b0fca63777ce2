"""What a running service tells of itself: from the store, the poller's word, and its adapters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from selectors import SelectSelector
from typing import Any

import pytest
from outboxes import subscribe, tell, to
from senders import a_store
from watching_bench import CALM, open_bench

from bot.domain.channels import Reach
from bot.domain.status import Status
from bot.domain.vitals import Queue, lacks
from bot.errors import StoreError
from bot.ports import Store, UnitOfWork
from bot.services.pulses import Pulses
from bot.services.roles import LeasedRoles
from bot.services.vitals import ServiceVitals, sender
from bot.testing import FakeClock, an_event

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class CountingStore:
    """A store that counts who reads it, and fails when it is told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.readings = 0
        self.failure: Exception | None = None

    def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """Nobody who watches writes."""
        raise AssertionError(f"a watcher wrote, {urgent=}, {brief=}")

    @asynccontextmanager
    async def reading(self, *, urgent: bool = False) -> AsyncIterator[UnitOfWork]:
        """Count, then read."""
        self.readings += 1
        if self.failure is not None:
            raise self.failure
        async with self._store.reading(urgent=urgent) as unit:
            yield unit


def watched(store: Store, clock: FakeClock, status: Status | None = None, **options: Any) -> Any:
    """The vitals of a service whose console is connected; `options` are further arguments."""
    pulses = Pulses(clock)
    pulses.of(sender("console")).beat(HOUR)
    usual: dict[str, Any] = {"adapters": ("console",), "interval": CALM}
    told = status or Status(budget=14)
    return ServiceVitals(store, clock, pulses, lambda: told, **(usual | options))


async def test_service_is_ready_after_its_first_poll_and_until_that_is_old() -> None:
    """Three polls may fail, by the rhythm that the settings and the budget allow."""
    async with open_bench(an_event()) as bench:
        vitals = watched(bench.store, bench.clock)
        rare = watched(bench.store, bench.clock, Status(budget=1, problem="LL2 answered 503"))
        before = lacks(await vitals.facts())
        await bench.poller().step()
        bench.clock.advance(3 * CALM)
        fresh = lacks(await vitals.facts())
        bench.clock.advance(SECOND)
        old = lacks(await vitals.facts())
        bench.clock.advance(2 * HOUR)
        still_fresh = lacks(await rare.facts())
        bench.clock.advance(HOUR)
        old_too = lacks(await rare.facts())

    assert before == ("LL2 has not given its list of events yet",)
    assert fresh == ()
    assert old == ("what LL2 told is 15m1s old",)
    assert still_fresh == ()
    assert old_too == ("what LL2 told is 3h15m1s old: LL2 answered 503",)


async def test_age_of_the_data_outlives_a_restart() -> None:
    """What the last process learnt is as fresh as it is."""
    async with open_bench(an_event()) as bench:
        await bench.poller().step()
        bench.clock.advance(CALM)

        facts = await watched(bench.store, bench.clock).facts()

    assert facts.data_age == CALM


async def test_process_that_does_not_poll_does_not_mind_old_data() -> None:
    """With `--roles send` freshness is another's business."""
    async with a_store() as store:
        facts = await watched(store, FakeClock(), interval=None).facts()

    assert lacks(facts) == ()


async def test_adapter_is_lacking_until_its_dispatcher_runs_and_while_it_is_out_of_order() -> None:
    """Its trouble in words, where it is known."""
    status = Status(troubles={"discord": "its token is refused"})
    adapters = ("console", "discord", "telegram")
    async with a_store() as store:
        vitals = watched(store, FakeClock(), status, adapters=adapters, interval=None)

        found = lacks(await vitals.facts())

    assert found == ("discord: its token is refused", "telegram: it is not connected yet")


async def test_standby_minds_nothing_that_another_does() -> None:
    """It polls nothing and sends nothing until a role is its own; so it is ready all the time."""
    clock = FakeClock()
    async with a_store() as store:
        roles = LeasedRoles(
            store, clock, wanted=("poll",), holder="b", term=HOUR, told=asyncio.Event()
        )
        facts = await watched(store, clock, adapters=("console", "discord"), roles=roles).facts()

    assert lacks(facts) == ()


async def test_facts_are_told() -> None:
    """What is pending, how many destinations there are in which state, and what LL2 allows."""
    async with a_store() as store:
        await subscribe(store, to("a"), to("b"))
        await tell(store)

        facts = await watched(store, FakeClock(), Status(requests=3, budget=14)).facts()

    assert (facts.requests, facts.budget) == (3, 14)
    assert facts.queues == {"console": Queue(depth=2)}
    assert facts.reaches == {("console", Reach.ACTIVE): 2}


async def test_many_watchers_ask_the_store_once_a_second() -> None:
    """And count its destinations once in five minutes."""
    clock = FakeClock()
    async with a_store() as store:
        counting = CountingStore(store)
        vitals = watched(counting, clock)
        readings = []
        for pause in (HOUR, SECOND / 2, SECOND / 2, timedelta(minutes=5)):
            clock.advance(pause)
            await vitals.facts()
            readings.append(counting.readings)

    assert readings == [2, 2, 3, 5]


async def test_store_that_cannot_be_read_is_said_and_recovers() -> None:
    """Facts do not raise: a watcher shall learn of it."""
    clock = FakeClock()
    async with a_store() as store:
        counting = CountingStore(store)
        counting.failure = StoreError("the store x.db is damaged")
        vitals = watched(counting, clock, interval=None)
        failing = lacks(await vitals.facts())
        counting.failure = None
        clock.advance(SECOND)
        recovered = lacks(await vitals.facts())

    assert (failing, recovered) == (("the store x.db is damaged",), ())


HASTE = 1000
"""How many times faster the time of an event loop goes here."""


class _HastySelector(SelectSelector):
    def select(self, timeout: float | None = None) -> Any:
        """Wait a thousandth of what is asked for."""
        return super().select(None if timeout is None else timeout / HASTE)


class _HastyLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(_HastySelector())

    def time(self) -> float:
        """A thousand seconds in each."""
        return super().time() * HASTE


class _HungStore:
    """A store that hangs: at all, or only where it would have to count."""

    def __init__(self, *, at_all: bool) -> None:
        self._at_all = at_all
        self.memory = self.destinations = self

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Begin, or not."""
        if self._at_all:
            await asyncio.Event().wait()
        yield self

    async def get(self, _key: str) -> None:
        """Nothing is remembered."""

    async def count(self) -> None:
        """Count for ever."""
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("at_all", "problem"), [(True, "the store did not answer within 5 s"), (False, "")]
)
def test_store_that_hangs_keeps_no_watcher_waiting(problem: str, *, at_all: bool) -> None:
    """It is given up; that only the count of destinations takes too long is no illness."""
    hung: Any = _HungStore(at_all=at_all)

    async def ask() -> str:
        async with asyncio.timeout(60):
            facts = await watched(hung, FakeClock(), adapters=()).facts()
        return str(facts.store_problem)

    with asyncio.Runner(loop_factory=_HastyLoop) as runner:
        assert runner.run(ask()) == problem
