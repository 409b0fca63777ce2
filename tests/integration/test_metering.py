"""What is counted of polls, sends, waits and commands, as /metrics shows it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from desks import Counter
from watchers import samples
from watching_bench import open_bench

from bot.commands.kit import Command, Kit
from bot.commands.registry import COMMANDS
from bot.commands.specs import HELP
from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Refused, Sent, Unknown
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.domain.vitals import Facts
from bot.errors import BudgetSpent, HeldBack, LL2Throttled, LL2Unavailable, SnapshotTorn
from bot.services.metering import MeteredAdapter, MeteredPace
from bot.services.pacing import SlotPace
from bot.testing import FakeClock, RecordingAdapter, a_delivery, a_message, an_event
from bot.testing.surroundings import OpenPace
from bot.web.metrics import Metrics

SECOND = timedelta(seconds=1)


def counted(metrics: Metrics, *names: str) -> dict[str, float]:
    """The samples of these metrics that are not zero, without what they all begin with."""
    found = samples(metrics.page(Facts(), ()).decode())
    wanted = tuple(f"perigee_{name}" for name in names)
    return {
        name.removeprefix("perigee_"): value
        for name, value in found.items()
        if value and name.startswith(wanted)
    }


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (None, "read"),
        (LL2Unavailable("503"), "unavailable"),
        (LL2Throttled("429", wait=SECOND), "throttled"),
        (BudgetSpent("no request is left", wait=SECOND), "no_budget"),
        (SnapshotTorn("pages shifted"), "torn"),
    ],
)
async def test_each_poll_is_counted_by_what_it_came_to(
    failure: Exception | None, outcome: str
) -> None:
    """In one of few words, whatever LL2 said."""
    metrics = Metrics()
    async with open_bench(an_event()) as bench:
        bench.ll2.failure = failure
        await bench.poller(meter=metrics).step()

    assert counted(metrics, "polls") == {f'polls_total{{outcome="{outcome}"}}': 1}


async def test_list_that_is_not_believed_is_counted_as_doubted() -> None:
    """It was read, but what it says is not what we go by."""
    metrics = Metrics()
    async with open_bench(an_event(), an_event(id=2), an_event(id=3)) as bench:
        poller = bench.poller(meter=metrics)
        await poller.step()
        bench.ll2.listed = bench.ll2.listed[:1]
        await poller.step()

    polls = {'polls_total{outcome="read"}': 1, 'polls_total{outcome="doubted"}': 1}
    assert counted(metrics, "polls") == polls


async def test_changes_are_counted_by_kind() -> None:
    """What a poll noticed."""
    metrics = Metrics()
    async with open_bench(an_event()) as bench:
        poller = bench.poller(meter=metrics)
        await poller.step()
        bench.ll2.listed = (an_event(webcast_live=True), an_event(id=2), an_event(id=3))
        await poller.step()

    changes = {'changes_total{kind="webcast"}': 1, 'changes_total{kind="new"}': 2}
    assert counted(metrics, "changes") == changes


def _raise(error: BaseException) -> Callable[[Delivery, Message], Awaitable[Outcome]]:
    async def answer(_delivery: Delivery, _message: Message) -> Outcome:
        raise error

    return answer


@pytest.mark.parametrize(
    ("outcome", "told", "reason"),
    [
        (Sent(remote_id="1"), "sent", "none"),
        (Later(reason="429", wait=SECOND), "later", "limit"),
        (Later(reason="503"), "later", "unavailable"),
        (Refused(reason="the text is @everyone"), "refused", "refused"),
        (Gone(reason="no such channel"), "gone", "gone"),
        (Unknown(reason="the answer was lost"), "unknown", "no_answer"),
    ],
)
async def test_each_attempt_is_counted_by_its_outcome(
    outcome: Outcome, told: str, reason: str
) -> None:
    """By platform, kind, outcome and reason; no text of a platform becomes a label."""
    metrics = Metrics()
    adapter = RecordingAdapter(outcomes=[outcome])

    answer = await MeteredAdapter(adapter, metrics).send(a_delivery(), a_message())

    labels = f'kind="date",outcome="{told}",platform="recording",reason="{reason}"'
    assert answer is outcome
    assert counted(metrics, "deliveries") == {f"deliveries_total{{{labels}}}": 1}


@pytest.mark.parametrize(
    ("error", "told", "reason"),
    [
        (HeldBack("in 12 s", wait=12 * SECOND), "later", "limit"),
        (asyncio.CancelledError(), "unknown", "no_answer"),
        (ValueError("a bug"), "unknown", "raised"),
    ],
)
async def test_attempt_that_ends_by_an_error_is_counted_too(
    error: BaseException, told: str, reason: str
) -> None:
    """And the error goes on to whoever deals with it."""
    metrics = Metrics()
    adapter = MeteredAdapter(RecordingAdapter(outcomes=_raise(error)), metrics)

    with pytest.raises(type(error)):
        await adapter.send(a_delivery(), a_message(kind=None))

    labels = f'kind="notice",outcome="{told}",platform="recording",reason="{reason}"'
    assert counted(metrics, "deliveries") == {f"deliveries_total{{{labels}}}": 1}


async def test_answer_that_is_no_outcome_is_counted_as_a_bug() -> None:
    """A plug-in may answer anything; what becomes of that is the dispatcher's."""
    metrics = Metrics()
    nonsense: Any = ["sent"]

    await MeteredAdapter(RecordingAdapter(outcomes=nonsense), metrics).send(
        a_delivery(), a_message()
    )

    labels = 'kind="date",outcome="unknown",platform="recording",reason="raised"'
    assert counted(metrics, "deliveries") == {f"deliveries_total{{{labels}}}": 1}


