"""`ports.Outbox`, first half: fan-outs become deliveries, in chunks, each once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outboxes import (
    HOUR,
    MANY,
    a_debt,
    a_reminder,
    claim,
    expand,
    finish,
    keep,
    moved,
    owe,
    reached,
    states,
    subscribe,
    tell,
    to,
)
from sqlalchemy import select

from bot.domain.changes import DetailsChanged, Kind, Reminder, WebcastLive
from bot.domain.deliveries import FanoutId, Priority, State
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination, Filter
from bot.ports import Store
from bot.store.tables import fanout_filters
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LIVE = WebcastLive(event_id=EventId(1))
EDITED = DetailsChanged(event_id=EventId(1), details=())


def places(number: int) -> tuple[Destination, ...]:
    """So many destinations."""
    return tuple(to(f"{place:03}") for place in range(number))


async def test_everyone_who_wants_the_news_gets_one_delivery(store: SqlStore) -> None:
    """`expand`: turn the fan-out into deliveries; nobody else gets any."""
    await subscribe(store, to("a"), to("b", "discord"))
    await subscribe(store, to("c"), types=frozenset({999}))
    await owe(store)

    await expand(store)

    assert await reached(store) == [to("a"), to("b", "discord")]
    assert await states(store) == [State.PENDING, State.PENDING]


async def test_nothing_is_open_when_nothing_is_owed(store: SqlStore) -> None:
    """`expand`: False: none was open."""
    async with store.writing() as unit:
        assert not await unit.outbox.expand()


async def test_fan_out_to_nobody_ends(store: SqlStore) -> None:
    """`expand`: a fan-out that nobody wants is soon not open any more."""
    await owe(store)

    await expand(store)

    assert await reached(store) == []


async def test_several_matching_subscriptions_give_one_delivery(chunked: SqlStore) -> None:
    """`expand`: one delivery, with every kind that any of the destination's filters wants."""
    for kind in (Kind.DATE, Kind.WEBCAST, Kind.UPDATE):
        await subscribe(chunked, to("a"), kinds=frozenset({kind}))
    await subscribe(chunked, to("a"), to("b"), kinds=frozenset({Kind.DATE}), types=frozenset({4}))

    await tell(chunked, moved(), LIVE, EDITED)

    told = {one.destination.address: one.parts[0].kinds for one in await claim(chunked)}
    assert told == {"a": {Kind.DATE, Kind.WEBCAST}, "b": {Kind.DATE}}


async def test_no_chunk_is_larger_than_allowed(chunked: SqlStore) -> None:
    """`expand`: turn one chunk into deliveries; here a chunk is four rows."""
    await subscribe(chunked, *places(10))
    await owe(chunked)

    totals = [total async for total in _totals(chunked)]

    assert totals[-1] == 10
    assert all(after - before <= 4 for before, after in pairwise(totals))


async def test_no_chunk_is_too_large_where_many_follow_few(chunked: SqlStore) -> None:
    """`expand`: a chunk is sized by the last one, and cut where that would be too much."""
    await subscribe(chunked, *places(60), types=frozenset({999}))
    await subscribe(chunked, places(60)[0], *places(60)[30:])
    await owe(chunked)

    totals = [total async for total in _totals(chunked)]

    assert totals[-1] == 31
    assert all(after - before <= 4 for before, after in pairwise(totals))


async def _totals(store: Store) -> AsyncIterator[int]:
    while True:
        async with store.writing() as unit:
            if not await unit.outbox.expand():
                return
        yield len(await states(store))


async def test_destination_with_more_filters_than_a_chunk_has_rows(chunked: SqlStore) -> None:
    """`expand`: one delivery, however many of a destination's subscriptions match."""
    for minutes in range(10):
        await subscribe(chunked, to("a"), to("b"), leads=frozenset({timedelta(minutes=minutes)}))

    await tell(chunked)

    assert await reached(chunked) == [to("a"), to("b")]


async def test_more_filters_than_a_chunk_has_rows(chunked: SqlStore) -> None:
    """`expand`: the filters are looked through in chunks too."""
    for minutes, place in enumerate(places(10)):
        await subscribe(chunked, place, leads=frozenset({timedelta(minutes=minutes)}))

    await tell(chunked)

    assert await reached(chunked) == list(places(10))


