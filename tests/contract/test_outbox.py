"""`ports.Outbox`, the rest: what a message tells, and what became of a delivery."""

from dataclasses import replace
from datetime import timedelta

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
from sqlalchemy import update

from bot.domain.changes import DetailsChanged, Kind, UpdatePosted, WebcastLive
from bot.domain.deliveries import Delivery, FanoutId, Part, State
from bot.domain.events import EventId
from bot.domain.watching import Tracked, Watch
from bot.ports import Store
from bot.store.tables import changes
from bot.store.unit_of_work import SqlStore
from bot.testing import START, a_hostile_message, a_message, an_event, an_update

LIVE = WebcastLive(event_id=EventId(1))
POSTED = UpdatePosted(event_id=EventId(1), updates=(an_update(),))
EDITED = DetailsChanged(event_id=EventId(1), details=())
EARLIER, LATER = START - HOUR, START + HOUR


async def _one(store: Store) -> Delivery:
    await subscribe(store, to("a"))
    await tell(store)
    (delivery,) = await claim(store)
    return delivery


async def test_news_is_what_the_parts_tell(store: SqlStore) -> None:
    """`news`: the event as it is now, and what these parts tell of it, oldest first."""
    first = await owe(store, moved(), LIVE, EDITED) or FanoutId(0)
    second = await owe(store, POSTED) or FanoutId(0)
    renamed = an_event(name="Renamed")
    async with store.writing() as unit:
        await keep(unit, renamed)
    parts = (
        Part(fanout_id=second, kinds=frozenset({Kind.UPDATE})),
        Part(fanout_id=first, kinds=frozenset({Kind.DATE, Kind.WEBCAST})),
    )

    async with store.reading() as unit:
        event, news = await unit.outbox.news(parts)

    assert event == renamed
    assert news == (moved(), LIVE, POSTED)


async def test_news_counts_how_often_a_date_changed(store: SqlStore) -> None:
    """`news`: from the second change of an event's date on it says how many there were by then."""
    first = await owe(store, moved()) or FanoutId(0)
    second = await owe(store, moved()) or FanoutId(0)
    kinds = frozenset({Kind.DATE})

    async with store.reading() as unit:
        _, once = await unit.outbox.news([Part(fanout_id=first, kinds=kinds)])
        _, again = await unit.outbox.news([Part(fanout_id=second, kinds=kinds)])

    assert once == (moved(),)
    assert again == (replace(moved(), nth=2),)


async def test_news_counts_neither_other_changes_nor_those_of_other_events(
    store: SqlStore,
) -> None:
    """`news`: how often a date changed is told of this event's date alone."""
    other = an_event(id=EventId(2))
    await owe(store, moved(other), event=other)
    await owe(store, POSTED)
    fanout_id = await owe(store, moved()) or FanoutId(0)

    async with store.reading() as unit:
        _, news = await unit.outbox.news([Part(fanout_id=fanout_id, kinds=frozenset({Kind.DATE}))])

    assert news == (moved(),)


async def test_order_of_news_does_not_depend_on_where_the_rows_lie(store: SqlStore) -> None:
    """`news`: oldest first, and counted so, also where the database found room elsewhere."""
    first = await owe(store, moved(), LIVE) or FanoutId(0)
    second = await owe(store, moved()) or FanoutId(0)
    kinds = frozenset({Kind.DATE, Kind.WEBCAST})
    async with store.writing() as unit:
        (eldest, *_others) = await unit.snapshots.noticed()
        rewritten = update(changes).where(changes.c.id == eldest.id).values(noticed_at=LATER)
        await unit.outbox._connection.execute(rewritten)

    async with store.reading() as unit:
        parts = [Part(fanout_id=one, kinds=kinds) for one in (first, second)]
        _, news = await unit.outbox.news(parts)

    assert news == (moved(), LIVE, replace(moved(), nth=2))


async def test_news_of_a_reminder_comes_from_its_debt(store: SqlStore) -> None:
    """`news`: a reminder has no row among the changes, and is told all the same."""
    reminder = a_reminder(late=True)
    async with store.writing() as unit:
        await keep(unit)
        kinds = frozenset({Kind.REMINDER})
        fanout_id = await unit.outbox.owe(a_debt(kinds=kinds, reminder=reminder))
    part = Part(fanout_id=fanout_id or FanoutId(0), kinds=kinds)

    async with store.reading() as unit:
        event, news = await unit.outbox.news([part])

    assert event == an_event()
    assert news == (reminder,)


async def test_reminder_of_a_withdrawn_event_is_void(store: SqlStore) -> None:
    """`news`: a reminder of an event that was withdrawn since is void and left out."""
    gone = Tracked(event=an_event(), watch=Watch.WITHDRAWN, first_seen_at=START)
    kinds = frozenset({Kind.REMINDER})
    async with store.writing() as unit:
        await keep(unit)
        fanout_id = await unit.outbox.owe(a_debt(kinds=kinds, reminder=a_reminder()))
        await unit.snapshots.keep([gone])
    part = Part(fanout_id=fanout_id or FanoutId(0), kinds=kinds)

    async with store.reading() as unit:
        _, news = await unit.outbox.news([part])

    assert news == ()


