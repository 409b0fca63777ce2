"""The store under every contract test, once for each place where it can live."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store.engine import Engine
from bot.store.unit_of_work import SqlStore, open_store

FEW_ROWS = 4
"""A chunk so small that a handful of subscriptions needs several transactions."""


POSTGRES = os.environ.get("PERIGEE_TEST_POSTGRES_URL", "")
"""A database that the tests may use, e.g. postgresql://user@host/name."""


@pytest.fixture(params=["memory", "file", *(["postgres"] if POSTGRES else [])])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store lives."""
    match request.param:
        case "memory":
            return "sqlite://"
        case "file":
            return f"sqlite:///{tmp_path / 'perigee.db'}"
        case _:
            return _usable(POSTGRES)


def _usable(url: str) -> str:
    try:
        Engine(url)
    except ConfigError as exc:
        pytest.skip(f"PERIGEE_TEST_POSTGRES_URL is set, but {exc}")
    return url


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    """An empty store, its tables made."""
    async with open_store(store_url) as opened:
        await opened.upgrade()
        yield opened


@pytest.fixture
async def chunked(store_url: str) -> AsyncIterator[SqlStore]:
    """An empty store that fans out a few rows at a time."""
    async with open_store(store_url, chunk=FEW_ROWS) as opened:
        await opened.upgrade()
        yield opened
