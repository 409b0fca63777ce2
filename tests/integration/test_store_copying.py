"""`db copy`: all of a store arrives in an empty one of the other engine, or nothing does."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from clusters import Server
from outboxes import (
    a_reminder,
    claim,
    expand,
    finish,
    owe,
    records,
    start,
    subscribe,
    tell,
    to,
)
from sqlalchemy import insert, select
from stores import made_store

from bot.domain.changes import Kind
from bot.domain.channels import Channel, Health, Reach
from bot.domain.deliveries import State
from bot.domain.events import Agency, EventType, Program
from bot.domain.requests import Person
from bot.domain.watching import Catalogue, Purpose
from bot.errors import ConfigError, StoreBusy, StoreError
from bot.store import copying
from bot.store.engine import Engine, open_engine
from bot.store.fanout import DONE
from bot.store.tables import fanouts, names
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, an_event

NOT_YET = (
    r"is at revision nothing, this program at \w+; "
    r"run this version on it once \(perigee db upgrade\), then copy it$"
)

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
async def full(tmp_path: Path) -> str:
    """A store on a file with something of everything in it; its URL."""
    url = f"sqlite:///{tmp_path / 'perigee.db'}"
    async with made_store(url) as store:
        await _fill(store)
    return url


async def _fill(store: SqlStore) -> None:
    places = [to(f"{number} é🚀") for number in range(40)]
    await subscribe(store, *places)
    await subscribe(store, *places[:9], types=frozenset({an_event().type.id}), words=frozenset("s"))
    await _settle(store)
    for number in range(3):
        await tell(store, created_at=START + timedelta(minutes=number))
    await tell(store, event=an_event(id=7))
    claimed = await claim(store, limit=30)
    await start(store, claimed[:20])
    await finish(store, claimed[:9], remote_id="r")
    await finish(store, claimed[9:10], state=State.DEAD, error="refused")
    await finish(store, claimed[10:11], post="77")
    doubt = {"state": State.PENDING, "not_before": START, "in_doubt_since": START}
    await finish(store, claimed[11:12], **doubt)
    # Left open in the midst of its fan-out, which is to go on at the other place.
    await owe(store, reminder=a_reminder(), kinds=frozenset({Kind.REMINDER}))
    async with store.writing() as unit:
        await unit.outbox.expand()


async def _settle(store: SqlStore) -> None:
    async with store.writing() as unit:
        here = unit.destinations
        await here.set_channel(to("0 é🚀"), Channel(time_zone="Asia/Tokyo"))
        ill = Health(reach=Reach.PAUSED, since=START, reason="gone")
        await here.set_health(to("1 é🚀"), ill)
        await here.met(to("2 é🚀"), server="s", name="n", person=Person(id="p", name="q"))
        await here.mute(to("3 é🚀"), an_event().id)
        await unit.memory.put("key", "value")
        await unit.names.learn(
            Catalogue(
                types=(EventType(id=1, name="EVA"),),
                agencies=(Agency(id=44, name="NASA", abbrev="NASA"),),
                programs=(Program(id=3, name="ISS"),),
            )
        )
    await store.requests.begin(START, Purpose.POLL)


async def _rows(url: str) -> Rows:
    """All rows of all tables, as the columns' types give them."""
    found: Rows = {}
    async with open_engine(url) as engine, engine.reading() as connection:
        for table in copying.COPIED:
            rows = await connection.execute(select(table).order_by(*table.primary_key))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def _copied(source: str, target: str) -> list[tuple[str, int, int]]:
    """Copy, and say what was told of it; the number of rows comes at the end."""
    told: list[tuple[str, int, int]] = []
    async with open_engine(source) as old, open_engine(target) as new:
        copied = await copying.copy(old, new, lambda *step: told.append(step))
    assert copied == sum({name: total for name, _, total in told}.values())
    return told


async def test_all_rows_arrive_there_and_back(
    full: str, postgresql: Server, tmp_path: Path
) -> None:
    """SQLite to PostgreSQL to SQLite: row by row the same, and something of every table."""
    before = await _rows(full)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    with postgresql.database(is_empty=True) as there:
        told = await _copied(full, there)
        between = await _rows(there)
        await _copied(there, back)

    assert [name for name, rows in before.items() if not rows] == []
    assert between == before
    assert await _rows(back) == before
    ends = {name: (done, total) for name, done, total in told}
    assert ends == {name: (len(rows), len(rows)) for name, rows in before.items()}


