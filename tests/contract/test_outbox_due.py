"""`ports.Outbox`, the rest: when the next delivery is due."""

from outboxes import HOUR, claim, finish, start, subscribe, tell, to

from bot.domain.changes import WebcastLive
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.store.unit_of_work import SqlStore
from bot.testing import START

LIVE = WebcastLive(event_id=EventId(1))
EARLIER, LATER = START - HOUR, START + HOUR


async def test_next_due_is_the_earliest_that_waits(store: SqlStore) -> None:
    """`next_due`: when the next pending delivery of an adapter becomes due."""
    await subscribe(store, to("a"), to("b"), to("c", "discord"))
    await tell(store)
    first, second = await claim(store)
    await start(store, [first, second])
    await finish(store, [first], state=State.PENDING, not_before=LATER + HOUR)
    await finish(store, [second], state=State.PENDING, not_before=LATER)

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=START) == LATER
        assert await unit.outbox.next_due("discord", after=EARLIER) == START


async def test_nothing_is_due_when_nothing_waits(store: SqlStore) -> None:
    """`next_due`: None: what is under way or over does not wait."""
    await subscribe(store, to("a"), to("b"))
    await tell(store)
    first, _second = await claim(store)
    await finish(store, [first])

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=EARLIER) is None


async def test_what_is_held_up_is_due_with_what_holds_it_up(store: SqlStore) -> None:
    """`next_due`: what was due before and could not be claimed waits for another of its pair."""
    await subscribe(store, to("a"))
    await tell(store)
    elder = await claim(store)
    await start(store, elder)
    await finish(store, elder, state=State.PENDING, not_before=LATER)
    await tell(store, LIVE)

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=START) == LATER
        assert await unit.outbox.next_due("console", after=LATER) is None
