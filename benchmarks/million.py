"""A million destinations with five million subscriptions: one fan-out to all, and claims from it.

On a fresh SQLite file, and on the empty PostgreSQL database whose URL the environment names. The
yardstick of the fan-out is one bare statement through the same engine, right after it: a second
fan-out to all.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import func, literal_column, select, text

from benchmarks import stock
from benchmarks.memory import begin_anew, peak_kib
from benchmarks.outbox import Nowhere, dispatch
from benchmarks.table import Row
from benchmarks.timed import Timed
from bot.domain.changes import DateChanged, Kind
from bot.domain.deliveries import Priority
from bot.domain.fanouts import Debt
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked
from bot.store.engine import Engine
from bot.store.fanout import CHUNK
from bot.store.unit_of_work import SqlStore
from bot.testing import START

URL = os.environ.get("PERIGEE_BENCH_POSTGRES", "")
"""Where to measure PostgreSQL, e.g. postgresql://user@host/name: an empty database."""

DESTINATIONS = int(os.environ.get("PERIGEE_BENCH_DESTINATIONS", "1000000"))

_HELD = 5
_BATCH = 100_000
_SENT = 20_000
_WORST_RATIO = 2.0
_LONGEST_LOCK_S = 0.1
_WANTING = stock.FILTERS // _HELD
_EVENT = stock.event_wanted_by(_WANTING)
"""Destination n holds the filters n, n + 8, … n + 32 modulo 40: of the first eight, just one."""


async def measure() -> tuple[Row, ...]:
    """On a new SQLite file."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        return await _measure(f"sqlite:///{Path(folder) / 'million.db'}", "SQLite")


async def measure_postgresql() -> tuple[Row, ...]:
    """On PostgreSQL, if the environment names a database."""
    if not URL:
        return (Row(what="PostgreSQL", figure="not measured: PERIGEE_BENCH_POSTGRES names none"),)
    return await _measure(URL, "PostgreSQL")


async def _measure(url: str, name: str) -> tuple[Row, ...]:
    """The fan-out against the bare statement, claims, memory and size."""
    begin_anew()
    engine = Engine(url)
    store = SqlStore(engine)
    try:
        await _build(store, engine)
        rows = [*await _fan_out(store, engine, name), await _claims(store)]
        return (*rows, await _size(engine), _memory())
    finally:
        await engine.close()


async def _build(store: SqlStore, engine: Engine) -> None:
    """The program makes tables and filters; destinations and who holds what are written in bulk."""
    await store.upgrade()
    asker = Destination(adapter="console", address="0")
    async with store.writing() as unit:
        await unit.snapshots.keep([Tracked(event=_EVENT, first_seen_at=START)])
        for number in range(stock.FILTERS):
            asked = Filter(agencies=frozenset({number}))
            await unit.subscriptions.add(asker, asked, now=START)
        await unit.subscriptions.remove(asker, None)
    begun = perf_counter()
    for first in range(2, DESTINATIONS + 2, _BATCH):
        last = min(first + _BATCH, DESTINATIONS + 2) - 1
        span = {"first": first, "last": last}
        async with engine.writing() as connection:
            await connection.execute(_ADD_DESTINATIONS, span)
            for place in range(_HELD):
                offset = {"offset": place * _WANTING, "filters": stock.FILTERS}
                await connection.execute(_ADD_SUBSCRIPTIONS, span | offset)
        made, took = last - 1, perf_counter() - begun
        print(f"made {made:,} destinations in {took:.0f} s", file=sys.stderr)


_ADD_DESTINATIONS = text("""
    INSERT INTO destinations (id, adapter, address)
    WITH RECURSIVE numbers(n) AS (
        SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last
    )
    SELECT n, 'console', CAST(n AS TEXT) FROM numbers
""")
_ADD_SUBSCRIPTIONS = text("""
    INSERT INTO subscriptions (destination_id, filter_id, adapter, created_at)
    SELECT id, 1 + (id + :offset) % :filters, adapter, 0 FROM destinations
    WHERE id >= :first AND id <= :last ORDER BY id
