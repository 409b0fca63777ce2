"""Work that waits for its role, beside other processes, and is stopped before it has begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from clusters import Server

from bot.app import open_service
from bot.config import FixedSettings
from bot.domain.leases import FANOUT, RoleLease, sending
from bot.ports import Adapter, Surroundings
from bot.running import run, unless
from bot.service import Service
from bot.services.roles import LeasedRoles
from bot.shifts import employed
from bot.testing import FakeClock, RecordingAdapter

PATIENCE_S = 30.0
NAME = "console"


@pytest.fixture
def clock() -> FakeClock:
    """Stands still."""
    return FakeClock()


@pytest.fixture
async def service(postgresql: Server, clock: FakeClock) -> AsyncIterator[Service]:
    """A service whose store others may share, and whose LL2 is out of reach."""
    with postgresql.database() as url:
        ll2, console = {"base_url": "http://127.0.0.1:9"}, {"enabled": True}
        given = {"ll2": ll2, "store": {"url": url}, NAME: console}
        settings = FixedSettings.model_validate(given)
        async with asyncio.timeout(PATIENCE_S), open_service(settings, clock=clock) as opened:
            yield opened


async def held(service: Service) -> dict[str, RoleLease]:
    """The roles that somebody has."""
    async with service.store.reading() as unit:
        leases = await unit.leases.held()
    return {role: one for role, one in leases.items() if not one.is_free}


async def test_who_is_stopped_while_it_waits_for_a_role_gives_the_others_back(
    service: Service, clock: FakeClock
) -> None:
    """Else nobody could do them for a term."""
    stop, told, term = asyncio.Event(), asyncio.Event(), timedelta(seconds=15)
    other = LeasedRoles(service.store, clock, wanted={FANOUT}, holder="other", term=term, told=told)
    await other.step()
    waiting = asyncio.create_task(unless(stop, employed(service).__aenter__()))
    await clock.until_waiting()

    stop.set()

    assert await waiting is None
    assert {*await held(service)} == {FANOUT}


async def test_who_is_stopped_while_its_bot_rests_after_a_hand_over_opens_nothing(
    service: Service, clock: FakeClock
) -> None:
    """To log in takes time, and counts at the platforms, for a process that ends."""
    stop, opened = asyncio.Event(), list[Surroundings]()

    def opening(surroundings: Surroundings) -> AbstractAsyncContextManager[Adapter]:
        @asynccontextmanager
        async def noted() -> AsyncIterator[Adapter]:
            opened.append(surroundings)
            yield RecordingAdapter(NAME)

        return noted()

    running = run(replace(service, factories={NAME: opening}), stop, roles=("send",))
    working = asyncio.create_task(running)
    while sending(NAME) not in await held(service):
        await clock.settle()
    await clock.settle()
    stop.set()
    await working

    assert opened == []
    assert await held(service) == {}
