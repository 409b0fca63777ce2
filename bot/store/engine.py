"""From a store's URL to an engine: pragmas, transactions, locks, errors. No tables, no queries."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from bot.errors import ConfigError, StoreBusy, StoreError
from bot.store import trips
from bot.store.turn import Turn

_BUSY_TIMEOUT_MS = 10_000

_READERS = 4
"""Connections for reading; a read is done before the loop goes on, so few are enough."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # NORMAL may lose the last commits at a power cut: a lost "sent" mark is a message sent twice.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
)


class Engine:
    """One database: many readers, one writer at a time.

    Writers take turns on a lock of ours before they ask SQLite for its own, so that inside one
    process nobody waits in `busy_timeout`. In memory there is one connection, so readers queue too.
    """

    def __init__(self, url: str) -> None:
        """Prepare the engine for `sqlite:///path` or `sqlite://`; connects to nothing yet.

        Raises:
            ConfigError: the URL is not one that this version can use.

        """
        self.url = _readable(url)
        self.path = _path(self.url)
        self._turn = Turn()
        # Of the connections one is left to whoever writes.
        self._readers = asyncio.Semaphore(_READERS)
        self._opens = self.path is None
        self._engine = _create(self.url, in_memory=self.path is None)

    @asynccontextmanager
    async def writing(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction that holds the write lock from its beginning."""
        async with self._turn.taken(urgent=urgent), self._transaction(immediate=True) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on a stable view; beside a file's writer it never waits."""
        if self.path is None:
            async with self._turn.taken(), self._transaction(immediate=False) as connection:
                yield connection
        else:
            async with self._readers, self._transaction(immediate=False) as connection:
                yield connection

    @asynccontextmanager
    async def _transaction(self, *, immediate: bool) -> AsyncIterator[AsyncConnection]:
        with self.translated():
            await self._try_to_open()
            async with self._engine.connect() as bare:
                connection = await bare.execution_options(immediate=immediate)
                async with connection.begin():
                    yield connection

    async def _try_to_open(self) -> None:
        # Where aiosqlite cannot open, its thread stays behind and stumbles over the closed loop.
        if self.path is not None and not self._opens:
            await asyncio.to_thread(_open_and_close, self.path)
            self._opens = True

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors into `StoreError`s that say which store and what to do."""
        try:
            yield
        except DBAPIError as exc:
            raise StoreError(self._sentence(str(exc.orig))) from exc
        except sqlite3.Error as exc:
            raise StoreError(self._sentence(str(exc))) from exc

    def _sentence(self, problem: str) -> str:
        # SQLite tells neither of these apart from a folder that is missing or a disk that is ill.
        if "unable to open" in problem and not _may_open_files():
            problem = "too many open files"
        if "disk I/O" in problem and self.path is not None and _is_full(self.path.parent):
            problem = "is full"
        return _sentence(self._name, problem)

    @property
    def _name(self) -> str:
        return "the store in memory" if self.path is None else f"the store {self.path}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only sender and poller on this store for as long as the context lasts.

        The operating system drops the lock with the process, however that ends, so a restart may
        at once take over what a killed process held.

        Raises:
            StoreBusy: another process is that one.

        """
        if self.path is None:
            yield
            return
        lock = Path(f"{self.path}.lock")
        try:
            handle = lock.open("w", encoding="utf-8")
        except OSError as exc:
            raise StoreError(f"cannot write {lock}: {exc.strerror}; choose another place") from exc
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise StoreBusy(
                    f"another perigee is running on {self._name}; stop it first, or set store.url"
                ) from exc
            yield

    def exists(self) -> bool:
        """Whether there is something to open; a store in memory always is."""
        return self.path is None or self.path.exists()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _readable(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigError(f'store.url = "{url}" is not a database URL; {_EXAMPLE}') from exc
    if parsed.get_backend_name() != "sqlite":
        shown = parsed.render_as_string(hide_password=True)
        raise ConfigError(f'store.url = "{shown}": this version stores in SQLite; {_EXAMPLE}')
    return parsed.set(drivername="sqlite+aiosqlite")


_EXAMPLE = 'write e.g. "sqlite:///perigee.db"'


def _path(url: URL) -> Path | None:
    return None if url.database in {None, "", ":memory:"} else Path(str(url.database)).absolute()


def _create(url: URL, *, in_memory: bool) -> AsyncEngine:
    path = _path(url)

    async def connected(*_: Any, **__: Any) -> Any:
        return await trips.connect(path)

    engine = create_async_engine(url, async_creator=connected, **_pool(in_memory=in_memory))
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    event.listen(engine.sync_engine, "handle_error", _on_error)
    return engine


def _pool(*, in_memory: bool) -> dict[str, Any]:
    """A store in memory is its one connection; a file has as many as there are who use it."""
    if in_memory:
        return {"poolclass": StaticPool}
    return {"pool_size": _READERS + 1, "max_overflow": 0}


def _open_and_close(path: Path) -> None:
    sqlite3.connect(path).close()


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    with ExitStack() as unless_ready:
        # The pool forgets, without closing it, a connection on which this fails.
        unless_ready.callback(connection.close)
        # The driver's own transaction control begins too late and never IMMEDIATE; we say BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
        unless_ready.pop_all()


def _on_begin(connection: Connection) -> None:
    # A deferred transaction that starts to write midway can fail at once with SQLITE_BUSY.
    immediate = connection.get_execution_options().get("immediate", False)
    driver: Any = connection.connection.driver_connection
    driver.begin(writes=immediate)


def _on_error(error: ExceptionContext) -> None:
    # SQLAlchemy gives up a connection on which a task was cancelled, as network drivers need it.
    # Here that would lose a store in memory, and on a file leave the lock with an open statement.
    # The driver's thread ends what it has begun, and the rollback follows it.
    if isinstance(error.original_exception, asyncio.CancelledError):
        error.is_disconnect = False


def _may_open_files() -> bool:
    """Whether so many files may be opened yet as one connection has."""
    try:
        with ExitStack() as stack:
            for _ in range(_FILES_OF_A_CONNECTION):
                stack.enter_context(Path(os.devnull).open("rb"))
    except OSError:
        return False
    return True


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < _LEAST_FREE


_FILES_OF_A_CONNECTION = 3
"""The store, its write-ahead log, and the index of that."""

_LEAST_FREE = 64 * 1024
"""Bytes that SQLite needs beside a store's file to open it at all."""

_REMEDIES = (
    ("too many open files", "cannot be opened: no more files may be; raise the limit (ulimit -n)"),
    ("not a database", "is not an SQLite database; restore a backup or name another file"),
    ("malformed", "is damaged; restore a backup (perigee db backup makes them)"),
    ("unable to open", "cannot be opened; check that its folder exists and may be written"),
    ("readonly", "cannot be written; check its permissions"),
    ("is full", "cannot grow: the disk is full; free some space and start again, nothing is lost"),
    ("disk I/O", "cannot be read or written: the disk reports an error"),
    ("locked", "is locked by another program; close it and start again"),
    ("no such table", "has no tables yet; run: perigee db upgrade"),
)


def _sentence(name: str, problem: str) -> str:
    for sign, remedy in _REMEDIES:
        if sign in problem:
            return f"{name} {remedy}"
    return f"{name} refused a statement: {problem}"