async def test_sparse_followers_are_reached_in_few_steps(chunked: SqlStore) -> None:
    """`expand`: where few of the next ids want the news, a chunk takes more of them."""
    await subscribe(chunked, *places(60), types=frozenset({999}))
    await subscribe(chunked, *places(60)[::6])
    await owe(chunked)

    chunks = await expand(chunked)

    assert await reached(chunked) == list(places(60)[::6])
    assert chunks < 11


async def test_few_among_many_are_reached_in_few_steps(chunked: SqlStore) -> None:
    """`expand`: a stretch of destinations that want nothing costs few chunks."""
    await subscribe(chunked, *places(300), types=frozenset({999}))
    await subscribe(chunked, places(300)[0], places(300)[299])
    await owe(chunked)

    chunks = await expand(chunked)

    assert await reached(chunked) == [places(300)[0], places(300)[299]]
    assert chunks < 12


async def test_finished_fan_out_leaves_no_notes(chunked: SqlStore) -> None:
    """Which filters matched is noted while a fan-out is open, and forgotten: it would only grow.

    They are forgotten in chunks too, so that no write lock lasts long.
    """
    for minutes, place in enumerate(places(8)):  # a whole number of chunks
        await subscribe(chunked, place, leads=frozenset({timedelta(minutes=minutes)}))
    await owe(chunked)

    notes = [await _notes(chunked) async for _ in _totals(chunked)]

    assert (max(notes), notes[-1]) == (8, 0)
    assert all(before - after <= 4 for before, after in pairwise(notes))


async def _notes(store: SqlStore) -> int:
    async with store._engine.reading() as connection:
        return len((await connection.execute(select(fanout_filters))).all())


async def _first_made(store: SqlStore) -> FanoutId:
    """The fan-out of the first delivery that comes of the open ones."""
    while not (made := await claim(store)):
        async with store.writing() as unit:
            assert await unit.outbox.expand()
    return made[0].parts[0].fanout_id


async def test_urgent_fan_out_overtakes_those_of_other_events(chunked: SqlStore) -> None:
    """`expand`: the most urgent goes first, also when another is half done."""
    await subscribe(chunked, *places(6))
    await owe(chunked, event=an_event(id=EventId(1)))
    async with chunked.writing() as unit:
        await unit.outbox.expand()
    urgent = await owe(chunked, event=an_event(id=EventId(2)), priority=Priority.URGENT)

    first = await _first_made(chunked)
    await expand(chunked)

    assert first == urgent
    assert await reached(chunked) == [*places(6), *places(6)]


async def test_urgent_fan_out_takes_the_older_one_of_its_event_along(chunked: SqlStore) -> None:
    """`expand`: older ones of its event go before it; that of another event waits for both."""
    await subscribe(chunked, to("main"))
    await owe(chunked, event=an_event(id=EventId(1)))
    elder = await owe(chunked, event=an_event(id=EventId(2)))
    await owe(chunked, event=an_event(id=EventId(2)), priority=Priority.URGENT)

    assert await _first_made(chunked) == elder


@pytest.mark.parametrize("second", [1, 2])
async def test_oldest_fan_out_goes_first_to_its_end(chunked: SqlStore, second: int) -> None:
    """`expand`: one chunk of the oldest open fan-out, be it of the same event or of another."""
    await subscribe(chunked, *places(6))
    elder = await owe(chunked)
    younger = await owe(chunked, event=an_event(id=EventId(second)))

    made: list[FanoutId] = []
    async for _ in _totals(chunked):
        claimed = await claim(chunked)
        await finish(chunked, claimed)
        made += [one.parts[0].fanout_id for one in claimed]

    assert made == [elder] * 6 + [younger] * 6


async def test_interrupted_chunk_is_repeated_and_nothing_twice(chunked: SqlStore) -> None:
    """`expand`: a kill between chunks resumes and repeats nothing."""
    await subscribe(chunked, *places(10))
    await owe(chunked)
    await _chunks(chunked, 2)

    with pytest.raises(ZeroDivisionError):
        await _broken_chunk(chunked)
    halfway = await reached(chunked)
    await expand(chunked)

    assert halfway == list(places(10))[: len(halfway)]
    assert await reached(chunked) == list(places(10))


async def _chunks(store: Store, number: int) -> None:
    for _ in range(number):
        async with store.writing() as unit:
            await unit.outbox.expand()


async def _broken_chunk(store: Store) -> None:
    async with store.writing() as unit:
        await unit.outbox.expand()
        raise ZeroDivisionError


