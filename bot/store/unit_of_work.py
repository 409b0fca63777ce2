"""The store's door: units of work, migrations, the lock of the one runner, backups."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, closing
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.store import revisions, sections
from bot.store.destinations import SqlDestinations
from bot.store.engine import Engine, open_engine
from bot.store.fanout import CHUNK
from bot.store.leases import SqlLeases
from bot.store.memory import SqlMemory, SqlNames, SqlRequestLog
from bot.store.outbox import SqlOutbox
from bot.store.purge import SqlPurge
from bot.store.snapshots import SqlSnapshots
from bot.store.subscriptions import SqlSubscriptions
from bot.store.telling import notify
from bot.store.turnstile import SqlTurnstiles

_BACKUP_PAGES = 1024


class SqlUnitOfWork:
    """All parts of the store on one connection, inside one transaction.

    Attributes:
        told: what other processes are to be told when it commits.

    """

    def __init__(self, connection: AsyncConnection, *, chunk: int) -> None:
        self.told: set[str] = set()
        self.snapshots = SqlSnapshots(connection)
        self.names = SqlNames(connection)
        self.memory = SqlMemory(connection)
        self.subscriptions = SqlSubscriptions(connection)
        self.outbox = SqlOutbox(connection, chunk=chunk)
        self.destinations = SqlDestinations(connection, chunk=chunk)
        self.leases = SqlLeases(connection)
        self.purge = SqlPurge(connection)

    def tell(self, topic: str) -> None:
        """Tell all processes so when this commits."""
        self.told.add(topic)


class SqlStore:
    """`ports.Store` over one database; close it when done (`open_store` does)."""

    def __init__(self, engine: Engine, *, chunk: int = CHUNK) -> None:
        """Build on an engine.

        Args:
            engine: the database.
            chunk: rows of a fan-out that one transaction inserts at most.

        """
        self._engine = engine
        self._chunk = chunk
        self.requests = SqlRequestLog(engine)
        self.turnstiles = SqlTurnstiles(engine)

    @property
    def session(self) -> str:
        """What the connections of this process are called, where others share the store."""
        return self._engine.database.session

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[SqlUnitOfWork]:
        """One transaction that may write; it commits at the end and rolls back on an error."""
        async with self._engine.writing(urgent=urgent, brief=brief) as connection:
            unit = SqlUnitOfWork(connection, chunk=self._chunk)
            yield unit
            await notify(connection, unit.told)

    @asynccontextmanager
    async def reading(self, *, urgent: bool = False) -> AsyncIterator[SqlUnitOfWork]:
        """One transaction that only reads; it blocks no writer."""
        async with self._engine.reading(urgent=urgent) as connection:
            yield SqlUnitOfWork(connection, chunk=self._chunk)

    @asynccontextmanager
    async def listening(self, hear: Callable[[str], None]) -> AsyncIterator[None]:
        """Call `hear` with what transactions of any process tell."""
        async with self._engine.listening(hear):
            yield

    def alone(self) -> AbstractContextManager[bool]:
        """Be the only runner on this store; `StoreBusy` when another process is.

        False where several may run, and each of their roles has a lease.
        """
        return self._engine.alone()

    async def upgrade(self) -> None:
        """Bring the tables up to this version; `StoreTooNew` when they are beyond it."""
        async with self._engine.rebuilding() as connection:
            await sections.alone(connection, sections.REVISIONS)
            await connection.run_sync(revisions.upgrade)

    async def revision(self) -> revisions.Revision:
        """Where the tables stand."""
        async with self._engine.reading() as connection:
            return await connection.run_sync(revisions.revision)

    async def backup(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """Copy a running SQLite store to a new file; `progress` gets pages done and in all.

        Raises:
            StoreError: there is no file to copy, or the target is there already.

        """
        if self._engine.path is None:
            raise StoreError("a store in memory has no file to back up; check store.url")
        await asyncio.to_thread(_copy, self._engine.path, target, progress)


def _copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    if not source.exists():
        raise StoreError(f"there is no store at {source} to back up; check store.url")
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
    # Under its own name only when it is whole: half a copy opens as an empty store.
    part = target.with_name(f"{target.name}.part")
    _remove(part)
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(part)) as copy,
        ):
            _copy_pages(original, copy, progress)
        part.rename(target)
    except sqlite3.Error as exc:
        _remove(part)
        raise StoreError(f"backing up {source} to {target} failed: {exc}") from exc


def _remove(part: Path) -> None:
    for suffix in ("", "-journal"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


def _copy_pages(
    original: sqlite3.Connection, copy: sqlite3.Connection, progress: Callable[[int, int], None]
) -> None:
    # One read transaction for the whole copy: else each commit of a writer lets it begin anew.
    original.execute("BEGIN")
    original.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    original.backup(
        copy,
        pages=_BACKUP_PAGES,
        progress=lambda _status, left, total: progress(total - left, total),
    )


@asynccontextmanager
async def open_store(
    url: str, *, chunk: int = CHUNK, must_exist: bool = False
) -> AsyncIterator[SqlStore]:
    """Open the store at a URL and close it at the end. Its tables may yet be old or missing.

    Raises:
        ConfigError: the URL is not one that this version can use.
        StoreError: it `must_exist` and does not.

    """
    async with open_engine(url) as engine:
        if must_exist and not engine.exists():
            raise StoreError(f"there is no store at {engine.path} yet; perigee run makes it")
        yield SqlStore(engine, chunk=chunk)
