"""`ports.Purge`: what ended long ago goes, and nothing that anybody may still need."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

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

from bot.domain.changes import Kind
from bot.domain.channels import Channel, Health, Reach
from bot.domain.deliveries import FanoutId, Priority, State, Verdict
from bot.domain.events import EventId
from bot.domain.fanouts import Result
from bot.domain.retention import Key, Remains
from bot.domain.subscriptions import Filter
from bot.domain.watching import Tracked, Watch
from bot.store.unit_of_work import SqlStore
from bot.testing import START, a_message, an_event

LATER = START + timedelta(days=400)
"""When all that the tests do has ended long ago."""

BATCH = 2
"""So few at once that a handful takes several batches."""


async def purge(store: SqlStore, *sorts: Remains, before: datetime = LATER) -> dict[Remains, int]:
    """Purge these sorts, or all, in their order, as a sweep does; how many of each went."""
    gone = {sort: await _purge(store, sort, before) for sort in sorts or Remains}
    return {sort: count for sort, count in gone.items() if count}


async def _purge(store: SqlStore, sort: Remains, before: datetime) -> int:
    total, after = 0, None
    while True:
        async with store.reading() as unit:
            found = await unit.purge.find(sort, before=before, after=after, limit=BATCH)
        assert len(found) <= BATCH
        if not found:
            return total
        total, after = total + await remove(store, sort, found, before=before), found[-1]


async def remove(
    store: SqlStore, sort: Remains, keys: Collection[Key], *, before: datetime = LATER
) -> int:
    """Remove what was found."""
    async with store.writing() as unit:
        return await unit.purge.remove(sort, tuple(keys), before=before)


async def find(store: SqlStore, sort: Remains) -> tuple[Key, ...]:
    """What nobody needs any more of a sort."""
    async with store.reading() as unit:
        return await unit.purge.find(sort, before=LATER, after=None, limit=100)


async def send(store: SqlStore, **verdict: object) -> None:
    """Claim and end all that is due."""
    claimed = await claim(store)
    await start(store, claimed)
    await finish(store, claimed, **verdict)


async def end_event(store: SqlStore, watch: Watch = Watch.FINISHED, **changes: object) -> None:
    """Watch the usual event no more."""
    ended = Tracked(event=an_event(**changes), watch=watch, first_seen_at=START)
    async with store.writing() as unit:
        await unit.snapshots.keep([ended])


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


async def test_filters_go_by_themselves(store: SqlStore) -> None:
    """Who removes one leaves another one's words where they are."""
    moon, mars = Filter(words=frozenset({"moon"})), Filter(words=frozenset({"mars"}))
    async with store.writing() as unit:
        for one in (moon, mars):
            await unit.subscriptions.add(to(), one, now=START)
        await unit.subscriptions.remove(to(), None)
    found = await find(store, Remains.FILTERS)

    assert await remove(store, Remains.FILTERS, found[:1]) == 1
    assert await find(store, Remains.FILTERS) == found[1:]


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


async def test_newest_fan_out_stays_so_that_no_id_is_given_twice(store: SqlStore) -> None:
    """An id names a debt for ever: nonces and records go by it."""
    first = await owe(store)
    await expand(store)
    await purge(store)

    second = await owe(store)

    assert (first or FanoutId(0)) < (second or FanoutId(0))


async def test_changes_of_a_watched_event_stay_whatever_their_age(store: SqlStore) -> None:
    """How often its date has changed is told with each change."""
    await owe(store)
    await expand(store)
    await tell(store, event=an_event(id=EventId(2)))
    await purge(store)
    await owe(store)
    await expand(store)

    assert await purge(store, Remains.CHANGES) == {}
    async with store.reading() as unit:
        assert len(await unit.snapshots.noticed()) == 3


@pytest.mark.parametrize("watch", [Watch.FINISHED, Watch.WITHDRAWN])
async def test_event_that_is_over_goes_after_its_changes(store: SqlStore, watch: Watch) -> None:
    """And with it its mutes; the newest change stays, and so does its event."""
    await subscribe(store, to())
    await tell(store)
    await send(store)
    async with store.writing() as unit:
        await unit.destinations.mute(to(), an_event().id)
    await tell(store, event=an_event(id=EventId(2)))
    await send(store)
    await end_event(store, watch)

    gone = await purge(store)

    assert gone[Remains.CHANGES] == gone[Remains.MUTES] == gone[Remains.EVENTS] == 1
    async with store.reading() as unit:
        assert {*await unit.snapshots.recall([an_event().id])} == {EventId(2)}
        assert await unit.destinations.muted(to()) == ()


