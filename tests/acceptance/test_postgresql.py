"""The whole program on PostgreSQL: as on SQLite, and moved there from SQLite."""

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from clusters import PASSWORD, Server
from outboxes import subscribe, to
from programs import Program, Story
from senders import a_store
from sqlalchemy import make_url

from bot.domain.changes import Kind

CHANNELS = tuple(f"c{number:02}" for number in range(40))
HEADER = "── #"


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    """An empty database."""
    with postgresql.database(is_empty=True) as url:
        yield url


async def test_program_works_on_postgresql(service: Program, story: Story, url: str) -> None:
    """It makes its tables, learns silently, tells what changed, and never says the password."""
    there = service.given(store__url=url)
    checked = await there.run("check")
    added = await there.run("subscriptions", "add", "--to", "console:all", "--remind", "off")
    first = await there.run("run", "--once")
    story.go_on(timedelta(days=1))
    second = await there.run("run", "--once")
    at = await there.run("db", "current")
    deliveries = (await there.run("deliveries", "--json")).document()

    name = make_url(url).database
    assert f"Keeps everything in PostgreSQL, database 127.0.0.1/{name}." in checked.out
    assert "Progress MS-40 Docking" in second.out
    assert "Juice Earth Flyby" in second.out
    assert at.out.endswith(", the newest.\n")
    assert [one["state"] for one in deliveries] == ["sent", "sent"]
    for one in (checked, added, first, second, at):
        assert one.code == 0, one.err
        assert PASSWORD not in one.out + one.err


async def test_backup_is_left_to_postgresqls_own_program(service: Program, url: str) -> None:
    """Exit 2 and the name of that program; there is no file to copy."""
    done = await service.given(store__url=url).run("db", "backup", "copy.db")

    assert done.code == 2
    assert done.err == (
        "perigee: store.url is PostgreSQL's, which is backed up by its own program: "
        "pg_dump -Fc -f FILE\n"
    )


async def test_server_that_is_gone_is_told_in_a_sentence(service: Program, url: str) -> None:
    """No traceback and no password."""
    gone = make_url(url).set(port=9).render_as_string(hide_password=False)
    done = await service.given(store__url=gone).run("run", "--once")

    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("perigee: the store 127.0.0.1/")
    assert "check store.url and that the server runs" in done.err
    assert PASSWORD not in done.err
    assert "Traceback" not in done.err


async def test_bot_that_moves_to_postgresql_loses_and_repeats_nothing(
    service: Program, url: str
) -> None:
    """Stopped in the midst of a fan-out on SQLite, copied, and started on PostgreSQL."""
    announcing = service.given(announce__first_run="announce", ll2__hourly_budget="1000")
    async with a_store(service.folder / "perigee.db") as store:
        await subscribe(store, *map(to, CHANNELS), kinds=frozenset({Kind.NEW}))
    async with announcing.started("run") as running:
        await running.until(HEADER, times=15)
        refused = await announcing.run("db", "copy", "--to", url)
        running.send(signal.SIGTERM)
        first = await running.end()

    moved = await announcing.run("db", "copy", "--from", "sqlite:///perigee.db", "--to", url)
    again = await announcing.run("db", "copy", "--to", url)
    there = announcing.given(store__url=url)
    last = await there.run("run", "--once")

    assert (refused.code, moved.code, again.code, last.code) == (2, 0, 2, 0), moved.err
    assert "stop it first" in refused.err
    assert "holds something already" in again.err
    assert "Copied deliveries: " in moved.err
    assert "\r" not in moved.err
    assert PASSWORD not in refused.err + moved.err + moved.out + again.err
    told = Counter(_places(first.out) + _places(last.out))
    assert told == Counter({f"{one}": 2 for one in CHANNELS})
    states = Counter(one["state"] for one in (await there.run("deliveries", "--json")).document())
    assert states == {"sent": 2 * len(CHANNELS)}


def _places(out: str) -> list[str]:
    return [line.removeprefix(HEADER).split()[0] for line in out.splitlines() if HEADER in line]
