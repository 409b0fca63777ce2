"""Migrations: they lead to the tables that the program uses, once, and never from the future."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from clusters import Server
from outboxes import keep
from sqlalchemy import Connection, column, create_engine, table, text
from stores import made_store

from bot.errors import StoreTooNew
from bot.store import revisions
from bot.store.columns import EPOCH
from bot.store.engine import Engine
from bot.store.tables import metadata
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "perigee.db"


async def _upgrade(path: Path) -> None:
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()


def _dump(path: Path) -> list[str]:
    """The whole store as SQL, rows included."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def _schema(path: Path) -> dict[str, list[str]]:
    """What each table and index is made of, by name; the order in a table says nothing."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        made = {
            name: sorted(_parts(sql)) if sql.startswith("CREATE TABLE") else [sql]
            for name, sql in rows
        }
    return {name: parts for name, parts in made.items() if name != "alembic_version"}


def _parts(sql: str) -> Iterator[str]:
    """The columns and rules of a table: what stands between its commas, those in brackets aside."""
    _head, _, body = " ".join(sql.split()).rpartition(")")[0].partition("(")
    depth, part = 0, ""
    for sign in f"{body},":
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += sign


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [*compare_metadata(context, metadata)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_alembic_sees_no_difference(
    kind: str, path: Path, request: pytest.FixtureRequest
) -> None:
    """All migrations together are tables.py."""
    with ExitStack() as stack:
        url = f"sqlite:///{path}"
        if kind == "postgresql":
            server: Server = request.getfixturevalue(kind)
            url = stack.enter_context(server.database(is_empty=True))
        engine = Engine(url)

        await SqlStore(engine).upgrade()
        async with engine.reading() as connection:
            differences = await connection.run_sync(_differences)
        await engine.close()

    assert differences == []


async def test_migrated_schema_is_that_of_the_tables_on_postgresql(postgresql: Server) -> None:
    """Columns with their orders, indexes with their conditions, and what refers to what."""
    with postgresql.database() as migrated, postgresql.database(is_empty=True) as fresh:
        engine = Engine(fresh)
        async with engine.writing() as connection:
            await connection.run_sync(metadata.create_all)
        await engine.close()

        schemas = [_schema_there(postgresql, url) for url in (migrated, fresh)]

    assert schemas[0] == schemas[1]
    assert len(schemas[0]) > 100


def _schema_there(server: Server, url: str) -> list[tuple[object, ...]]:
    """What PostgreSQL's own catalogue says of our tables; the order of columns says nothing."""
    columns = "table_name, column_name, data_type, collation_name, is_nullable, column_default"
    columns = f"SELECT {columns} FROM information_schema.columns WHERE table_schema = 'public'"  # noqa: S608
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    rules = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    rules += " WHERE connamespace = 'public'::regnamespace"
    asked = (columns, indexes, rules)
    rows = [tuple(row) for one in asked for row in server.run(one, on=url)]
    return sorted((row for row in rows if row[0] != "alembic_version"), key=repr)


async def test_migrated_schema_is_that_of_the_tables(path: Path, tmp_path: Path) -> None:
    """All migrations together are tables.py, to the last condition of a partial index."""
    fresh = tmp_path / "fresh.db"
    engine = create_engine(f"sqlite:///{fresh}")
    metadata.create_all(engine)
    engine.dispose()

    await _upgrade(path)

    assert _schema(path) == _schema(fresh)


async def test_stores_of_other_tests_are_as_the_migrations_make_them(
    path: Path, tmp_path: Path
) -> None:
    """To the letter, so what those tests show holds for a store that was upgraded."""
    copied = tmp_path / "copied.db"
    async with made_store(f"sqlite:///{copied}"):
        pass

    await _upgrade(path)

    assert _dump(copied) == _dump(path)
    assert len(_dump(path)) > 30