async def test_message_is_kept_under_its_form(store: SqlStore) -> None:
    """`keep_message`: keep a message under its form, once. `message`: the one that was kept."""
    newest = await owe(store) or FanoutId(0)
    async with store.writing() as unit:
        plain_id = await unit.outbox.keep_message("1:date", a_message(), newest=newest)
        hostile_id = await unit.outbox.keep_message("2:date", a_hostile_message(), newest=newest)

    async with store.reading() as unit:
        assert await unit.outbox.message("1:date") == plain_id
        assert await unit.outbox.message("2:date") == hostile_id
        assert await unit.outbox.message("3:date") is None
    async with store.writing() as unit:
        assert await unit.outbox.keep_message("1:date", a_message(), newest=newest) == plain_id


async def test_started_delivery_has_one_attempt_more(store: SqlStore) -> None:
    """`start`: mark as `sending`, one attempt more, before the adapter is called."""
    delivery = await _one(store)

    await start(store, [delivery])

    assert await states(store) == [State.SENDING]
    assert [one.attempts for one in await records(store)] == [1]


async def test_interrupted_is_what_was_being_sent(store: SqlStore) -> None:
    """`interrupted`: what is marked `sending`, of one adapter, with all its parts."""
    await subscribe(store, to("a"), to("b"), to("c", "discord"))
    await tell(store)
    await tell(store, LIVE)
    sending, _leased = await claim(store)
    await start(store, [sending])
    await start(store, await claim(store, adapter="discord"))

    async with store.reading() as unit:
        (interrupted,) = await unit.outbox.interrupted("console")

    assert interrupted.id == sending.id
    assert interrupted.attempts == 1
    assert interrupted.parts == sending.parts


async def test_nothing_is_interrupted_once_it_ended(store: SqlStore) -> None:
    """`interrupted`: an end that was recorded is an end."""
    delivery = await _one(store)
    await start(store, [delivery])

    await finish(store, [delivery], state=State.PENDING, not_before=LATER)

    async with store.reading() as unit:
        assert await unit.outbox.interrupted("console") == ()


async def test_sent_delivery_is_recorded(store: SqlStore) -> None:
    """`finish`: record what became of deliveries: the platform's id and when."""
    delivery = await _one(store)
    await start(store, [delivery])

    await finish(store, [delivery], remote_id="m1")

    (record,) = await records(store)
    assert (record.state, record.remote_id, record.error) == (State.SENT, "m1", "")
    assert record.sent_at == START + LEASE


async def test_given_up_delivery_is_recorded_with_its_reason(store: SqlStore) -> None:
    """`finish`: a final state other than SENT has a reason and no moment of sending."""
    delivery = await _one(store)
    await start(store, [delivery])

    await finish(store, [delivery], state=State.DEAD, error="Unknown Channel")

    (record,) = await records(store)
    assert (record.state, record.error) == (State.DEAD, "Unknown Channel")
    assert record.sent_at is None
    assert await claim(store, now=LATER) == ()


async def test_retry_that_succeeds_leaves_no_error(store: SqlStore) -> None:
    """`finish`: `error` says why it is not sent; empty when it is."""
    delivery = await _one(store)
    await start(store, [delivery])
    await finish(store, [delivery], state=State.PENDING, not_before=LATER, error="busy")
    (again,) = await claim(store, now=LATER)
    await start(store, [again])

    await finish(store, [again], remote_id="m2")

    (record,) = await records(store)
    assert (record.state, record.attempts, record.error) == (State.SENT, 2, "")


async def test_ending_without_a_new_time_keeps_the_old_one(store: SqlStore) -> None:
    """`finish`: what goes back without a time of its own is due as it was."""
    delivery = await _one(store)

    await finish(store, [delivery], state=State.PENDING)

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=EARLIER) == START
    assert len(await claim(store)) == 1


async def test_empty_outbox(store: SqlStore) -> None:
    """Every question to an empty outbox has an answer."""
    assert await claim(store) == ()
    async with store.writing() as unit:
        await unit.outbox.start([], now=START)
        await unit.outbox.finish([])
        assert await unit.outbox.reclaim("console", now=START + timedelta(days=1)) == 0
        assert await unit.outbox.interrupted("console") == ()
        assert await unit.outbox.records() == ()
        assert await unit.outbox.counts() == {}


async def test_expired_debt_is_still_expanded(store: SqlStore) -> None:
    """`expand`: what is too late is decided when it is sent, so that the record shows it."""
    await subscribe(store, to("a"))

    await owe(store, LIVE, expires_at=START - HOUR)
    await expand(store)

    assert await states(store) == [State.PENDING]
