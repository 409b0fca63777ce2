"""`ports.Outbox`: the record of deliveries, and their counts."""

from outboxes import claim, finish, moved, records, subscribe, tell, to

from bot.domain.changes import Kind, UpdatePosted, WebcastLive
from bot.domain.deliveries import Priority, State
from bot.domain.events import EventId
from bot.domain.fanouts import Record
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_update

LIVE = WebcastLive(event_id=EventId(1))
POSTED = UpdatePosted(event_id=EventId(1), updates=(an_update(),))


async def test_record_shows_a_delivery_in_full(store: SqlStore) -> None:
    """`records`: the record of deliveries."""
    await subscribe(store, to("a", "discord"), kinds=frozenset({Kind.DATE, Kind.WEBCAST}))
    await tell(store, moved(), POSTED, LIVE, priority=Priority.URGENT)

    (record,) = await records(store)

    async with store.reading() as unit:
        ids = [one.id for one in await unit.snapshots.noticed()]
    assert record == Record(
        id=record.id,
        change_ids=(ids[0], ids[2]),
        event_id=EventId(1),
        kind=Kind.WEBCAST,
        destination=to("a", "discord"),
        state=State.PENDING,
        attempts=0,
        created_at=START,
        sent_at=None,
        remote_id="",
        error="",
    )


async def test_carrier_shows_the_changes_that_were_folded_into_it(store: SqlStore) -> None:
    """`records`: a change reached a destination when some SENT delivery names it."""
    await subscribe(store, to("a"))
    await tell(store)
    await tell(store, LIVE)
    await claim(store)

    carrier, folded = await records(store)

    assert (len(carrier.change_ids), len(folded.change_ids)) == (2, 1)
    assert folded.change_ids[0] in carrier.change_ids
    assert folded.state is State.SUPERSEDED


async def test_records_go_by_age_and_show_the_last(store: SqlStore) -> None:
    """`records`: by age; at most the last `limit`; of one state when one is asked for."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    await tell(store, LIVE)
    await finish(store, (await claim(store, limit=1)))

    async with store.reading() as unit:
        everything = await unit.outbox.records()
        last = await unit.outbox.records(limit=2)
        waiting = await unit.outbox.records(state=State.PENDING, limit=1)
        sent = await unit.outbox.records(state=State.SENT)

    assert [one.id for one in everything] == sorted(one.id for one in everything)
    assert [one.state for one in everything] == [
        State.SENT,
        State.PENDING,
        State.SUPERSEDED,
        State.PENDING,
    ]
    assert last == everything[2:]
    assert waiting == everything[3:]
    assert sent == everything[:1]


async def test_counts_are_by_adapter_and_state(store: SqlStore) -> None:
    """`counts`: how many deliveries there are by adapter and state."""
    await subscribe(store, to("a"), to("b"), to("c", "discord"))
    await tell(store)
    await finish(store, (await claim(store, limit=1)))

    async with store.reading() as unit:
        counts = await unit.outbox.counts()

    assert counts == {
        ("console", State.SENT): 1,
        ("console", State.PENDING): 1,
        ("discord", State.PENDING): 1,
    }
