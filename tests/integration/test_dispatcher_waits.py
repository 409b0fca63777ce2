"""How a sender waits: it sleeps while nothing can be done, and nothing slow holds up the rest."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from outboxes import HOUR, moved, states, subscribe, tell, to
from senders import (
    NAME,
    HeldAdapter,
    WatchedClock,
    a_dispatcher,
    a_store,
    addresses,
    owe_to,
    running,
    until_states,
)

from bot.domain.changes import WebcastLive
from bot.domain.deliveries import Later, Priority, State
from bot.domain.events import EventId
from bot.ports import Store
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import SqlStore
from bot.testing import RecordingAdapter, an_event

LIVE = an_event(id=EventId(2), webcast_live=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


async def _tell_live(store: Store) -> None:
    await tell(store, WebcastLive(event_id=LIVE.id), event=LIVE, priority=Priority.URGENT)


async def test_sender_with_nothing_to_do_sleeps(store: SqlStore) -> None:
    """It asks for one long wait, not for many short ones."""
    async with running(store, RecordingAdapter(NAME)) as sender:
        await sender.clock.until_waiting()
        await sender.clock.settle()

        assert sender.clock.pauses == [timedelta(minutes=10)]


async def test_sender_sleeps_until_a_retry_is_due(store: SqlStore) -> None:
    """`next_due`: it wakes by itself when the platform said to come again."""
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="busy", wait=MINUTE)])
    await owe_to(store, "a")

    async with running(store, adapter) as sender:
        await sender.clock.until_asked(lambda pauses: MINUTE in pauses)
        await sender.clock.until_waiting()
        sender.clock.advance(MINUTE)
        await until_states(store, State.SENT)

    assert addresses(adapter) == ["a", "a"]


async def test_sender_that_finds_the_gate_closed_wakes_when_it_opens(store: SqlStore) -> None:
    """What was due before it began to look is not forgotten for the length of a lease."""
    adapter = RecordingAdapter(NAME)
    await owe_to(store, "a")
    clock = WatchedClock()
    pace, stop = SlotPace(clock), asyncio.Event()
    pace.throttled(MINUTE)

    async with (
        a_dispatcher(store, adapter, clock, pace=pace) as dispatcher,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(dispatcher.run(stop), name="sender")
        await clock.until_waiting()
        clock.advance(MINUTE)
        await until_states(store, State.SENT)
        stop.set()

    assert clock.pauses[0] == MINUTE


async def test_news_behind_a_retry_does_not_keep_the_sender_busy(store: SqlStore) -> None:
    """What is due but held up by its elder's retry is no reason to look again and again."""
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="busy", wait=MINUTE)])
    await owe_to(store, "a")

    async with running(store, adapter) as sender:
        await sender.clock.until_asked(lambda pauses: MINUTE in pauses)
        await tell(store)
        sender.wake.set()
        await sender.clock.until_asked(lambda pauses: pauses.count(MINUTE) > 1)
        await sender.clock.settle()

        assert timedelta(0) not in sender.clock.pauses


async def test_retry_holds_up_only_its_own_event_and_place(store: SqlStore) -> None:
    """One event's messages keep their order within a destination; nobody else waits for it."""
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="slow mode", wait=HOUR)])
    await owe_to(store, "a", "b")
    other = an_event(id=EventId(3))

    async with a_dispatcher(store, adapter) as dispatcher:
        await dispatcher.drain()
        await tell(store)
        await tell(store, moved(other), event=other)
        await dispatcher.drain()

    sent = [(one.event_id, one.destination.address) for one, _ in adapter.sent]
    assert sent == [(1, "a"), (1, "b"), (1, "b"), (3, "a"), (3, "b")]


async def test_slow_send_does_not_hold_up_the_record_of_others(store: SqlStore) -> None:
    """The outcome is committed right after its send, whatever else is in the air."""
    adapter = HeldAdapter("a")
    await owe_to(store, "a", "b")

    async with running(store, adapter):
        await until_states(store, State.SENDING, State.SENT)
        adapter.let_land()

    assert await states(store) == [State.SENT, State.SENT]


async def _owe_before_urgent(store: SqlStore, *addresses: str) -> None:
    """Owe to these places, of which none is subscribed any more; only "urgent" is."""
    await owe_to(store, *addresses)
    async with store.writing() as unit:
        for address in addresses:
            await unit.subscriptions.remove(to(address, NAME), None)
    await subscribe(store, to("urgent", NAME))