_event_ids = count(100)
_kinds = st.frozensets(st.sampled_from((Kind.DATE, Kind.WEBCAST)), min_size=1)
_layouts = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 6)), _kinds, max_size=25
)  # (place, filter): the kinds that this filter wants


@MANY
@given(layout=_layouts, breaks=st.lists(st.booleans(), max_size=12))
async def test_any_layout_is_reached_once_whatever_breaks(
    chunked: SqlStore, layout: dict[tuple[int, int], frozenset[Kind]], breaks: list[bool]
) -> None:
    """`expand`: unique per fan-out and destination, and a destination misses nothing."""
    await _hold_only(chunked, layout)
    event = an_event(id=EventId(next(_event_ids)))
    await owe(chunked, moved(event), WebcastLive(event_id=event.id), event=event)

    for breaks_down in breaks:
        if breaks_down:
            with pytest.raises(ZeroDivisionError):
                await _broken_chunk(chunked)
        else:
            await _chunks(chunked, 1)
    await expand(chunked)

    told = [(one.destination.address, one.parts[0].kinds) for one in await claim(chunked)]
    assert sorted(told) == sorted(_wanted(layout).items())


async def _hold_only(store: Store, layout: dict[tuple[int, int], frozenset[Kind]]) -> None:
    async with store.writing() as unit:
        for held in await unit.subscriptions.held():
            await unit.subscriptions.remove(held.destination, held.id)
        for (place, number), kinds in layout.items():
            asked = Filter(kinds=kinds, leads=frozenset({timedelta(minutes=number)}))
            await unit.subscriptions.add(places(31)[place], asked, now=START)


def _wanted(layout: dict[tuple[int, int], frozenset[Kind]]) -> dict[str, frozenset[Kind]]:
    wanted: dict[str, frozenset[Kind]] = {}
    for (place, _), kinds in layout.items():
        address = places(31)[place].address
        wanted[address] = wanted.get(address, frozenset()) | kinds
    return wanted


async def test_reminder_is_never_owed_twice(store: SqlStore) -> None:
    """`owe`: None when a reminder was owed before: one event, date and lead time."""
    usual = a_reminder()
    others = (
        a_reminder(lead=2 * HOUR),
        a_reminder(date=usual.date + HOUR),
        a_reminder(event_id=EventId(2)),
    )

    first = await _owe_reminders(store, [usual])
    await expand(store)
    again = await _owe_reminders(store, [usual, a_reminder(late=True), *others])

    assert None not in first
    assert again[:2] == [None, None]
    assert None not in again[2:]


async def test_reminder_goes_to_those_who_asked_for_its_lead(store: SqlStore) -> None:
    """`expand`: who asked to be reminded two hours before is not told one hour before as well."""
    for address, lead in (("one", HOUR), ("two", 2 * HOUR), ("half", HOUR / 2)):
        await subscribe(store, to(address), leads=frozenset({lead}))

    await _owe_reminders(store, [a_reminder(lead=HOUR)])
    await expand(store)

    assert await reached(store) == [to("one")]


async def _owe_reminders(store: Store, reminders: list[Reminder]) -> list[FanoutId | None]:
    async with store.writing() as unit:
        await keep(unit, an_event(), an_event(id=EventId(2)))
        return [
            await unit.outbox.owe(
                a_debt(event_id=one.event_id, kinds=frozenset({Kind.REMINDER}), reminder=one)
            )
            for one in reminders
        ]


async def test_same_news_twice_is_two_fan_outs(store: SqlStore) -> None:
    """`owe`: only reminders are kept from repeating; an event may move twice to one date."""
    await subscribe(store, to("a"))

    first, second = await owe(store), await owe(store)
    await expand(store)

    assert first != second
    assert await reached(store) == [to("a"), to("a")]


async def test_delivery_carries_what_its_fan_out_says(store: SqlStore) -> None:
    """`expand`: a delivery has its fan-out's event, priority and expiry."""
    await subscribe(store, to("a"))
    expiry = START + HOUR

    fanout_id = await owe(store, LIVE, priority=Priority.URGENT, expires_at=expiry)
    await expand(store)

    (delivery,) = await claim(store)
    (part,) = delivery.parts
    assert (delivery.event_id, delivery.priority) == (EventId(1), Priority.URGENT)
    assert (part.fanout_id, part.expires_at) == (fanout_id, expiry)
    assert delivery.attempts == 0