""")


async def _fan_out(store: SqlStore, engine: Engine, name: str) -> tuple[Row, Row]:
    """Owe the news that the event's date moved; expand it, and beside it the bare statement."""
    moved = DateChanged(
        event_id=_EVENT.id, before=replace(_EVENT, date=START).stated, after=_EVENT.stated
    )
    debt = Debt(
        event_id=_EVENT.id, kinds=frozenset({Kind.DATE}), priority=Priority.NEWS, created_at=START
    )
    async with store.writing() as unit:
        fanout_id = await unit.outbox.owe(debt)
        await unit.snapshots.record([moved], noticed_at=START, fanout_id=fanout_id)
    timed = Timed(store)
    begun = perf_counter()
    while await _expand(timed):
        pass
    ours = perf_counter() - begun
    bare = await _bare(engine, (fanout_id or 0) + 1)
    return _ratio(name, ours, bare), _longest(max(timed.took), len(timed.took))


async def _expand(store: Timed) -> bool:
    async with store.writing() as unit:
        return await unit.outbox.expand()


async def _bare(engine: Engine, key: int) -> float:
    """Seconds of the yardstick, which is undone afterwards."""
    begun = perf_counter()
    async with engine.writing() as connection:
        made = await connection.execute(_BARE, {"key": key, "event": _EVENT.id, "last": _WANTING})
    took = perf_counter() - begun
    if made.rowcount != DESTINATIONS:
        raise AssertionError(f"the yardstick made {made.rowcount} rows")
    for _ in range(0, DESTINATIONS, _BATCH):
        async with engine.writing() as connection:
            await connection.execute(_UNDO, {"first": key << 32, "batch": _BATCH})
    return took


_BARE = text("""
    INSERT INTO deliveries (id, fanout_id, destination_id, event_id, adapter, kinds, priority,
                            state, attempts, not_before)
    SELECT (CAST(:key AS BIGINT) << 32) + destination_id, :key, destination_id, :event, adapter,
           2, 1, 'pending', 0, 0
    FROM subscriptions WHERE filter_id >= 1 AND filter_id <= :last ORDER BY destination_id
""")
_UNDO = text("""
    DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries WHERE id >= :first ORDER BY id LIMIT :batch
    )
""")


def _ratio(name: str, ours: float, bare: float) -> Row:
    ratio = ours / bare
    return Row(
        what=f"{name}: fan-out to {DESTINATIONS:,} with {_HELD * DESTINATIONS:,} subscriptions",
        figure=f"{ours:.1f} s",
        yardstick=f"{bare:.1f} s, one bare INSERT … SELECT",
        compared=f"ratio {ratio:.2f}",
        target=f"<= {_WORST_RATIO:.0f}",
        holds=ratio <= _WORST_RATIO,
    )


def _longest(seconds: float, chunks: int) -> Row:
    return Row(
        what=f"  its longest transaction, of {chunks:,} with up to {CHUNK:,} rows",
        figure=f"{seconds * 1000:.0f} ms",
        target=f"<= {_LONGEST_LOCK_S * 1000:.0f} ms",
        holds=seconds <= _LONGEST_LOCK_S,
    )


async def _claims(store: SqlStore) -> Row:
    begun = perf_counter()
    await dispatch(store, Nowhere(enough=_SENT))
    rate = _SENT / (perf_counter() - begun)
    return Row(
        what=f"  claim, send to nowhere and mark {_SENT:,}, with all others pending",
        figure=f"{rate:,.0f} /s",
    )


async def _size(engine: Engine) -> Row:
    if engine.path is not None:
        files = (Path(f"{engine.path}{suffix}") for suffix in ("", "-wal"))
        size = sum(one.stat().st_size for one in files)
    else:
        async with engine.reading() as connection:
            here = func.pg_database_size(literal_column("current_database()"))
            size = await connection.scalar(select(here)) or 0
    return Row(what="  size of the store", figure=f"{size / 2**20:,.0f} MiB")


def _memory() -> Row:
    return Row(what="  peak memory of the process", figure=f"{peak_kib() / 1024:.0f} MiB")
