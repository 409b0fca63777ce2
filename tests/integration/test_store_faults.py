"""Stores that cannot be used: each says so in a sentence, and loses nothing committed."""

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
from sqlalchemy import make_url

from bot.domain.events import EventId
from bot.errors import StoreError
from bot.store.sqlite import Sqlite
from bot.store.unit_of_work import SqlStore, open_store

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "perigee.db"


async def _run(path: Path, *, upgrade: bool = True) -> None:
    async with open_store(f"sqlite:///{path}") as store:
        if upgrade:
            await store.upgrade()
        async with store.writing() as unit:
            await unit.memory.put("key", "value")


def _use(path: Path, *, upgrade: bool = True) -> None:
    asyncio.run(_run(path, upgrade=upgrade))


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
    asyncio.run(_run(path))
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
