"""A delivery is marked as being sent when it leaves: what waits at a kill is not in doubt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from outboxes import claim, states, subscribe, tell, to
from senders import NAME, HeldAdapter, a_dispatcher, a_store, addresses, drain, limits, owe_to

from bot.domain.deliveries import Delivery, DeliveryId, MessageId, Outcome, State
from bot.domain.messages import Message
from bot.errors import StoreError
from bot.ports import Store, UnitOfWork
from bot.services.departures import Departures
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter, a_message

TELLING = replace(limits(), tells_departure=True)


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


class _Counting:
    """A store that counts its transactions, and fails at all from the n-th on."""

    def __init__(self, store: Store, *, fails_from: int = 1000) -> None:
        self._store = store
        self._fails_from = fails_from
        self.transactions = 0

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction more."""
        self.transactions += 1
        if self.transactions >= self._fails_from:
            raise StoreError("the disk reports an error")
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit

    def reading(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Reads are not counted."""
        return self._store.reading(urgent=urgent)


async def _claimed(store: Store, departures: Departures, count: int) -> list[DeliveryId]:
    """So many deliveries that are expected to leave."""
    await subscribe(store, *(to(f"{one}") for one in range(count)))
    await tell(store)
    claimed = await claim(store)
    async with store.writing() as unit:
        newest = claimed[0].parts[-1].fanout_id
        message = await unit.outbox.keep_message("form", a_message(), newest=newest)
        await departures.expect(unit.outbox, [(one, MessageId(message)) for one in claimed])
    return [one.id for one in claimed]


async def test_those_that_leave_together_are_marked_in_few_commits(store: SqlStore) -> None:
    """A commit takes milliseconds, and thirty slots may fall free at once."""
    counting = _Counting(store)
    departures = Departures(counting, TELLING, FakeClock())
    keys = await _claimed(store, departures, 30)
    before = await states(store)

    await asyncio.gather(*map(departures.depart, keys))

    assert before == [State.LEASED] * 30
    assert await states(store) == [State.SENDING] * 30
    assert counting.transactions <= 2


class _Gated:
    """A store whose transactions are written at once, and committed when the test says so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written, self.may_commit = asyncio.Event(), asyncio.Semaphore(0)

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """A transaction that ends late."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit
            self.written.set()
            await self.may_commit.acquire()

    def reading(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Reads do not wait."""
        return self._store.reading(urgent=urgent)


async def test_send_given_up_during_the_commit_harms_none_that_leave_with_it(
    store: SqlStore,
) -> None:
    """A timeout of one must not keep another, which is marked, from being sent."""
    gated = _Gated(store)
    departures = Departures(gated, TELLING, FakeClock())
    keys = await _claimed(store, departures, 3)

    async with asyncio.TaskGroup() as group:
        group.create_task(departures.depart(keys[0]), name="goes before them")
        await gated.written.wait()
        gated.written.clear()
        group.create_task(departures.depart(keys[1]), name="stays")
        impatient = group.create_task(departures.depart(keys[2]), name="gives up")
        await asyncio.sleep(0)
        gated.may_commit.release()
        await gated.written.wait()
        impatient.cancel()
        await asyncio.wait([impatient])
        gated.may_commit.release()

    assert impatient.cancelled()
    assert (await states(store))[:2] == [State.SENDING] * 2


async def test_second_request_of_a_delivery_needs_no_second_mark(store: SqlStore) -> None:
    """A message that is mended takes several requests, and counts one attempt."""
    counting = _Counting(store)
    departures = Departures(counting, TELLING, FakeClock())
    (key,) = await _claimed(store, departures, 1)

    for _ in range(3):
        await departures.depart(key)

    assert counting.transactions == 1


async def test_what_cannot_be_marked_does_not_leave(store: SqlStore) -> None:
    """Each of those that would leave together hears of it."""
    departures = Departures(_Counting(store, fails_from=1), TELLING, FakeClock())
    keys = await _claimed(store, departures, 3)

    ends = await asyncio.gather(*map(departures.depart, keys), return_exceptions=True)

    assert [type(one) for one in ends] == [StoreError] * 3
    assert await states(store) == [State.LEASED] * 3


async def test_send_that_has_ended_is_not_marked_afterwards(store: SqlStore) -> None:
    """A slow request of a send that was given up must not bring its delivery back."""
    departures = Departures(store, TELLING, FakeClock())
    keys = await _claimed(store, departures, 2)

    departures.forget(keys[:1])
    for key in keys:
        await departures.depart(key)

    assert await states(store) == [State.LEASED, State.SENDING]


class _Leaving(HeldAdapter):
    """An adapter of which some messages leave at once, and the others wait for a slot for ever."""

    def __init__(self, pace: SlotPace, *leaving: str) -> None:
        super().__init__()
        self.limits = TELLING
        self._pace = pace
        self._at_once = leaving

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Leave or wait; no answer comes."""
        if delivery.destination.address in self._at_once:
            await self._pace.departs(delivery.id)
        return await super().send(delivery, message)


async def test_what_waits_for_its_slot_at_a_kill_is_sent_by_the_next_life(store: SqlStore) -> None:
    """Only what has left is in doubt, and stays alone; the rest never left."""
    clock = FakeClock()
    pace = SlotPace(clock)
    first, second = _Leaving(pace, "a"), RecordingAdapter(NAME, limits=TELLING)
    await owe_to(store, "a", "b", "c")

    async with asyncio.TaskGroup() as group:
        life = group.create_task(_live(store, first, clock, pace), name="sender")
        await first.until_sent(3)
        life.cancel()
    left = await states(store)
    await drain(store, second, clock)

    assert left == [State.SENDING, State.LEASED, State.LEASED]
    assert addresses(second) == ["b", "c"]
    assert await states(store) == [State.UNKNOWN, State.SENT, State.SENT]


async def _live(store: Store, adapter: _Leaving, clock: FakeClock, pace: SlotPace) -> None:
    async with a_dispatcher(store, adapter, clock, pace=pace) as dispatcher:
        await dispatcher.drain()


async def test_store_that_cannot_mark_ends_the_sender(store: SqlStore) -> None:
    """As any failing store does: it is not the adapter's fault."""
    clock = FakeClock()
    pace = SlotPace(clock)
    adapter = _Leaving(pace, "a", "b")
    await owe_to(store, "a", "b")

    with pytest.raises(ExceptionGroup) as raised:
        await _live_on(_Counting(store, fails_from=2), adapter, clock, pace)

    assert raised.group_contains(StoreError)
    assert adapter.sent == []


async def _live_on(store: _Counting, adapter: _Leaving, clock: FakeClock, pace: SlotPace) -> None:
    async with a_dispatcher(store, adapter, clock, pace=pace) as dispatcher:
        await dispatcher.drain()
