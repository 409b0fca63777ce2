"""`ports.Outbox`, second half: what is folded into a delivery, and what holds up the younger."""

from outboxes import HOUR, claim, expand, finish, moved, owe, start, states, subscribe, tell, to

from bot.domain.changes import Kind, WebcastLive
from bot.domain.deliveries import Priority, State
from bot.domain.events import EventId
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LIVE = WebcastLive(event_id=EventId(1))
OTHER = an_event(id=EventId(2))
LATER = START + HOUR


async def test_due_news_of_one_event_is_folded_into_the_oldest(store: SqlStore) -> None:
    """`claim`: others of the pair that are due are folded into the claimed one."""
    await subscribe(store, to("a"))
    fanout_ids = [await owe(store), await owe(store, LIVE), await owe(store)]
    await expand(store)

    (claimed,) = await claim(store)

    assert [part.fanout_id for part in claimed.parts] == fanout_ids
    assert [part.kinds for part in claimed.parts] == [{Kind.DATE}, {Kind.WEBCAST}, {Kind.DATE}]
    assert await states(store) == [State.LEASED, State.SUPERSEDED, State.SUPERSEDED]


async def test_urgent_news_takes_the_older_with_it(store: SqlStore) -> None:
    """`claim`: one event's messages keep their order: the urgent one tells the older too."""
    await subscribe(store, to("a"))
    fanout_ids = [await owe(store), await owe(store, LIVE, priority=Priority.URGENT)]
    await expand(store)

    (claimed,) = await claim(store)

    assert claimed.priority is Priority.URGENT
    assert [part.fanout_id for part in claimed.parts] == fanout_ids
    assert await states(store) == [State.SUPERSEDED, State.LEASED]


async def test_other_events_and_destinations_are_not_folded(store: SqlStore) -> None:
    """`claim`: a pair is one event at one destination."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    await tell(store, moved(OTHER), event=OTHER)

    claimed = await claim(store)

    assert [(one.event_id, one.destination.address) for one in claimed] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
        (2, "b"),
    ]
    assert {len(one.parts) for one in claimed} == {1}


async def test_leased_delivery_holds_up_the_younger(store: SqlStore) -> None:
    """`claim`: a delivery waits while another of the same pair is under way."""
    await subscribe(store, to("a"))
    await tell(store)
    await claim(store)
    await tell(store, LIVE, priority=Priority.URGENT)
    await tell(store, moved(OTHER), event=OTHER)

    claimed = await claim(store)

    assert [one.event_id for one in claimed] == [2]


async def test_sending_delivery_holds_up_the_younger(store: SqlStore) -> None:
    """`claim`: under way is also what was handed to the adapter and has not ended."""
    await subscribe(store, to("a"))
    await tell(store)
    first = await claim(store)
    await start(store, first)
    await tell(store, LIVE, priority=Priority.URGENT)

    held_up = await claim(store)
    await finish(store, first)
    (second,) = await claim(store)

    assert held_up == ()
    assert second.parts[0].kinds == {Kind.WEBCAST}


async def test_waiting_retry_holds_up_the_younger_and_takes_it_along(store: SqlStore) -> None:
    """`claim`: a delivery waits while another of the same pair waits for its retry."""
    await subscribe(store, to("a"))
    await tell(store)
    (first,) = await claim(store)
    await start(store, [first])
    await finish(store, [first], state=State.PENDING, not_before=LATER)
    await tell(store, LIVE)

    held_up = await claim(store)
    (again,) = await claim(store, now=LATER)

    assert held_up == ()
    assert again.id == first.id
    assert [part.kinds for part in again.parts] == [{Kind.DATE}, {Kind.WEBCAST}]


async def test_urgent_news_waits_for_the_retry_of_its_event_too(store: SqlStore) -> None:
    """`claim`: a place that refused just now is not asked again because the news is urgent."""
    await subscribe(store, to("a"))
    await tell(store)
    (first,) = await claim(store)
    await start(store, [first])
    await finish(store, [first], state=State.PENDING, not_before=LATER)
    await tell(store, LIVE, priority=Priority.URGENT)

    held_up = await claim(store)
    (urgent,) = await claim(store, now=LATER)

    assert held_up == ()
    assert urgent.priority is Priority.URGENT


async def test_what_was_folded_is_folded_on(store: SqlStore) -> None:
    """`claim`: a carrier that is itself folded hands over all that it carried."""
    await subscribe(store, to("a"))
    fanout_ids = [await owe(store), await owe(store)]
    await expand(store)
    (carrier,) = await claim(store)
    await start(store, [carrier])
    await finish(store, [carrier], state=State.PENDING, not_before=LATER)
    fanout_ids.append(await owe(store, LIVE, priority=Priority.URGENT))
    await expand(store)

    (claimed,) = await claim(store, now=LATER)

    assert claimed.id != carrier.id
    assert [part.fanout_id for part in claimed.parts] == fanout_ids
    assert await states(store) == [State.SUPERSEDED, State.SUPERSEDED, State.LEASED]


async def test_younger_news_gets_all_its_attempts(store: SqlStore) -> None:
    """`claim`: what is folded into an elder that failed often is not given up with it."""
    await subscribe(store, to("a"))
    await tell(store)
    for _ in range(3):
        elder = await claim(store)
        await start(store, elder)
        await finish(store, elder, state=State.PENDING, not_before=START)
    await tell(store, LIVE)

    (folded,) = await claim(store)
    async with store.writing() as unit:
        await unit.outbox.reclaim("console", now=None)
    (again,) = await claim(store)

    assert (len(folded.parts), folded.attempts) == (2, 0)
    assert (len(again.parts), again.attempts) == (2, 0)


async def test_given_up_delivery_lets_the_younger_go(store: SqlStore) -> None:
    """`claim`: what is over holds up nothing."""
    await subscribe(store, to("a"))
    await tell(store)
    first = await claim(store)
    await tell(store, LIVE)
    await finish(store, first, state=State.DEAD, error="no such channel")

    (second,) = await claim(store)

    assert [part.kinds for part in second.parts] == [{Kind.WEBCAST}]
