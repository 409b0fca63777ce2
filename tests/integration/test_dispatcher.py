"""What a sender makes of each outcome."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from outboxes import HOUR, moved, start, states, subscribe, tell, to
from senders import NAME, a_dispatcher, a_store, addresses, drain, limits, owe_to, records

from bot.domain.changes import WebcastLive
from bot.domain.deliveries import MAX_ATTEMPTS, Gone, Later, Priority, Refused, Sent, State, Unknown
from bot.domain.events import EventId
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock, RecordingAdapter, an_event

LIVE = WebcastLive(event_id=EventId(1))
MINUTE = timedelta(minutes=1)
NEWER = an_event(date=an_event().date + 2 * HOUR)  # type: ignore[operator]  # the usual one has a date


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


async def test_sent_is_recorded_with_the_platforms_id(store: SqlStore) -> None:
    """`Sent`: the platform has it."""
    await owe_to(store, "a")

    await drain(store, RecordingAdapter(NAME, outcomes=[Sent(remote_id="m7")]))

    (record,) = await records(store)
    assert (record.state, record.remote_id, record.attempts) == (State.SENT, "m7", 1)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Refused(reason="too long"), State.DEAD),
        (Gone(reason="no such channel"), State.HELD),
    ],
)
async def test_refusal_ends_with_its_reason(
    store: SqlStore, outcome: Refused | Gone, state: State
) -> None:
    """`Refused` is dead; what a lost destination missed is held for it. Neither is tried again."""
    clock, adapter = FakeClock(), RecordingAdapter(NAME, outcomes=[outcome])
    await owe_to(store, "a")

    await drain(store, adapter, clock)
    clock.advance(24 * HOUR)
    await drain(store, adapter, clock)

    (record,) = await records(store)
    assert (record.state, record.error) == (state, outcome.reason)
    assert addresses(adapter) == ["a"]


async def test_later_is_tried_again_when_the_platform_said(store: SqlStore) -> None:
    """`Later` with a wait: not a moment sooner."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="slow mode", wait=MINUTE)])
    await owe_to(store, "a")

    await drain(store, adapter, clock)
    clock.advance(MINUTE - timedelta(microseconds=1))
    await drain(store, adapter, clock)
    early = addresses(adapter)
    clock.advance(timedelta(microseconds=1))
    await drain(store, adapter, clock)

    assert (early, addresses(adapter)) == (["a"], ["a", "a"])
    assert await states(store) == [State.SENT]


async def test_later_for_ever_ends_dead_with_its_reason(store: SqlStore) -> None:
    """Retries back off and are bounded: half a day, then a visible end."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=lambda *_: Later(reason="HTTP 503"))
    await owe_to(store, "a")

    tries = [START] if await _step_out(store, adapter, clock) else []
    while await states(store) == [State.PENDING]:
        tries.append(clock.now())
        await _step_out(store, adapter, clock)

    (record,) = await records(store)
    assert record.state is State.DEAD
    assert record.error == f"HTTP 503 (gave up after {MAX_ATTEMPTS} attempts)"
    assert len(adapter.sent) == record.attempts == MAX_ATTEMPTS
    assert clock.now() - START > 6 * HOUR


async def _step_out(store: Store, adapter: RecordingAdapter, clock: FakeClock) -> bool:
    """Deliver what is due, then move time to what is due next."""
    await drain(store, adapter, clock)
    async with store.reading() as unit:
        due = await unit.outbox.next_due(NAME, after=clock.now())
    if due is not None:
        clock.advance(due - clock.now())
    return True


async def test_many_that_fail_together_do_not_come_back_together(store: SqlStore) -> None:
    """Backoff has jitter: a platform that is back is not run over."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=lambda *_: Later(reason="HTTP 503"))
    await owe_to(store, *"abcdefgh")
    await drain(store, adapter, clock)

    moments = set()
    async with store.reading() as unit:
        after = clock.now()
        while (due := await unit.outbox.next_due(NAME, after=after)) is not None:
            moments.add(due)
            after = due

    assert len(moments) == 8


