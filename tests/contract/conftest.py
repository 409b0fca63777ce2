"""The store under every contract test, once for each place where it can live."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from stores import made_store

from bot.store.unit_of_work import SqlStore

FEW_ROWS = 4
"""A chunk so small that a handful of subscriptions needs several transactions."""


@pytest.fixture(params=["memory", "file", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store lives."""
    match request.param:
        case "memory":
            return "sqlite://"
        case "file":
            return f"sqlite:///{tmp_path / 'perigee.db'}"
        case _:
            server = request.getfixturevalue("postgresql")
            return f"{server.emptied()}"


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    """An empty store, its tables made."""
    async with made_store(store_url) as opened:
        yield opened


@pytest.fixture
async def chunked(store_url: str) -> AsyncIterator[SqlStore]:
    """An empty store that fans out a few rows at a time."""
    async with made_store(store_url, chunk=FEW_ROWS) as opened:
        yield opened


@pytest.fixture
async def stores(store_url: str) -> AsyncIterator[tuple[SqlStore, ...]]:
    """The same store, opened by several programs; in memory there can be but one."""
    async with AsyncExitStack() as stack:
        number = 1 if store_url == "sqlite://" else 3
        opened = [made_store(store_url, chunk=4) for _ in range(number)]
        all_of_them = [await stack.enter_async_context(one) for one in opened]
        yield tuple(all_of_them)
