"""Send what is owed through an adapter that does nothing: how fast, and in how much memory.

The yardstick of speed is `sqlite3` taking the same rows through the same three states, each batch
in three transactions, which is what the safety of the outbox costs at the least. Memory is the
peak of a process of its own (`python -m benchmarks.outbox STORE`) that fans out and then sends.
"""

import asyncio
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import stock
from benchmarks.memory import peak_kib
from benchmarks.table import Row
from bot.clock import SystemClock
from bot.domain.changes import DateChanged, Kind
from bot.domain.deliveries import Delivery, Outcome, Priority, Sent, State
from bot.domain.events import Event
from bot.domain.fanouts import Debt
from bot.domain.messages import Limits, Message
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START

_RUNS = 3
_DESTINATIONS = 40_000
_AT_ONCE = 256
_LEAST_PER_S = 5_000
_SENT_WHILE_PENDING = 10_000
_MOST_MIB = 200
_EVENT = stock.event_wanted_by(stock.FILTERS // 2)
"""Half of all destinations want it."""


class _StandingClock(SystemClock):
    """A clock at the moment when everything was owed, so that all is due and nothing too late."""

    def now(self) -> datetime:
        """That moment."""
        return START


class Nowhere:
    """An adapter that sends nothing and says so at once; `stop` is set after `enough` messages."""

    name = "console"
    limits = Limits(text=4096, rate=1e6, concurrency=_AT_ONCE)

    def __init__(self, *, enough: int) -> None:
        self.stop = asyncio.Event()
        self._left = enough

    async def send(self, _delivery: Delivery, _message: Message) -> Outcome:
        """Claim to have sent it."""
        self._left -= 1
        if not self._left:
            self.stop.set()
        return Sent(remote_id="1")


async def measure() -> tuple[Row, ...]:
    """Deliveries a second, and the memory of a process with a million of them waiting."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        return (await _speed(Path(folder)), await _memory(Path(folder)))


async def _speed(folder: Path) -> Row:
    path = folder / "stock.db"
    await stock.build(path, destinations=_DESTINATIONS)
    ours, bare = list[float](), list[float]()
    for _ in range(_RUNS):
        with stock.copy_of(path) as copy:
            ours.append(await _send_all(copy))
        with stock.copy_of(path) as copy:
            bare.append(await _mark_bare(copy))
    figure, yardstick = median(ours), median(bare)
    return Row(
        what=f"claim, send to nowhere and mark, {_AT_ONCE} at once",
        figure=f"{figure:,.0f} /s",
        yardstick=f"{yardstick:,.0f} /s, sqlite3 marking the same rows",
        compared=f"ratio {yardstick / figure:.2f}",
        target=f">= {_LEAST_PER_S:,} /s",
        holds=figure >= _LEAST_PER_S,
    )


async def _send_all(path: Path) -> float:
    """Deliveries a second."""
    async with open_store(f"sqlite:///{path}") as store:
        total = await _owe_and_expand(store, _EVENT)
        begun = time.perf_counter()
        await dispatch(store, Nowhere(enough=total))
        return total / (time.perf_counter() - begun)


async def _owe_and_expand(store: SqlStore, event: Event) -> int:
    await owe(store, event)
    return await expand(store)


async def owe(store: SqlStore, event: Event) -> None:
    """Owe the news that the event's date moved to all who want it."""
    moved = DateChanged(
        event_id=event.id, before=replace(event, date=START).stated, after=event.stated
    )
    debt = Debt(
        event_id=event.id,
        kinds=frozenset({Kind.DATE}),
        priority=Priority.NEWS,
        created_at=START,
    )
    async with store.writing() as unit:
        fanout_id = await unit.outbox.owe(debt)
        await unit.snapshots.record([moved], noticed_at=START, fanout_id=fanout_id)


async def expand(store: SqlStore) -> int:
    """Make the deliveries that are owed; how many are pending."""
    await Fanout(store, SystemClock(), owed=asyncio.Event(), wakes=()).drain()
    async with store.reading() as unit:
        return (await unit.outbox.counts())["console", State.PENDING]


async def dispatch(store: SqlStore, adapter: Nowhere) -> None:
    """Run a dispatcher until its adapter has enough."""
    wake, dice = asyncio.Event(), Random(1)  # noqa: S311, jitter of retries
    clock = _StandingClock()
    pace = SlotPace(clock)
    async with Dispatcher(store, adapter, clock, random=dice, wake=wake, pace=pace) as dispatcher:
        await dispatcher.run(adapter.stop)


async def _mark_bare(path: Path) -> float:
    """Deliveries a second of the yardstick."""
    async with open_store(f"sqlite:///{path}") as store:
        total = await _owe_and_expand(store, _EVENT)
    with closing(stock.connect(path)) as connection:
        begun = time.perf_counter()
        while _mark_batch(connection):
            pass
        return total / (time.perf_counter() - begun)


def _mark_batch(connection: sqlite3.Connection) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    claimed = connection.execute(_CLAIM, {"limit": _AT_ONCE}).fetchall()
    connection.execute("COMMIT")
    for statement in (_START, _FINISH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, claimed)
        connection.execute("COMMIT")
    return bool(claimed)


_CLAIM = """
    UPDATE deliveries SET state = 'leased', lease_until = 1 WHERE id IN (
        SELECT id FROM deliveries WHERE adapter = 'console' AND state = 'pending'
        ORDER BY priority, not_before, id LIMIT :limit
    ) RETURNING id
"""
_START = "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ?"
_FINISH = (
    "UPDATE deliveries SET state = 'sent', lease_until = NULL, sent_at = 1, done_at = 1, "
    "remote_id = '1' WHERE id = ?"
)


async def _memory(folder: Path) -> Row:
    path = folder / "million.db"
    await stock.build(path)
    command = (sys.executable, "-m", "benchmarks.outbox", str(path))
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    answer, _ = await child.communicate()
    pending, before, after = map(int, answer.split())
    return Row(
        what=f"peak memory: {pending:,} pending, then {_SENT_WHILE_PENDING:,} of them sent",
        figure=f"{after / 1024:.0f} MiB",
        yardstick=f"{before / 1024:.0f} MiB, the same program idle",
        compared=f"+{(after - before) / 1024:.0f} MiB",
        target=f"< {_MOST_MIB} MiB",
        holds=after / 1024 < _MOST_MIB,
    )


async def _grow(path: Path) -> None:
    """Print how many were pending, and this process's peak memory before and after, in KiB."""
    async with open_store(f"sqlite:///{path}") as store:
        async with store.reading() as unit:
            await unit.memory.get("nothing")
        before = peak_kib()
        pending = await _owe_and_expand(store, _EVENT)
        await dispatch(store, Nowhere(enough=_SENT_WHILE_PENDING))
    print(pending, before, peak_kib())


if __name__ == "__main__":
    asyncio.run(_grow(Path(sys.argv[1])))
