"""What a sender makes of order and haste, of news that grew old, and of reminders."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from desks import words
from outboxes import HOUR, a_reminder, expand, keep, moved, states, subscribe, tell, to
from senders import NAME, a_store, addresses, drain, limits, owe_to, records

from bot.domain.changes import DateChanged, Kind, Reminder, WebcastLive
from bot.domain.deliveries import Delivery, Later, Outcome, Priority, Sent, State
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
