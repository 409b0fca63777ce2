"""The housekeeper: when it sweeps, in which batches, what it tells; and a store over weeks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from outboxes import records, subscribe, tell, to
from senders import NAME, PATIENCE_S, WatchedClock, a_store, drain
from watchers import samples

from benchmarks.lifetimes import open_year
from bot.domain.retention import Key, Remains, Retention
from bot.domain.vitals import Facts
from bot.ports import Store
from bot.services import housekeeping
from bot.services.housekeeping import Housekeeper
from bot.services.pulses import Pulses
from bot.testing import FakeClock, RecordingAdapter
from bot.web.metrics import Metrics

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
KEPT = Retention()


async def send_to(store: Store, count: int, clock: FakeClock) -> None:
    """Deliver date news to so many places, and let another fan-out follow."""
    await subscribe(store, *(to(f"{one}", NAME) for one in range(count)))
    await tell(store)
    await drain(store, RecordingAdapter(NAME), clock)


async def test_what_ended_is_purged_after_its_retention_and_not_before() -> None:
    """And it is told once, in a line, and counted."""
    clock, metrics = FakeClock(), Metrics()
    async with a_store() as store:
        keeper = Housekeeper(store, clock, KEPT, meter=metrics)
        await send_to(store, 3, clock)
        clock.advance(KEPT.deliveries)
        early = await keeper.step()
        clock.advance(MINUTE)
        late = await keeper.step()

        assert await records(store) == ()
    assert early == {}
    assert late == {Remains.DELIVERIES: 3, Remains.MESSAGES: 1}
    counted = samples(metrics.page(Facts(), ()).decode())
    assert counted['perigee_purged_total{sort="deliveries"}'] == 3


async def test_sweep_that_purged_says_so_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """One that found nothing says nothing."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    async with a_store() as store:
        await send_to(store, 2, clock)
        clock.advance(KEPT.deliveries + MINUTE)
        for _ in range(2):
            await Housekeeper(store, clock, KEPT).step()

    told = [one.message for one in caplog.records if one.name == housekeeping.__name__]
    assert told == ["Purged what nobody needs any more: 2 deliveries, 1 messages"]


async def test_between_two_batches_others_have_their_turn() -> None:
    """A full batch is followed by a rest; what is left goes after it."""
    clock = WatchedClock()
    count = housekeeping.AT_ONCE + 1
    async with a_store() as store:
        await send_to(store, count, clock)
        clock.advance(KEPT.deliveries + MINUTE)
        clock.pauses.clear()
        sweeping = asyncio.ensure_future(Housekeeper(store, clock, KEPT).step())
        await clock.until_asked(bool)
        half = len(await records(store))
        clock.advance(MINUTE)
        gone = await sweeping

    assert half == 1
    assert gone[Remains.DELIVERIES] == count
    assert [pause for pause in clock.pauses if pause] == [timedelta(milliseconds=50)]


class _Clinging:
    """A store in which whatever was found is taken up again before it can be removed."""

    def __init__(self, count: int) -> None:
        self.purge = self
        self._keys = [(number,) for number in range(count)]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Nothing changes meanwhile."""
        yield self

    writing = reading

    async def find(self, sort: Remains, *, after: Key | None, limit: int, **_: Any) -> Any:
        """The next of the only sort that there is."""
        found = [key for key in self._keys if sort is Remains.DELIVERIES and key > (after or ())]
        return tuple(found[:limit])

    async def remove(self, *_: Any, **__: Any) -> int:
        """None of them."""
        return 0


async def test_sweep_ends_though_nothing_that_it_finds_may_go() -> None:
    """Each batch begins after the last, whatever became of that."""
    clock, clinging = FakeClock(), _Clinging(housekeeping.AT_ONCE + 1)
    store: Any = clinging
    sweeping = asyncio.ensure_future(Housekeeper(store, clock, KEPT).step())
    for _ in range(3):
        await clock.settle()
        clock.advance(MINUTE)

    assert sweeping.done()
    assert sweeping.result() == {}


async def test_it_comes_after_a_start_and_then_every_hour() -> None:
    """And says by its pulse when it will be back."""
    clock, stop = WatchedClock(), asyncio.Event()
    pulses = Pulses(clock)
    async with a_store() as store, asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        keeper = Housekeeper(store, clock, KEPT)
        group.create_task(keeper.run(stop, pulses.of("housekeeper")), name="housekeeper")
        await clock.until_asked(lambda pauses: len(pauses) == 1)
        clock.advance(5 * MINUTE)
        await clock.until_asked(lambda pauses: len(pauses) == 2)
        clock.advance(59 * MINUTE)
        resting = [one.is_late for one in pulses.heartbeats()]
        clock.advance(10 * DAY)
        stalled = [one.is_late for one in pulses.heartbeats()]
        stop.set()

    assert clock.pauses[:2] == [5 * MINUTE, 60 * MINUTE]
    assert (resting, stalled) == ([False], [True])


async def test_running_it_purges_and_ends_as_soon_as_it_is_told() -> None:
    """A stop waits for no pause of an hour."""
    clock, stop = FakeClock(), asyncio.Event()
    async with a_store() as store, asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        await send_to(store, 2, clock)
        clock.advance(KEPT.deliveries)
        group.create_task(Housekeeper(store, clock, KEPT).run(stop), name="housekeeper")
        await clock.until_waiting()
        clock.advance(5 * MINUTE)
        await clock.settle()
        await clock.until_waiting()
        left = await records(store)
        stop.set()

    assert left == ()


async def test_store_stops_growing_and_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    """A fortnight at LL2's own pace with a retention of 3 days: rows and file keep their size."""
    retention = Retention(deliveries=3 * DAY, changes=3 * DAY)
    async with open_year(
        tmp_path / "perigee.db", destinations=60, span=15 * DAY, retention=retention
    ) as year:
        spans = [await year.live(3 * DAY) for _ in range(5)]

    told = year.readers.told
    owed = {(place, one) for one, places in year.owed.items() for place in places}
    assert owed, "nothing happened"
    assert owed <= {*told}, "something was lost"
    assert {*told.values()} == {1}, "something was repeated"
    filled, last = spans[1], spans[-1]
    assert last.size <= 1.25 * filled.size
    assert last.rows["deliveries"] <= 2 * filled.rows["deliveries"]
    assert last.rows["fanouts"] <= 2 * filled.rows["fanouts"]
    assert last.rows["deliveries"] < sum(one.sent for one in spans) / 2
