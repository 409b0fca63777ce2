"""What integration tests share: a command core over a store in memory, and a free address."""

import socket
from collections.abc import AsyncIterator

import pytest
from desks import Counter
from stores import made_store


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    """Where one asks commands; its store knows nothing yet."""
    async with made_store("sqlite://") as store:
        yield Counter(store)


@pytest.fixture
def listen() -> str:
    """An address on loopback that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
    return f"{host}:{port}"
