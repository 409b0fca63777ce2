"""What the poller makes of an event that is missing from the list: it is probed, and withdrawn."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from watching_bench import Bench, kinds, several

from bot.domain.changes import DateChanged, EventAnnounced, EventWithdrawn
from bot.domain.events import EventId
from bot.domain.watching import Watch
from bot.errors import BudgetSpent
from bot.testing import an_event

HOUR, DAY_LONG = timedelta(hours=1), timedelta(days=1)
WITNESS = 10
"""The last of ten events: asked for beside the missing ones, to see whether LL2 knows any."""

SPENT = BudgetSpent("nothing left", wait=timedelta(minutes=9))


async def test_removed_event_is_told_after_two_polls_and_a_probe(bench: Bench) -> None:
    """One poll may be wrong; the probe decides."""
    bench.ll2.listed = bench.ll2.listed[1:]
    poller = bench.poller()

    first, second, third = await bench.polled(poller, times=3)

    assert (first.changes, third.changes) == ((), ())
    assert second.changes == (EventWithdrawn(event_id=EventId(1), last_date=an_event().stated),)
    assert bench.ll2.probes == [{1, WITNESS}]
    assert (await bench.known(1))[EventId(1)].watch is Watch.WITHDRAWN


async def test_event_that_is_absent_for_one_poll_is_not_asked_for(bench: Bench) -> None:
    """Deleted and restored within minutes: nobody hears of it."""
    poller, listed = bench.poller(), bench.ll2.listed

    for now_listed in (listed[1:], listed, listed[1:], listed):
        bench.ll2.listed = now_listed
        await bench.polled(poller)

    assert (bench.ll2.probes, await bench.noticed()) == ([], [])


async def test_withdrawn_event_that_comes_back_has_returned(bench: Bench) -> None:
    """Those who heard that it was withdrawn hear that it is back."""
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed = listed[1:]
    await bench.polled(poller, times=2)

    bench.ll2.listed = listed
    reports = await bench.polled(poller, times=2)

    assert [one.changes for one in reports] == [
        (EventAnnounced(event_id=EventId(1), returned=True),),
        (),
    ]


async def test_event_that_lost_its_date_is_watched_until_it_is_removed(bench: Bench) -> None:
    """The list never shows it; a probe a day tells what became of it."""
    poller, event = bench.poller(), bench.ll2.listed[0]
    bench.ll2.listed = bench.ll2.listed[1:]
    bench.ll2.unlisted = (replace(event, date=None, date_precision=None),)

    lost = await bench.polled(poller, times=100)
    bench.ll2.unlisted = ()
    removed = await bench.polled(poller, times=250)

    assert kinds(lost) == [DateChanged]
    assert kinds(removed) == [EventWithdrawn]
    assert bench.ll2.probes == [{1, WITNESS}] * 2


async def test_event_that_should_be_listed_is_asked_for_now_and_then(bench: Bench) -> None:
    """LL2's list is wrong, its own page is right: nothing is told, and little is spent."""
    bench.ll2.listed, bench.ll2.unlisted = bench.ll2.listed[1:], bench.ll2.listed[:1]

    reports = await bench.polled(bench.poller(), times=38)

    assert kinds(reports) == []
    assert len(bench.ll2.probes) == 4


async def test_probe_waits_for_the_budget(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Without an answer nothing is concluded; other news is told meanwhile."""
    caplog.set_level(logging.INFO)
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed, bench.ll2.probe_failure = (*listed[1:], *several(1, 11)), SPENT
    refused = await bench.polled(poller, times=4)

    bench.ll2.probe_failure = None
    (report,) = await bench.polled(poller)

    assert kinds(refused) == [EventAnnounced]
    assert kinds([report]) == [EventWithdrawn]
    assert sum("in vain" in one for one in caplog.messages) == 1


async def test_event_that_left_after_its_day_is_finished_quietly(bench: Bench) -> None:
    """Nothing is asked and nothing is told."""
    over = replace(bench.ll2.listed[0], date=bench.clock.now() - timedelta(hours=23))
    bench.ll2.listed = (over, *bench.ll2.listed[1:])
    poller = bench.poller()
    await bench.polled(poller)

    bench.clock.advance(HOUR)
    bench.ll2.listed = bench.ll2.listed[1:]
    reports = await bench.polled(poller, times=3)

    assert kinds(reports) == []
    assert bench.ll2.probes == []
    assert 1 not in await bench.known()
