"""Insert-or-replace and insert-unless-there, which SQLite and PostgreSQL spell alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert = sqlite.Insert | postgresql.Insert


def dialect_insert(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT that knows ON CONFLICT, in the words of the connection's engine."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def upsert(
    connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; where the primary key is there already, replace the other columns."""
    if not values:
        return
    statement = dialect_insert(connection, table)
    key = [column.name for column in table.primary_key]
    renewed = {name: statement.excluded[name] for name in values[0] if name not in key}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=renewed), values
    )


async def insert_missing(
    connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; leave those that are there already as they are."""
    if values:
        statement = dialect_insert(connection, table).on_conflict_do_nothing()
        await connection.execute(statement, values)


async def get_or_insert(
    connection: AsyncConnection, table: Table, row: Mapping[str, Any], *unique: str
) -> int:
    """The id of the row that is there already with these unique columns, else of this new one.

    Two may insert it at once: who comes second waits for the first, and finds its row.
    """
    added = dialect_insert(connection, table).values(row).on_conflict_do_nothing()
    key: int | None = await connection.scalar(added.returning(table.c.id))
    if key is None:
        known = select(table.c.id).filter_by(**{name: row[name] for name in unique})
        key = (await connection.execute(known)).scalar_one()
    return key
