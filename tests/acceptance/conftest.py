"""What acceptance tests share: the program in a fresh folder, and a served story."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nursery import Nursery
from programs import Program, Story, usual_environment


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the program is imported once for most of its lives."""
    with Nursery.opened(usual_environment()) as nursery:
        yield nursery


@pytest.fixture
def perigee(tmp_path: Path, nursery: Nursery) -> Program:
    """The program as a stranger finds it: an empty folder and no settings."""
    return Program(folder=tmp_path, nursery=nursery)


@pytest.fixture
def story() -> Story:
    """Two events; after a day one slips with a comment and the other's webcast goes live."""
    return Story()


@pytest.fixture
async def service(perigee: Program, story: Story) -> AsyncIterator[Program]:
    """The program with its console on and the story as its LL2."""
    async with story.told() as base_url:
        yield perigee.given(ll2__base_url=base_url, console__enabled="true")
