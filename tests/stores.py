"""A store with its tables, made from what the migrations come to rather than by running them.

Whether the migrations come to that is for `test_store_migrations`; they take longer than most tests
do, so here they run once in each process of pytest.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from bot.store import revisions
from bot.store.engine import open_engine
from bot.store.unit_of_work import SqlStore, open_store


@asynccontextmanager
async def made_store(url: str, **options: Any) -> AsyncIterator[SqlStore]:
    """The store at a URL; an SQLite that has no tables yet gets them."""
    async with open_engine(url) as engine:
        if engine.is_sqlite:
            async with engine.rebuilding() as connection:
                bare = await connection.get_raw_connection()
                driver: Any = bare.driver_connection
                await driver.do(_make)
        yield SqlStore(engine, **options)


def _make(connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        for statement in _statements():
            connection.execute(statement)


@cache
def _statements() -> tuple[str, ...]:
    """What makes the tables, and says at which revision they are."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        revisions.upgrade(connection)
        driver: Any = connection.connection.driver_connection
        dumped = tuple(driver.iterdump())
    engine.dispose()
    return tuple(one for one in dumped if one not in {"BEGIN TRANSACTION;", "COMMIT;"})


async def write_once(path: Path, *, upgrade: bool = True) -> None:
    """Open the store in this file, and write into it."""
    async with open_store(f"sqlite:///{path}") as store:
        if upgrade:
            await store.upgrade()
        async with store.writing() as unit:
            await unit.memory.put("key", "value")
