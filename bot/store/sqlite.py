"""SQLite's driver as SQLAlchemy calls it, with few trips to its thread. Knows no table.

aiosqlite runs a connection in a thread of its own, and each call goes there and back: making a
cursor, executing, fetching, closing, for every statement. While the loop is busy a trip takes up to
5 ms, for as long does Python keep a thread from the next. Here a statement is one trip with all its
rows, BEGIN travels with the first statement, and a transaction that did nothing needs no end.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiosqlite


def connect(path: Path | None) -> aiosqlite.Connection:
    """A connection to a file, or to a new store in memory; SQLAlchemy awaits it."""
    place = ":memory:" if path is None else f"{path}"
    # Our own BEGIN comes before each transaction; the driver's would come late, never IMMEDIATE.
    connection = _Connection(partial(sqlite3.connect, place, isolation_level=None, check_same_thread=False), 1)
    # A thread that outlives a crashed loop must not keep the process.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does
    return connection


class _Connection(aiosqlite.Connection):
    """A connection that remembers what needs no trip yet, or none any more."""

    _beginning = ""
    """The BEGIN that has not travelled yet."""

    _here = False
    _is_used = False
    """Whether anything travelled since the last end of a transaction."""

    def cursor(self) -> Any:
        """A cursor of ours; nothing travels for it."""
        return _Cursor(self)

    def begin(self, statement: str) -> None:
        """Begin with the next statement."""
        self._beginning = statement
        self._here = statement == "BEGIN"

    async def trip(self, work: Any, *arguments: Any) -> Any:
        """Do something in the connection's thread, after the BEGIN that is due."""
        beginning, self._beginning = self._beginning, ""
        if self._here:
            return _after(self._conn, beginning, work, *arguments)
        # Before it travels: who is cancelled meanwhile must know that it has to be undone.
        self._is_used = True
        return await self._execute(partial(_after, self._conn, beginning, work), *arguments)

    async def commit(self) -> None:
        """End the transaction, if it did anything."""
        if self._here:
            self._conn.commit()
        if self._is_used:
            await super().commit()
        self._end()

    async def rollback(self) -> None:
        """Undo the transaction, if it did anything."""
        if self._here:
            self._conn.rollback()
        if self._is_used:
            await super().rollback()
        self._end()

    def _end(self) -> None:
        self._beginning, self._is_used, self._here = "", False, False


class _Cursor:
    """What SQLAlchemy asks of a cursor; all rows are there when `execute` returns."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute one statement and fetch all its rows, in one trip."""
        self._keep(await self._connection.trip(_rows_of, statement, parameters))
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement for each set of parameters, in one trip."""
        self._keep(await self._connection.trip(_many, statement, parameters))
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


def _rows_of(connection: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> Any:
    with closing(connection.execute(statement, parameters)) as cursor:
        rows = cursor.fetchall()
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid


def _many(
    connection: sqlite3.Connection, statement: str, parameters: Iterable[Sequence[Any]]
) -> Any:
    with closing(connection.executemany(statement, parameters)) as cursor:
        return [], None, cursor.rowcount, cursor.lastrowid
