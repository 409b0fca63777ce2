"""What a sender makes of each outcome, of order and haste, and of news that grew old."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from desks import words
from outboxes import HOUR, a_reminder, expand, keep, moved, start, states, subscribe, tell, to
from senders import NAME, a_dispatcher, a_store, addresses, drain, limits, owe_to, records

from bot.domain.changes import (
    DateChanged,
    Kind,
    Reminder,
    WebcastLive,
)
from bot.domain.deliveries import (
    MAX_ATTEMPTS,
    Delivery,
    Gone,
    Later,
    Outcome,
    Priority,
    Refused,
    Sent,
    State,
    Unknown,
)
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt
from bot.domain.messages import Message
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


async def test_urgent_overtakes_news_and_news_overtakes_details(store: SqlStore) -> None:
    """Webcast live and imminent before news before details."""
    adapter = RecordingAdapter(NAME, limits=limits(1))
    await subscribe(store, to("a", NAME), to("b", NAME))
    for number, priority in enumerate((Priority.DETAILS, Priority.NEWS, Priority.URGENT), start=1):
        event = an_event(id=EventId(number))
        await tell(store, moved(event), event=event, priority=priority)

    await drain(store, adapter)

    assert [one.event_id for one, _ in adapter.sent] == [3, 3, 2, 2, 1, 1]


async def test_urgent_newcomer_goes_before_a_backlog(store: SqlStore) -> None:
    """It waits for nothing but a free slot."""
    backlog = [f"{place:03}" for place in range(20)]
    other = an_event(id=EventId(2))
    came = False

    async def answer(_delivery: Delivery, _message: Message) -> Outcome:
        nonlocal came
        if not came:
            came = True
            await tell(store, moved(other), event=other, priority=Priority.URGENT)
        return Sent()

    adapter = RecordingAdapter(NAME, limits=limits(1), outcomes=answer)
    await owe_to(store, *backlog)

    await drain(store, adapter)

    assert [one.event_id for one, _ in adapter.sent] == [1, *[2] * 20, *[1] * 19]


async def test_one_events_messages_keep_their_order_at_each_place(store: SqlStore) -> None:
    """The younger waits while the elder is in the air, whatever its haste."""
    heads: list[str] = []

    async def answer(delivery: Delivery, message: Message) -> Outcome:
        if delivery.priority is not Priority.URGENT:
            await tell(store, LIVE, event=an_event(webcast_live=True), priority=Priority.URGENT)
        heads.append(str(message.kind))
        return Sent()

    await owe_to(store, "a")

    await drain(store, RecordingAdapter(NAME, outcomes=answer))

    assert heads == [Kind.DATE, Kind.WEBCAST]


async def test_superseded_news_is_folded_from_first_to_last(store: SqlStore) -> None:
    """One message: from what that channel last knew to what is now true."""
    first, second, third = an_event(), NEWER, an_event(date=NEWER.date + 3 * HOUR)  # type: ignore[operator]  # it has a date
    adapter = RecordingAdapter(NAME)
    await owe_to(store, "a", event=first)
    for before, after in ((first, second), (second, third)):
        move = DateChanged(event_id=EventId(1), before=before.stated, after=after.stated)
        await tell(store, move, event=after)

    await drain(store, adapter)

    assert await states(store) == [State.SENT, State.SUPERSEDED, State.SUPERSEDED]
    ((_, message),) = adapter.sent
    assert "14 Mar 2027, 18:05" in words(message)
    assert "1 Mar 2027, 12:00" in words(message)
    assert "14 Mar 2027, 15:05" not in words(message)


async def test_move_there_and_back_before_it_was_sent_is_silent(store: SqlStore) -> None:
    """Nothing is left to tell; the record says so."""
    adapter = RecordingAdapter(NAME)
    away = DateChanged(event_id=EventId(1), before=an_event().stated, after=NEWER.stated)
    back = DateChanged(event_id=EventId(1), before=NEWER.stated, after=an_event().stated)
    await owe_to(store, "a", event=NEWER)
    await drain(store, adapter)
    adapter.sent.clear()
    await tell(store, away, event=NEWER)
    await tell(store, back)

    await drain(store, adapter)

    assert adapter.sent == []
    assert await states(store) == [State.SENT, State.SUPERSEDED, State.SUPERSEDED]
    assert (await records(store))[1].error == "nothing was left to tell"


async def test_what_was_sent_is_not_folded_again(store: SqlStore) -> None:
    """A later change is told from what the channel was told last."""
    adapter = RecordingAdapter(NAME)
    await owe_to(store, "a")
    await drain(store, adapter)
    move = DateChanged(event_id=EventId(1), before=an_event().stated, after=NEWER.stated)
    await tell(store, move, event=NEWER)

    await drain(store, adapter)

    assert [len(delivery.parts) for delivery, _ in adapter.sent] == [1, 1]
    assert "14 Mar 2027, 13:05" in words(adapter.sent[1][1])


async def _remind(store: Store, *addresses: str, **changes: object) -> Reminder:
    event = an_event()
    reminder = a_reminder(**changes)
    await subscribe(store, *(to(one, NAME) for one in addresses), leads=frozenset({HOUR}))
    async with store.writing() as unit:
        await keep(unit, event)
        await unit.outbox.owe(
            Debt(
                event_id=event.id,
                kinds=frozenset({Kind.REMINDER}),
                priority=Priority.URGENT,
                created_at=START,
                expires_at=event.date,
                reminder=reminder,
            )
        )
    await expand(store)
    return reminder


async def test_reminder_is_sent(store: SqlStore) -> None:
    """A reminder has no change behind it, and is told all the same."""
    adapter = RecordingAdapter(NAME)
    await _remind(store, "a")

    await drain(store, adapter)

    assert [message.kind for _, message in adapter.sent] == [Kind.REMINDER]


async def test_reminder_of_an_event_that_moved_is_void(store: SqlStore) -> None:
    """A move between its due time and its sending makes it pointless."""
    adapter = RecordingAdapter(NAME)
    await _remind(store, "a")
    await _become(store, NEWER)

    await drain(store, adapter)

    assert adapter.sent == []
    assert await states(store) == [State.SUPERSEDED]


async def test_reminder_that_comes_too_late_expires(store: SqlStore) -> None:
    """`Debt.expires_at`: after this moment it no longer helps, and the record says so."""
    clock, adapter = FakeClock(), RecordingAdapter(NAME)
    await _remind(store, "a")
    clock.advance(an_event().date - START)  # type: ignore[operator]  # the usual one has a date

    await drain(store, adapter, clock)

    assert adapter.sent == []
    (record,) = await records(store)
    assert (record.state, record.error) == (State.EXPIRED, "it came too late to help")


async def test_expired_reminder_does_not_take_younger_news_with_it(store: SqlStore) -> None:
    """Of a folded delivery only the part that is too late is left out."""
    clock, adapter = FakeClock(), RecordingAdapter(NAME)
    await _remind(store, "a")
    await tell(store)
    clock.advance(an_event().date - START)  # type: ignore[operator]  # the usual one has a date

    await drain(store, adapter, clock)

    ((delivery, message),) = adapter.sent
    assert message.kind is Kind.DATE
    assert [part.kinds for part in delivery.parts] == [{Kind.DATE}]
    assert await states(store) == [State.SENT, State.SUPERSEDED]


async def test_what_came_too_late_holds_up_nothing_behind_it(store: SqlStore) -> None:
    """A batch of which nothing is sent is no reason to rest."""
    clock, adapter = FakeClock(), RecordingAdapter(NAME, limits=limits(1))
    other = an_event(id=EventId(2))
    await _remind(store, "a", "b", "c")
    await tell(store, moved(other), event=other)
    clock.advance(an_event().date - START)  # type: ignore[operator]  # the usual one has a date

    await drain(store, adapter, clock)

    assert addresses(adapter) == ["a", "b", "c"]


async def test_retry_says_what_is_true_now(store: SqlStore) -> None:
    """What was written for the first try is written anew when it no longer holds."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="busy", wait=MINUTE)])
    live = an_event(webcast_live=True)
    await owe_to(store, "a", event=live)
    await tell(store, LIVE, event=live, priority=Priority.URGENT)
    await drain(store, adapter, clock)
    await _become(store, an_event())
    clock.advance(MINUTE)

    await drain(store, adapter, clock)

    assert [message.kind for _, message in adapter.sent] == [Kind.WEBCAST, Kind.DATE]
    assert "live" not in str(adapter.sent[1][1]).lower()


async def test_all_recipients_share_one_message(store: SqlStore) -> None:
    """It is written and kept once for all who get the same."""
    adapter = RecordingAdapter(NAME, limits=limits(2))
    await owe_to(store, *"abcdef")

    await drain(store, adapter)

    assert len({message for _, message in adapter.sent}) == 1


async def _become(store: Store, event: Event) -> None:
    async with store.writing() as unit:
        await keep(unit, event)


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
