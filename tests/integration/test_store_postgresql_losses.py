"""Connections to PostgreSQL that are lost: in a transaction, between two, while we were frozen."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from clusters import Server
from sqlalchemy import make_url

from bot.errors import StoreError
from bot.store.engine import Engine, open_engine
from bot.store.unit_of_work import SqlStore, open_store

PATIENCE_S = 30.0

_MOST_LOOKS = 1_000


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    """A database of its own, its tables made."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def lent(postgresql: Server) -> str:
    """The database that other tests use, too; made sooner than one of its own."""
    return postgresql.emptied()


async def test_connection_lost_in_a_transaction(url: str, postgresql: Server) -> None:
    """What was not committed did not happen; the next transaction has a new connection."""

    async def write_and_lose(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.memory.put("key", "lost")
            end_connections(postgresql, url)
            await unit.memory.put("key", "lost too")

    async with open_store(url) as store:
        with pytest.raises(StoreError, match="closed the connection; what was not committed did"):
            await write_and_lose(store)
        async with store.writing() as unit:
            assert await unit.memory.get("key") is None


async def test_connection_lost_while_its_transaction_rested(lent: str, postgresql: Server) -> None:
    """The same words, though the driver knows by then, and does not even ask the server."""

    async def write_and_lose(engine: Engine) -> None:
        async with engine.writing() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            await _lose(driver, postgresql, lent)
            await connection.exec_driver_sql("SELECT 1")

    async with open_engine(lent) as engine:
        with pytest.raises(StoreError, match="closed the connection; what was not committed did"):
            await write_and_lose(engine)


async def _lose(driver: Any, server: Server, url: str) -> None:
    """Have the server end this connection, and wait until that is known here."""
    ended = asyncio.Event()
    driver.add_termination_listener(lambda _: ended.set())
    end_connections(server, url)
    async with asyncio.timeout(10):
        await ended.wait()


def end_connections(server: Server, url: str) -> None:
    """End all connections to a database, as a server does that stops."""
    database = make_url(url).database
    is_it = f"datname = '{database}'"
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {is_it}")  # noqa: S608, our own


async def test_connection_lost_behind_an_answer_while_we_were_frozen(
    url: str, postgresql: Server
) -> None:
    """Answer and end are read in one go; the driver fails the next statement in its own words."""
    database = make_url(url).database
    asked = f"SELECT state, wait_event FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608, our own

    async def write_and_freeze(engine: Engine) -> None:
        async with engine.writing() as connection:
            task = asyncio.ensure_future(connection.exec_driver_sql("SELECT pg_sleep(0.2)"))
            await asyncio.to_thread(_until, postgresql, asked, ("active", "PgSleep"))
            # From here on the loop stands still: what comes waits to be read.
            _until(postgresql, asked, ("idle in transaction", "ClientRead"))
            end_connections(postgresql, url)
            postgresql.alone(url)
            await task
            await connection.exec_driver_sql("SELECT 1")

    async with asyncio.timeout(PATIENCE_S), open_engine(url) as engine:
        with pytest.raises(StoreError, match="closed the connection; what was not committed did"):
            await write_and_freeze(engine)
        async with engine.reading() as connection:
            found = (await connection.exec_driver_sql("SELECT 1")).scalar_one()

    assert found == 1


def _until(server: Server, asked: str, wanted: tuple[str, str]) -> None:
    """Ask until a row is as wanted, which takes a fraction of a second."""
    for _ in range(_MOST_LOOKS):
        if wanted in [tuple(row) for row in server.run(asked)]:
            return
    pytest.fail(f"no connection was ever {wanted}")


async def test_connection_that_ended_while_it_rested_is_replaced(
    url: str, postgresql: Server
) -> None:
    """A server that was started anew, or a proxy that closed what nobody used, fails nobody."""
    engine = Engine(url)
    async with engine.writing() as connection:
        rested: Any = (await connection.get_raw_connection()).driver_connection
    await _lose(rested, postgresql, url)

    async with engine.reading() as connection:
        found = (await connection.exec_driver_sql("SELECT 1")).scalar_one()
    await engine.close()

    assert found == 1


async def test_connection_that_ended_while_it_rested_and_we_were_frozen_is_replaced(
    url: str, postgresql: Server
) -> None:
    """Nothing has been read yet when it is wanted again."""
    async with open_engine(url) as engine:
        async with engine.writing() as connection:
            await connection.exec_driver_sql("SELECT 1")
        end_connections(postgresql, url)
        postgresql.alone(url)
        async with engine.reading() as connection:
            found = (await connection.exec_driver_sql("SELECT 1")).scalar_one()

    assert found == 1