async def test_wait_for_a_slot_is_measured() -> None:
    """From the asking to the slot; what the request itself takes does not count."""
    metrics, clock = Metrics(), FakeClock()
    inner = SlotPace(clock)
    pace = MeteredPace(inner, metrics, clock, adapter="discord")
    inner.throttled(2 * SECOND)

    async def request() -> None:
        async with pace.slot():
            clock.advance(60 * SECOND)

    asking = asyncio.ensure_future(request())
    await clock.until_waiting()
    clock.advance(2 * SECOND)
    await asking

    waits = counted(metrics, "pacing_wait_seconds_sum", "pacing_wait_seconds_count")
    assert waits == {
        'pacing_wait_seconds_count{platform="discord"}': 1,
        'pacing_wait_seconds_sum{platform="discord"}': 2,
    }


async def test_429_is_counted_and_obeyed() -> None:
    """So is what else the adapter tells its pace."""
    metrics, inner = Metrics(), OpenPace()
    pace = MeteredPace(inner, metrics, FakeClock(), adapter="telegram")

    pace.throttled(SECOND, "-100")
    pace.throttled(2 * SECOND)
    pace.refused()

    assert counted(metrics, "throttled") == {'throttled_total{platform="telegram"}': 2}
    assert inner.told == [(SECOND, "-100"), (2 * SECOND, "")]
    assert inner.refusals == 1


async def test_commands_are_counted_with_their_latency(counter: Counter) -> None:
    """By name; what is no command has one name for all."""
    metrics = Metrics()

    async def crash(_kit: Kit, _request: CommandRequest) -> CommandReply:
        asked.clock.advance(2 * SECOND)
        raise ValueError

    broken = Command(spec=HELP, handler=crash)
    commands = (*(one for one in COMMANDS if one.spec is not HELP), broken)
    asked = Counter(counter.store, meter=metrics, commands=commands)
    for line in ("help", "types", "drop-table", "rm -rf"):
        await asked.ask(line)

    assert counted(metrics, "command_seconds_sum") == {
        'command_seconds_sum{command="help",platform="telegram"}': 2
    }
    assert counted(metrics, "command_seconds_count") == {
        f'command_seconds_count{{command="{name}",platform="telegram"}}': count
        for name, count in (("help", 1), ("types", 1), ("unknown", 2))
    }
    assert counted(metrics, "command_crashes") == {
        'command_crashes_total{command="help",platform="telegram"}': 1
    }