async def test_drain_ends_though_the_platform_asks_for_no_wait_at_all(store: SqlStore) -> None:
    """`Later(wait=0)` for ever: a few tries at once, and then at a pace that gives it a chance."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=lambda *_: Later(reason="busy", wait=timedelta(0)))
    await owe_to(store, "a")

    await drain(store, adapter, clock)

    assert await states(store) == [State.PENDING]
    assert len(adapter.sent) < 10


async def test_unknown_news_is_left(store: SqlStore) -> None:
    """`Unknown` where a repeat might say it twice: rather never than twice."""
    adapter = RecordingAdapter(NAME, outcomes=[Unknown(reason="the answer was lost")])
    await owe_to(store, "a")

    await drain(store, adapter)

    (record,) = await records(store)
    assert record.state is State.UNKNOWN
    assert record.error == "the answer was lost (gave up after 1 attempt)"


async def test_unknown_is_repeated_where_that_is_harmless(store: SqlStore) -> None:
    """`Limits.repeat_is_harmless`: the platform makes one message of both."""
    clock = FakeClock()
    adapter = RecordingAdapter(
        NAME, limits=limits(harmless=True), outcomes=[Unknown(reason="the answer was lost")]
    )
    await owe_to(store, "a")

    await drain(store, adapter, clock)
    clock.advance(MINUTE)
    await drain(store, adapter, clock)

    assert await states(store) == [State.SENT]
    assert [delivery.attempts for delivery, _ in adapter.sent] == [1, 2]


@pytest.mark.parametrize("trouble", [0, 3])
async def test_urgent_unknown_is_repeated_once(store: SqlStore, trouble: int) -> None:
    """Rather twice than never, but not thrice; earlier waits that surely sent nothing count not."""
    clock = FakeClock()
    waits = [Later(reason="busy", wait=MINUTE)] * trouble
    adapter = RecordingAdapter(NAME, outcomes=[*waits, *[Unknown(reason="lost")] * 5])
    await owe_to(store, "a", priority=Priority.URGENT)

    for _ in range(10):
        await drain(store, adapter, clock)
        clock.advance(MINUTE)

    assert len(adapter.sent) == trouble + 2
    assert await states(store) == [State.UNKNOWN]


async def test_urgent_unknown_rests_a_minute_even_across_a_kill(store: SqlStore) -> None:
    """By then it surely arrived or surely did not; whoever takes over counts from the attempt."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME)
    await owe_to(store, "a", priority=Priority.URGENT)
    async with store.writing() as unit:
        claimed = await unit.outbox.claim(NAME, limit=1, now=clock.now(), lease=MINUTE)
    await start(store, claimed)

    clock.advance(MINUTE / 2)
    await drain(store, adapter, clock)
    rested = len(adapter.sent)
    clock.advance(MINUTE / 2)
    await drain(store, adapter, clock)

    assert (rested, len(adapter.sent)) == (0, 1)
    assert await states(store) == [State.SENT]


async def test_urgent_unknown_that_would_come_too_late_is_left(store: SqlStore) -> None:
    """A minute later nobody needs it any more; that it may have arrived is what is recorded."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=[Unknown(reason="lost")])
    await owe_to(store, "a", priority=Priority.URGENT, expires_at=START + MINUTE)

    await drain(store, adapter, clock)

    assert len(adapter.sent) == 1
    assert await states(store) == [State.UNKNOWN]


async def test_attempt_knows_when_it_began_and_since_when_there_is_doubt(store: SqlStore) -> None:
    """An adapter tells no time, so it gets both moments."""
    clock = FakeClock()
    adapter = RecordingAdapter(
        NAME, limits=limits(harmless=True), outcomes=[Later(reason="x"), Unknown(reason="lost")]
    )
    await owe_to(store, "a")

    for _ in range(3):
        await drain(store, adapter, clock)
        clock.advance(HOUR)

    tried = [START + HOUR * number for number in range(3)]
    assert [one.tried_at for one, _ in adapter.sent] == tried
    assert [one.in_doubt_since for one, _ in adapter.sent] == [None, None, tried[1]]


async def test_repeat_tells_what_the_first_attempt_told(store: SqlStore) -> None:
    """A part that is too late by then is told again, or it would be another message."""
    clock = FakeClock()
    adapter = RecordingAdapter(
        NAME, limits=limits(harmless=True), outcomes=[Unknown(reason="lost")]
    )
    await subscribe(store, to("a", NAME))
    await tell(store, LIVE, event=an_event(webcast_live=True), expires_at=START + MINUTE)
    await tell(store, event=an_event(webcast_live=True))

    await drain(store, adapter, clock)
    clock.advance(HOUR)
    await drain(store, adapter, clock)

    first, second = (delivery.form for delivery, _ in adapter.sent)
    assert first == second
    assert "webcast" in first


async def test_post_comes_back_with_the_next_news(store: SqlStore) -> None:
    """What the platform opened for an event is where the event's next news goes."""
    adapter = RecordingAdapter(NAME, outcomes=[Sent(remote_id="1", post="77")])
    await owe_to(store, "a")
    await drain(store, adapter)
    await tell(store, moved(NEWER), event=NEWER)

    await drain(store, adapter)

    assert [one.post for one, _ in adapter.sent] == ["", "77"]


async def test_several_matching_subscriptions_give_one_message(store: SqlStore) -> None:
    """A destination with several matching subscriptions gets one message."""
    adapter = RecordingAdapter(NAME)
    await subscribe(store, to("a", NAME), types=frozenset({4}))
    await owe_to(store, "a")

    await drain(store, adapter)

    assert addresses(adapter) == ["a"]


async def test_other_adapters_deliveries_are_left_alone(store: SqlStore) -> None:
    """A sender serves one adapter."""
    await owe_to(store, "a")

    async with a_dispatcher(store, RecordingAdapter("other")) as dispatcher:
        did_something = await dispatcher.step()

    assert not did_something
    assert await states(store) == [State.PENDING]
