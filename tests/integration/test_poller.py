"""What the poller stores, owes and tells, between a scripted LL2 and a real store in memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from outboxes import expand, reached, states, subscribe, to
from watching_bench import CALM, Bench, open_bench

from bot.domain.changes import (
    Change,
    DateChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    UpdatePosted,
    WebcastLive,
)
from bot.domain.events import Event, EventId, UpdateId
from bot.domain.watching import Malformed, PollOutcome, PollReport, Watch
from bot.errors import BudgetSpent, LL2Throttled, LL2Unavailable, SnapshotTorn
from bot.ports import UnitOfWork
from bot.services.poller import LAST_POLL
from bot.store.snapshots import SqlSnapshots
from bot.store.unit_of_work import SqlStore
from bot.testing import DAY, START, an_event, an_update

HOUR, DAY_LONG = timedelta(hours=1), timedelta(days=1)
WITNESS = 10
"""The last of ten events: asked for beside the missing ones, to see whether LL2 knows any."""
DOWN = LL2Unavailable("LL2 answered 503")
SPENT = BudgetSpent("nothing left", wait=timedelta(minutes=9))


def several(count: int, first: int = 1, **changes: Any) -> tuple[Event, ...]:
    """So many events with ids in a row."""
    return tuple(an_event(id=EventId(first + n), **changes) for n in range(count))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A store that has learnt ten events."""
    async with open_bench(*several(10)) as opened:
        await opened.polled(opened.poller())
        opened.wake.clear()
        yield opened


@pytest.fixture
async def fresh() -> AsyncIterator[Bench]:
    """An empty store before an LL2 with three events."""
    async with open_bench(*several(3)) as opened:
        yield opened


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


def kinds(reports: Sequence[PollReport]) -> list[type[Change]]:
    """The sorts of changes that these polls noticed."""
    return [type(change) for report in reports for change in report.changes]


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


async def test_malformed_event_is_reported_once_and_hides_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is it missing, however long it lasts."""
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed = (*listed[1:], *several(1, 11))
    bench.ll2.malformed = (Malformed(event_id=EventId(1), reason="date: not a time"),)

    garbled = await bench.polled(poller, times=5)
    bench.ll2.listed, bench.ll2.malformed = (*listed, *several(1, 11)), ()
    mended = await bench.polled(poller, times=2)

    assert kinds(garbled) == [EventAnnounced]
    assert kinds(mended) == []
    assert bench.ll2.probes == []
    assert caplog.messages == ["LL2 sent event 1 that cannot be read: date: not a time; skipped it"]


async def test_many_malformed_events_share_a_line(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """LL2 may rename a field; what can yet be read is taken all the same."""
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.listed = (listed[0], *several(1, 11))
    bench.ll2.malformed = tuple(
        Malformed(event_id=one.id, reason=f"event {one.id} has no readable date")
        for one in listed[1:]
    )

    garbled = await bench.polled(poller, times=5)

    assert kinds(garbled) == [EventAnnounced]
    assert caplog.messages == [
        "LL2 sent 9 events that cannot be read, e.g. event 10 has no readable date; skipped them"
    ]


async def test_list_of_which_nothing_can_be_read_is_an_outage(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It must not pass for a poll without news: the age of what we know grows."""
    poller, listed = bench.poller(), bench.ll2.listed
    await bench.polled(poller)
    fresh_at = poller.read_at
    bench.ll2.listed = ()
    bench.ll2.malformed = tuple(
        Malformed(event_id=one.id, reason=f"event {one.id} has no readable date") for one in listed
    )

    reports = await bench.polled(poller, times=5)

    assert (poller.read_at, poller.problem) == (fresh_at, reports[0].problem)
    (said,) = caplog.messages
    assert said == f"Polling LL2 failed: {poller.problem}"
    assert said.endswith("LL2 listed 10 events and none can be read: event 1 has no readable date")


