"""Copy a whole store into an empty one, of either engine. Knows tables, not what they mean."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ConfigError, StoreBusy, StoreError
from bot.store import revisions, sections
from bot.store.engine import Engine
from bot.store.tables import leases, metadata, turns

Progress = Callable[[str, int, int], None]
"""Told the name of a table, how many of its rows are copied, and how many there are."""

_BATCH = 2_000
"""Rows that are held in memory at once."""

COPIED = tuple(one for one in metadata.sorted_tables if one not in {leases, turns})
"""All but who does what at this moment, in the order of their foreign keys."""


async def copy(source: Engine, target: Engine, progress: Progress) -> int:
    """Copy all rows; how many. Nobody writes to either meanwhile; a failure leaves nothing behind.

    Raises:
        ConfigError: both are the same, or the target holds something.
        StoreBusy: the source runs.
        StoreError: the source is of another revision, or one of them cannot be used.

    """
    if source.database.name == target.database.name:
        raise ConfigError(f"{source.database.name} cannot be copied to itself; name another")
    with ExitStack() as stack:
        for one in (source, target):
            stack.enter_context(one.alone())
        async with source.rebuilding() as old, target.rebuilding() as new:
            await _close_off(old, source.database.name)
            await _prepare(new, target.database.name)
            return await _copy_all(old, new, progress)


async def _close_off(connection: AsyncConnection, name: str) -> None:
    """Let nobody write any more: what came after the copy would be lost."""
    stand = await connection.run_sync(revisions.revision)
    if stand.current != stand.newest:
        raise StoreError(
            f"{name} is at revision {stand.current or 'nothing'}, this program at {stand.newest}; "
            "run this version on it once (perigee db upgrade), then copy it"
        )
    if connection.dialect.name != "postgresql":
        return  # SQLite's one writer is this transaction
    if await connection.scalar(_OTHERS):
        raise StoreBusy(f"another perigee is running on {name}; stop it first")
    tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    await connection.execute(text(f"LOCK TABLE {tables} IN SHARE MODE"))


_OTHERS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'perigee %'
    AND application_name <> current_setting('application_name')
""")


async def _prepare(connection: AsyncConnection, name: str) -> None:
    """Make the tables where there are none, and keep everybody else from doing so."""
    await sections.alone(connection, sections.REVISIONS)
    await connection.run_sync(revisions.upgrade)
    for table in COPIED:
        if (await connection.execute(select(table).limit(1))).first() is not None:
            raise ConfigError(
                f"{name} holds something already ({table.name}); name an empty one to copy to"
            )


async def _copy_all(old: AsyncConnection, new: AsyncConnection, progress: Progress) -> int:
    total = 0
    for table in COPIED:
        total += await _copy_rows(old, new, table, progress)
    if new.dialect.name == "postgresql":
        await new.run_sync(_set_sequences)
    return total


async def _copy_rows(
    old: AsyncConnection, new: AsyncConnection, table: Table, progress: Progress
) -> int:
    count = select(func.count()).select_from(table)
    total, done = await old.scalar(count) or 0, 0
    progress(table.name, 0, total)
    batch: list[dict[str, Any]] = []
    while batch := await _following(old, table, batch):
        await new.execute(insert(table), batch)
        done += len(batch)
        progress(table.name, done, total)
    arrived = await new.scalar(count)
    if arrived != total:
        raise StoreError(f"of {total} rows of {table.name} {arrived} arrived; nothing was copied")
    return total


async def _following(
    old: AsyncConnection, table: Table, batch: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The next rows behind these, by their key: no more are held in memory than these."""
    key = [*table.primary_key]
    query = select(table).order_by(*key).limit(_BATCH)
    if batch:
        query = query.where(tuple_(*key) > tuple(batch[-1][column.key] for column in key))
    return [dict(row) for row in (await old.execute(query)).mappings()]


def _set_sequences(connection: Connection) -> None:
    """Let PostgreSQL count on from the highest id, as SQLite does by itself."""
    for table in COPIED:
        column: Any = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, func.max(column))).select_from(table))
