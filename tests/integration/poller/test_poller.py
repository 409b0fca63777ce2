"""What the poller stores, owes and tells, between a scripted LL2 and a real store in memory."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from outboxes import expand, reached, states, subscribe, to
from watching_bench import CALM, Bench, kinds, several

from bot.domain.changes import (
    DateChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    UpdatePosted,
    WebcastLive,
)
from bot.domain.events import EventId, UpdateId
from bot.domain.watching import PollReport
from bot.errors import LL2Unavailable
from bot.services.poller import LAST_POLL
from bot.testing import DAY, START, an_event, an_update

HOUR, DAY_LONG = timedelta(hours=1), timedelta(days=1)
DOWN = LL2Unavailable("LL2 answered 503")


async def test_restart_remembers_when_ll2_last_answered(bench: Bench) -> None:
    """`/status` is true from the first second on, also while LL2 is away."""
    restarted = bench.poller()
    bench.ll2.failure = DOWN

    await restarted.recall()
    await bench.polled(restarted)

    assert restarted.read_at == START


async def test_ll2_that_never_answered_was_never_read(fresh: Bench) -> None:
    """There is nothing to remember yet."""
    poller = fresh.poller()

    await poller.recall()

    assert poller.read_at is None


async def test_first_run_learns_in_silence(fresh: Bench) -> None:
    """What is already there is no news to anybody."""
    await subscribe(fresh.store, to())

    (report,) = await fresh.polled(fresh.poller())
    await expand(fresh.store)

    assert report == PollReport(events=3, is_first=True)
    assert set(await fresh.known()) == {1, 2, 3}
    assert (await fresh.noticed(), await states(fresh.store)) == ([], [])
    assert fresh.wake.is_set()


async def test_first_run_can_announce(fresh: Bench) -> None:
    """A setting asks for it."""
    (report,) = await fresh.polled(fresh.poller(announce_first_run=True))

    assert kinds([report]) == [EventAnnounced] * 3
    assert report.is_first


async def test_short_first_list_withdraws_nothing_and_tells_the_rest_once(fresh: Bench) -> None:
    """Nothing says that it was short: what it lacked is told as new, which it is to the reader."""
    fresh.ll2.listed, listed = several(2), several(30)
    poller = fresh.poller()

    learnt = await fresh.polled(poller)
    fresh.ll2.listed = listed
    whole = await fresh.polled(poller)
    fresh.ll2.listed = listed[:2]
    short = await fresh.polled(poller, times=280)
    fresh.ll2.listed = listed
    again = await fresh.polled(poller, times=2)

    assert kinds([*learnt, *short, *again]) == []
    assert kinds(whole) == [EventAnnounced] * 28


async def test_first_answer_without_events_is_not_learnt(
    fresh: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Taken for the truth, it would make everything news at the next poll."""
    fresh.ll2.listed, listed = (), fresh.ll2.listed
    poller = fresh.poller()

    empty = await fresh.polled(poller, times=2)
    fresh.ll2.listed = listed
    (report,) = await fresh.polled(poller)

    assert all("nothing to learn yet" in one.problem for one in empty)
    assert (report.is_first, report.changes) == (True, ())
    assert [one.levelno for one in caplog.records].count(logging.WARNING) == 1


async def test_names_are_learnt_from_events(fresh: Bench) -> None:
    """Filters can use them from the first poll on."""
    await fresh.polled(fresh.poller())

    async with fresh.store.reading() as unit:
        known = await unit.names.known()
    event = an_event()
    assert (known.types, known.agencies, known.programs) == (
        (event.type,),
        event.agencies,
        event.programs,
    )


async def test_nothing_new_says_and_owes_nothing(bench: Bench) -> None:
    """Most polls are like this."""
    reports = await bench.polled(bench.poller(), times=3)

    assert kinds(reports) == []
    assert not bench.wake.is_set()


async def test_one_save_is_one_message(bench: Bench) -> None:
    """A date, its precision and two comments, saved together, reach a channel together."""
    await subscribe(bench.store, to())
    after = replace(
        bench.ll2.listed[0],
        date=START + timedelta(days=20),
        date_precision=DAY,
        updates=(an_update(id=UpdateId(7)), an_update(id=UpdateId(9))),
        webcast_live=True,
    )
    bench.ll2.listed = (after, *bench.ll2.listed[1:])

    reports = await bench.polled(bench.poller(), times=2)
    await expand(bench.store)

    assert kinds(reports) == [DateChanged, UpdatePosted, WebcastLive]
    assert await reached(bench.store) == [to()]
    assert bench.wake.is_set()


