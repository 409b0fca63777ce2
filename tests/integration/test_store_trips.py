"""SQLite's driver: what is given up in the midst of its work leaves nothing open."""

import asyncio
import gc
import sqlite3
import sys
import threading
import warnings
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from threading import Thread
from typing import Any
from weakref import WeakSet

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import trips
from bot.store.engine import Engine, open_engine

OPEN_FILES = Path("/proc/self/fd")

PATIENCE_S = 60.0

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="sees what is open as Linux shows it")


@on_linux
async def test_connection_that_is_given_up_while_it_opens_is_closed(tmp_path: Path) -> None:
    """Its thread opens the file all the same, so it is waited for and closed."""
    path, opened = tmp_path / "perigee.db", WeakSet[trips.Connection]()
    await _give_up_opening(path, opened)

    await trips.end(opened)

    assert path.exists()
    assert _open_ones(path) == 0


@on_linux
async def test_connection_that_is_given_up_is_closed_before_the_store_is(tmp_path: Path) -> None:
    """However many are given up while a store is open, they do not add up."""
    path, opened = tmp_path / "perigee.db", WeakSet[trips.Connection]()
    given_up = await _give_up_opening(path, opened)

    await asyncio.to_thread(given_up._thread.join, PATIENCE_S)

    assert path.exists()
    assert _open_ones(path) == 0


async def _give_up_opening(path: Path, opened: WeakSet[trips.Connection]) -> trips.Connection:
    """Cancel whoever opens a connection, which its thread is about to do."""
    opening = asyncio.create_task(trips.connect(path, opened))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (connection,) = opened
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    return connection


async def test_connection_that_nobody_closes_keeps_no_process(tmp_path: Path) -> None:
    """A loop that crashed closes nothing; Python waits at its end for all threads but daemons."""
    before, opened = set(threading.enumerate()), WeakSet[trips.Connection]()

    connection = await trips.connect(tmp_path / "perigee.db", opened)
    threads = set(threading.enumerate()) - before
    await connection.close()
    await trips.end(opened)

    assert [one.daemon for one in threads] == [True]


async def test_only_what_is_brief_or_waited_for_stays_in_the_loop(tmp_path: Path) -> None:
    """All others may take long, and go to the thread."""
    async with open_engine(f"sqlite:///{tmp_path / 'perigee.db'}") as engine:
        event.listen(engine._engine.sync_engine, "connect", _let_it_tell_its_thread)
        stayed = [
            await _stays(opened)
            for opened in (
                engine.writing(),
                engine.writing(urgent=True),
                engine.reading(urgent=True),
                engine.writing(brief=True),
                engine.reading(),
                engine.reading(urgent=True),
            )
        ]

    neither, both = (False, False), (True, True)
    assert stayed == [neither, both, both, both, neither, both]


async def test_who_must_wait_for_another_program_leaves_the_loop_free(tmp_path: Path) -> None:
    """The first statement takes the wait along to the thread; in the loop nobody would end it."""
    path = tmp_path / "perigee.db"
    async with open_engine(f"sqlite:///{path}") as engine:
        event.listen(engine._engine.sync_engine, "connect", _let_it_tell_its_thread)
        await _stays(engine.writing(brief=True))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(_stays(engine.writing(brief=True)))
            for _ in range(100):
                await asyncio.sleep(0)
            other.execute("COMMIT")
        stayed = await waiting
        async with engine.writing() as connection:
            patience = await connection.exec_driver_sql("PRAGMA busy_timeout")

    assert stayed == (False, True)
    assert patience.scalar_one() == 10_000


async def _stays(opened: AbstractAsyncContextManager[AsyncConnection]) -> tuple[bool, ...]:
    """Which of two statements of this transaction are done in our thread."""
    async with opened as connection:
        asked = [await connection.exec_driver_sql("SELECT thread()") for _ in range(2)]
    return tuple(one.scalar_one() == threading.get_ident() for one in asked)


def _let_it_tell_its_thread(connection: Any, _record: Any) -> None:
    connection.driver_connection._conn.create_function("thread", 0, threading.get_ident)


@on_linux
async def test_connection_that_is_opened_is_open(tmp_path: Path) -> None:
    """The check itself works."""
    path, opened = tmp_path / "perigee.db", WeakSet[trips.Connection]()

    connection = await trips.connect(path, opened)
    during = _open_ones(path)
    await connection.close()
    await trips.end(opened)

    assert (during, _open_ones(path)) == (1, 0)


@pytest.mark.parametrize("steps", range(0, 60, 6))
async def test_work_that_is_cut_off_twice_leaves_nothing(tmp_path: Path, steps: int) -> None:
    """Cancelled at work, and again as it rolls back or closes, as at a stop that must not last."""
    before = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        for more in range(8):
            await _cut_off(f"sqlite:///{tmp_path / f'{more}.db'}", (steps, more))
            assert _ours(set(threading.enumerate()) - before) == set()
        gc.collect()

    assert [str(one.message) for one in warned] == []


async def _cut_off(url: str, pauses: tuple[int, ...]) -> None:
    """Cancel all work after so many rounds of the loop, and again after so many more."""
    async with open_engine(url) as engine:
        works = [asyncio.create_task(_work(engine, writes=one % 2 == 0)) for one in range(6)]
        for pause in pauses:
            for _ in range(pause):
                await asyncio.sleep(0)
            for work in works:
                work.cancel()
        await asyncio.wait(works)


async def _work(engine: Engine, *, writes: bool) -> None:
    async with engine.writing() if writes else engine.reading() as connection:
        for _ in range(3):
            await connection.exec_driver_sql("SELECT 1")


def _ours(threads: set[Thread]) -> set[Thread]:
    """Without the loop's own workers, which stay."""
    return {one for one in threads if not one.name.startswith("asyncio")}


def _open_ones(path: Path) -> int:
    """How often this process has a file open."""
    here = [one for one in OPEN_FILES.iterdir() if one.is_symlink()] if OPEN_FILES.is_dir() else []
    return [_target(one) for one in here].count(str(path))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""
