"""`ports.Snapshots`: what we know of events, and what we noticed."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from outboxes import MANY, a_debt, keep, moved, undone
from strategies import changes, events, observations

from bot.domain.changes import Change, EventAnnounced, WebcastLive
from bot.domain.diff import diff
from bot.domain.events import Agency, Event, EventId, EventType, Observation, remember
from bot.domain.watching import Tracked, Watch
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event


def tracked(number: int = 1, **changes: object) -> Tracked:
    """The usual event, first seen at the start."""
    event = an_event(id=EventId(number))
    fields = {"event": event, "first_seen_at": START, **changes}
    return Tracked(**fields)  # type: ignore[arg-type]


async def test_kept_event_is_recalled_as_it_was(store: SqlStore) -> None:
    """`recall`: all watched events."""
    known = tracked(misses=2)

    async with store.writing() as unit:
        await unit.snapshots.keep([known])

    async with store.reading() as unit:
        assert await unit.snapshots.recall() == {EventId(1): known}


async def test_keeping_again_replaces(store: SqlStore) -> None:
    """`keep`: insert or replace these events."""
    renamed = tracked(event=an_event(name="Renamed"), misses=-1, watch=Watch.WATCHED)
    async with store.writing() as unit:
        await unit.snapshots.keep([tracked(1), tracked(2)])

    async with store.writing() as unit:
        await unit.snapshots.keep([renamed])

    async with store.reading() as unit:
        assert await unit.snapshots.recall() == {EventId(1): renamed, EventId(2): tracked(2)}


async def test_keeping_nothing_is_allowed(store: SqlStore) -> None:
    """`keep`: a quiet poll has nothing to keep."""
    async with store.writing() as unit:
        await unit.snapshots.keep([])

    async with store.reading() as unit:
        assert await unit.snapshots.recall() == {}


async def test_unwatched_event_is_recalled_only_by_its_id(store: SqlStore) -> None:
    """`recall`: all watched events, and those of `event_ids` whatever their state."""
    finished, withdrawn = tracked(2, watch=Watch.FINISHED), tracked(3, watch=Watch.WITHDRAWN)
    async with store.writing() as unit:
        await unit.snapshots.keep([tracked(1), finished, withdrawn])

    async with store.reading() as unit:
        watched = await unit.snapshots.recall()
        asked = await unit.snapshots.recall([EventId(3), EventId(99)])

    assert set(watched) == {1}
    assert asked == {EventId(1): tracked(1), EventId(3): withdrawn}


@MANY
@given(before=events(), seen=observations())
async def test_store_holds_what_was_remembered(
    store: SqlStore, before: Event, seen: Observation
) -> None:
    """Keeping what follows from an answer leaves the store holding it: nothing is news again."""
    after = remember(before, seen)
    await _keep(store, before)

    await _keep(store, after)

    recalled = await _recall(store)
    assert recalled == after
    assert diff(recalled, after) == ()


@MANY
@given(before=events(), after=events())
async def test_changes_are_found_in_the_store_as_between_the_events(
    store: SqlStore, before: Event, after: Event
) -> None:
    """What the store hands back differs from the next state as the kept event did."""
    await _keep(store, before)

    found = diff(await _recall(store), after)

    assert found == diff(before, after)


async def _keep(store: Store, event: Event) -> None:
    async with store.writing() as unit:
        await keep(unit, event)


async def _recall(store: Store) -> Event:
    async with store.reading() as unit:
        return (await unit.snapshots.recall())[EventId(1)].event


@MANY
@given(noticed=st.lists(changes, max_size=5))
async def test_recorded_changes_are_noticed_as_they_were(
    store: SqlStore, noticed: list[Change]
) -> None:
    """`record`: append to the record of changes; `noticed` gives it oldest first."""
    async with undone(store) as unit:
        await keep(unit)
        await unit.snapshots.record(noticed, noticed_at=START, fanout_id=None)
        recorded = [one.change for one in await unit.snapshots.noticed()]

    assert recorded == noticed


async def test_noticed_since_a_moment(store: SqlStore) -> None:
    """`noticed`: the record of changes, oldest first; `since` includes its moment."""
    later = START + timedelta(hours=1)
    async with store.writing() as unit:
        await keep(unit)
        fanout_id = await unit.outbox.owe(a_debt())
        announced = EventAnnounced(event_id=EventId(1))
        await unit.snapshots.record([announced], noticed_at=START, fanout_id=None)
        live = WebcastLive(event_id=EventId(1))
        await unit.snapshots.record([moved(), live], noticed_at=later, fanout_id=fanout_id)

    async with store.reading() as unit:
        everything = await unit.snapshots.noticed()
        recent = await unit.snapshots.noticed(since=later)

    assert [one.change for one in everything] == [announced, moved(), live]
    assert recent == everything[1:]
    assert {one.event_name for one in everything} == {an_event().name}
    assert [one.id for one in everything] == sorted(one.id for one in everything)
    assert recent[0].noticed_at == later


def _schedule() -> tuple[Event, ...]:
    other = Agency(id=63, name="Roscosmos", abbrev="RFSA")
    return (
        an_event(id=EventId(1)),
        an_event(id=EventId(2), name="Spacewalk 100%", type=EventType(id=3, name="EVA"), date=None),
        an_event(id=EventId(3), name="Docking of Progress", date=START, agencies=(other,)),
    )


async def test_found_events_come_soonest_first(store: SqlStore) -> None:
    """`find`: watched events that match, soonest first; those with no date last."""
    over = tracked(event=an_event(id=EventId(4)), watch=Watch.FINISHED)
    async with store.writing() as unit:
        await keep(unit, *_schedule())
        await unit.snapshots.keep([over])

    async with store.reading() as unit:
        found = await unit.snapshots.find()

    assert [event.id for event in found] == [3, 1, 2]


async def test_found_events_match_all_that_is_asked(store: SqlStore) -> None:
    """`find`: values of one option are alternatives, and the options must all hold."""
    async with store.writing() as unit:
        await keep(unit, *_schedule())

    async with store.reading() as unit:
        by_type = await unit.snapshots.find(types=[3, 8])
        by_agency = await unit.snapshots.find(agencies=[63])
        by_words = await unit.snapshots.find(search="  SPACEWALK  100% ")
        by_both = await unit.snapshots.find(types=[3], agencies=[63])

    assert [event.id for event in by_type] == [2]
    assert [event.id for event in by_agency] == [3]
    assert [event.id for event in by_words] == [2]
    assert by_both == ()
