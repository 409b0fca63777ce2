"""`SqlStore.backup`: an online copy of a store that is in use."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from stores import made_store

from bot.errors import StoreError
from bot.store.unit_of_work import SqlStore, _copy, open_store

MEGABYTE = 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is; its name means something else in a file's URI."""
    return tmp_path / "perigee #1.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqlStore]:
    """A store of several megabytes, so that its copy takes several steps."""
    async with made_store(f"sqlite:///{path}") as opened:
        async with opened.writing() as unit:
            await unit.memory.put("key", "value")
            await unit.memory.put("ballast", "x" * 16 * MEGABYTE)
        yield opened


def _ignore(_done: int, _total: int) -> None:
    pass


async def test_copy_holds_what_was_committed(store: SqlStore, tmp_path: Path) -> None:
    """`backup`: copy a running store to a new file; `progress` gets pages done and in all."""
    target, steps = tmp_path / "copy.db", list[tuple[int, int]]()

    await store.backup(target, lambda done, total: steps.append((done, total)))

    async with open_store(f"sqlite:///{target}") as copy, copy.reading() as unit:
        assert await unit.memory.get("key") == "value"
    assert len(steps) > 2
    assert steps[-1][0] == steps[-1][1]


async def test_writers_do_not_make_the_copy_begin_anew(
    store: SqlStore, path: Path, tmp_path: Path
) -> None:
    """`backup`: a busy service cannot keep a backup from its end."""
    done_so_far: list[int] = []

    def write_meanwhile(done: int, _total: int) -> None:
        done_so_far.append(done)
        if len(done_so_far) < 20:
            with closing(sqlite3.connect(path)) as busy:
                busy.execute("UPDATE settings SET value = value || '!' WHERE key = 'key'")
                busy.commit()

    await store.backup(tmp_path / "copy.db", write_meanwhile)

    assert done_so_far == sorted(set(done_so_far))


async def test_target_that_exists_is_refused(store: SqlStore, tmp_path: Path) -> None:
    """`backup`: nothing is overwritten."""
    target = _written(tmp_path / "copy.db")

    with pytest.raises(StoreError, match=r"copy\.db is there already; name a new file"):
        await store.backup(target, _ignore)

    assert _text(target) == "precious"


async def test_failed_copy_leaves_nothing_behind(tmp_path: Path) -> None:
    """`backup`: what is no store is not copied, and the target can be named again."""
    source, target = _written(tmp_path / "notes.txt"), tmp_path / "copy.db"

    async with open_store(f"sqlite:///{source}") as store:
        with pytest.raises(StoreError, match="file is not a database"):
            await store.backup(target, _ignore)

    assert [one.name for one in _files(tmp_path)] == ["notes.txt"]


async def test_copy_that_was_cut_off_does_not_pass_for_one(store: SqlStore, tmp_path: Path) -> None:
    """`backup`: half a copy opens as an empty store; the next try is not in its way."""
    target = tmp_path / "copy.db"

    def be_killed(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _copy(tmp_path / "perigee #1.db", target, be_killed)
    left = [one.name for one in _files(tmp_path) if one.name.startswith("copy")]
    await store.backup(target, _ignore)

    assert "copy.db" not in left
    assert [one.name for one in _files(tmp_path) if one.name.startswith("copy")] == ["copy.db"]
    async with open_store(f"sqlite:///{target}") as copy, copy.reading() as unit:
        assert await unit.memory.get("key") == "value"


async def test_store_that_is_not_there_cannot_be_copied(path: Path, tmp_path: Path) -> None:
    """`backup`: there is no file to copy."""
    async with open_store(f"sqlite:///{path}") as missing:
        with pytest.raises(StoreError, match="there is no store at"):
            await missing.backup(tmp_path / "copy.db", _ignore)

    async with open_store("sqlite://") as memory:
        with pytest.raises(
            StoreError, match=r"^a store in memory has no file to back up; check store\.url$"
        ):
            await memory.backup(tmp_path / "copy.db", _ignore)


def _written(path: Path) -> Path:
    path.write_text("precious")
    return path


def _text(path: Path) -> str:
    return path.read_text()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
