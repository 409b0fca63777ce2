"""SQLite's driver as SQLAlchemy calls it, with few trips to its thread. Knows no table.

aiosqlite runs a connection in a thread of its own and asks it four times for each statement: for a
cursor, to execute, to fetch, to close. While the loop is busy a trip takes up to 5 ms, for as long
does Python keep one thread from the next; and whoever writes holds up all other writers meanwhile.
So here who writes makes one trip for a statement with all its rows, and BEGIN travels along with
the first. What is brief makes none: what a command reads takes less than a trip would, and waits
neither for a disk that syncs nor for who writes, since a write-ahead log has no locks for readers.
Where something brief writes, only its end travels, as it waits for the disk; and its BEGIN where
another program holds the lock. Other transactions may be long, and leave the loop free.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

import aiosqlite

_NOTHING = -1
_WRITE = "BEGIN IMMEDIATE"
_FAMILY = 0xFF  # of an extended error code (sqlite.org/rescode.html)

_LONGEST_END_S = 15.0
"""Longer than a statement waits for a lock."""


async def connect(path: Path | None, opened: WeakSet["Connection"]) -> "Connection":
    """Open a file, or a new store in memory; it is added to those for `end`."""
    place = ":memory:" if path is None else f"{path}"
    # Our own BEGIN comes before each transaction; the driver's would come late, never IMMEDIATE.
    connector = partial(sqlite3.connect, place, isolation_level=None, check_same_thread=False)
    connection = Connection(connector)
    opened.add(connection)
    return await connection.opened()


async def end(opened: WeakSet["Connection"]) -> None:
    """Close all that are open, also those that SQLAlchemy has let go of."""
    for connection in [*opened]:
        await connection.end()


class Connection(aiosqlite.Connection):
    """A connection that makes few trips to its thread, and none for who reads and stays."""

    _beginning = ""
    """The BEGIN that comes before the next statement."""

    _is_travelling = False
    """Whether the thread has been asked for anything since the last end of a transaction."""

    _stays = False
    """Whether this transaction is brief, and needs hardly a trip but to end a write."""

    _is_away = False
    """Whether somebody was cut off whom the thread still serves, for all that is known."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, 1)
        # A thread that outlives a crashed loop must not keep the process, as SQLAlchemy has it.
        self._thread.daemon = True
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        await self

    async def opened(self) -> Self:
        """Wait until it is open; whoever is cancelled meanwhile leaves it to be closed."""
        try:
            await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            self._opening.add_done_callback(self._give_up)
            raise
        return self

    def _give_up(self, opening: asyncio.Future[None]) -> None:
        # The thread opens it all the same, and nobody else would close it. Where that failed,
        # nobody is left who asks why.
        if opening.cancelled() or opening.exception() is None:
            self.stop()

    async def close(self) -> None:
        """Let the thread close it when it has done what it is at; `end` waits for that.

        SQLAlchemy closes in a task that it forgets where whoever was cancelled is cancelled once
        more. A task that waits for nothing cannot be left half done.
        """
        self.stop()

    async def end(self) -> None:
        """Close it, once it is open, and wait for that."""
        await asyncio.wait([self._opening])
        if self._thread.is_alive():
            self.stop()
            await asyncio.to_thread(self._thread.join, _LONGEST_END_S)

    def begin(self, *, writes: bool, stays: bool) -> None:
        """Begin a transaction with its first statement; one that stays makes hardly a trip."""
        self._beginning = _WRITE if writes else "BEGIN"
        # Where an end was cut off, the thread may still be at work.
        self._stays = stays and not self._is_travelling

    def cursor(self) -> Any:
        """A cursor of ours, for which nobody need be asked."""
        return _Cursor(self)

    async def do(self, work: Any, *arguments: Any) -> Any:
        """Do something with the connection, after the BEGIN that is due."""
        beginning, self._beginning = self._beginning, ""
        if self._stays and beginning == _WRITE and self._begins_at_once():
            beginning, self._is_travelling = "", True  # its end will
        begun = partial(_after, self._conn, beginning, work, *arguments)
        if self._stays and beginning != _WRITE and not self._is_away:
            return begun()
        # Before it travels: where somebody is cancelled meanwhile, it has to be undone.
        self._is_travelling = self._is_away = True
        found = await self._travel(begun)
        self._is_away = False
        return found

    def _begins_at_once(self) -> bool:
        """Begin to write here and now; False: another program does, which may take long."""
        inside: Any = self._conn
        (patience,) = inside.execute("PRAGMA busy_timeout").fetchone()
        inside.execute("PRAGMA busy_timeout = 0")
        try:
            inside.execute(_WRITE)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _FAMILY != sqlite3.SQLITE_BUSY:
                raise
            return False
        finally:
            inside.execute(f"PRAGMA busy_timeout = {patience}")
        return True

    async def _travel(self, work: Any) -> Any:
        execute: Any = self._execute
        return await execute(work)

    async def commit(self) -> None:
        """End the transaction."""
        await self._end(self._conn.commit)

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self._end(self._conn.rollback)

    async def _end(self, end: Any) -> None:
        if self._is_travelling:
            await self._travel(end)
        elif self._stays:
            end()
        self._beginning, self._stays = "", False
        self._is_travelling = self._is_away = False


class _Cursor:
    """What SQLAlchemy asks of a cursor; all rows are there when `execute` returns."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = _NOTHING
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute one statement and fetch all its rows."""
        self._keep(await self._connection.do(_one, statement, parameters))
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement for each set of parameters."""
        self._keep(await self._connection.do(_many, statement, parameters))
        return self

    def _keep(self, found: tuple[list[Any], Any, int, int | None]) -> None:
        self._rows, self.description, self.rowcount, self.lastrowid = found

    async def fetchall(self) -> list[Any]:
        """All rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""


def _after(connection: sqlite3.Connection, beginning: str, work: Any, *arguments: Any) -> Any:
    if beginning:
        connection.execute(beginning)
    return work(connection, *arguments)


def _one(connection: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> Any:
    with closing(connection.execute(statement, parameters)) as cursor:
        rows = cursor.fetchall()
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid


def _many(
    connection: sqlite3.Connection, statement: str, parameters: Iterable[Sequence[Any]]
) -> Any:
    with closing(connection.executemany(statement, parameters)) as cursor:
        return [], None, cursor.rowcount, cursor.lastrowid
