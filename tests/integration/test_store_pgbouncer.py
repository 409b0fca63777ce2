"""Behind a proxy that lends each transaction another connection: PgBouncer's transaction mode."""

import asyncio

from clusters import Server, a_proxy
from outboxes import claim, expand, finish, owe, start, states, subscribe, to
from sqlalchemy import make_url

from bot.domain.deliveries import State
from bot.store.postgresql import Postgresql
from bot.store.unit_of_work import SqlStore, open_store

TOGETHER = 12


async def test_everything_works_behind_a_proxy(postgresql: Server) -> None:
    """Tables are made, and many transactions at once share two connections of the server's."""
    with postgresql.database(is_empty=True) as direct, a_proxy(postgresql) as through:
        url = make_url(through).set(database=make_url(direct).database)
        proxied = url.render_as_string(hide_password=False)

        async with open_store(proxied, chunk=4) as one, open_store(proxied) as other:
            await asyncio.gather(one.upgrade(), other.upgrade())
            async with asyncio.TaskGroup() as group:
                for number in range(TOGETHER):
                    group.create_task(subscribe(one if number % 2 else other, to(f"{number}")))
            await owe(one)
            await asyncio.gather(expand(one), expand(other))
            while claimed := await claim(other, limit=5):
                await start(one, claimed)
                await finish(other, claimed)
            ended = await states(one)

            assert _is_proxied(one)
        left = postgresql.run("SELECT name FROM pg_prepared_statements", on=proxied)
        async with open_store(direct) as store:
            assert await states(store) == ended
            assert not _is_proxied(store)

    assert ended == [State.SENT] * TOGETHER
    assert [row for row in left if row["name"]] == []


def _is_proxied(store: SqlStore) -> bool:
    """What it found out when it first connected."""
    database = store._engine.database
    assert isinstance(database, Postgresql)
    return bool(database._is_proxied)
