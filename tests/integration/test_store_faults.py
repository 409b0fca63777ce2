"""Stores that cannot be used: each says so in a sentence."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from outboxes import a_debt
from stores import write_once

from bot.domain.events import EventId
from bot.errors import StoreError
from bot.store.unit_of_work import SqlStore, open_store

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "perigee.db"


def _use(path: Path, *, upgrade: bool = True) -> None:
    asyncio.run(write_once(path, upgrade=upgrade))


def _refusal(path: Path, *, upgrade: bool = True) -> str:
    with pytest.raises(StoreError) as refused:
        _use(path, upgrade=upgrade)
    return str(refused.value)


def test_missing_folder(path: Path) -> None:
    """The sentence says to look at the folder."""
    missing = path / "deeper" / "perigee.db"

    assert _refusal(missing) == (
        f"the store {missing} cannot be opened; check that its folder exists and may be written"
    )


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder cannot be a store."""
    assert _refusal(tmp_path) == (
        f"the store {tmp_path} cannot be opened; check that its folder exists and may be written"
    )


@pytest.mark.parametrize("lines", [1, 1000])
def test_text_file_instead_of_a_store(path: Path, lines: int) -> None:
    """A file of another sort is named as such, and kept as it is."""
    text = "[store]\n" * lines
    path.write_text(text)

    assert _refusal(path) == (
        f"the store {path} is not an SQLite database; restore a backup or name another file"
    )
    assert path.read_text() == text


def test_store_without_tables(path: Path) -> None:
    """Who forgot the migrations is told the command."""
    assert _refusal(path, upgrade=False) == (
        f"the store {path} has no tables yet; run: perigee db upgrade"
    )


def test_damaged_file(path: Path) -> None:
    """A store whose pages were overwritten is called damaged."""
    _use(path)
    pages = bytearray(path.read_bytes())
    pages[4096:] = b"U" * (len(pages) - 4096)
    path.write_bytes(pages)

    assert _refusal(path) == (
        f"the store {path} is damaged; restore a backup (perigee db backup makes them)"
    )


def test_cut_file(path: Path) -> None:
    """A store that lost its end, e.g. in a copy, is called damaged."""
    _use(path)
    path.write_bytes(path.read_bytes()[:10_000])

    assert "is damaged" in _refusal(path)


@pytest.fixture
def guarded() -> Iterator[Path]:
    """A folder in which only its owner, the superuser or not, may write."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up the superuser's right to write anywhere, where we have it."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("folder_mode", [0o777, 0o555])
def test_file_that_may_not_be_written(guarded: Path, folder_mode: int) -> None:
    """Missing permissions are called so, with the file's own permissions or its folder's."""
    path = guarded / "perigee.db"
    _use(path)
    path.chmod(0o444)
    guarded.chmod(folder_mode)

    with _as_nobody():
        # no upgrade: nobody need not be able to read the migrations of this checkout
        refusal = _refusal(path, upgrade=False)

    assert refusal == f"the store {path} cannot be written; check its permissions"


async def test_broken_promise_names_no_statement(path: Path) -> None:
    """What the database refuses for another reason is told without the SQL."""
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()
        with pytest.raises(StoreError) as refused:
            await _owe_for_an_unknown_event(store)

    assert str(refused.value) == (
        f"the store {path} refused a statement: FOREIGN KEY constraint failed"
    )


async def _owe_for_an_unknown_event(store: SqlStore) -> None:
    async with store.writing() as unit:
        await unit.outbox.owe(a_debt(event_id=EventId(99)))


def test_lock_that_outlasts_patience_is_told(path: Path) -> None:
    """Another program holds the store: the sentence names the remedy, and later all is well."""
    _use(path)

    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        refusal = asyncio.run(_write_impatiently(path))
    _use(path)

    assert refusal == (f"the store {path} is locked by another program; close it and start again")


async def _write_impatiently(path: Path) -> str:
    async with open_store(f"sqlite:///{path}") as store:
        async with store._engine.reading() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout = 20")
        with pytest.raises(StoreError) as refused:
            async with store.writing() as unit:
                await unit.memory.put("key", "value")
        async with store.reading() as unit:
            assert await unit.memory.get("key") == "value"
    return str(refused.value)


OPEN_WITH_FEW_FILES = """
import asyncio, os, resource, sys
from bot.errors import StoreError
from bot.store.unit_of_work import open_store

async def main():
    async with open_store(f"sqlite:///{sys.argv[1]}") as store:
        await store.upgrade()
        async with store.reading() as unit:
            return await unit.memory.get("key")

print(asyncio.run(main()))
loop = asyncio.new_event_loop()
used = len(os.listdir("/proc/self/fd")) - 1
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
for left in range(12):
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + left, most))
    try:
        print(loop.run_until_complete(main()))
    except StoreError as exc:
        print(exc)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_too_few_files_may_be_open(path: Path) -> None:
    """However many are left: all is well, or a sentence says why not, and blames nothing else."""
    _use(path)
    command = [sys.executable, "-c", OPEN_WITH_FEW_FILES, str(path)]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603, our own

    assert ended.stderr == ""
    told = ended.stdout.splitlines()
    assert (told[0], told[-1]) == ("value", "value")
    limit = "raise the limit (ulimit -n)"
    assert set(told) <= {
        "value",
        f"the store {path} cannot be opened: no more files may be; {limit}",
        f"this program's own migrations cannot be read; install it anew, or {limit}",
    }
    assert len(set(told)) > 1
