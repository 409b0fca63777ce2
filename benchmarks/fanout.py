"""Fan one change out to many of two million subscriptions, against a bare `INSERT ... SELECT`.

The yardstick is one statement in one transaction, by `sqlite3` on a copy of the same file with the
same pragmas, tables and index; its rows come in the order of the primary key, which is fastest.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import stock
from benchmarks.table import Row
from benchmarks.timed import Timed
from bot.clock import SystemClock
from bot.domain.changes import Kind
from bot.domain.deliveries import Priority
from bot.domain.events import Event
from bot.domain.fanouts import Debt
from bot.services.fanout import Fanout
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START

_RUNS = 5
_WORST_RATIO = 2.0
_LONGEST_LOCK_S = 0.1
_COMMAND_EVERY_S = 0.001
_PROBE_EVERY_S = 0.0002

_CASES = (
    ("fan-out to 100,000 of 2,000,000, spread", stock.event_wanted_by(2)),
    ("fan-out to 100,000 of 2,000,000, in a row", stock.clustered_event()),
    ("fan-out to 1,000,000 of 2,000,000, spread", stock.event_wanted_by(20)),
)


async def measure() -> tuple[Row, ...]:
    """Ratios to the yardstick, and how long other writers had to wait meanwhile."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path = Path(folder) / "stock.db"
        await stock.build(path)
        rows: list[Row] = []
        for what, event in _CASES:
            rows += await _compare(path, what, event)
        _, largest = _CASES[-1]
        return (*rows, await _command_wait(path, largest), await _probed_wait(path, largest))


async def _compare(path: Path, what: str, event: Event) -> tuple[Row, Row]:
    ours, bare = list[tuple[float, float]](), list[float]()
    for _ in range(_RUNS):
        ours.append(await _fan_out(path, event))
        bare.append(await asyncio.to_thread(_insert_bare, path, event))
    figure, yardstick = median(total for total, _ in ours), median(bare)
    ratio = figure / yardstick
    speed = Row(
        what=what,
        figure=f"{figure:.2f} s",
        yardstick=f"{yardstick:.2f} s, one bare INSERT … SELECT",
        compared=f"ratio {ratio:.2f}",
        target=f"<= {_WORST_RATIO:.0f}",
        holds=ratio <= _WORST_RATIO,
    )
    return speed, _wait_row("  its longest transaction", max(longest for _, longest in ours))


def _wait_row(what: str, seconds: float) -> Row:
    return Row(
        what=what,
        figure=f"{seconds * 1000:.0f} ms",
        target=f"<= {_LONGEST_LOCK_S * 1000:.0f} ms",
        holds=seconds <= _LONGEST_LOCK_S,
    )


async def _fan_out(path: Path, event: Event) -> tuple[float, float]:
    """Seconds in all, and of the longest transaction."""
    with stock.copy_of(path) as copy:
        async with open_store(f"sqlite:///{copy}") as store:
            await (await _owed(store, stock.rare_event(), through=store)).drain()
            timed = Timed(store)
            fanout = await _owed(store, event, through=timed)
            begun = time.perf_counter()
            await fanout.drain()
            return time.perf_counter() - begun, max(timed.took)


async def _owed(store: SqlStore, event: Event, *, through: Timed | SqlStore) -> Fanout:
    """Owe the news of this event; the fan-out that will expand it."""
    debt = Debt(
        event_id=event.id,
        kinds=frozenset({Kind.DATE}),
        priority=Priority.NEWS,
        created_at=START,
    )
    async with store.writing() as unit:
        await unit.outbox.owe(debt)
    return Fanout(through, SystemClock(), owed=asyncio.Event(), wakes=())


def _insert_bare(path: Path, event: Event) -> float:
    """Seconds of the yardstick."""
    with stock.copy_of(path) as copy, closing(stock.connect(copy)) as connection:
        connection.execute(_FANOUT, (event.id,))
        wanted = ",".join(map(str, stock.filters_wanting(event)))
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_INSERT.replace(":wanted", wanted), {"event": event.id})
        connection.execute("COMMIT")
        return time.perf_counter() - begun


_FANOUT = (
    "INSERT INTO fanouts (id, event_id, kinds, priority, created_at, stage, cursor, span) "
    "VALUES (1, ?, 2, 1, 0, 'done', 0, 0)"
)
_INSERT = """
    INSERT INTO deliveries (id, fanout_id, destination_id, event_id, adapter, kinds, priority,
                            state, attempts, not_before)
    SELECT (1 << 32) + destination_id, 1, destination_id, :event, adapter, 2, 1, 'pending', 0, 0
    FROM subscriptions WHERE filter_id IN (:wanted) ORDER BY destination_id
"""


async def _command_wait(path: Path, event: Event) -> Row:
    """How long a command of the same process waits for its turn to write, at worst."""
    waits: list[float] = []

    async def command(store: SqlStore) -> None:
        while True:
            begun = time.perf_counter()
            async with store.writing():
                waits.append(time.perf_counter() - begun)
            await asyncio.sleep(_COMMAND_EVERY_S)

    with stock.copy_of(path) as copy:
        async with open_store(f"sqlite:///{copy}") as store:
            fanout = await _owed(store, event, through=store)
            prober = asyncio.create_task(command(store), name="probe the turn to write")
            await fanout.drain()
            prober.cancel()
            await asyncio.wait({prober})
    return _wait_row(f"  longest wait of {len(waits)} commands meanwhile", max(waits))


async def _probed_wait(path: Path, event: Event) -> Row:
    """How long a second connection, e.g. of the command line, waits for the lock, at worst."""
    with stock.copy_of(path) as copy:
        async with open_store(f"sqlite:///{copy}") as store:
            fanout = await _owed(store, event, through=store)
            done = asyncio.Event()
            probing = asyncio.create_task(asyncio.to_thread(_probe, copy, done))
            await fanout.drain()
            done.set()
            waits = await probing
    return _wait_row(f"  longest wait of {len(waits)} other connections", max(waits))


def _probe(path: Path, done: asyncio.Event) -> list[float]:
    waits: list[float] = []
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        while not done.is_set():
            waits.append(_until_locked(connection))
            connection.execute("ROLLBACK")
            time.sleep(_PROBE_EVERY_S)
    return waits


def _until_locked(connection: sqlite3.Connection) -> float:
    # SQLite's own waiting sleeps up to 100 ms at a time; asking often shows the lock itself.
    begun = time.perf_counter()
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            time.sleep(_PROBE_EVERY_S)
        else:
            return time.perf_counter() - begun
