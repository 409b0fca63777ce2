"""`ports.Purge`: what ended long ago goes, and nothing that anybody may still need."""

import asyncio
from datetime import timedelta

import pytest
from outboxes import (
    HOUR,
    LEASE,
    a_debt,
    a_reminder,
    claim,
    expand,
    finish,
    keep,
    moved,
    owe,
    records,
    start,
    states,
    subscribe,
    tell,
    to,
)
from purging import BATCH, LATER, end_event, find, purge, remove, send

from bot.domain.changes import Kind
from bot.domain.channels import Health, Reach
from bot.domain.deliveries import Priority, State
from bot.domain.events import EventId
from bot.domain.retention import Remains
from bot.domain.subscriptions import Filter
from bot.store.unit_of_work import SqlStore
from bot.testing import START, a_message, an_event


async def test_what_ended_goes_batch_by_batch_with_what_only_it_needed(store: SqlStore) -> None:
    """Deliveries, then their messages, then their fan-outs; the newest fan-out stays."""
    await subscribe(store, *(to(one) for one in "abcde"))
    for _ in range(2):
        await tell(store)
        await send(store)

    gone = await purge(store)

    assert gone == {Remains.DELIVERIES: 10, Remains.MESSAGES: 2, Remains.FANOUTS: 1}
    assert await records(store) == ()


async def test_what_ended_of_late_stays(store: SqlStore) -> None:
    """`before`: what ended at that very moment, or later, is kept."""
    await subscribe(store, to())
    await tell(store)
    await send(store)

    assert await purge(store, before=START + LEASE) == {}
    assert await states(store) == [State.SENT]


@pytest.mark.parametrize("state", [State.SENT, State.DEAD, State.EXPIRED, State.UNKNOWN])
async def test_every_end_is_an_end(store: SqlStore, state: State) -> None:
    """However a delivery ended, it goes."""
    await subscribe(store, to())
    await tell(store)
    await send(store, state=state, error="why")

    assert (await purge(store))[Remains.DELIVERIES] == 1


async def test_nothing_open_goes_however_old(store: SqlStore) -> None:
    """Pending, leased, being sent, in doubt: they stay, with message, fan-out and change."""
    await subscribe(store, *(to(one) for one in "abcd"))
    await tell(store)
    doubted, sending, _leased = await claim(store, limit=3)
    await start(store, [doubted, sending])
    await finish(store, [doubted], state=State.PENDING, not_before=LATER, in_doubt_since=START)
    await end_event(store)
    before = await records(store)

    assert await purge(store) == {}
    assert await records(store) == before


async def test_what_was_folded_stays_with_its_carrier(store: SqlStore) -> None:
    """An open carrier tells what was folded into it; and the record shows it for as long."""
    await subscribe(store, to())
    await tell(store)
    await tell(store, priority=Priority.URGENT)
    carriers = await claim(store)
    kept = await purge(store)
    (carrier,) = carriers
    await start(store, carriers)
    await finish(store, carriers)

    gone = await purge(store, Remains.DELIVERIES)
    again = await purge(store, Remains.DELIVERIES)

    assert len(carrier.parts) == 2
    assert kept == {}
    assert (gone, again) == ({Remains.DELIVERIES: 1}, {Remains.DELIVERIES: 1})


async def test_what_is_held_stays_for_as_long_as_it_may_be_told(store: SqlStore) -> None:
    """A destination that comes back gets the news of a week; what is older is dead weight."""
    await subscribe(store, to())
    await tell(store)
    async with store.writing() as unit:
        paused = Health(reach=Reach.PAUSED, since=START, reason="kicked")
        await unit.destinations.set_health(to(), paused)

    early = await purge(store, before=START)
    late = await purge(store, Remains.DELIVERIES, before=START + timedelta(seconds=1))

    assert early == {}
    assert late == {Remains.DELIVERIES: 1}


async def test_what_is_held_goes_by_when_it_was_to_be_tried(store: SqlStore) -> None:
    """Not by its fan-out, which may be long ago: a pause may come after many tries."""
    await subscribe(store, to())
    await tell(store)
    claimed = await claim(store)
    await start(store, claimed)
    await finish(store, claimed, state=State.PENDING, not_before=START + HOUR)
    async with store.writing() as unit:
        paused = Health(reach=Reach.PAUSED, since=START, reason="kicked")
        await unit.destinations.set_health(to(), paused)

    early = await purge(store, Remains.DELIVERIES, before=START + HOUR)
    late = await purge(store, Remains.DELIVERIES, before=START + 2 * HOUR)

    assert early == {}
    assert late == {Remains.DELIVERIES: 1}


async def test_fan_out_and_change_of_late_stay(store: SqlStore) -> None:
    """`before`: what was made at that very moment, or later, is kept, also if nobody heard it."""
    await tell(store)
    await tell(store, event=an_event(id=EventId(2)))
    await end_event(store)

    early = await purge(store, before=START)
    async with store.writing() as unit:
        await unit.snapshots.record([moved()], noticed_at=START, fanout_id=None)
        await unit.snapshots.record([moved()], noticed_at=START, fanout_id=None)
    changes = await purge(store, Remains.CHANGES, before=START)

    assert (early, changes) == ({}, {})
    assert await purge(store, Remains.FANOUTS) == {Remains.FANOUTS: 1}


