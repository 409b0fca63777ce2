"""When a message leaves for Telegram: with its body, and not before it is marked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from senders import NAME, a_dispatcher, a_store, limits, owe_to, records
from standins.telegram.opening import connected
from standins.telegram.opening import to as to_telegram
from standins.telegram.server import TelegramStandIn

from bot.adapters.telegram.outcomes import judged
from bot.adapters.telegram.transport import LEAVING, AiohttpRequest, NeverSent
from bot.domain.deliveries import MAX_ATTEMPTS, DeliveryId, Later, State
from bot.errors import StoreError
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter, a_message
from bot.testing.surroundings import OpenPace

TELLING = replace(limits(), tells_departure=True)


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory."""
    async with a_store() as opened:
        yield opened


class _Refusing(OpenPace):
    """A pace that cannot record what leaves."""

    async def departs(self, delivery: DeliveryId) -> None:
        """Fail."""
        await super().departs(delivery)
        raise StoreError("the disk reports an error")


async def test_telegram_obeys_nothing_that_was_not_marked() -> None:
    """The connection stands, the headers may have left, but the message has not."""
    pace = _Refusing()

    async with TelegramStandIn() as telegram, connected(telegram, pace=pace) as adapter:
        with pytest.raises(StoreError):
            await adapter.send(to_telegram(telegram.user()), a_message())

        assert telegram.posts == []
    assert len(pace.departed) == 1


async def test_message_that_meets_no_telegram_has_not_left() -> None:
    """Without a connection nothing is in doubt, however long one was sought."""
    pace = OpenPace()
    telegram = TelegramStandIn()
    async with telegram:
        opening = connected(telegram, pace=pace)
        adapter = await opening.__aenter__()
        ada = telegram.user()
    await adapter.send(to_telegram(ada), a_message())  # finds a connection that died just now
    pace.departed.clear()

    outcome = await adapter.send(to_telegram(ada), a_message())

    await opening.__aexit__(None, None, None)
    assert isinstance(outcome, Later)
    assert pace.departed == []


async def test_connection_that_breaks_before_the_body_leaves_puts_nothing_in_doubt() -> None:
    """A pooled connection may die while the mark is made: nobody can have obeyed, so it waits."""
    async with await asyncio.start_server(_hang_up, "127.0.0.1", 0) as server:
        base_url = "http://{}:{}".format(*server.sockets[0].getsockname())
        requests = AiohttpRequest(connections=1)
        await requests.initialize()
        before = LEAVING.set(_never)
        try:
            with pytest.raises(NeverSent) as caught:
                await requests.do_request(f"{base_url}/bot1:x/sendMessage", "POST")
        finally:
            LEAVING.reset(before)
            await requests.shutdown()

    assert isinstance(judged(caught.value), Later)


async def _never() -> None:
    """Wait for a mark that is not made."""
    await asyncio.Event().wait()


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once, as who is tired of a silent connection."""
    writer.close()


async def test_what_never_leaves_is_tried_ever_more_rarely(store: SqlStore) -> None:
    """An attempt counts though it met no connection; else an outage would be hammered at."""
    clock = FakeClock()
    adapter = RecordingAdapter(NAME, limits=TELLING, outcomes=lambda *_: Later(reason="down"))
    await owe_to(store, "a")

    async with a_dispatcher(store, adapter, clock) as dispatcher:
        for _ in range(2 * MAX_ATTEMPTS):
            await dispatcher.drain()
            clock.advance(timedelta(hours=1))

    (record,) = await records(store)
    assert (record.state, record.attempts) == (State.DEAD, MAX_ATTEMPTS)
    assert [one.attempts for one, _ in adapter.sent] == [*range(1, MAX_ATTEMPTS + 1)]
