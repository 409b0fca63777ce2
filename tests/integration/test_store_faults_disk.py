"""A disk that is full, and a file that is cut short: nothing that was committed is lost."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url
from stores import write_once

from bot.errors import StoreError
from bot.store.sqlite import Sqlite
from bot.store.unit_of_work import SqlStore, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "perigee.db"


async def test_full_disk_loses_nothing_that_was_committed(path: Path) -> None:
    """When no page is left the transaction fails whole; with room again the store goes on."""
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()
        await _limit(store, pages=60)
        written, refusal = await _fill(store)
        await _limit(store, pages=100_000)
        async with store.writing() as unit:
            await unit.memory.put("after", "value")

    assert "the disk is full" in refusal
    assert written > 0
    assert _keys(path) == {"after", *map(str, range(written))}


async def _limit(store: SqlStore, *, pages: int) -> None:
    async with store._engine.writing() as connection:
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def _fill(store: SqlStore) -> tuple[int, str]:
    """How many transactions were committed before one failed, and how it failed."""
    for number in range(1000):
        try:
            async with store.writing() as unit:
                await unit.memory.put(str(number), "x" * 10_000)
        except StoreError as exc:
            return number, str(exc)
    return 1000, ""


def _keys(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {key for (key,) in connection.execute("SELECT key FROM settings")}


FILL_A_SMALL_DISK = """
import asyncio, resource, sys
from bot.errors import StoreError
from bot.store.unit_of_work import open_store

async def main():
    async with open_store(f"sqlite:///{sys.argv[1]}") as store:
        await store.upgrade()
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        for number in range(1000):
            async with store.writing() as unit:
                await unit.memory.put(str(number), "x" * 10_000)
            print(number, flush=True)

try:
    asyncio.run(main())
except StoreError as exc:
    sys.exit(str(exc))
"""


def test_file_that_cannot_grow_loses_nothing_that_was_committed(path: Path) -> None:
    """The operating system's own refusal, in a process of its own: what was said to be kept is."""
    command = [sys.executable, "-c", FILL_A_SMALL_DISK, str(path)]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603, our own

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"the store {path} cannot be read or written: the disk reports an error"
    ]
    assert _keys(path) == set(ended.stdout.split()) != set()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs Linux's /proc, which has no room")
def test_full_disk_on_which_a_store_cannot_even_be_opened() -> None:
    """SQLite calls it an error of the disk, as it has no room for its log."""
    full = Sqlite(make_url("sqlite:////proc/perigee.db"))

    assert full.sentence(sqlite3.OperationalError("disk I/O error")) == (
        "the store /proc/perigee.db cannot grow: the disk is full; "
        "free some space and start again, nothing is lost"
    )


async def _fill_and_leave_open(path: Path, copy: Path) -> None:
    """Commit a hundred transactions; the copy is what a power cut would leave behind."""
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()
        for number in range(100):
            async with store.writing() as unit:
                await unit.memory.put(f"{number:03}", "x" * 500)
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")


def _settings(path: Path) -> list[str] | str:
    """The keys that are kept, in order; or why they cannot be told."""

    async def read() -> list[str]:
        async with open_store(f"sqlite:///{path}") as store:
            await store.upgrade()
            async with store.reading() as unit:
                known = [await unit.memory.get(f"{number:03}") for number in range(100)]
        return [f"{number:03}" for number, value in enumerate(known) if value is not None]

    try:
        return asyncio.run(read())
    except StoreError as refused:
        return str(refused)


def test_log_that_was_cut_short_loses_its_end_and_nothing_before(path: Path) -> None:
    """A write-ahead log that lost its end, at any byte: what comes before is there, in order."""
    whole = path.with_name("whole.db")
    asyncio.run(_fill_and_leave_open(path, whole))
    log = Path(f"{whole}-wal").read_bytes()

    kept = []
    for size in range(0, len(log), len(log) // 9):
        cut = path.with_name(f"cut-{size}.db")
        shutil.copy(whole, cut)
        Path(f"{cut}-wal").write_bytes(log[:size])
        kept.append(_settings(cut))

    everything = [f"{number:03}" for number in range(100)]
    assert _settings(whole) == everything
    assert kept == [everything[: len(keys)] for keys in kept]
    assert kept == sorted(kept, key=len)


def test_store_that_was_cut_short_is_whole_or_refused(path: Path) -> None:
    """At any page or in the midst of one: no error but a sentence, and the file is as it was."""
    asyncio.run(write_once(path))
    asyncio.run(_fill_and_leave_open(path, path.with_name("unused.db")))
    whole = path.read_bytes()

    told = set()
    for size in range(100, len(whole), 6144):
        cut = path.with_name(f"cut-{size}.db")
        cut.write_bytes(whole[:size])
        answer = _settings(cut)
        assert isinstance(answer, str)
        told.add(answer.replace(str(cut), "CUT"))
        assert cut.read_bytes() == whole[:size]

    assert told <= {
        "the store CUT is damaged; restore a backup (perigee db backup makes them)",
        "the store CUT is not an SQLite database; restore a backup or name another file",
    }
