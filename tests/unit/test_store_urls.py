"""A store's URL, before there is a server: what it names, and what is said of one that is wrong."""

import asyncio
import gc
import socket

import pytest
from sqlalchemy import make_url

from bot.errors import ConfigError, StoreError
from bot.store.engine import Engine
from bot.store.postgresql import Postgresql
from bot.store.unit_of_work import open_store

EXAMPLE = 'write e.g. "sqlite:///perigee.db" or "postgresql://user@host/name"'
NAMED = 'write e.g. "postgresql://user@host/name"'


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", f"store.url is not a database URL; {EXAMPLE}"),
        ("perigee.db", f"store.url is not a database URL; {EXAMPLE}"),
        ("postgresql:/user:secret@host/name", f"store.url is not a database URL; {EXAMPLE}"),
        ("postgresql://user:secret@host:port/name", f"store.url is not a database URL; {EXAMPLE}"),
        (
            "mysql://user:secret@host/name",
            f'store.url = "mysql://user:***@host/name" is neither SQLite nor PostgreSQL; {EXAMPLE}',
        ),
        (
            "postgresql://user:secret@host",
            'store.url = "postgresql://user:***@host" names no database; ' + NAMED,
        ),
    ],
)
def test_url_that_this_version_cannot_use(url: str, told: str) -> None:
    """The sentence names the setting and gives an example; it never shows a password."""
    with pytest.raises(ConfigError) as refused:
        Engine(url)

    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite://", "the store in memory"),
        ("sqlite:///:memory:", "the store in memory"),
        ("sqlite:////var/perigee.db", "the store /var/perigee.db"),
        ("postgresql://user@host:5433/name", "the store host/name"),
        ("postgresql:///name?host=/run/postgresql", "the store /run/postgresql/name"),
        ("postgresql:///name", "the store localhost/name"),
    ],
)
def test_store_is_called_by_where_it_is(url: str, name: str) -> None:
    """A socket of this machine is named like a host, and where none is named it is here."""
    assert Engine(url).database.name == name


async def _refused(url: str) -> str:
    async with open_store(url) as store:
        with pytest.raises(StoreError) as refused:
            async with store.reading() as unit:
                await unit.memory.get("key")
    return str(refused.value)


async def test_option_that_nobody_knows() -> None:
    """What the driver says is told whole, also where no server was asked yet."""
    told = await _refused("postgresql://user@127.0.0.1:9/name?sslmode=perhaps")

    assert "refused a statement: `sslmode` parameter must be one of" in told


async def test_server_that_lets_nobody_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds after it took the connection, if it has said nothing since."""
    loop, ahead = asyncio.get_running_loop(), 0.0
    # asyncpg waits by the loop's own clock, which nobody can hand it.
    monkeypatch.setattr(loop, "time", lambda now=loop.time: now() + ahead)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = server.getsockname()[1]
        refusal = asyncio.create_task(_refused(f"postgresql://user@127.0.0.1:{port}/name"))
        silent, _ = await loop.sock_accept(server)
        with silent:
            ahead = 10
            async with asyncio.timeout(10):
                told = await refusal
    gc.collect()  # asyncpg leaves a future behind that complains here, and not in another test

    assert told == (
        "the store 127.0.0.1/name does not answer; check store.url and that the server runs"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("null value in column\nDETAIL:  of a row", "null value in column"),
        ("<class 'asyncpg.NotNullViolationError'>: null value in column", "null value in column"),
        ("", "LookupError"),
    ],
)
def test_error_is_told_by_its_first_line(said: str, told: str) -> None:
    """Without the class that SQLAlchemy 2.0 puts before it; by that alone where nothing is said."""
    sentence = Postgresql(make_url("postgresql://host/name")).sentence(LookupError(said))

    assert sentence == f"the store host/name refused a statement: {told}"
