"""Turnstiles on SQL: who may pass, decided by one row for each. Waits for nothing."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.engine import Engine
from bot.store.tables import turns
from bot.store.upsert import dialect_insert

_PASSED = timedelta(0)


class SqlTurnstiles:
    """`ports.Turnstiles`; each call is a transaction of its own, as it must hold for others."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(self, name: str, *, now: datetime, every: timedelta) -> timedelta:
        """Pass, or say how long to wait; see `ports.Turnstiles`."""
        async with self._engine.writing() as connection:
            if await _is_first(connection, name, now) or await _passes(
                connection, name, now=now, before=now - every
            ):
                return _PASSED
            await _correct(connection, name, now)
            found = await connection.execute(select(turns.c.at).where(turns.c.name == name))
            at: datetime = found.scalar_one()
        return every - (now - at)


async def _is_first(connection: AsyncConnection, name: str, now: datetime) -> bool:
    statement = dialect_insert(connection, turns).values(name=name, at=now)
    return (await connection.execute(statement.on_conflict_do_nothing())).rowcount > 0


async def _passes(
    connection: AsyncConnection, name: str, *, now: datetime, before: datetime
) -> bool:
    """Compare and set in one statement: of two that come at once, one finds the row changed."""
    free = turns.c.name == name, turns.c.at <= before
    return (await connection.execute(update(turns).where(*free).values(at=now))).rowcount > 0


async def _correct(connection: AsyncConnection, name: str, now: datetime) -> None:
    """Nobody passed in the future: a clock was set back, or another's goes before ours."""
    ahead = turns.c.name == name, turns.c.at > now
    await connection.execute(update(turns).where(*ahead).values(at=now))
