"""What one transaction at a time may do: SQLite's single writer gives it for nothing.

PostgreSQL's writers run side by side. Where one decides by what it reads, it enters a section
first: an advisory lock, which it holds to the end of its transaction, and after which it sees all
that those before it committed. They guard what has no row yet, and many rows at once; and a
transaction that takes one before it locks rows cannot wait in a circle. Their order, for those that
enter several: places, then `FANOUT`, then the others.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.subscriptions import Destination

FANOUT = "fan-out"
"""Turn a chunk into deliveries; see `beside_fanouts`."""

MESSAGES = "messages"
"""Keep a message under a form that may be another sender's, too."""

REVISIONS = "revisions"
"""Change the tables."""

ADDING = "adding"
"""Add subscriptions, whose destinations and filters may be new."""


def claims(adapter: str) -> str:
    """Choose what an adapter sends next."""
    return f"claims {adapter}"


def server(adapter: str, key: str) -> str:
    """Count what a server's destinations hold."""
    return f"server {adapter} {key}"


async def at(connection: AsyncConnection, *places: Destination) -> None:
    """Read here, alone, what decides what will be written of these destinations."""
    await alone(connection, *(f"place {one}" for one in places))


async def beside_fanouts(connection: AsyncConnection) -> None:
    """Change, with others that do so, whom or what a chunk of a fan-out reaches."""
    await _enter(connection, _TOGETHER, [FANOUT])


async def alone(connection: AsyncConnection, *names: str) -> None:
    """Enter these sections, each by itself; a transaction that only reads need not."""
    await _enter(connection, _ALONE, names)


async def _enter(connection: AsyncConnection, lock: Select[Any], names: Collection[str]) -> None:
    if names and connection.dialect.name == "postgresql" and not _only_reads(connection):
        # In one order for all, so that nobody waits in a circle.
        await connection.execute(lock, {"names": sorted(names)})


def _only_reads(connection: AsyncConnection) -> bool:
    below = connection.sync_connection
    return below is not None and bool(below.get_execution_options().get("postgresql_readonly"))


def _locking(function: str) -> Select[Any]:
    name = func.unnest(bindparam("names", type_=ARRAY(Text))).column_valued("name")
    return select(func.count(getattr(func, function)(func.hashtextextended(name, 0))))


_ALONE = _locking("pg_advisory_xact_lock")
_TOGETHER = _locking("pg_advisory_xact_lock_shared")
