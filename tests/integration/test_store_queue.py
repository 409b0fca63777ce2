"""What a look at the queue costs: on SQLite, rows of what is pending, and no more."""

from typing import Any

from outboxes import subscribe, tell, to
from senders import a_store
from sqlalchemy import event

from bot.domain.deliveries import Priority
from bot.domain.vitals import MOST_COUNTED
from bot.testing import START


async def test_look_at_the_queue_reads_no_delivery_that_has_ended() -> None:
    """A store of millions is looked at in no time, whether they were sent long ago or wait."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        asked.append((statement, values))

    async with a_store() as store:
        await subscribe(store, to())
        await tell(store)
        async with store.reading() as unit:
            connection = unit.outbox._connection
            event.listen(connection.sync_connection, "before_cursor_execute", note)
            await unit.outbox.queue("console", START)
            event.remove(connection.sync_connection, "before_cursor_execute", note)
            plans = [
                [row.detail for row in await connection.exec_driver_sql(explained, values)]
                for explained, values in ((f"EXPLAIN QUERY PLAN {one}", of) for one, of in asked)
            ]

    *looks, last = plans
    reads = [step for plan in looks for step in plan if "deliveries" in step]
    assert len(reads) == len(Priority)
    assert all("INDEX ix_deliveries_claim (adapter=? AND priority=?" in one for one in reads), reads
    assert all(MOST_COUNTED in of for _, of in asked[:-1])
    assert not any("TEMP B-TREE" in step for plan in looks for step in plan), "it sorts"
    searches = [one for one in last if one.startswith(("SEARCH", "SCAN"))]
    assert searches, last
    assert all("USING INTEGER PRIMARY KEY" in one for one in searches), last
