"""`ports.Outbox`, first half: fan-outs become deliveries, in chunks, each once."""

from datetime import timedelta
from itertools import pairwise

import pytest
from crowds import growing, places
from outboxes import (
    HOUR,
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
from bot.ports import Store
from bot.store.tables import fanout_filters
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LIVE = WebcastLive(event_id=EventId(1))
EDITED = DetailsChanged(event_id=EventId(1), details=())


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


async def test_finished_fan_out_leaves_no_notes(chunked: SqlStore) -> None:
    """Which filters matched is noted while a fan-out is open, and forgotten: it would only grow.

    They are forgotten in chunks too, so that no write lock lasts long.
    """
    for minutes, place in enumerate(places(8)):  # a whole number of chunks
        await subscribe(chunked, place, leads=frozenset({timedelta(minutes=minutes)}))
    await owe(chunked)

    notes = [await _notes(chunked) async for _ in growing(chunked)]

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
    async for _ in growing(chunked):
        claimed = await claim(chunked)
        await finish(chunked, claimed)
        made += [one.parts[0].fanout_id for one in claimed]

    assert made == [elder] * 6 + [younger] * 6


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
