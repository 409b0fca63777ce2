"""What the poller makes of a list that is far too short: it is doubted, then believed or not."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from watching_bench import CALM, Bench, kinds, open_bench, several

from bot.domain.changes import DateChanged, EventWithdrawn
from bot.errors import BudgetSpent

HOUR, DAY_LONG = timedelta(hours=1), timedelta(days=1)
SPENT = BudgetSpent("nothing left", wait=timedelta(minutes=9))


async def test_short_page_changes_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """More than 30 % are missing: that is a fault of the API, whatever else the page says."""
    caplog.set_level(logging.INFO)
    poller, listed = bench.poller(), bench.ll2.listed
    before = await bench.known()
    bench.ll2.listed = (*listed[:6], *several(1, 99))

    short = await bench.polled(poller, times=3)
    unchanged = await bench.known()
    bench.ll2.listed = listed
    whole = await bench.polled(poller)

    assert kinds([*short, *whole]) == []
    assert [one.problem for one in short] == ["4 events that should be there are missing"] * 3
    assert unchanged == before
    assert bench.ll2.probes == []
    assert [one for one in caplog.messages if "lists" in one] == [
        "LL2 lists too little: 4 events that should be there are missing; kept everything",
        "LL2 lists enough again",
    ]


async def test_whole_page_ends_the_doubt(bench: Bench) -> None:
    """The next short page begins an hour of its own."""
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed = listed[:4]
    await bench.polled(poller)
    bench.ll2.listed = listed
    await bench.polled(poller, times=20)

    bench.ll2.listed = listed[:4]
    reports = await bench.polled(poller, times=12)

    assert kinds(reports) == []
    assert bench.ll2.probes == []


async def test_shortfall_is_believed_after_a_day_when_a_probe_agrees(bench: Bench) -> None:
    """Six of ten at once: LL2 may be restored from a backup within hours."""
    bench.ll2.listed = bench.ll2.listed[:4]
    poller = bench.poller()

    doubted = await bench.polled(poller, times=24)
    bench.clock.advance(DAY_LONG)
    believed = await bench.polled(poller, times=2)

    assert kinds(doubted) == []
    assert kinds(believed[:1]) == [EventWithdrawn] * 6
    assert kinds(believed[1:]) == []
    assert bench.ll2.probes == [{4, 5, 6, 7, 8, 9, 10}]


async def test_few_are_believed_after_an_hour_when_a_probe_agrees(fresh: Bench) -> None:
    """One of three is a large share, and yet no mass."""
    poller = fresh.poller()
    await fresh.polled(poller)
    fresh.ll2.listed = fresh.ll2.listed[:2]

    reports = await fresh.polled(poller, times=14)

    assert kinds(reports[:12]) == []
    assert kinds(reports[12:13]) == [EventWithdrawn]
    assert kinds(reports[13:]) == []


async def test_list_of_nothing_is_never_believed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Its list and its answers by id are empty for days: that is a fault and no news."""
    caplog.set_level(logging.INFO)
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed = ()

    for _ in range(10):
        assert kinds(await bench.polled(poller, times=13)) == []
        bench.clock.advance(DAY_LONG)
    bench.ll2.listed = listed
    mended = await bench.polled(poller)

    assert kinds(mended) == []
    assert len(caplog.messages) == 2


async def test_empty_list_of_few_is_probed_without_a_witness(fresh: Bench) -> None:
    """Nothing is listed that could be asked for beside them."""
    poller = fresh.poller()
    await fresh.polled(poller)
    fresh.ll2.listed = ()

    reports = await fresh.polled(poller, times=13)

    assert fresh.ll2.probes == [{1, 2, 3}]
    assert kinds(reports) == [EventWithdrawn] * 3


