"""A store with two million subscriptions, made in seconds; the ground for the measurements.

Tables and filters are made by the program itself. The destinations and who holds which filter are
written by `sqlite3` and a recursive query: two million calls of `add` would take half an hour.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.domain.events import Agency, Event, EventId, Program
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, an_event

DESTINATIONS = 2_000_000
FILTERS = 40
"""Destination n holds filter n modulo 40, so that the holders of each lie evenly spread."""

CLUSTERED = 100_000
"""As many destinations in a row hold one filter more, for a program."""

PROGRAM, RARE = Program(id=1, name="Clustered"), Program(id=2, name="Rare")
_SUFFIXES = ("", "-wal", "-shm")

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
"""Those of the store's engine, for the bare yardsticks."""


def event_wanted_by(filters: int) -> Event:
    """An event that so many of the forty filters want."""
    agencies = tuple(Agency(id=number, name=f"Agency {number}") for number in range(filters))
    return an_event(id=EventId(1000 + filters), agencies=agencies, programs=())


def clustered_event() -> Event:
    """An event that only the clustered destinations want."""
    return an_event(id=EventId(2000), agencies=(), programs=(PROGRAM,))


def rare_event() -> Event:
    """An event that one destination wants: with it a store is warmed up before it is measured."""
    return an_event(id=EventId(3000), agencies=(), programs=(RARE,))


def filters_wanting(event: Event) -> tuple[int, ...]:
    """The row ids of the filters that want it."""
    return tuple(1 + one.id for one in event.agencies) or (FILTERS + 1,)


EVENTS = (event_wanted_by(2), event_wanted_by(20), clustered_event(), rare_event())
"""What the store knows."""


async def build(path: Path, destinations: int = DESTINATIONS) -> None:
    """Make the store."""
    async with open_store(f"sqlite:///{path}") as store:
        await store.upgrade()
        await _ask(store)
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        connection.execute(_ADD_DESTINATIONS, {"last": destinations + 1})
        connection.execute(_ADD_SUBSCRIPTIONS, {"filters": FILTERS})
        connection.execute(
            _ADD_CLUSTER,
            {
                "filter": FILTERS + 1,
                "after": destinations // 2,
                "last": destinations // 2 + CLUSTERED,
            },
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _ask(store: SqlStore) -> None:
    """Keep the events, and let the program write the filters: one destination asks for all.

    It keeps only the rare one.
    """
    asker = Destination(adapter="console", address="0")
    wanted = [Filter(agencies=frozenset({number})) for number in range(FILTERS)]
    async with store.writing() as unit:
        await unit.snapshots.keep([Tracked(event=one, first_seen_at=START) for one in EVENTS])
        for one in (*wanted, Filter(programs=frozenset({PROGRAM.id}))):
            await unit.subscriptions.add(asker, one, now=START)
        await unit.subscriptions.remove(asker, None)
        await unit.subscriptions.add(asker, Filter(programs=frozenset({RARE.id})), now=START)


_ADD_DESTINATIONS = """
    WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
    INSERT INTO destinations (id, adapter, address) SELECT n, 'console', n FROM numbers
"""
_ADD_SUBSCRIPTIONS = (
    "INSERT INTO subscriptions (destination_id, filter_id, adapter, created_at) "
    "SELECT id, 1 + id % :filters, adapter, 0 FROM destinations WHERE id > 1 ORDER BY id"
)
_ADD_CLUSTER = (
    "INSERT INTO subscriptions (destination_id, filter_id, adapter, created_at) "
    "SELECT id, :filter, adapter, 0 FROM destinations WHERE id > :after AND id <= :last"
)


def connect(path: Path) -> sqlite3.Connection:
    """A bare connection with the store's pragmas, its transactions left to the caller."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


@contextmanager
def copy_of(stock: Path) -> Iterator[Path]:
    """A fresh copy, on the disk before anything is measured, and gone afterwards."""
    copy = stock.with_name("copy.db")
    shutil.copyfile(stock, copy)
    with copy.open("rb") as written:
        os.fsync(written.fileno())
    try:
        yield copy
    finally:
        for suffix in _SUFFIXES:
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)
