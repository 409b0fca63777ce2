"""The client keeps its budget, learns from LL2's throttle and obeys a 429, over real HTTP."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from ll2_bench import (
    JSON,
    THROTTLE,
    UPCOMING,
    Bench,
    Route,
    a_page,
    answering,
    open_bench,
    reporting,
)

from bot.domain.events import EventId
from bot.errors import BudgetSpent, InvariantBroken, LL2Throttled, LL2Unavailable
from bot.ll2.client import LL2Client
from bot.simulator import Simulator, bundled_scenario, serve
from bot.testing import START

IN_40_SECONDS = {
    "Date": "Mon, 01 Mar 2027 12:00:00 GMT",
    "Retry-After": "Mon, 01 Mar 2027 12:00:40 GMT",
}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A fresh stand-in that knows no path, and an empty log."""
    async with open_bench() as opened:
        yield opened


async def test_polls_stop_one_request_short_of_the_budget(bench: Bench) -> None:
    """The last request of the hour is a probe's."""
    bench.ll2.routes |= {UPCOMING: a_page([1]), "/events/": a_page([1])}
    client = await bench.client(hourly_budget=3)

    await client.snapshot()
    await client.snapshot()
    with pytest.raises(BudgetSpent, match="nothing left for a poll") as caught:
        await client.snapshot()
    await client.probe([EventId(1)])

    assert caught.value.wait > timedelta(minutes=59)
    assert len(bench.ll2.requests) == 3


async def test_failed_attempts_count(bench: Bench) -> None:
    """LL2 counts them too."""
    bench.ll2.routes[UPCOMING] = answering(502, "<html>")
    client = await bench.client(hourly_budget=2)

    with pytest.raises(LL2Unavailable, match="502"):
        await client.snapshot()
    with pytest.raises(BudgetSpent):
        await client.snapshot()


async def test_the_budget_survives_a_restart(bench: Bench) -> None:
    """A bot that is restarted in a loop stays within its hour."""
    bench.ll2.routes[UPCOMING] = a_page([1])

    for _ in range(3):
        await (await bench.client(hourly_budget=4)).snapshot()
    with pytest.raises(BudgetSpent):
        await (await bench.client(hourly_budget=4)).snapshot()
    bench.clock.advance(timedelta(hours=1, seconds=1))
    await (await bench.client(hourly_budget=4)).snapshot()

    assert len(bench.ll2.requests) == 4


async def test_concurrent_requests_do_not_take_the_same_room(bench: Bench) -> None:
    """Two wishes at once, room for one."""
    bench.ll2.routes[UPCOMING] = a_page([1])
    client = await bench.client(hourly_budget=2)

    results = await asyncio.gather(client.snapshot(), client.snapshot(), return_exceptions=True)

    assert [isinstance(one, BudgetSpent) for one in results].count(True) == 1
    assert len(bench.ll2.requests) == 1


async def test_a_client_that_was_not_loaded_asks_nothing(bench: Bench) -> None:
    """Without its log it could exceed the budget."""
    client = LL2Client(
        bench.session,
        base_url=bench.ll2.base_url,
        api_key="",
        hourly_budget=15,
        log=bench.log,
        clock=bench.clock,
    )

    with pytest.raises(InvariantBroken):
        await client.snapshot()


async def test_seeding_is_free_and_sees_what_others_used(bench: Bench) -> None:
    """`/api-throttle/` tells what happened behind our address."""
    bench.ll2.routes[THROTTLE] = reporting(used=9, limit=12)
    client = await bench.client()

    await client.seed()

    room = client.headroom(START)
    assert (room.cap, len(room.spent)) == (11, 9)
    assert bench.log.kept == {}


async def test_with_a_key_the_limit_is_the_keys(bench: Bench) -> None:
    """A key raises the budget by itself."""
    bench.ll2.routes[THROTTLE] = reporting(used=0, limit=210)
    client = await bench.client(api_key="sesame")

    await client.seed()

    assert client.headroom(START).cap == 209