@pytest.mark.parametrize("gone", [1, 2, 3])
async def test_probe_that_does_not_know_what_is_listed_is_no_answer(
    bench: Bench, caplog: pytest.LogCaptureFixture, gone: int
) -> None:
    """An empty page by id is a fault of the filter, not the end of an event."""
    caplog.set_level(logging.INFO)
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed, bench.ll2.probe_knows_nothing = listed[gone:], True

    reports = await bench.polled(poller, times=30)

    assert kinds(reports) == []
    assert len(bench.ll2.probes) > 1
    assert caplog.messages == [
        f"Asked for {gone} missing events in vain: the answer lacks event 10 too, which LL2 lists"
    ]


async def test_probe_that_disagrees_starts_the_doubt_anew(bench: Bench) -> None:
    """Five are gone, the sixth is there: the list is not to be trusted."""
    bench.ll2.listed, missing = bench.ll2.listed[:4], bench.ll2.listed[4:]
    bench.ll2.unlisted = missing[:1]
    poller = bench.poller()

    doubted = await bench.polled(poller)
    bench.clock.advance(DAY_LONG)
    doubted += await bench.polled(poller, times=12)
    bench.ll2.unlisted = ()
    doubted += await bench.polled(poller, times=2)
    bench.clock.advance(DAY_LONG)
    believed = await bench.polled(poller)

    assert (kinds(doubted), len(bench.ll2.probes)) == ([], 2)
    assert kinds(believed) == [EventWithdrawn] * 6


async def test_probe_that_fails_decides_nothing(bench: Bench) -> None:
    """A day of short pages alone is no proof."""
    bench.ll2.listed, bench.ll2.probe_failure = bench.ll2.listed[:1], SPENT
    poller = bench.poller()

    reports = await bench.polled(poller)
    bench.clock.advance(DAY_LONG)
    reports += await bench.polled(poller, times=3)

    assert kinds(reports) == []
    assert len(bench.ll2.probes) == 1
    assert len(await bench.known()) == 10


async def test_many_events_that_moved_to_the_past_are_no_fault_for_ever(bench: Bench) -> None:
    """A probe that explains each absence agrees with the list, whatever the explanations are."""
    bench.ll2.listed, moved = bench.ll2.listed[:6], bench.ll2.listed[6:]
    past = bench.clock.now() - timedelta(days=3)
    bench.ll2.unlisted = tuple(replace(one, date=past) for one in moved)
    poller = bench.poller()

    reports = await bench.polled(poller)
    bench.clock.advance(DAY_LONG)
    reports += await bench.polled(poller)

    assert kinds(reports) == [DateChanged] * 4
    assert len(await bench.known()) == 6


async def test_restart_does_not_shorten_nor_lengthen_the_doubt(bench: Bench) -> None:
    """Since when is in the store."""
    bench.ll2.listed = bench.ll2.listed[:4]

    before = await bench.polled(bench.poller(), times=6)
    bench.clock.advance(DAY_LONG - 7 * CALM)
    after = await bench.polled(bench.poller(), times=2)

    assert kinds([*before, *after[:1]]) == []
    assert kinds(after[1:]) == [EventWithdrawn] * 6


async def test_clock_that_was_set_back_does_not_lengthen_the_doubt(fresh: Bench) -> None:
    """It lasts as long as it should from when the clock was set right."""
    fresh.clock.advance(DAY_LONG)
    poller = fresh.poller()
    await fresh.polled(poller)
    fresh.ll2.listed = fresh.ll2.listed[:2]
    await fresh.polled(poller)

    fresh.clock.jump(-DAY_LONG)
    reports = await fresh.polled(poller, times=13)

    assert kinds(reports) == [EventWithdrawn]


async def test_hundreds_of_missing_events_are_asked_for_in_turns() -> None:
    """A request asks for a hundred, one of them the witness; each day of doubt settles as many."""
    async with open_bench(*several(250)) as bench:
        poller = bench.poller()
        await bench.polled(poller)
        bench.ll2.listed = several(1)
        reports = await bench.polled(poller)

        for _ in range(6):
            bench.clock.advance(DAY_LONG)
            reports += await bench.polled(poller)

        assert kinds(reports) == [EventWithdrawn] * 249
        assert [len(one) for one in bench.ll2.probes] == [100, 100, 52]
        assert set.union(*map(set, bench.ll2.probes)) == {*range(1, 251)}
