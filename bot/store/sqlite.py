"""What SQLite needs of an engine: pragmas, one writer, the runner's lock, errors in sentences."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from bot.errors import StoreBusy, StoreError
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


class Sqlite:
    """One file, or a store in memory: many readers, one writer at a time.

    Writers take turns on a lock of ours before they ask SQLite for its own, so that inside one
    process nobody waits in `busy_timeout`. In memory there is one connection, so readers queue too.
    """

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="sqlite+aiosqlite")
        in_memory = url.database in {None, "", ":memory:"}
        self.path = None if in_memory else Path(str(url.database)).absolute()
        self.session = ""
        self.name = "the store in memory" if self.path is None else f"the store {self.path}"
        self._opened = WeakSet[trips.Connection]()
        self._turn = Turn()
        # Of the connections one is left to whoever writes.
        self._readers = asyncio.Semaphore(_READERS)
        self._opens = in_memory

    def create(self) -> AsyncEngine:
        """A pool of connections; connects to nothing yet."""

        async def connected(*_: Any, **__: Any) -> Any:
            return await trips.connect(self.path, self._opened)

        engine = create_async_engine(self._url, async_creator=connected, **self._pool())
        event.listen(engine.sync_engine, "connect", _on_connect)
        event.listen(engine.sync_engine, "begin", _on_begin)
        event.listen(engine.sync_engine, "handle_error", _on_error)
        return engine

    def _pool(self) -> dict[str, Any]:
        """A store in memory is its one connection; a file has as many as there are who use it."""
        if self.path is None:
            return {"poolclass": StaticPool}
        return {"pool_size": _READERS + 1, "max_overflow": 0}

    async def close(self) -> None:
        """Close the connections that the pool has let go of."""
        await trips.end(self._opened)

    def options(self, *, writes: bool, stays: bool) -> Mapping[str, Any]:
        """What a transaction is opened with."""
        return {"immediate": writes, "stays": stays}

    @asynccontextmanager
    async def turn(self, *, writes: bool, urgent: bool) -> AsyncIterator[None]:
        """Wait until a transaction may begin; beside a file's writer a reader need not."""
        if writes or self.path is None:
            async with self._turn.taken(urgent=urgent):
                yield
        else:
            async with self._readers:
                yield

    async def ready(self) -> None:
        """See, once, whether the file can be opened."""
        # Where aiosqlite cannot open, its thread stays behind and stumbles over the closed loop.
        if self.path is not None and not self._opens:
            await asyncio.to_thread(_open_and_close, self.path)
            self._opens = True

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Be the only runner on this store for as long as the context lasts; yields True.

        The operating system drops the lock with the process, however that ends, so a restart may
        at once take over what a killed process held.

        Raises:
            StoreBusy: another process is that one.

        """
        if self.path is None:
            yield True
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
                    f"another perigee is running on {self.name}; stop it first, or set store.url"
                ) from exc
            yield True

    @asynccontextmanager
    async def listening(self, _hear: Callable[[str], None]) -> AsyncIterator[None]:
        """Nobody else is here to be heard."""
        yield

    def exists(self) -> bool:
        """Whether there is something to open; a store in memory always is."""
        return self.path is None or self.path.exists()

    def sentence(self, error: BaseException) -> str:
        """What the driver's error means, and what to do."""
        problem = str(error)
        # SQLite tells neither of these apart from a folder that is missing or a disk that is ill.
        if "unable to open" in problem and not _may_open_files():
            problem = "too many open files"
        if "disk I/O" in problem and self.path is not None and _is_full(self.path.parent):
            problem = "is full"
        for sign, remedy in _REMEDIES:
            if sign in problem:
                return f"{self.name} {remedy}"
        return f"{self.name} refused a statement: {problem}"


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
    options = connection.get_execution_options()
    driver: Any = connection.connection.driver_connection
    driver.begin(writes=options.get("immediate", False), stays=options.get("stays", False))


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