async def test_upgrading_twice_changes_nothing(path: Path) -> None:
    """A store at the newest revision is left as it is."""
    await _upgrade(path)
    async with open_store(f"sqlite:///{path}") as store, store.writing() as unit:
        await keep(unit)
    before = _dump(path)

    await _upgrade(path)

    assert _dump(path) == before


async def test_revision_says_where_a_store_stands(path: Path) -> None:
    """`current` is empty before the first migration and the newest after the last."""
    async with open_store(f"sqlite:///{path}") as store:
        before = await store.revision()
        await store.upgrade()
        after = await store.revision()

    assert before.current == ""
    assert after.current == after.newest == before.newest != ""


async def test_newer_store_is_refused_and_left_alone(path: Path) -> None:
    """A store that a later version wrote is not touched by this one."""
    await _upgrade(path)
    async with open_store(f"sqlite:///{path}") as store:
        newest = (await store.revision()).newest
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = _dump(path)

    with pytest.raises(StoreTooNew) as refusal:
        await _upgrade(path)

    assert str(refusal.value) == (
        "the store is at revision 9999, made by a newer Perigee than this one "
        f"({newest}); "
        "install that version, or restore an older backup"
    )
    assert _dump(path) == before


async def test_doubts_of_an_older_store_are_kept(path: Path) -> None:
    """0003: what may have arrived before the upgrade is still looked up, and not sent blindly."""
    _make(path, "0002")
    _insert(path, 1, state="sending", lease_until=1)
    _insert(path, 2, state="sending", lease_until=1, may_have_arrived=True)

    await _upgrade(path)

    async with open_store(f"sqlite:///{path}") as store, store.reading() as unit:
        sending, doubted = await unit.outbox.interrupted("console")
    assert (sending.tried_at, sending.in_doubt_since) == (START, None)
    assert (doubted.tried_at, doubted.in_doubt_since) == (START, START)


async def test_deliveries_and_messages_of_an_older_store_are_kept(path: Path) -> None:
    """0006: each row is as it was, and a message goes with the newest fan-out that it tells of."""
    _make(path, "0003")
    for number in (1, 2):
        _insert(path, number, state="sent", message_id=number, done_at=7, remote_id="9")
    before = _rows(path, "SELECT * FROM deliveries ORDER BY id")

    await _upgrade(path)

    assert _rows(path, "SELECT * FROM deliveries ORDER BY id") == before
    kept = _rows(path, "SELECT id, fanout_id, form FROM messages ORDER BY id")
    assert kept == [(1, 1, "1:date f00"), (2, 2, "1:date+2:date,update f00")]


def _make(path: Path, revision: str) -> None:
    """A store as an older version left it, with an event, two fan-outs and their messages."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        settings = revisions.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
        for statement in _OLD:
            connection.execute(text(statement), {"began": (START - EPOCH) // MICROSECOND})
    engine.dispose()


_OLD = (
    "INSERT INTO events VALUES (1, 'Docking', 'watched', 0, 0, '')",
    "INSERT INTO destinations VALUES (1, 'console', 'main')",
    """INSERT INTO fanouts (id, event_id, kinds, priority, created_at, stage, cursor, span)
       VALUES (1, 1, 1, 1, :began, 'done', 0, 1), (2, 1, 1, 1, :began, 'done', 0, 1)""",
    "INSERT INTO messages VALUES (1, '1:date f00', ''), (2, '1:date+2:date,update f00', '')",
)


def _insert(path: Path, fanout: int, **values: object) -> None:
    """One delivery of this fan-out."""
    usual = {"destination_id": 1, "event_id": 1, "adapter": "console", "kinds": 1, "priority": 1}
    own = {"id": (fanout << 32) + 1, "fanout_id": fanout, "attempts": 1, "not_before": 0}
    row: dict[str, object] = {**usual, **own, **values}
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(table("deliveries", *map(column, row)).insert(), row)
    engine.dispose()


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()
