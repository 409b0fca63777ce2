"""Leases of roles on SQL: compare and set, and the fence inside other transactions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, and_, bindparam, column, func, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leases import RoleLease
from bot.store.tables import leases
from bot.store.telling import PROGRAM
from bot.store.upsert import dialect_insert


class SqlLeases:
    """`ports.Leases` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held(self) -> Mapping[str, RoleLease]:
        """Every role that ever had a holder, by its name."""
        return {row.role: _lease(row) for row in await self._connection.execute(select(leases))}

    async def take(self, role: str, seen: RoleLease | None, holder: str) -> RoleLease | None:
        """Take a role over, unless something has changed since it was seen like this; then None."""
        if seen is None:
            taken = RoleLease(role=role, holder=holder, epoch=1, beats=0)
            row = {"role": role, "holder": holder, "epoch": 1, "beats": 0}
            first = dialect_insert(self._connection, leases).on_conflict_do_nothing()
            is_ours = (await self._connection.execute(first, row)).rowcount
            return taken if is_ours else None
        if seen.holder not in {"", holder} and self._connection.dialect.name == "postgresql":
            session = seen.holder.rpartition("/")[2]
            await self._connection.execute(_END, {"called": f"{PROGRAM} {session}"})
        taken = RoleLease(role=role, holder=holder, epoch=seen.epoch + 1, beats=0)
        values = {"was": seen.beats, "to": holder, **_key(seen)}
        return taken if (await self._connection.execute(_TAKE, values)).rowcount else None

    async def renew(self, lease: RoleLease) -> RoleLease | None:
        """Show that its holder lives; None: it is its own no more."""
        row = (await self._connection.execute(_RENEW, _key(lease))).one_or_none()
        return None if row is None else _lease(row)

    async def release(self, lease: RoleLease) -> None:
        """Give it back, if it is still its holder's."""
        await self._connection.execute(_RELEASE, _key(lease))

    async def guard(self, lease: RoleLease) -> None:
        """Let this transaction commit only in the epoch of this lease."""
        found = (await self._connection.execute(_GUARD, {"which": lease.role})).one_or_none()
        lease.must_be(None if found is None else _lease(found))


def _lease(row: Row[Any]) -> RoleLease:
    return RoleLease(role=row.role, holder=row.holder, epoch=row.epoch, beats=row.beats)


def _key(lease: RoleLease) -> dict[str, Any]:
    return {"which": lease.role, "by": lease.holder, "in_epoch": lease.epoch}


_SAME = and_(
    leases.c.role == bindparam("which"),
    leases.c.holder == bindparam("by"),
    leases.c.epoch == bindparam("in_epoch"),
)
# One that froze in the midst of a transaction keeps its locks, and in the midst of a statement even
# past all time limits of the server's. So its connections are ended, which it finds when it wakes.
_END = (
    select(func.pg_terminate_backend(column("pid")))
    .where(
        column("application_name") == bindparam("called"),
        column("datname") == func.current_database(),
        column("usename") == func.current_user(),
    )
    .select_from(table("pg_stat_activity"))
)
# Nobody waits for what it holds meanwhile: the role is taken at a later look.
_FREE = (
    select(leases.c.role)
    .where(_SAME, leases.c.beats == bindparam("was"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(leases)
    .where(leases.c.role == _FREE.scalar_subquery())
    .values(holder=bindparam("to"), epoch=leases.c.epoch + 1, beats=0)
)
_RENEW = update(leases).where(_SAME).values(beats=leases.c.beats + 1).returning(leases)
_RELEASE = update(leases).where(_SAME).values(holder="")
# Whoever looks holds up who takes the role over until it has committed, but not who renews it.
_GUARD = (
    select(leases)
    .where(leases.c.role == bindparam("which"))
    .with_for_update(read=True, key_share=True)
)
