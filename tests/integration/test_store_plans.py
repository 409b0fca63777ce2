"""How SQLite goes about what senders ask all day, and a purge each hour: by its own account."""

from collections.abc import Iterator
from typing import Any

import pytest
from senders import a_store
from sqlalchemy import Connection, create_engine, event

from bot.domain.deliveries import Priority
from bot.domain.retention import Remains
from bot.store import claiming
from bot.store.tables import metadata
from bot.testing import START


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A connection to an empty store."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_claim_reads_only_what_is_due_and_in_its_order(connection: Connection) -> None:
    """A million deliveries that wait for a retry must not be read to find the one that is due."""
    asked = {"by": "console", "rank": Priority.NEWS, "now": START, "most": 100}
    claim = claiming._claimable().params(asked)
    text = claim.compile(connection, compile_kwargs={"literal_binds": True})

    plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]

    assert plan[0].startswith("SEARCH mine USING")
    assert "ix_deliveries_claim (adapter=? AND priority=? AND not_before<?)" in plan[0]
    assert not any("TEMP B-TREE" in line for line in plan), "it sorts"


@pytest.mark.parametrize("sort", Remains)
async def test_purge_scans_no_table_that_grows_with_people(sort: Remains) -> None:
    """To find and to remove a few among millions is a search in an index, also for foreign keys."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        asked.append((statement, values))

    key = (1, 2) if sort in {Remains.MUTES, Remains.POSTS} else (1,)
    async with a_store() as store, store.writing() as unit:
        connection = unit.purge._connection
        event.listen(connection.sync_connection, "before_cursor_execute", note)
        await unit.purge.find(sort, before=START, after=None, limit=10)
        await unit.purge.find(sort, before=START, after=key, limit=10)
        await unit.purge.remove(sort, [key, key], before=START)
        event.remove(connection.sync_connection, "before_cursor_execute", note)
        steps = [
            row.detail
            for statement, values in asked
            for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    grown = ("deliveries", "subscriptions", "destinations", "mutes", "posts", "channels")
    assert [step for step in steps if step.startswith(tuple(f"SCAN {one}" for one in grown))] == []
    assert any(step.startswith("SEARCH") for step in steps)