async def test_malformed_event_is_not_reported_again_after_a_short_page(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that is not believed does not say that the event was mended."""
    poller, listed = bench.poller(), bench.ll2.listed
    broken = (Malformed(event_id=EventId(1), reason="no name"),)

    for now_listed, malformed in ((listed[1:], broken), ((), ()), (listed[1:], broken)):
        bench.ll2.listed, bench.ll2.malformed = now_listed, malformed
        await bench.polled(poller)

    assert sum("cannot be read" in one for one in caplog.messages) == 1


async def test_two_events_without_an_id_are_reported_once_each(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """And again only after they were mended."""
    poller = bench.poller()
    broken = tuple(Malformed(event_id=None, reason=why) for why in ("no id", "id: not a number"))

    for malformed in (broken, broken, (), broken[:1]):
        bench.ll2.malformed = malformed
        await bench.polled(poller)

    reasons = [one.split(": ", 1)[1] for one in caplog.messages]
    assert sorted(reasons[:2]) == ["id: not a number; skipped it", "no id; skipped it"]
    assert reasons[2:] == ["no id; skipped it"]


async def test_outage_is_one_line_at_its_start_and_one_at_its_end(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """What changed meanwhile is told once, against what was stored."""
    caplog.set_level(logging.INFO)
    poller, listed = bench.poller(), bench.ll2.listed
    bench.ll2.failure = DOWN

    down = await bench.polled(poller, times=5)
    moves = [replace(listed[0], date=START + timedelta(days=days)) for days in (20, 25)]
    bench.ll2.listed, bench.ll2.failure = (moves[1], *listed[1:]), None
    up = await bench.polled(poller, times=2)

    assert [one.problem for one in down] == [str(DOWN)] * 5
    assert kinds(up) == [DateChanged]
    assert caplog.messages == [
        "Polling LL2 failed: LL2 answered 503",
        "LL2 answers again, after 5 failed polls",
        "Polled LL2: 10 events, date",
    ]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (DOWN, PollOutcome.UNAVAILABLE),
        (LL2Throttled("429", wait=HOUR), PollOutcome.THROTTLED),
        (SPENT, PollOutcome.NO_BUDGET),
        (SnapshotTorn("the list changed while it was read"), PollOutcome.TORN),
    ],
)
async def test_report_says_why_a_poll_failed(
    bench: Bench, failure: LL2Unavailable, outcome: PollOutcome
) -> None:
    """The metrics tell a spent budget from an outage: what to do about them differs."""
    bench.ll2.failure = failure

    (report,) = await bench.polled(bench.poller())

    assert (report.outcome, report.problem) == (outcome, str(failure))


async def test_report_says_that_a_list_is_doubted(bench: Bench) -> None:
    """It was read and not believed, which is neither an outage nor a poll like others."""
    bench.ll2.listed = bench.ll2.listed[:4]

    (report,) = await bench.polled(bench.poller())

    lacks = "6 events that should be there are missing"
    assert report == PollReport(outcome=PollOutcome.DOUBTED, events=4, problem=lacks)


async def test_problem_lasts_as_long_as_it_does(bench: Bench) -> None:
    """`/status` names none before the first poll, nor after an outage or a doubt that ended."""
    poller, listed = bench.poller(), bench.ll2.listed
    problems = [poller.problem]
    for failure, now_listed in ((DOWN, listed), (None, listed), (None, listed[:4])):
        bench.ll2.failure, bench.ll2.listed = failure, now_listed
        await bench.polled(poller)
        problems.append(poller.problem)

    bench.clock.advance(DAY_LONG)
    await bench.polled(poller)

    lacks = "6 events that should be there are missing"
    assert [*problems, poller.problem] == ["", str(DOWN), "", lacks, ""]


async def test_outage_changes_nothing_in_the_store(bench: Bench) -> None:
    """No answer is no absence."""
    before = await bench.known()
    bench.ll2.failure = DOWN

    await bench.polled(bench.poller(), times=20)

    assert await bench.known() == before


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


class _FailingSnapshots(SqlSnapshots):
    """Snapshots that fail at the very end of a commit."""

    async def record(self, *_args: object, **_keywords: object) -> None:
        raise ZeroDivisionError


class _FailingStore:
    """A store in which no change can be recorded."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.reading = store.reading

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """A transaction that fails after everything else was written."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            unit.snapshots = _FailingSnapshots(unit.snapshots._connection)
            yield unit


async def test_commit_that_fails_leaves_nothing(bench: Bench) -> None:
    """Neither event state nor changes nor debts: the next poll finds the same news again."""
    await subscribe(bench.store, to())
    before = await bench.known()
    bench.ll2.listed = (
        replace(bench.ll2.listed[0], date=START + timedelta(days=20)),
        *bench.ll2.listed[1:],
        *several(1, 11),
    )

    with pytest.raises(ZeroDivisionError):
        await bench.poller(_FailingStore(bench.store)).step()

    assert await bench.known(11) == before
    assert await bench.noticed() == []
    assert await expand(bench.store) == 0
    assert kinds(await bench.polled(bench.poller())) == [DateChanged, EventAnnounced]


async def test_restart_between_polls_loses_and_repeats_nothing(bench: Bench) -> None:
    """A poller remembers only what the store does."""
    bench.ll2.listed = (*bench.ll2.listed[1:], *several(1, 11))

    reports = [report for _ in range(4) for report in await bench.polled(bench.poller())]

    assert kinds(reports) == [EventAnnounced, EventWithdrawn]


@pytest.mark.parametrize("failure", [SPENT, LL2Throttled("429", wait=timedelta(minutes=9))])
async def test_pause_is_as_long_as_ll2_or_the_budget_asks(
    bench: Bench, failure: LL2Unavailable
) -> None:
    """And no shorter than the rhythm otherwise."""
    poller = bench.poller()
    bench.ll2.failure = failure
    refused = await poller.step()
    bench.ll2.failure = None

    assert await poller.pause(refused) == timedelta(minutes=9)
    assert await poller.pause(await poller.step()) == CALM


async def test_pause_is_shorter_when_something_is_about_to_happen(bench: Bench) -> None:
    """The rhythm sees what the store watches."""
    poller = bench.poller()
    soon = replace(bench.ll2.listed[0], date=bench.clock.now() - timedelta(minutes=5))
    bench.ll2.listed = (soon, *bench.ll2.listed[1:])

    report = await poller.step()

    assert await poller.pause(report) < CALM


async def test_loop_polls_on_through_failures_until_it_is_stopped(bench: Bench) -> None:
    """An outage ends nothing."""
    stop = asyncio.Event()
    bench.ll2.failure, bench.ll2.snapshots = DOWN, 0
    running = asyncio.create_task(bench.poller().run(stop), name="poller")
    for _ in range(3):
        await bench.clock.until_waiting()
        bench.clock.advance(CALM)
        await bench.clock.settle()
    await bench.clock.until_waiting()

    stop.set()
    await running

    assert bench.ll2.snapshots == 4


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
