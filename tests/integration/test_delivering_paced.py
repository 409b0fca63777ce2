"""The dispatcher over a real store: what the pace puts off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from outboxes import states, subscribe, to
from sending import SECOND, sending, tell_of
from stores import made_store

from bot.domain.deliveries import Delivery, Later, Outcome, Sent, State
from bot.domain.messages import Lane, Limits, Message, Rate
from bot.errors import HeldBack
from bot.store.unit_of_work import SqlStore
from bot.testing import START


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory, its tables made."""
    async with made_store("sqlite://") as opened:
        yield opened


SLOW = Limits(
    text=4096,
    concurrency=8,
    rate=30.0,
    slots=30,
    lane=lambda address: Lane(key=address, rates=(Rate(count=1, per=SECOND),)),
)


async def test_destinations_own_limit_is_kept_without_failed_attempts(store: SqlStore) -> None:
    """Messages wait in the outbox for their turn, in their order, each attempted once."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 11))
        await sender.pass_time(timedelta(seconds=14))

    times = [at for at, _ in sender.sent_at]
    assert len(times) == 10
    assert all(later - earlier >= SECOND for earlier, later in pairwise(times))
    assert [one.event_id for one, _ in sender.adapter.sent] == [*range(1, 11)]
    async with store.reading() as unit:
        assert {one.attempts for one in await unit.outbox.records()} == {1}


async def test_long_queue_of_one_destination_is_sent_whole(store: SqlStore) -> None:
    """Also where it is longer than what is remembered of it: each once, none tried in vain."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 81))
        await sender.pass_time(timedelta(seconds=130), step=SECOND / 2)

    assert sorted(one.event_id for one, _ in sender.adapter.sent) == [*range(1, 81)]
    async with store.reading() as unit:
        assert {one.attempts for one in await unit.outbox.records()} == {1}


async def test_slow_destination_holds_up_nobody_else(store: SqlStore) -> None:
    """However much waits for one chat, the others get theirs at once."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 31))
        await subscribe(store, *(to(f"{number}") for number in range(10)))
        await tell_of(store, 99)
        await sender.pass_time(timedelta(seconds=2))

    others = {one.address for _, one in sender.sent_at} - {"main"}
    assert others == {f"{number}" for number in range(10)}


async def test_closed_gate_leaves_everything_in_the_outbox(store: SqlStore) -> None:
    """A flood wait of hours must neither use up attempts nor hold messages in memory."""
    await subscribe(store, to(), to("b"))
    async with sending(store) as sender:
        sender.pace.throttled(timedelta(hours=2))
        await tell_of(store, 1)
        await sender.deliver()
        waiting = await states(store)
        attempts = len(sender.adapter.sent)
        sender.clock.advance(timedelta(hours=2))
        await sender.deliver()

    assert (waiting, attempts) == ([State.PENDING, State.PENDING], 0)
    assert await states(store) == [State.SENT, State.SENT]


async def test_send_that_is_held_back_is_tried_later(store: SqlStore) -> None:
    """An adapter may need several slots for one message; it goes when the last one comes back."""
    await subscribe(store, to())
    async with sending(store) as sender:
        errors = [HeldBack("the limits let a request out in an hour", wait=timedelta(hours=1))]

        async def answer(_delivery: Delivery, _message: Message) -> Outcome:
            if errors:
                raise errors.pop()
            return Sent(remote_id="1")

        sender.adapter._answer = answer
        await tell_of(store, 1)
        await sender.deliver()
        sender.clock.advance(timedelta(hours=1) - SECOND)
        await sender.deliver()
        waiting = await states(store)
        sender.clock.advance(SECOND)
        await sender.deliver()

    assert waiting == [State.PENDING]
    assert await states(store) == [State.SENT]


async def test_work_done_once_waits_for_what_the_limits_put_off(store: SqlStore) -> None:
    """`--once` ends when all that was due is delivered, not when a chat's first message is."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 8))
        draining = asyncio.ensure_future(sender.dispatcher.drain())
        await sender.end(draining)

    assert await states(store) == [State.SENT] * 7
    assert sender.clock.now() - START < timedelta(seconds=12)


async def test_work_done_once_waits_for_a_gate_that_opens_soon(store: SqlStore) -> None:
    """Half a minute of silence that the platform asked for is no reason to end undone."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.pace.throttled(30 * SECOND)
        await tell_of(store, 1)
        await sender.end(asyncio.ensure_future(sender.dispatcher.drain()))

    assert await states(store) == [State.SENT]
    assert sender.clock.now() - START >= 30 * SECOND


async def test_delivery_held_up_by_another_is_not_asked_for_without_end(store: SqlStore) -> None:
    """It is due, but waits for the retry of an earlier one of its event; that takes its time."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [Later(reason="busy", wait=timedelta(minutes=1))]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 1)
        took_any = await sender.dispatcher.step()

        pause = await sender.dispatcher._pause()

    assert not took_any
    assert pause is not None
    assert timedelta(0) < pause <= timedelta(minutes=1)
