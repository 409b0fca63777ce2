"""How SQLite goes about the questions that a sender asks all day, by its own account."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from bot.domain.deliveries import Priority
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