async def test_alert_that_is_nothing_else_stops_helping_after_hours(bench: Bench) -> None:
    """Counted from when it was noticed: the date may be wrong by then."""
    await subscribe(bench.store, to())
    live = replace(bench.ll2.listed[0], date=bench.clock.now() - HOUR, webcast_live=True)
    dated = replace(live, webcast_live=False)
    poller = bench.poller()
    for event in (dated, live):
        bench.ll2.listed = (event, *bench.ll2.listed[1:])
        await bench.polled(poller)
    noticed_at = bench.clock.now() - CALM

    await expand(bench.store)

    async with bench.store.writing() as unit:
        claimed = await unit.outbox.claim("console", limit=9, now=bench.clock.now(), lease=HOUR)
    expires = [one.expires_at for one in claimed[0].parts]
    assert expires == [None, noticed_at + 4 * HOUR]


async def test_comment_that_comes_back_is_no_news(bench: Bench) -> None:
    """Librarians remove and restore."""
    poller, event = bench.poller(), bench.ll2.listed[0]
    commented = replace(event, updates=(an_update(),))

    noticed = []
    for state in (commented, event, commented, event, commented):
        bench.ll2.listed = (state, *bench.ll2.listed[1:])
        noticed += kinds(await bench.polled(poller))

    assert noticed == [UpdatePosted]


async def test_alert_for_what_is_over_is_not_told_after_an_outage(bench: Bench) -> None:
    """What still goes on is."""
    poller, listed, begin = bench.poller(), bench.ll2.listed, bench.clock.now()
    early = replace(listed[0], date=begin + 2 * HOUR)
    late = replace(listed[1], date=begin + 9 * HOUR)
    bench.ll2.listed = (early, late, *listed[2:])
    await bench.polled(poller)

    bench.clock.advance(10 * HOUR)
    live = (replace(early, webcast_live=True), replace(late, webcast_live=True))
    bench.ll2.listed = (*live, *listed[2:])
    reports = await bench.polled(poller, times=2)

    assert [one.changes for one in reports] == [(WebcastLive(event_id=EventId(2)),), ()]


async def test_webcast_long_after_the_date_is_told_while_we_watch(bench: Bench) -> None:
    """Events run late; only after an outage a flag may be a relic."""
    poller, listed = bench.poller(), bench.ll2.listed
    late = replace(listed[0], date=bench.clock.now() - 5 * HOUR)
    bench.ll2.listed = (late, *listed[1:])
    await bench.polled(poller)

    bench.ll2.listed = (replace(late, webcast_live=True), *listed[1:])

    assert kinds(await bench.polled(poller)) == [WebcastLive]


async def test_webcast_is_told_once_a_live_span(bench: Bench) -> None:
    """On, off and on again are two."""
    poller, event = bench.poller(), bench.ll2.listed[0]

    told = []
    for live in (True, True, False, False, True, True):
        state = replace(event, webcast_live=live)
        bench.ll2.listed = (state, *bench.ll2.listed[1:])
        told.append(len(kinds(await bench.polled(poller))))

    assert told == [1, 0, 0, 0, 1, 0]


async def test_restart_between_polls_loses_and_repeats_nothing(bench: Bench) -> None:
    """A poller remembers only what the store does."""
    bench.ll2.listed = (*bench.ll2.listed[1:], *several(1, 11))

    reports = [report for _ in range(4) for report in await bench.polled(bench.poller())]

    assert kinds(reports) == [EventAnnounced, EventWithdrawn]


async def test_pause_is_shorter_when_something_is_about_to_happen(bench: Bench) -> None:
    """The rhythm sees what the store watches."""
    poller = bench.poller()
    soon = replace(bench.ll2.listed[0], date=bench.clock.now() - timedelta(minutes=5))
    bench.ll2.listed = (soon, *bench.ll2.listed[1:])

    report = await poller.step()

    assert await poller.pause(report) < CALM


async def test_last_poll_is_remembered(bench: Bench) -> None:
    """The status page says how old what we know is."""
    at = bench.clock.now()

    await bench.polled(bench.poller())

    async with bench.store.reading() as unit:
        assert await unit.memory.get(LAST_POLL) == at.isoformat()


async def test_record_names_the_fan_out_that_tells_it(bench: Bench) -> None:
    """What was noticed and what was sent can be laid side by side."""
    await subscribe(bench.store, to(), kinds=frozenset({Kind.NEW}))
    bench.ll2.listed = (*bench.ll2.listed, *several(1, 11))

    await bench.polled(bench.poller())
    await expand(bench.store)

    async with bench.store.reading() as unit:
        (noticed,) = await unit.snapshots.noticed()
        (record,) = await unit.outbox.records()
    assert noticed.change == EventAnnounced(event_id=EventId(11))
    assert record.change_ids == (noticed.id,)
