"""`ports.Outbox`, second half: who is sent next, and whose lease ran out."""

from datetime import datetime, timedelta

import pytest
from outboxes import HOUR, LEASE, claim, finish, moved, start, states, subscribe, tell, to

from bot.domain.changes import Kind, WebcastLive
from bot.domain.channels import Health, Reach
from bot.domain.deliveries import Priority, State
from bot.domain.events import EventId
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LIVE = WebcastLive(event_id=EventId(1))
OTHER = an_event(id=EventId(2))
LATER = START + HOUR


async def test_urgent_goes_first_then_the_oldest(store: SqlStore) -> None:
    """`claim`: take due deliveries of an adapter, urgent first."""
    await subscribe(store, to("a"), to("b"), kinds=frozenset(Kind))
    for number, priority in enumerate(
        (Priority.DETAILS, Priority.NEWS, Priority.URGENT, Priority.NEWS), start=1
    ):
        event = an_event(id=EventId(number))
        await tell(store, moved(event), event=event, priority=priority)

    claimed = [await claim(store, limit=3) for _ in range(3)]

    order = [(one.event_id, one.destination.address) for batch in claimed for one in batch]
    assert order == [(number, place) for number in (3, 2, 4, 1) for place in ("a", "b")]
    assert [len(batch) for batch in claimed] == [3, 3, 2]


async def test_retry_goes_behind_what_has_been_due_for_longer(store: SqlStore) -> None:
    """`claim`: of one priority those due longest; a retry does not push in again and again."""
    await subscribe(store, to("a"), to("b"), to("c"))
    await tell(store)
    first, *_others = await claim(store)
    await start(store, [first])
    await finish(store, [first], state=State.PENDING, not_before=LATER, error="busy")
    async with store.writing() as unit:
        await unit.outbox.reclaim("console", now=None)

    order = [await claim(store, limit=1, now=LATER) for _ in range(3)]

    assert [one.destination.address for (one,) in order] == ["b", "c", "a"]


async def test_only_the_adapters_own_are_claimed(store: SqlStore) -> None:
    """`claim`: deliveries of an adapter; those of another are left alone."""
    await subscribe(store, to("a"), to("b", "discord"))
    await tell(store)

    claimed = await claim(store, adapter="discord")

    assert [one.destination for one in claimed] == [to("b", "discord")]
    assert await states(store) == [State.PENDING, State.LEASED]


async def test_claimed_is_not_claimed_again(store: SqlStore) -> None:
    """`claim`: a lease keeps others away."""
    await subscribe(store, to("a"))
    await tell(store)

    first, again = await claim(store), await claim(store)

    assert len(first) == 1
    assert again == ()


@pytest.mark.parametrize("is_set_back", [True, False])
async def test_clock_that_was_set_back_keeps_nothing_waiting(
    store: SqlStore, *, is_set_back: bool
) -> None:
    """`hasten`: from `now` on they are due; of another adapter's nothing is touched."""
    await subscribe(store, to("a"), to("b", "discord"))
    await tell(store, created_at=LATER)

    async with store.writing() as unit:
        await unit.outbox.hasten("console", now=START, is_set_back=is_set_back)

    assert len(await claim(store)) == 1
    assert await claim(store, adapter="discord") == ()


@pytest.mark.parametrize("is_set_back", [True, False])
async def test_what_was_held_does_not_wait_for_a_clock_that_was_set_back(
    store: SqlStore, *, is_set_back: bool
) -> None:
    """`hasten`: nothing waits, neither what a paused destination gets when it is reached again."""
    await subscribe(store, to("a"))
    paused, well = Health(reach=Reach.PAUSED, since=START), Health(since=START)
    async with store.writing() as unit:
        await unit.destinations.set_health(to("a"), paused)
    await tell(store, created_at=LATER)

    async with store.writing() as unit:
        await unit.outbox.hasten("console", now=START, is_set_back=is_set_back)
        await unit.destinations.set_health(to("a"), well)

    assert len(await claim(store)) == 1


