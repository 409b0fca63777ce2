"""A kill at any moment: what was not sent is sent by the next life, and nothing else is repeated.

Each test plays one story once for every operation at which its first life can end.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mortal import Killed, Life, MortalAdapter, MortalStore, Readers
from outboxes import HOUR, claim, moved, owe, start, states, subscribe, tell, to
from senders import NAME, a_dispatcher, a_store, addresses, drain, limits, records

from bot.domain.deliveries import DeliveryId, Later, Priority, State
from bot.domain.events import EventId
from bot.domain.fanouts import Record
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, FakeClock, RecordingAdapter, an_event

PLACES = tuple(to(one, NAME) for one in "ab")
URGENT = an_event(id=EventId(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a story ended.

    Attributes:
        arrived: how often each delivery reached its reader.
        in_flight: what was marked as being sent at the kill.
        records: what became of each delivery that was to be sent.

    """

    arrived: Counter[DeliveryId]
    in_flight: frozenset[DeliveryId]
    records: tuple[Record, ...]


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store in memory where two places subscribe to everything."""
    async with a_store() as opened:
        await subscribe(opened, *PLACES)
        yield opened


async def _owe(store: SqlStore) -> None:
    """News of two events, one of them urgent; of the other there is more."""
    await owe(store)
    await owe(store, moved(URGENT), event=URGENT, priority=Priority.URGENT)
    await tell(store)


async def _stories(store: SqlStore, *, concurrency: int, harmless: bool) -> AsyncIterator[_End]:
    """Play the story to its end once for each operation at which the first life can end."""
    operations, was_killed = 0, True
    while was_killed:
        readers, life, earlier = Readers(), Life(operations), len(await records(store))
        adapter = MortalAdapter(readers, life, concurrency=concurrency, harmless=harmless)
        await _owe(store)
        was_killed = await _live(MortalStore(store, life), adapter)
        in_flight = frozenset(one.id for one in await records(store) if one.state is State.SENDING)
        again = MortalAdapter(readers, Life(), concurrency=concurrency, harmless=harmless)
        await _live_on(store, again)
        story = (await records(store))[earlier:]
        owed = tuple(one for one in story if one.state is not State.SUPERSEDED)
        yield _End(arrived=readers.arrived, in_flight=in_flight, records=owed)
        operations += 1
    assert operations > 12, "the first life was too short to prove anything"


async def _live(store: MortalStore, adapter: MortalAdapter) -> bool:
    """Take over and deliver; whether the kill came."""
    was_killed = False
    try:
        async with a_dispatcher(store, adapter) as dispatcher:
            await dispatcher.recover()
            await dispatcher.drain()
    except* Killed:
        was_killed = True
    return was_killed


async def _live_on(store: SqlStore, adapter: MortalAdapter) -> None:
    """Take over and deliver, again after the retries' backoff, until nothing is left to do."""
    clock = FakeClock()
    await drain(store, adapter, clock)
    while any(one.state is State.PENDING for one in await records(store)):
        clock.advance(HOUR)
        await drain(store, adapter, clock)


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_kill_loses_nothing_and_repeats_only_what_was_in_flight(
    store: SqlStore, concurrency: int
) -> None:
    """Where a repeat is harmless, everything arrives, whenever the kill came."""
    stories = 0
    async for end in _stories(store, concurrency=concurrency, harmless=True):
        stories += bool(end.in_flight)
        repeated = {key for key, times in end.arrived.items() if times > 1}
        assert {one.state for one in end.records} == {State.SENT}
        assert {*end.arrived} == {one.id for one in end.records}
        assert max(end.arrived.values()) <= 2
        assert repeated <= end.in_flight
        assert len(end.in_flight) <= concurrency
    assert stories


async def test_kill_leaves_unsure_news_and_repeats_only_the_urgent(store: SqlStore) -> None:
    """Where a repeat would be read twice, what was in flight is `unknown`, unless it is urgent."""
    async for end in _stories(store, concurrency=2, harmless=False):
        urgent = {one.id for one in end.records if one.event_id == URGENT.id}
        unknown = {one.id for one in end.records if one.state is State.UNKNOWN}
        repeated = {key for key, times in end.arrived.items() if times > 1}
        assert unknown == end.in_flight - urgent
        assert {one.state for one in end.records if one.id not in unknown} == {State.SENT}
        assert {*end.arrived} >= {one.id for one in end.records} - unknown
        assert repeated <= end.in_flight & urgent


async def test_interrupted_send_goes_again_at_once_where_a_repeat_is_harmless(
    store: SqlStore,
) -> None:
    """It waits for no backoff, and the adapter hears since when it is in doubt."""
    adapter = RecordingAdapter(NAME, limits=limits(harmless=True))
    await tell(store)
    await start(store, await claim(store, adapter=NAME))

    await drain(store, adapter, FakeClock(START))

    assert addresses(adapter) == ["a", "b"]
    assert {one.in_doubt_since for one, _ in adapter.sent} == {START}
    assert await states(store) == [State.SENT] * 2


async def test_restart_leaves_a_retry_its_time(store: SqlStore) -> None:
    """A program that starts again and again does not press a platform that asked it to wait."""
    adapter = RecordingAdapter(NAME, outcomes=[Later(reason="busy", wait=HOUR)] * 2)
    clock = FakeClock(START)
    await tell(store)

    await drain(store, adapter, clock)
    await drain(store, adapter, clock)

    assert addresses(adapter) == ["a", "b"]
    assert await states(store) == [State.PENDING] * 2


async def test_many_kills_in_a_row_repeat_at_most_one_each(tmp_path: Path) -> None:
    """A life is enough for a message or two; all that is owed arrives in the end."""
    readers, lives, was_killed = Readers(), 0, True
    url = f"sqlite:///{tmp_path / 'perigee.db'}"
    async with a_store(tmp_path / "perigee.db") as store:
        await subscribe(store, *PLACES)
        await _owe(store)

    while was_killed:
        async with open_store(url) as store:
            life = Life(9 + lives % 3)
            adapter = MortalAdapter(readers, life, concurrency=1, harmless=True)
            was_killed = await _live(MortalStore(store, life), adapter)
        lives += 1
    async with open_store(url) as store:
        owed = {one.id for one in await records(store) if one.state is State.SENT}

    assert lives > 3
    assert {*readers.arrived} == owed
    assert len(owed) == 4
    assert readers.arrived.total() - 4 <= lives - 1
