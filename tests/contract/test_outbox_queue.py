"""`ports.Outbox.queue`: how much is pending for an adapter; cheap, whatever the store holds."""

from datetime import timedelta

from outboxes import HOUR, claim, finish, start, subscribe, tell, to

from bot.domain.deliveries import Priority, State
from bot.domain.vitals import Queue
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LATER = START + 2 * HOUR


async def queue(store: SqlStore, adapter: str = "console") -> Queue:
    """The queue two hours after the start."""
    async with store.reading() as unit:
        return await unit.outbox.queue(adapter, LATER)


async def test_nothing_pending_has_no_age(store: SqlStore) -> None:
    """Neither where nothing was owed, nor for an adapter that nobody uses."""
    await subscribe(store, to())
    await tell(store)

    assert await queue(store, "discord") == Queue()


async def test_only_what_is_pending_is_counted(store: SqlStore) -> None:
    """Per adapter; what is under way or has ended waits no more."""
    await subscribe(store, to("a"), to("b"), to("c"), to("d", "discord"))
    await tell(store)
    sent, under_way = await claim(store, limit=2)
    await start(store, [sent, under_way])
    await finish(store, [sent])

    assert (await queue(store)).depth == 1
    assert (await queue(store, "discord")).depth == 1


async def test_age_is_of_the_oldest_whatever_its_priority(store: SqlStore) -> None:
    """Since when it was owed; one that waits for its retry is as old as it is."""
    await subscribe(store, to())
    await tell(store, created_at=START, priority=Priority.DETAILS)
    (first,) = await claim(store)
    await start(store, [first])
    await finish(store, [first], state=State.PENDING, not_before=LATER + HOUR)
    other = an_event(id=2)
    await tell(store, event=other, created_at=START + HOUR, priority=Priority.URGENT)

    assert await queue(store) == Queue(depth=2, age=2 * HOUR)


async def test_clock_that_went_back_gives_no_negative_age(store: SqlStore) -> None:
    """What was owed in the future has just been owed."""
    await subscribe(store, to())
    await tell(store, created_at=LATER + HOUR)

    assert await queue(store) == Queue(depth=1, age=timedelta(0))