async def test_slow_sends_do_not_hold_up_an_urgent_newcomer(store: SqlStore) -> None:
    """As long as one slot is free, it is claimed: also the last of many."""
    adapter = HeldAdapter(*"abcdefg", concurrency=8)
    await _owe_before_urgent(store, *"abcdefg")

    async with running(store, adapter) as sender:
        await adapter.until_sent(7)
        await _tell_live(store)
        sender.wake.set()
        await until_states(store, *[State.SENDING] * 7, State.SENT)
        adapter.let_land()


async def test_slow_send_does_not_hold_up_a_retry_that_becomes_due(store: SqlStore) -> None:
    """The sender minds the time also while something is in the air."""
    adapter = HeldAdapter("a", "b")
    await owe_to(store, "a", "b")

    async with running(store, adapter) as sender:
        await adapter.until_sent(2)
        adapter.let_land("b", outcome=Later(reason="busy", wait=MINUTE))
        await until_states(store, State.SENDING, State.PENDING)
        await sender.clock.until_asked(lambda pauses: MINUTE in pauses)
        await sender.clock.until_waiting()
        sender.clock.advance(MINUTE)
        await adapter.until_sent(3)
        adapter.let_land()

    assert addresses(adapter) == ["a", "b", "b"]


async def test_slots_that_fall_free_one_by_one_are_filled_together(store: SqlStore) -> None:
    """A sender under load gathers slots before it claims: each claim is a commit."""
    adapter = HeldAdapter(concurrency=8)
    await owe_to(store, *"abcdefghij")

    async with running(store, adapter) as sender:
        await adapter.until_sent(8)
        adapter.let_land("a")
        await until_states(store, State.SENT, *[State.SENDING] * 7, *[State.PENDING] * 2)
        adapter.let_land("b")
        await adapter.until_sent(10)
        adapter.let_land()

    assert timedelta(0) not in sender.clock.pauses
    assert adapter.most == 8


async def test_newcomers_do_not_wait_for_slots_to_be_gathered(store: SqlStore) -> None:
    """They may be urgent, so the first slot that falls free is theirs at once."""
    adapter = HeldAdapter(concurrency=8)
    await _owe_before_urgent(store, *"abcdefgh")

    async with running(store, adapter) as sender:
        await adapter.until_sent(8)
        await _tell_live(store)
        sender.wake.set()
        adapter.let_land("a")
        await adapter.until_sent(9)
        adapter.let_land()

    assert addresses(adapter)[-1] == "urgent"


async def test_free_slot_is_filled_soon_when_no_other_falls_free(store: SqlStore) -> None:
    """Gathering ends by itself: a hanging neighbour costs the next a blink, not its patience."""
    adapter = HeldAdapter(concurrency=8)
    await owe_to(store, *"abcdefghi")

    async with running(store, adapter) as sender:
        await adapter.until_sent(8)
        adapter.let_land("a")
        await until_states(store, State.SENT, *[State.SENDING] * 7, State.PENDING)
        await sender.clock.until_asked(lambda pauses: pauses[-1] is not None)
        await sender.clock.until_waiting()
        sender.clock.advance(timedelta(seconds=1))
        await adapter.until_sent(9)
        adapter.let_land()


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_more_are_in_the_air_than_the_adapter_allows(
    store: SqlStore, concurrency: int
) -> None:
    """`Limits.concurrency`: how many sends may be under way at once."""
    adapter = HeldAdapter(concurrency=concurrency)
    await owe_to(store, *"abcdefg")

    async with running(store, adapter):
        for sent in range(1, 8):
            await adapter.until_sent(sent)
            adapter.let_land()
        await until_states(store, *[State.SENT] * 7)

    assert adapter.most <= concurrency
    assert sorted(addresses(adapter)) == [*"abcdefg"]


async def test_lease_that_ran_out_is_taken_over_and_no_other(store: SqlStore) -> None:
    """`reclaim`: what somebody claimed and never started is sent in the end, but not before."""
    adapter = RecordingAdapter(NAME)

    async with running(store, adapter) as sender:
        await sender.clock.until_waiting()
        await owe_to(store, "a")
        async with store.writing() as unit:
            await unit.outbox.claim(NAME, limit=1, now=sender.clock.now(), lease=MINUTE)
        sender.wake.set()
        await sender.clock.until_asked(lambda pauses: len(pauses) > 1)
        await sender.clock.until_waiting()
        early = addresses(adapter)
        sender.clock.advance(timedelta(minutes=10))
        await until_states(store, State.SENT)

    assert (early, addresses(adapter)) == ([], ["a"])
