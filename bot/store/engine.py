"""From a store's URL to transactions; `sqlite` and `postgresql` say what each needs. No tables."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import ConfigError, StoreError
from bot.store.postgresql import Postgresql
from bot.store.sqlite import Sqlite

Database = Sqlite | Postgresql
"""What differs between the two beside the words of a statement."""


class Engine:
    """One database: many readers, and writers as it can have them."""

    def __init__(self, url: str) -> None:
        """Prepare for `sqlite:///path`, `sqlite://` or `postgresql://…`; connects to nothing yet.

        Raises:
            ConfigError: the URL is not one that this version can use.

        """
        self.database = _database(url)
        self._engine = self.database.create()

    @property
    def path(self) -> Path | None:
        """The store's file, if it is one."""
        return self.database.path

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, and so this program's alone."""
        return isinstance(self.database, Sqlite)

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write."""
        stays = urgent or brief
        async with self._transaction(
            self._engine, writes=True, urgent=urgent, stays=stays
        ) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction on a stable view; it waits for no writer, unless in memory."""
        async with self._transaction(
            self._engine, writes=False, urgent=urgent, stays=urgent
        ) as connection:
            yield connection

    @asynccontextmanager
    async def rebuilding(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write, and whose statements may take long."""
        if isinstance(self.database, Sqlite):
            async with self.writing() as connection:
                yield connection
            return
        engine = self.database.create(is_patient=True)
        try:
            async with self._transaction(engine, writes=True) as connection:
                yield connection
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, *, writes: bool, urgent: bool = False, stays: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        async with self.database.turn(writes=writes, urgent=urgent):
            with self.translated():
                await self.database.ready()
                async with engine.connect() as bare:
                    connection = await bare.execution_options(
                        **self.database.options(writes=writes, stays=stays)
                    )
                    async with connection.begin():
                        yield connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors into `StoreError`s that say which store and what to do."""
        try:
            yield
        except DBAPIError as exc:
            raise StoreError(self.database.sentence(exc.orig or exc)) from exc
        except (sqlite3.Error, PoolTimeoutError) as exc:
            raise StoreError(self.database.sentence(exc)) from exc

    def alone(self) -> AbstractContextManager[bool]:
        """Be the only runner on this store, or False where several may be; `StoreBusy`: one is."""
        return self.database.alone()

    def listening(self, hear: Callable[[str], None]) -> AbstractAsyncContextManager[None]:
        """Call `hear` with what transactions of any process tell."""
        return self.database.listening(hear)

    def exists(self) -> bool:
        """Whether there is something to open."""
        return self.database.exists()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
        await self.database.close()


@asynccontextmanager
async def open_engine(url: str) -> AsyncIterator[Engine]:
    """An engine, closed at the end.

    Raises:
        ConfigError: the URL is not one that this version can use.

    """
    engine = Engine(url)
    try:
        yield engine
    finally:
        await engine.close()


def _database(url: str) -> Database:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigError(f'store.url = "{url}" is not a database URL; {_EXAMPLE}') from exc
    match parsed.drivername:
        case "sqlite":
            return Sqlite(parsed)
        case "postgresql":
            return Postgresql(parsed)
    shown = parsed.render_as_string(hide_password=True)
    raise ConfigError(f'store.url = "{shown}" is neither SQLite nor PostgreSQL; {_EXAMPLE}')


_EXAMPLE = 'write e.g. "sqlite:///perigee.db" or "postgresql://user@host/name"'
