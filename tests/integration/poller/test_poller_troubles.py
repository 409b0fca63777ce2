"""What the poller makes of malformed events, of outages, and of a commit that fails."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from outboxes import expand, subscribe, to
from watching_bench import CALM, Bench, kinds, several

from bot.domain.changes import DateChanged, EventAnnounced
from bot.domain.events import EventId
from bot.domain.watching import Malformed, PollOutcome, PollReport
from bot.errors import BudgetSpent, LL2Throttled, LL2Unavailable, SnapshotTorn
from bot.ports import UnitOfWork
from bot.store.snapshots import SqlSnapshots
from bot.store.unit_of_work import SqlStore
from bot.testing import START

HOUR, DAY_LONG = timedelta(hours=1), timedelta(days=1)
DOWN = LL2Unavailable("LL2 answered 503")
SPENT = BudgetSpent("nothing left", wait=timedelta(minutes=9))


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
