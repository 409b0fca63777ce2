"""`ports.Subscriptions`: who wants what."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from outboxes import MANY, subscribe, to, undone
from strategies import destinations, filters

from bot.domain.changes import Kind
from bot.domain.requests import NOBODY as NO_PERSON
from bot.domain.subscriptions import (
    DEFAULT_LEADS,
    Destination,
    Filter,
    SubscriptionId,
    normalised,
)
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

EVA, DOCKING = Filter(types=frozenset({3})), Filter(types=frozenset({2}))
NOBODY = to("nobody")


async def test_subscription_is_held_as_it_was_added(store: SqlStore) -> None:
    """`add`: add a subscription. `held`: subscriptions of one destination, or of all."""
    async with store.writing() as unit:
        added = await unit.subscriptions.add(to("a"), EVA, now=START)

    async with store.reading() as unit:
        assert await unit.subscriptions.held(to("a")) == (added,)
        assert await unit.subscriptions.held() == (added,)
        assert await unit.subscriptions.held(NOBODY) == ()
    assert (added.destination, added.filter) == (to("a"), EVA)


async def test_same_filter_twice_at_one_destination_is_one_subscription(store: SqlStore) -> None:
    """`add`: the same filter twice at one destination is one subscription."""
    async with store.writing() as unit:
        first = await unit.subscriptions.add(to("a"), EVA, now=START)
        again = await unit.subscriptions.add(to("a"), EVA, now=START)
        other = await unit.subscriptions.add(to("b"), EVA, now=START)

    async with store.reading() as unit:
        assert await unit.subscriptions.held() == (first, other)
    assert again == first
    assert other.id != first.id


async def test_same_filter_is_the_same_in_whatever_order_it_was_asked(store: SqlStore) -> None:
    """`add`: a set has the order of its making, and of the process; it says nothing."""
    one, another = (Filter(types=frozenset(order)) for order in ((0, 8, 16), (16, 8, 0)))
    assert list(one.types) != list(another.types)

    async with store.writing() as unit:
        first = await unit.subscriptions.add(to("a"), one, now=START)
        again = await unit.subscriptions.add(to("a"), another, now=START)

    assert again == first


async def test_held_goes_by_destination_then_by_age(store: SqlStore) -> None:
    """`held`: by destination, then by age."""
    async with store.writing() as unit:
        added = [
            await unit.subscriptions.add(destination, asked, now=START)
            for asked in (EVA, DOCKING)
            for destination in (to("b"), to("a", "telegram"), to("a"))
        ]

    async with store.reading() as unit:
        held = await unit.subscriptions.held()

    assert held == tuple(added[place] for place in (2, 5, 0, 3, 1, 4))


async def test_one_subscription_is_removed_by_its_owner_only(store: SqlStore) -> None:
    """`remove`: remove one of a destination; how many were removed."""
    async with store.writing() as unit:
        eva = await unit.subscriptions.add(to("a"), EVA, now=START)
        docking = await unit.subscriptions.add(to("a"), DOCKING, now=START)

    async with store.writing() as unit:
        strangers = await unit.subscriptions.remove(to("b"), eva.id)
        missing = await unit.subscriptions.remove(to("a"), SubscriptionId(99))
        removed = await unit.subscriptions.remove(to("a"), eva.id)

    async with store.reading() as unit:
        assert await unit.subscriptions.held() == (docking,)
    assert (strangers, missing, removed) == (0, 0, 1)


async def test_all_subscriptions_of_a_destination_are_removed(store: SqlStore) -> None:
    """`remove`: remove all of a destination (None); how many were removed."""
    async with store.writing() as unit:
        await unit.subscriptions.add(to("a"), EVA, now=START)
        await unit.subscriptions.add(to("a"), DOCKING, now=START)
        kept = await unit.subscriptions.add(to("b"), EVA, now=START)

    async with store.writing() as unit:
        removed = await unit.subscriptions.remove(to("a"), None)
        again = await unit.subscriptions.remove(to("a"), None)

    async with store.reading() as unit:
        assert await unit.subscriptions.held() == (kept,)
    assert (removed, again) == (2, 0)


async def test_same_address_on_two_platforms_is_two_destinations(store: SqlStore) -> None:
    """`held`, `remove`: nobody sees or ends what another platform's chat of that number asked."""
    async with store.writing() as unit:
        elder = await unit.subscriptions.add(to("7", "telegram"), EVA, now=START)
        younger = await unit.subscriptions.add(to("7", "discord"), EVA, now=START)

    async with store.writing() as unit:
        held = [await unit.subscriptions.held(to("7", one)) for one in ("telegram", "discord")]
        foreign = await unit.subscriptions.remove(to("7", "discord"), elder.id)
        removed = await unit.subscriptions.remove(to("7", "discord"), None)

    async with store.reading() as unit:
        assert await unit.subscriptions.held() == (elder,)
    assert (held, foreign, removed) == ([(elder,), (younger,)], 0, 1)


async def test_removed_subscription_can_be_added_again(store: SqlStore) -> None:
    """A filter that nobody held for a while works as on its first day."""
    await subscribe(store, to("a"), types=EVA.types)
    async with store.writing() as unit:
        await unit.subscriptions.remove(to("a"), None)

    await subscribe(store, to("a"), types=EVA.types)

    async with store.reading() as unit:
        assert [one.filter for one in await unit.subscriptions.held()] == [EVA]


