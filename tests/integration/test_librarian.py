"""How the names of types and agencies are learnt: weekly, within the budget, told once when not."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from ll2_bench import UPCOMING, a_page
from ll2_bench import open_bench as open_server
from watching_bench import Bench, open_bench

from bot.domain.events import Agency, EventType
from bot.domain.watching import Catalogue
from bot.errors import BudgetSpent, LL2Unavailable
from bot.ll2.client import LL2Client
from bot.ports import EventSource
from bot.services.librarian import Librarian
from bot.services.poller import Poller
from bot.services.pulses import Pulses

WEEK, HOUR, MINUTE = timedelta(days=7), timedelta(hours=1), timedelta(minutes=1)
CALM = timedelta(minutes=5)
NAMES = Catalogue(
    types=(EventType(id=3, name="EVA"),),
    agencies=(Agency(id=44, name="National Space Bureau", abbrev="NSB"),),
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """An LL2 that has names, and an empty store."""
    async with open_bench() as opened:
        opened.ll2.names = NAMES
        yield opened


def a_librarian(bench: Bench, source: EventSource | None = None) -> Librarian:
    """A librarian as after a start."""
    return Librarian(source or bench.ll2, bench.store, bench.clock)


async def known(bench: Bench) -> Catalogue:
    """The names in the store."""
    async with bench.store.reading() as unit:
        return await unit.names.known()


async def test_names_are_learnt_at_the_first_look(bench: Bench) -> None:
    """And then a week later."""
    assert await a_librarian(bench).step() == WEEK

    assert await known(bench) == NAMES


async def test_names_are_learnt_weekly_whatever_restarts(bench: Bench) -> None:
    """When they were learnt is in the store."""
    await a_librarian(bench).step()
    bench.ll2.names = Catalogue(types=(EventType(id=3, name="Spacewalk"),))

    for passed, left in ((HOUR, WEEK - HOUR), (WEEK - 2 * HOUR, HOUR)):
        bench.clock.advance(passed)
        assert await a_librarian(bench).step() == left
    assert (await known(bench)).types == NAMES.types

    bench.clock.advance(HOUR)
    assert await a_librarian(bench).step() == WEEK
    assert (await known(bench)).types == bench.ll2.names.types


async def test_renamed_type_keeps_its_id_and_nothing_is_forgotten(bench: Bench) -> None:
    """LL2 renames in place; what it no longer features is still asked for."""
    await a_librarian(bench).step()
    bench.ll2.names = Catalogue(types=(EventType(id=3, name="Spacewalk"),))
    bench.clock.advance(WEEK)

    await a_librarian(bench).step()

    assert await known(bench) == Catalogue(
        types=(EventType(id=3, name="Spacewalk"),), agencies=NAMES.agencies
    )


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (LL2Unavailable("LL2 answered 503"), HOUR),
        (BudgetSpent("nothing left", wait=timedelta(minutes=4)), HOUR),
        (BudgetSpent("nothing left", wait=3 * HOUR), 3 * HOUR),
    ],
)
async def test_names_that_cannot_be_had_are_asked_for_later(
    bench: Bench, failure: LL2Unavailable, again: timedelta
) -> None:
    """Names also come with the events, so nothing waits for these; the budget is for polls."""
    bench.ll2.failure = failure

    assert await a_librarian(bench).step() == again
    assert await known(bench) == Catalogue()

    bench.ll2.failure = None
    assert await a_librarian(bench).step() == WEEK


async def test_trouble_is_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """One line at the first failure, one when the names were learnt; a week later it is another."""
    caplog.set_level(logging.INFO)
    librarian = a_librarian(bench)
    bench.ll2.failure = LL2Unavailable("LL2 answered 503")
    for _ in range(4):
        bench.clock.advance(await librarian.step())

    bench.ll2.failure = None
    bench.clock.advance(await librarian.step())
    bench.ll2.failure = LL2Unavailable("LL2 answered 500")
    await librarian.step()

    assert caplog.messages == [
        "The names of types and agencies were not renewed: LL2 answered 503",
        "Learnt 1 event types, 1 agencies",
        "The names of types and agencies were not renewed: LL2 answered 500",
    ]


async def test_loop_learns_until_it_is_stopped(bench: Bench) -> None:
    """It sleeps the week away, which is no illness, and then learns again."""
    stop, pulses = asyncio.Event(), Pulses(bench.clock)
    running = a_librarian(bench).run(stop, pulses.of("librarian"))
    task = asyncio.create_task(running, name="librarian")
    await bench.clock.until_waiting()
    learnt = await known(bench)
    bench.ll2.names = Catalogue(types=(EventType(id=3, name="Spacewalk"),))

    bench.clock.advance(WEEK - MINUTE)
    (asleep,) = pulses.heartbeats()
    bench.clock.advance(MINUTE)
    await bench.clock.settle()
    await bench.clock.until_waiting()
    renewed = await known(bench)
    stop.set()
    await task

    assert learnt == NAMES
    assert not asleep.is_late
    assert renewed.types == bench.ll2.names.types


async def test_names_find_room_beside_steady_polls() -> None:
    """After a day of the calm rhythm the real budget still lets the real client ask for names."""
    async with open_server() as server, open_bench() as bench:
        server.ll2.routes |= {
            UPCOMING: a_page([1, 2]),
            "/config/event_types/": a_page([3]),
            "/agencies/": a_page([44]),
        }
        client = LL2Client(
            server.session,
            base_url=server.ll2.base_url,
            api_key="",
            hourly_budget=15,
            log=server.log,
            clock=bench.clock,
        )
        await client.load()
        poller = Poller(
            client, bench.store, bench.clock, interval=CALM, announce_first_run=False, wakes=()
        )
        for _ in range(40):
            bench.clock.advance(await poller.pause(await poller.step()))
        reports = [await poller.step()]
        bench.clock.advance(CALM / 2)

        assert await a_librarian(bench, client).step() == WEEK

        for _ in range(20):
            bench.clock.advance(await poller.pause(reports[-1]))
            reports.append(await poller.step())
        assert not any(one.problem for one in reports)