@pytest.mark.parametrize("route", [None, answering(200, "<html>"), answering(200, "[]", kind=JSON)])
async def test_without_a_report_our_own_log_rules(
    bench: Bench, route: Route | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Its absence is told once and harms nothing."""
    if route is not None:
        bench.ll2.routes[THROTTLE] = route
    client = await bench.client()

    await client.seed()
    await client.seed()

    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert client.headroom(START).cap == 14


async def test_seeding_tells_when_ll2_is_not_there(bench: Bench) -> None:
    """`perigee check --online` rests on it."""
    client = await bench.client(base_url="http://ll2.invalid/2.3.0")

    with pytest.raises(LL2Unavailable):
        await client.seed()


async def test_the_identity_in_a_report_is_never_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """`ident` is our address or account."""
    caplog.set_level(logging.DEBUG)
    bench.ll2.routes[THROTTLE] = reporting(used=15, next_use=60)

    await (await bench.client()).seed()

    assert "203.0.113.9" not in caplog.text


async def test_a_crowd_behind_our_address_is_asked_about_once_a_minute(bench: Bench) -> None:
    """When only others are in the way, asking again is free and may open the door."""
    bench.ll2.routes |= {UPCOMING: a_page([1]), THROTTLE: reporting(used=14)}
    client = await bench.client()
    await client.seed()

    with pytest.raises(BudgetSpent, match="others behind our address") as caught:
        await client.snapshot()
    asked_at_once = len(bench.ll2.asked(THROTTLE))
    bench.clock.advance(caught.value.wait)
    bench.ll2.routes[THROTTLE] = reporting(used=3)
    await client.snapshot()

    assert asked_at_once == 1
    assert caught.value.wait == timedelta(minutes=1)
    assert len(bench.ll2.asked(THROTTLE)) == 2


async def test_retry_after_is_honoured_and_survives_a_restart(bench: Bench) -> None:
    """After a 429 nothing is asked until LL2 allows it, not even by a new process."""
    bench.ll2.routes[UPCOMING] = answering(429, "<html>", headers={"Retry-After": "300"})

    with pytest.raises(LL2Throttled) as caught:
        await (await bench.client()).snapshot()
    restarted = await bench.client()
    with pytest.raises(BudgetSpent, match="LL2 told us to stay away until 12:05:00 UTC"):
        await restarted.snapshot()
    bench.clock.advance(timedelta(seconds=300))
    bench.ll2.routes[UPCOMING] = a_page([1])
    await restarted.snapshot()

    assert caught.value.wait == timedelta(seconds=300)
    assert bench.log.until == START + timedelta(seconds=300)
    assert len(bench.ll2.asked()) == 2


@pytest.mark.parametrize(
    ("route", "report", "seconds"),
    [
        (
            answering(429, '{"detail": "Expected available in 90 seconds."}', kind=JSON),
            reporting(used=3),
            90,
        ),
        (answering(429, "<html>"), reporting(used=15, next_use=1631), 1631),
        (answering(429, "<html>"), reporting(used=3, next_use=1631), 600),
        (answering(429, "<html>"), None, 600),
        (answering(429, "{", kind=JSON, headers=IN_40_SECONDS), answering(502, "<html>"), 40),
    ],
    ids=["words", "next use", "next use while free", "silence", "date"],
)
async def test_a_429_is_obeyed_in_whatever_way_it_speaks(
    bench: Bench, route: Route, report: Route | None, seconds: int
) -> None:
    """Header, words, then `next_use_secs` when the limit is reached, else ten minutes."""
    bench.ll2.routes[UPCOMING] = route
    if report is not None:
        bench.ll2.routes[THROTTLE] = report
    client = await bench.client()

    with pytest.raises(LL2Throttled) as caught:
        await client.snapshot()

    assert caught.value.wait == timedelta(seconds=seconds)
    assert client.headroom(START).blocked_until == START + caught.value.wait


async def test_a_429_is_followed_by_a_look_at_the_throttle(bench: Bench) -> None:
    """Our count was wrong; LL2's figure mends it, free of charge."""
    bench.ll2.routes |= {
        UPCOMING: answering(429, "<html>", headers={"Retry-After": "1"}),
        THROTTLE: reporting(used=15, next_use=120),
    }
    client = await bench.client()

    with pytest.raises(LL2Throttled) as caught:
        await client.snapshot()

    assert caught.value.wait == timedelta(seconds=120)
    assert len(client.headroom(START).spent) >= 14
    assert len(bench.log.kept) == 1


async def test_a_simulated_day_stays_within_the_simulators_own_throttle(bench: Bench) -> None:
    """Polling whenever the budget allows, against a server that counts strictly: no refusal."""
    simulator = Simulator(bundled_scenario(), bench.clock.now, anchor=bench.clock.now())

    polls = 0
    async with serve(simulator) as base_url:
        client = await bench.client(base_url=base_url, within=timedelta(seconds=2))
        await client.seed()
        for _ in range(12 * 6):
            try:
                polls += bool((await client.snapshot()).observations)
            except BudgetSpent as spent:
                bench.clock.advance(spent.wait)
            except LL2Unavailable:
                bench.clock.advance(timedelta(minutes=1))
            bench.clock.advance(timedelta(minutes=1))

    assert simulator.violations == 0
    assert polls > 30


async def test_probe_and_catalogue_are_understood_by_the_simulator(bench: Bench) -> None:
    """The filters that we use are ones that LL2 knows."""
    simulator = Simulator(bundled_scenario(), bench.clock.now, anchor=bench.clock.now())

    async with serve(simulator) as base_url:
        client = await bench.client(base_url=base_url)
        everything = await client.snapshot()
        wanted = everything.observations[0].event.id
        found = await client.probe([wanted, EventId(999_999)])
        catalogue = await client.catalogue()

    assert everything.malformed == ()
    assert [one.event.id for one in found.observations] == [wanted]
    assert catalogue.types
    assert catalogue.agencies