async def test_clock_that_was_set_back_delays_nothing(store: SqlStore) -> None:
    """`hasten`: what has been due for long keeps its place, and its age."""
    await subscribe(store, to("a"))
    await tell(store, created_at=START)

    async with store.writing() as unit:
        await unit.outbox.hasten("console", now=LATER, is_set_back=True)

    assert len(await claim(store, now=START)) == 1


async def test_only_what_was_owed_in_the_future_tells_that_a_clock_was_set_back(
    store: SqlStore,
) -> None:
    """`hasten`: where it is not known, a retry that is due later is left alone."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    claimed = await claim(store, limit=1)
    await start(store, claimed)
    await finish(store, claimed, state=State.PENDING, not_before=LATER)
    await tell(store, event=OTHER, created_at=LATER)

    async with store.writing() as unit:
        await unit.outbox.hasten("console", now=START, is_set_back=False)
    found = await claim(store)

    assert [(one.event_id, one.destination.address) for one in found] == [
        (1, "b"),
        (2, "a"),
        (2, "b"),
    ]


async def test_delivery_waits_for_its_time(store: SqlStore) -> None:
    """`claim`: due deliveries only; a retry is due when it says."""
    await subscribe(store, to("a"))
    await tell(store)
    (delivery,) = await claim(store)
    await start(store, [delivery])
    await finish(store, [delivery], state=State.PENDING, not_before=LATER, error="busy")

    early = await claim(store, now=LATER - timedelta(microseconds=1))
    (again,) = await claim(store, now=LATER)

    assert early == ()
    assert (again.id, again.attempts) == (delivery.id, 1)


async def test_lease_that_ran_out_is_freed(store: SqlStore) -> None:
    """`reclaim`: free what was leased but not started: leases that ran out; how many."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    claimed = await claim(store)

    early = await _reclaim(store, now=START + LEASE - timedelta(microseconds=1))
    freed = await _reclaim(store, now=START + LEASE)
    again = await _reclaim(store, now=START + LEASE)

    assert (early, freed, again) == (0, 2, 0)
    assert await claim(store) == claimed


async def test_restart_frees_every_lease_but_nothing_that_was_started(store: SqlStore) -> None:
    """`reclaim`: all (None); what is marked `sending` is not freed, it may have arrived."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    leased, started = await claim(store)
    await start(store, [started])

    freed = await _reclaim(store, now=None)

    assert freed == 1
    assert await claim(store) == (leased,)


async def test_lease_that_ran_out_frees_neither_what_is_sent_nor_what_others_hold(
    store: SqlStore,
) -> None:
    """`reclaim`: a send that outlasts its lease may still arrive, and would be sent twice."""
    await subscribe(store, to("a"), to("b", "discord"))
    await tell(store)
    await start(store, await claim(store))
    await claim(store, adapter="discord")

    freed = await _reclaim(store, now=START + LEASE)

    assert freed == 0
    assert await states(store) == [State.SENDING, State.LEASED]


async def test_leases_of_another_adapter_are_left(store: SqlStore) -> None:
    """`reclaim`: an adapter that starts anew takes nothing from one that is at work.

    A delivery that was started without its lease would never be asked about after a crash.
    """
    await subscribe(store, to("a"), to("b", "discord"))
    await tell(store)
    claimed = await claim(store)
    await claim(store, adapter="discord")

    async with store.writing() as unit:
        freed = await unit.outbox.reclaim("discord", now=None)
    await start(store, claimed)

    assert freed == 1
    async with store.reading() as unit:
        assert len(await unit.outbox.interrupted("console")) == 1


async def _reclaim(store: Store, **until: datetime | None) -> int:
    async with store.writing() as unit:
        return await unit.outbox.reclaim("console", now=until["now"])


async def test_freed_lease_keeps_what_was_folded_into_it(store: SqlStore) -> None:
    """`reclaim`: a crash between claim and start loses no part."""
    await subscribe(store, to("a"))
    await tell(store)
    await tell(store, LIVE)
    first = await claim(store)

    await _reclaim(store, now=None)

    assert await claim(store) == first
