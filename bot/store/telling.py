"""What processes tell each other when a transaction commits: PostgreSQL's NOTIFY, or nothing."""

from collections.abc import Collection

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

CALLS = "perigee"
"""The channel on which all processes listen."""

PROGRAM = "perigee"
"""What each connection of ours is called, and behind it its process."""

BETWEEN = ","
"""What stands between the topics of one call."""

_NOTIFY = select(func.pg_notify(CALLS, bindparam("topics")))


async def notify(connection: AsyncConnection, topics: Collection[str]) -> None:
    """Tell these topics with the commit, all in one call; SQLite has nobody to tell."""
    if topics and connection.dialect.name == "postgresql":
        await connection.execute(_NOTIFY, {"topics": BETWEEN.join(sorted(topics))})