async def test_event_that_ended_just_now_stays(store: SqlStore) -> None:
    """LL2 may list it again, which would make it new; people may want it muted still."""
    ended = an_event(date=LATER)
    async with store.writing() as unit:
        await keep(unit)
        await unit.destinations.mute(to(), ended.id)
    await end_event(store, date=LATER)

    assert await purge(store, Remains.MUTES, Remains.EVENTS) == {}


async def test_event_without_a_date_is_over_by_when_it_was_first_seen(store: SqlStore) -> None:
    """LL2 withdraws some that never had a date."""
    async with store.writing() as unit:
        await keep(unit, an_event(date=None))
    await end_event(store, Watch.WITHDRAWN, date=None)

    assert await purge(store, Remains.EVENTS, before=START) == {}
    assert await purge(store, Remains.EVENTS) == {Remains.EVENTS: 1}


async def test_change_that_a_delivery_tells_stays(store: SqlStore) -> None:
    """An open delivery is written from it."""
    await subscribe(store, to())
    await tell(store)
    await owe(store, event=an_event(id=EventId(2)))
    await end_event(store)

    assert await purge(store) == {}
    (claimed,) = await claim(store)
    async with store.reading() as unit:
        _, news = await unit.outbox.news(claimed.parts)
    assert news == (moved(),)


async def test_newest_change_stays_so_that_no_id_is_given_twice(store: SqlStore) -> None:
    """Nobody needs it any more, but for that."""
    async with store.writing() as unit:
        await keep(unit)
        for _ in range(2):
            await unit.snapshots.record([moved()], noticed_at=START, fanout_id=None)
    await end_event(store)

    assert await purge(store, Remains.CHANGES) == {Remains.CHANGES: 1}
    async with store.reading() as unit:
        assert len(await unit.snapshots.noticed()) == 1


async def test_posts_go_with_their_event(store: SqlStore) -> None:
    """A forum's post of an event that is over for long is not written to again."""
    await subscribe(store, to("a"), to("b"), to("c"))
    await tell(store)
    claimed = await claim(store)
    verdict = Verdict(state=State.SENT, post="thread")
    async with store.writing() as unit:
        await unit.outbox.finish(
            [Result(delivery=one, verdict=verdict, at=START) for one in claimed]
        )
    watched = await purge(store, Remains.POSTS)
    await end_event(store)

    assert watched == {}
    assert await purge(store, Remains.POSTS) == {Remains.POSTS: 3}


async def test_filter_goes_when_nobody_holds_it(store: SqlStore) -> None:
    """With the words that it was made of; one that is held stays."""
    held, dropped = Filter(words=frozenset({"moon"})), Filter(words=frozenset({"mars"}))
    async with store.writing() as unit:
        await unit.subscriptions.add(to(), held, now=START)
        gone = await unit.subscriptions.add(to(), dropped, now=START)
        await unit.subscriptions.remove(to(), gone.id)

    assert await purge(store) == {Remains.FILTERS: 1}
    async with store.reading() as unit:
        assert [one.filter for one in await unit.subscriptions.held()] == [held]


async def test_filters_stay_while_a_fan_out_is_under_way(store: SqlStore) -> None:
    """It has noted which of them match."""
    await subscribe(store, to())
    await owe(store)
    async with store.writing() as unit:
        await unit.outbox.expand()
        await unit.subscriptions.remove(to(), None)

    assert await purge(store, Remains.FILTERS) == {}
    await expand(store)
    assert await purge(store, Remains.FILTERS) == {Remains.FILTERS: 1}


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


async def test_destination_that_holds_nothing_goes(store: SqlStore) -> None:
    """One that holds a subscription, a setting or a mute stays; and the newest, for its id."""
    await subscribe(store, *(to(one) for one in "abcdef"))
    async with store.writing() as unit:
        for one in "bcdef":
            await unit.subscriptions.remove(to(one), None)
        await unit.destinations.set_channel(to("c"), Channel(is_silent=True))
        await unit.destinations.mute(to("d"), an_event().id)

    found = await find(store, Remains.DESTINATIONS)

    assert len(found) == 2
    assert await purge(store, Remains.DESTINATIONS) == {Remains.DESTINATIONS: 2}


@pytest.mark.parametrize("is_sent", [True, False])
async def test_destination_with_a_delivery_stays(store: SqlStore, *, is_sent: bool) -> None:
    """Open or ended: the record shows where it went."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    if is_sent:
        await send(store)
    async with store.writing() as unit:
        await unit.subscriptions.remove(to("a"), None)

    assert await purge(store, Remains.DESTINATIONS) == {}