async def test_large_table_goes_in_parts(tmp_path: Path) -> None:
    """No more than a part is held in memory, and none is left out, nor comes twice."""
    old, new = (f"sqlite:///{tmp_path / name}" for name in ("old.db", "new.db"))
    rows = [{"field": f"{n % 2}", "id": n, "name": f"{n}", "abbrev": ""} for n in range(4_500)]
    async with made_store(old) as store, store._engine.writing() as connection:
        await connection.execute(insert(names), rows)

    told = await _copied(old, new)

    steps = [done for name, done, total in told if name == "names" and total == len(rows)]
    assert steps == [0, 2_000, 4_000, 4_500]
    assert (await _rows(new))["names"] == (await _rows(old))["names"]


async def test_tables_are_made_by_one_at_a_time(full: str, postgresql: Server) -> None:
    """Who starts on the target while it is copied to waits, and finds all of it."""
    upgrades: list[asyncio.Task[None]] = []

    async def upgrade(url: str) -> None:
        async with open_store(url) as store:
            await store.upgrade()

    def start_beside(*_: object) -> None:
        if not upgrades:
            upgrades.append(asyncio.create_task(upgrade(there)))

    with postgresql.database(is_empty=True) as there:
        async with open_engine(full) as old, open_engine(there) as new:
            await copying.copy(old, new, start_beside)
        await upgrades[0]
        assert await _rows(there) == await _rows(full)


async def test_store_goes_on_where_it_was_copied_to(full: str, postgresql: Server) -> None:
    """New ids follow the old ones; what was open is expanded and claimed to its end."""
    with postgresql.database(is_empty=True) as there:
        await _copied(full, there)
        async with open_store(full) as old, open_store(there) as new:
            for store in (old, new):
                await subscribe(store, to("later"), words=frozenset({"a new filter"}))
                await tell(store)
                await expand(store)
                await claim(store, now=START + timedelta(days=1))

            assert await records(new) == await records(old)


async def test_open_fan_out_is_among_what_is_copied(full: str) -> None:
    """The test above copies one in the midst of its work."""
    async with open_engine(full) as engine, engine.reading() as connection:
        stages = (await connection.execute(select(fanouts.c.stage))).scalars().all()

    assert stages.count(DONE) == len(stages) - 1


async def test_target_that_holds_something_is_refused(full: str, postgresql: Server) -> None:
    """Nothing is mixed, and nothing overwritten."""
    there = postgresql.emptied()
    async with open_store(there) as store, store.writing() as unit:
        await unit.memory.put("precious", "1")
    before = await _rows(there)

    with pytest.raises(ConfigError, match=r"holds something already \(settings\); name an empty"):
        await _copied(full, there)

    assert await _rows(there) == before


async def test_failure_leaves_nothing(full: str, postgresql: Server) -> None:
    """However far it came: the target is as empty as before, and can be copied to again."""

    def fail(table: str, _done: int, _total: int) -> None:
        if table == "deliveries":
            raise KeyboardInterrupt

    with postgresql.database(is_empty=True) as there:
        async with open_engine(full) as old, open_engine(there) as new:
            with pytest.raises(KeyboardInterrupt):
                await copying.copy(old, new, fail)
        left = postgresql.run("SELECT * FROM pg_tables WHERE schemaname = 'public'", on=there)
        await _copied(full, there)

    assert left == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_store_that_runs_is_not_copied(kind: str, full: str, postgresql: Server) -> None:
    """What it sends meanwhile would be sent again by the copy."""
    source, target = full, f"{full}.copy"
    if kind == "postgresql":
        source, target = postgresql.emptied(), full
    async with open_store(source) as service:
        with service.alone():
            async with service.reading() as unit:
                await unit.memory.get("key")
            with pytest.raises(StoreBusy, match=r"another perigee is running on the store .*stop"):
                await _copied(source, target)


async def test_own_connections_are_no_other_program(postgresql: Server, tmp_path: Path) -> None:
    """What looked into the source before, and rests, keeps nobody from copying it."""
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    async with open_engine(postgresql.emptied()) as old, open_engine(target) as new:
        async with old.reading() as connection:
            await connection.execute(select(fanouts))

        assert await copying.copy(old, new, lambda *_: None) == 0


async def test_copy_to_itself_is_refused(full: str) -> None:
    """It would wait for itself."""
    with pytest.raises(ConfigError, match="cannot be copied to itself; name another"):
        await _copied(full, full)


async def test_older_store_is_refused(tmp_path: Path, postgresql: Server) -> None:
    """Its tables are others; the program that copies could not read them."""
    engine = Engine(f"sqlite:///{tmp_path / 'old.db'}")
    async with engine.writing():
        pass
    await engine.close()

    with pytest.raises(StoreError, match=NOT_YET):
        await _copied(f"sqlite:///{tmp_path / 'old.db'}", postgresql.emptied())
