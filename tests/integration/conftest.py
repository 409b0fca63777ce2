"""What integration tests share: a command core over a store in memory, and a free address."""

import socket
from collections.abc import AsyncIterator

import pytest
from desks import Counter

from bot.store.unit_of_work import open_store


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    """Where one asks commands; its store knows nothing yet."""
    async with open_store("sqlite://") as store:
        await store.upgrade()
        yield Counter(store)


@pytest.fixture
def listen() -> str:
    """An address on loopback that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
    return f"{host}:{port}"