@MANY
@given(wanted=st.dictionaries(destinations, st.lists(filters, min_size=1, max_size=3), max_size=4))
async def test_any_filter_comes_back_as_it_was_asked(
    store: SqlStore, wanted: dict[Destination, list[Filter]]
) -> None:
    """`held`: a destination holds exactly the filters that were added to it."""
    held: dict[Destination, set[Filter]] = {}

    async with undone(store) as unit:
        for destination, asked in _pairs(wanted):
            await unit.subscriptions.add(destination, asked, now=START)
        for subscription in await unit.subscriptions.held():
            held.setdefault(subscription.destination, set()).add(subscription.filter)

    assert held == {destination: set(asked) for destination, asked in wanted.items()}


def _pairs(wanted: Mapping[Destination, list[Filter]]) -> list[tuple[Destination, Filter]]:
    return [(destination, one) for destination, asked in wanted.items() for one in asked]


async def test_subscriptions_of_a_server_are_counted_together(store: SqlStore) -> None:
    """`in_server`: how many subscriptions the destinations of a server hold together."""
    async with store.writing() as unit:
        for place, server in ((to("a"), "1"), (to("b"), "1"), (to("c"), "2"), (to("d"), "1")):
            await unit.destinations.met(place, server=server, name="", person=NO_PERSON)
        for place in (to("a"), to("b"), to("c"), to("a", "telegram")):
            await unit.subscriptions.add(place, EVA, now=START)
        await unit.subscriptions.add(to("a"), DOCKING, now=START)

    async with store.reading() as unit:
        counted = [await unit.subscriptions.in_server("console", one) for one in ("1", "2", "3")]
        elsewhere = await unit.subscriptions.in_server("telegram", "1")
    assert (counted, elsewhere) == ([3, 1, 0], 0)


async def test_leads_are_those_of_subscriptions_to_reminders(store: SqlStore) -> None:
    """`leads`: every lead time that some subscription to reminders names."""
    week, day, odd = timedelta(days=7), timedelta(days=1), timedelta(minutes=1, microseconds=1)
    await subscribe(store, to("a"), leads=frozenset({week, odd}))
    await subscribe(store, to("b"), leads=frozenset({week}))
    await subscribe(store, to("c"), leads=frozenset({day}), kinds=frozenset({Kind.NEW}))
    await subscribe(store, to("d"), leads=frozenset())
    others: dict[str, int | str] = {"types": 3, "agencies": 44, "programs": 17, "words": "moon"}
    for field, value in others.items():
        await subscribe(store, to(field), leads=frozenset({week}), **{field: frozenset({value})})

    async with store.reading() as unit:
        assert await unit.subscriptions.leads() == {week, odd}


async def test_leads_of_removed_subscriptions_are_forgotten(store: SqlStore) -> None:
    """`leads`: a filter that nobody holds names nothing."""
    await subscribe(store, to("a"))
    async with store.reading() as unit:
        before = await unit.subscriptions.leads()

    async with store.writing() as unit:
        await unit.subscriptions.remove(to("a"), None)

    async with store.reading() as unit:
        assert before == frozenset(DEFAULT_LEADS)
        assert await unit.subscriptions.leads() == frozenset()


async def test_audience_counts_destinations_by_adapter(store: SqlStore) -> None:
    """`audience`: how many destinations want this, by adapter."""
    event = an_event()
    of_type = frozenset({event.type.id})
    await subscribe(store, to("a"), to("b"), to("c", "discord"), types=of_type)
    await subscribe(store, to("a"), agencies=frozenset({44}))
    await subscribe(store, to("d"), types=EVA.types)

    async with store.reading() as unit:
        audience = await unit.subscriptions.audience(event, Kind.DATE, None)
        nobody = await unit.subscriptions.audience(event, Kind.DETAILS, None)

    assert audience == {"console": 2, "discord": 1}
    assert nobody == {}


async def test_each_thing_that_is_asked_counts(store: SqlStore) -> None:
    """`audience`: of destinations that ask for one thing each, those that the event has."""
    event = an_event()
    found: dict[str, int | str] = {
        "types": event.type.id,
        "agencies": event.agencies[0].id,
        "programs": event.programs[0].id,
        "words": normalised(event.name),
    }
    for field, value in found.items():
        await subscribe(store, to(f"right {field}"), **{field: frozenset({value})})
        missed = "elsewhere" if field == "words" else 999
        await subscribe(store, to(f"wrong {field}"), **{field: frozenset({missed})})

    async with store.reading() as unit:
        assert await unit.subscriptions.audience(event, Kind.DATE, None) == {"console": 4}


async def test_audience_of_a_reminder_goes_by_its_lead(store: SqlStore) -> None:
    """`audience`: of a reminder, those count who named its lead time."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    await subscribe(store, to("a"), leads=frozenset({hour}))
    await subscribe(store, to("b"), leads=frozenset({hour, day}))

    async with store.reading() as unit:
        of_hour = await unit.subscriptions.audience(an_event(), Kind.REMINDER, hour)
        of_day = await unit.subscriptions.audience(an_event(), Kind.REMINDER, day)
        of_week = await unit.subscriptions.audience(an_event(), Kind.REMINDER, 7 * day)

    assert of_hour == {"console": 2}
    assert of_day == {"console": 1}
    assert of_week == {}
