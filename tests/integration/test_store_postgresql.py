"""What the engine promises about PostgreSQL: bounds, sentences without passwords, a proxy."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from clusters import PASSWORD, Server
from outboxes import a_debt
from sqlalchemy import make_url

from bot.domain.events import EventId
from bot.errors import StoreError
from bot.store.engine import Engine, open_engine
from bot.store.unit_of_work import open_store


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    """A database of its own, its tables made."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def lent(postgresql: Server) -> str:
    """The database that other tests use, too; made sooner than one of its own."""
    return postgresql.emptied()


async def _refused(url: str) -> str:
    """What is said when a store cannot be used."""
    async with open_store(url) as store:
        with pytest.raises(StoreError) as refused:
            async with store.reading() as unit:
                await unit.memory.get("key")
    told = str(refused.value)
    assert PASSWORD not in told
    assert "wrong" not in told
    return told


def _with(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


async def test_nobody_listens(url: str) -> None:
    """The sentence names the host and the database, and what to check."""
    told = await _refused(_with(url, host="127.0.0.1", port=9, database="name"))

    assert told == (
        "the store 127.0.0.1/name cannot be reached (Connect call failed ('127.0.0.1', 9)); "
        "check store.url and that the server runs"
    )


async def test_broken_promise_names_no_statement(lent: str) -> None:
    """What the database refuses for another reason is told by its first line, without the SQL."""
    async with open_store(lent) as store:
        with pytest.raises(StoreError) as refused:
            async with store.writing() as unit:
                await unit.outbox.owe(a_debt(event_id=EventId(99)))

    assert str(refused.value) == (
        f"the store 127.0.0.1/{make_url(lent).database} refused a statement: "
        'insert or update on table "fanouts" violates foreign key constraint '
        '"fk_fanouts_event_id"'
    )


async def test_wrong_password(url: str) -> None:
    """Nobody is told the password, right or wrong."""
    told = await _refused(_with(url, password="wrong"))  # noqa: S106

    assert told.endswith(
        " refuses this user or password; check store.url and the server's pg_hba.conf"
    )


async def test_database_that_is_not_there(url: str) -> None:
    """It is not made by itself: that is for whoever runs the server."""
    told = await _refused(_with(url, database="nowhere"))

    assert told == (
        "the store 127.0.0.1/nowhere does not exist; make it (createdb), or check store.url"
    )


async def test_no_tables_yet(postgresql: Server) -> None:
    """The same words as on SQLite."""
    with postgresql.database(is_empty=True) as url:
        told = await _refused(url)

    assert told.endswith(" has no tables yet; run: perigee db upgrade")


async def test_too_many_connections(postgresql: Server) -> None:
    """A server that is full says so, and what to do."""
    with postgresql.database() as url:
        name = make_url(url).database
        postgresql.run(
            "DROP ROLE IF EXISTS few",
            f"CREATE ROLE few LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'",
        )
        told = await _refused(_with(url, username="few"))

    assert told == (
        f"the store 127.0.0.1/{name} has no connection left; raise max_connections, "
        "or put PgBouncer before it"
    )


async def test_standby_cannot_be_written(postgresql: Server) -> None:
    """A read-only server is told apart."""
    with postgresql.database() as url:
        postgresql.run(
            f'ALTER DATABASE "{make_url(url).database}" SET default_transaction_read_only = on'
        )
        async with open_store(url) as store:
            with pytest.raises(StoreError, match="is read-only, a standby perhaps; name the"):
                async with store.writing() as unit:
                    await unit.memory.put("key", "value")


async def test_each_transaction_is_bounded(url: str) -> None:
    """A frozen process keeps its locks for seconds; and nothing outlives its transaction."""
    engine = Engine(url)
    asked = "SELECT current_setting('idle_in_transaction_session_timeout') || ' ' || "
    asked += "current_setting('statement_timeout')"

    async with engine.writing() as connection:
        inside = (await connection.exec_driver_sql(asked)).scalar_one()
    async with engine.rebuilding() as connection:
        patient = (await connection.exec_driver_sql(asked)).scalar_one()
    await engine.close()

    assert inside == "15s 1min"
    assert patient == "1h 1h"


async def test_server_that_falls_silent_is_given_up(lent: str) -> None:
    """A network may die without a word: we wait a while beyond the server's own limit."""
    async with open_engine(lent) as engine:
        async with engine.writing() as connection:
            ours: Any = (await connection.get_raw_connection()).driver_connection
        longest = ours._config.command_timeout
        ours._config = ours._config._replace(command_timeout=0.01)
        with pytest.raises(StoreError) as silence:
            async with engine.reading() as connection:
                await connection.exec_driver_sql("SELECT pg_sleep(60)")

    assert longest == 70
    assert str(silence.value) == (
        f"the store 127.0.0.1/{make_url(lent).database} does not answer; "
        "check store.url and that the server runs"
    )


async def test_one_process_takes_ten_connections_and_no_more(lent: str) -> None:
    """Others need some, too: who comes eleventh waits for a minute, and is then told why not."""
    async with open_engine(lent) as engine, AsyncExitStack() as stack:
        pool: Any = engine._engine.pool
        for _ in range(10):
            await stack.enter_async_context(engine.reading())
        longest, pool._timeout = pool.timeout(), 0.01
        with pytest.raises(StoreError, match="is used by too much at once; all 10 are busy"):
            await stack.enter_async_context(engine.reading())

    assert longest == 60


async def test_reader_does_not_wait_for_a_writer(lent: str) -> None:
    """What a writer does alone, others may look at meanwhile, as it was before."""
    async with open_store(lent) as store, store.writing() as unit, asyncio.timeout(10):
        await unit.memory.get("key")
        await unit.memory.put("key", "new")
        async with store.reading() as view:
            meanwhile = await view.memory.get("key")

    assert meanwhile is None


async def test_server_knows_whether_a_store_is_there(lent: str) -> None:
    """Nothing is looked for on this machine."""
    async with open_store(lent, must_exist=True) as store, store.reading() as unit:
        assert await unit.memory.get("key") is None


async def test_reader_keeps_its_view_and_cannot_write(url: str) -> None:
    """What is committed during a read is not seen by it."""
    async with open_store(url) as store:
        async with store.reading() as view:
            first = await view.memory.get("key")
            async with store.writing() as unit:
                await unit.memory.put("key", "new")
            second = await view.memory.get("key")
        with pytest.raises(StoreError, match="is read-only"):
            async with store.reading() as unit:
                await unit.memory.put("key", "value")

    assert (first, second) == (None, None)


async def test_several_processes_migrate_at_once(postgresql: Server) -> None:
    """One makes the tables, the others wait for it and find them."""
    with postgresql.database(is_empty=True) as url:

        async def upgrade() -> str:
            async with open_store(url) as store:
                await store.upgrade()
                return (await store.revision()).current

        revisions = await asyncio.gather(*(upgrade() for _ in range(4)))

    assert len(set(revisions)) == 1
    assert revisions[0]