async def test_fan_out_stays_with_its_message(store: SqlStore) -> None:
    """However the sweeps of the two meet: a message is of a fan-out that is there."""
    await tell(store)
    await subscribe(store, to())
    await tell(store, event=an_event(id=EventId(2)))
    await send(store)
    await tell(store, event=an_event(id=EventId(3)))
    await claim(store)

    gone = await purge(store, Remains.DELIVERIES, Remains.FANOUTS)

    assert gone == {Remains.DELIVERIES: 1, Remains.FANOUTS: 1}
    assert await purge(store) == {Remains.MESSAGES: 1, Remains.FANOUTS: 1}


async def test_fan_out_that_is_under_way_stays(chunked: SqlStore) -> None:
    """Its deliveries are still being made."""
    await subscribe(chunked, *(to(f"{one}") for one in range(9)))
    await owe(chunked)
    async with chunked.writing() as unit:
        await unit.outbox.expand()
    await tell(chunked, event=an_event(id=EventId(2)))
    await owe(chunked)

    assert await purge(chunked, Remains.FANOUTS) == {}


async def test_fan_out_that_has_not_begun_stays(store: SqlStore) -> None:
    """Whoever it is for waits for it, and nothing else shows that."""
    await subscribe(store, to())
    await owe(store)
    await owe(store, event=an_event(id=EventId(2)))

    assert await purge(store, Remains.FANOUTS) == {}


async def test_message_that_waits_for_its_departure_stays(store: SqlStore) -> None:
    """It is kept before its delivery is marked with it; in between nothing refers to it."""
    await subscribe(store, to())
    await tell(store)
    (claimed,) = await claim(store)
    async with store.writing() as unit:
        newest = claimed.parts[-1].fanout_id
        message = await unit.outbox.keep_message(claimed.form, a_message(), newest=newest)
    await tell(store, event=an_event(id=EventId(2)))

    assert await purge(store) == {}
    async with store.reading() as unit:
        assert await unit.outbox.message(claimed.form) == message


async def test_fan_out_goes_while_older_and_younger_ones_are_still_at_work(store: SqlStore) -> None:
    """One that waits for months, or the one of just now, keeps no other in the store."""
    await subscribe(store, to())
    await tell(store)
    await claim(store)
    await tell(store, event=an_event(id=EventId(2)))
    await send(store)
    await tell(store, event=an_event(id=EventId(3)))

    gone = await purge(store)

    assert gone == dict.fromkeys((Remains.DELIVERIES, Remains.MESSAGES, Remains.FANOUTS), 1)
    assert await states(store) == [State.LEASED, State.PENDING]


async def test_no_more_is_removed_than_was_found(store: SqlStore) -> None:
    """A batch is what a transaction may take; the others that ended go with theirs."""
    await subscribe(store, *(to(one) for one in "abc"))
    await tell(store)
    await send(store)
    found = await find(store, Remains.DELIVERIES)

    assert await remove(store, Remains.DELIVERIES, found[:BATCH]) == BATCH
    assert len(await records(store)) == len(found) - BATCH


async def test_search_goes_on_behind_what_was_found(store: SqlStore) -> None:
    """`after`: what could not be removed is not found again and again."""
    await subscribe(store, *(to(one) for one in "abc"))
    await tell(store)
    await send(store)
    first, *others = await find(store, Remains.DELIVERIES)

    async with store.reading() as unit:
        rest = await unit.purge.find(Remains.DELIVERIES, before=LATER, after=first, limit=100)

    assert rest == tuple(others)


async def test_reminder_that_was_owed_is_not_owed_again(store: SqlStore) -> None:
    """Its fan-out stays until its date is as far behind as all else that is purged."""
    reminder = a_reminder()
    debt = a_debt(kinds=frozenset({Kind.REMINDER}), reminder=reminder)
    async with store.writing() as unit:
        await keep(unit)
        await unit.outbox.owe(debt)
    await expand(store)
    await tell(store)

    kept = await purge(store, before=reminder.date)
    async with store.writing() as unit:
        again = await unit.outbox.owe(debt)
    gone = await purge(store, Remains.FANOUTS, before=reminder.date + timedelta(seconds=1))

    assert (kept, again) == ({}, None)
    assert gone == {Remains.FANOUTS: 1}


async def test_what_was_taken_up_since_it_was_found_stays(store: SqlStore) -> None:
    """Between finding and removing, people go on subscribing: and get what they asked for."""
    words = frozenset({"cygnus"})
    await subscribe(store, to(), words=words)
    async with store.writing() as unit:
        await unit.subscriptions.remove(to(), None)
    found = await find(store, Remains.FILTERS)
    await subscribe(store, to(), words=words)

    assert len(found) == 1
    assert await remove(store, Remains.FILTERS, found) == 0
    await tell(store)
    assert len(await claim(store)) == 1


async def test_what_somebody_takes_up_now_is_passed_over(store: SqlStore, store_url: str) -> None:
    """A sweep does not wait for who subscribes, nor who subscribes for the sweep."""
    if not store_url.startswith("postgresql"):
        pytest.skip("SQLite has one writer")
    await subscribe(store, to())
    async with store.writing() as unit:
        await unit.subscriptions.remove(to(), None)
    found = await find(store, Remains.FILTERS)

    async with store.writing() as unit, asyncio.timeout(10):
        await unit.subscriptions.add(to(), Filter(), now=START)
        assert await remove(store, Remains.FILTERS, found) == 0
