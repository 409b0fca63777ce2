"""What docs/scaling.md takes for granted of the store, asked of the store itself."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from outboxes import claim, expand, finish, owe, start, subscribe, to
from stores import made_store

from benchmarks import capacity, stock
from bot.domain.deliveries import Priority
from bot.domain.events import EventId
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import an_event

DESTINATIONS = 4_000


@pytest.fixture
async def few_at_once() -> AsyncIterator[SqlStore]:
    """An empty store that makes one delivery a transaction."""
    async with made_store("sqlite://", chunk=1) as opened:
        yield opened


async def test_fan_outs_are_worked_off_in_the_simulated_order(few_at_once: SqlStore) -> None:
    """What is urgent goes before what is older and of another event."""
    await subscribe(few_at_once, to("main"))
    await owe(few_at_once, event=an_event(id=EventId(1)))
    await owe(few_at_once, event=an_event(id=EventId(2)), priority=Priority.URGENT)

    made = await claim(few_at_once)
    while not made:
        async with few_at_once.writing() as unit:
            assert await unit.outbox.expand()
        made = await claim(few_at_once)

    assert made[0].priority is Priority.URGENT


def used_bytes(path: Path) -> int:
    """What a store's file holds, without pages that are free."""
    with closing(sqlite3.connect(path)) as connection:
        count, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (count - free) * size


async def test_a_sent_delivery_takes_the_room_that_is_reckoned_with(tmp_path: Path) -> None:
    """In SQLite, with its shares of all indexes; within a fifth, as pages are never quite full."""
    path = tmp_path / "stock.db"
    await stock.build(path, destinations=DESTINATIONS)
    before = used_bytes(path)

    async with open_store(f"sqlite:///{path}") as store:
        await owe(store, event=stock.event_wanted_by(stock.FILTERS))
        await expand(store)
        claimed = await claim(store, limit=DESTINATIONS)
        await start(store, claimed)
        await finish(store, claimed, remote_id=f"{10**18}")

    assert len(claimed) == DESTINATIONS
    a_row = (used_bytes(path) - before) / DESTINATIONS
    assert a_row == pytest.approx(capacity.SQLITE.row_bytes, rel=0.2)
