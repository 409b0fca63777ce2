"""What a command costs the store: how many statements, and in whose thread.

While news goes out, each way of a writer to its thread keeps all others from writing for as long as
it takes; so the numbers may sink, and grow only on purpose.
"""

import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from desks import Counter
from sqlalchemy import event
from sqlalchemy.pool import Pool
from stores import made_store

from bot.testing import an_event


class Traces:
    """What SQLite executed, BEGIN and COMMIT too.

    Attributes:
        here: in the thread of the loop.
        elsewhere: in a connection's own.

    """

    def __init__(self) -> None:
        self._loop = threading.get_ident()
        self.here: list[str] = []
        self.elsewhere: list[str] = []

    def watch(self, connection: Any, _record: object) -> None:
        """Note what this connection executes, unless it is the one that makes the tables."""
        if isinstance(connection, sqlite3.Connection):
            return
        connection.driver_connection._conn.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        is_here = threading.get_ident() == self._loop
        (self.here if is_here else self.elsewhere).append(statement)

    def forget(self) -> None:
        """Begin anew."""
        self.here.clear()
        self.elsewhere.clear()


@pytest.fixture
async def traces() -> AsyncIterator[Traces]:
    """Of all connections."""
    traces = Traces()
    event.listen(Pool, "connect", traces.watch)
    yield traces
    event.remove(Pool, "connect", traces.watch)


@pytest.fixture
async def counter(tmp_path: Path, traces: Traces) -> AsyncIterator[Counter]:
    """A desk over a store in a file, with one event ahead, in a channel that subscribed once."""
    async with made_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        counter = Counter(store)
        await counter.watch(an_event())
        await counter.say("subscribe search:eva", server="1")
        traces.forget()
        yield counter


@pytest.mark.parametrize(
    ("line", "most"),
    [("next", 8), ("events", 7), ("status", 9), ("subscriptions", 10), ("event 1", 7)],
)
async def test_looking_asks_little_and_waits_for_no_thread(
    counter: Counter, traces: Traces, line: str, most: int
) -> None:
    """A reader waits neither for a thread nor for Python to let that run."""
    await counter.say(line)

    assert 4 <= len(traces.here) <= most
    assert traces.elsewhere == []


async def test_subscribing_holds_others_up_briefly(counter: Counter, traces: Traces) -> None:
    """What must wait for the disk goes to the thread: COMMIT, as no other program writes here."""
    await counter.say("subscribe search:docking", server="1")
    await counter.say("unsubscribe 2", server="1")
    traces.forget()

    await counter.say("subscribe search:docking", server="1")

    assert traces.elsewhere == ["COMMIT"]
    asked = [one for one in traces.here if not one.startswith("PRAGMA")]
    assert "BEGIN IMMEDIATE" in asked
    assert 4 <= len(asked) <= 18


async def test_who_manages_is_written_once(counter: Counter, traces: Traces) -> None:
    """The people of a channel are known after their first command."""
    await counter.say("subscribe search:eva", server="1")

    written = ("UPDATE", "INSERT INTO chan")
    assert [one for one in (*traces.here, *traces.elsewhere) if one.startswith(written)] == []
