"""Work that waits for its role, beside other processes, and is stopped before it has begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from clusters import Server

from bot.app import open_service
from bot.config import FixedSettings
from bot.domain.leases import FANOUT, RoleLease, sending
from bot.errors import StoreError
from bot.ports import Adapter, Surroundings
from bot.running import run, unless
from bot.service import Service
from bot.services.roles import LeasedRoles
from bot.shifts import employed
from bot.store.unit_of_work import open_store
from bot.testing import FakeClock, RecordingAdapter

PATIENCE_S = 30.0
NAME = "console"
SECOND = timedelta(seconds=1)


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


_Work = tuple[asyncio.Task[None], asyncio.Event]
"""A process that works, and what stops it."""


class _Broken:
    """Work that the store breaks off when the test says so."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.breaks = asyncio.Event()

    async def run(self, *_: object) -> None:
        """A loop of the core."""
        self.begun.set()
        try:
            await self.breaks.wait()
        finally:
            raise StoreError("closed the connection")

    @asynccontextmanager
    async def opening(self, _: Surroundings) -> AsyncIterator[Adapter]:
        """An adapter at work."""
        await self.run()
        yield RecordingAdapter(NAME)


async def hand_over(service: Service, role: str) -> None:
    """Let another process take a role, and end the connections of ours."""
    async with open_store(service.settings.store.url) as store:
        seen = (await held(service))[role]
        async with store.writing() as unit:
            await unit.leases.take(role, seen, "other")


@asynccontextmanager
async def breaking_off(service: Service, clock: FakeClock, role: str) -> AsyncIterator[_Work]:
    """A process whose work in this role has begun, and breaks off after the block."""
    stop, broken = asyncio.Event(), _Broken()
    changes: dict[str, Any] = {"fanout": broken, "factories": {NAME: broken.opening}}
    running = run(replace(service, **changes), stop, roles=(role,))
    working = asyncio.create_task(running)
    if role != FANOUT:
        await clock.until_waiting(len(("roles", "wake-ups", "following", "adapter")))
        clock.advance(2 * SECOND)
    await broken.begun.wait()
    yield working, stop
    broken.breaks.set()


@pytest.mark.parametrize("role", [FANOUT, sending(NAME)])
async def test_work_that_breaks_off_since_another_has_its_role_ends_nothing_else(
    service: Service, clock: FakeClock, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever wakes and was relieved stands by, though the server has ended its connections."""
    async with breaking_off(service, clock, role) as (working, stop):
        await hand_over(service, role)
    while not (working.done() or any(f"The role {role} is lost" in one for one in caplog.messages)):
        await clock.settle()
    stop.set()
    await working

    assert (await held(service))[role].holder == "other"


@pytest.mark.parametrize("role", [FANOUT, sending(NAME)])
async def test_work_that_breaks_off_as_the_process_ends_begins_no_more(
    service: Service, clock: FakeClock, role: str
) -> None:
    """Cancelled and relieved at once: another's work is no reason to wait for it."""
    async with breaking_off(service, clock, role) as (working, _stop):
        await hand_over(service, role)
        working.cancel()
        await asyncio.wait({working}, timeout=PATIENCE_S)

    assert working.cancelled()


@pytest.mark.parametrize("role", [FANOUT, sending(NAME)])
async def test_work_that_breaks_off_by_itself_ends_the_process(
    service: Service, clock: FakeClock, role: str
) -> None:
    """The store has failed whoever had every right; others have the role at once."""
    async with breaking_off(service, clock, role) as (working, _stop):
        pass
    with pytest.raises(ExceptionGroup) as failed:
        await working

    assert failed.group_contains(StoreError, match="closed the connection")
    assert await held(service) == {}


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
