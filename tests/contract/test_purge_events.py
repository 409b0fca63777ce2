"""`ports.Purge`: changes, events and what hangs on them, filters and destinations."""

import pytest
from outboxes import claim, expand, keep, moved, owe, subscribe, tell, to
from purging import LATER, end_event, find, purge, remove, send

from bot.domain.channels import Channel
from bot.domain.deliveries import FanoutId, State, Verdict
from bot.domain.events import EventId
from bot.domain.fanouts import Result
from bot.domain.retention import Remains
from bot.domain.subscriptions import Filter
from bot.domain.watching import Watch
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event


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
