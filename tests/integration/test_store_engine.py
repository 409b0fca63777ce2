"""What the engine promises about one file: pragmas, readers beside a writer, one runner."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from stores import made_store

from bot.errors import StoreBusy, StoreError
from bot.ports import Store
from bot.store.engine import Engine
from bot.store.unit_of_work import SqlStore, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "perigee.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqlStore]:
    """An empty store on a file."""
    async with made_store(f"sqlite:///{path}") as opened:
        yield opened


async def _pragmas(connection: AsyncConnection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return {
        name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in names
    }


async def test_every_connection_to_a_file_is_safe_and_patient(path: Path) -> None:
    """WAL, synchronous=FULL (2), foreign keys and a busy timeout, on each pooled connection."""
    engine = Engine(f"sqlite:///{path}")

    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(engine.writing())]
        connections += [await stack.enter_async_context(engine.reading()) for _ in range(3)]
        found = [await _pragmas(connection) for connection in connections]
    await engine.close()

    safe = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert found == [safe] * 4


async def test_store_in_memory_checks_foreign_keys_too() -> None:
    """A test on a store in memory finds what a file would refuse."""
    engine = Engine("sqlite://")

    async with engine.writing() as connection:
        found = await _pragmas(connection)
    await engine.close()

    assert found["foreign_keys"] == 1


async def _value(store: Store) -> str | None:
    async with store.reading() as unit:
        return await unit.memory.get("key")


async def test_reader_of_a_file_does_not_wait_for_its_writer(store: SqlStore) -> None:
    """While one transaction writes, readers see what was committed before."""
    async with store.writing() as unit:
        await unit.memory.put("key", "before")

    async with store.writing() as unit, asyncio.timeout(5):
        await unit.memory.put("key", "after")
        meanwhile = await _value(store)

    assert meanwhile == "before"
    assert await _value(store) == "after"


async def test_reader_of_a_file_keeps_its_view(store: SqlStore) -> None:
    """What is committed during a read is not seen by it: its answers fit together."""
    async with store.reading() as view:
        first = await view.memory.get("key")
        async with store.writing() as unit, asyncio.timeout(5):
            await unit.memory.put("key", "new")
        second = await view.memory.get("key")

    assert (first, second) == (None, None)
    assert await _value(store) == "new"


async def test_writers_of_two_programs_take_turns(store: SqlStore, path: Path) -> None:
    """A command line may write beside the service: nothing is lost, nobody fails."""

    async def count(through: Store) -> None:
        async with through.writing() as unit:
            before = int(await unit.memory.get("key") or 0)
            await unit.memory.put("key", str(before + 1))

    async with open_store(f"sqlite:///{path}") as other, asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(count(other if number % 2 else store))

    assert await _value(store) == "20"


async def test_second_runner_is_refused(store: SqlStore, path: Path) -> None:
    """`alone`: StoreBusy when another process is that one; free again when it ends."""
    other = Engine(f"sqlite:///{path}")

    with store.alone(), pytest.raises(StoreBusy) as refused, other.alone():
        pytest.fail("two runners on one store")
    with other.alone():
        pass

    assert str(refused.value) == (
        f"another perigee is running on the store {path}; stop it first, or set store.url"
    )


async def test_readers_and_writers_need_not_be_the_runner(store: SqlStore, path: Path) -> None:
    """The command line works on a store while the service runs on it."""
    async with open_store(f"sqlite:///{path}") as service:
        with service.alone():
            async with store.writing() as unit:
                await unit.memory.put("key", "value")

    assert await _value(store) == "value"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_stores_in_memory_are_each_alone(url: str) -> None:
    """Nothing else can reach a store in memory."""
    with Engine(url).alone(), Engine(url).alone():
        pass


def test_lock_needs_its_folder(path: Path) -> None:
    """A lock that cannot be written is told in one sentence."""
    engine = Engine(f"sqlite:///{path / 'deeper.db'}")

    with pytest.raises(StoreError, match="No such file or directory; choose another place"):
        engine.alone().__enter__()


HOLD = """
import sys
from bot.store.engine import Engine

with Engine(f"sqlite:///{sys.argv[1]}").alone():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_killed_runner_leaves_the_store_free(path: Path) -> None:
    """The operating system drops the lock with the process, however that ends."""
    engine = Engine(f"sqlite:///{path}")
    command = [sys.executable, "-c", HOLD, str(path)]

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603, our own
        said = holder.stdout.readline() if holder.stdout else b""
        with pytest.raises(StoreBusy):
            engine.alone().__enter__()
        holder.kill()

    assert said == b"held\n"
    with engine.alone():
        pass
