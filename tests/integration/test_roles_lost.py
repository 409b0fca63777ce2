"""Who loses a role: who was frozen, silent or asleep, and what the fences then let in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from role_holders import ROLES, SECOND, TERM, a_process, live, roles_of
from stores import made_store

from bot.domain.leases import RoleLease
from bot.domain.watching import Purpose
from bot.errors import LeaseLost
from bot.ports import UnitOfWork
from bot.services.roles import AllRoles, Fence, FencedLog
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store that all the processes of a test share."""
    async with made_store("sqlite://") as opened:
        yield opened


async def test_frozen_process_does_no_harm_when_it_wakes(store: SqlStore) -> None:
    """Its fence refuses what it writes, before it has noticed anything by itself."""
    clock = FakeClock()
    frozen, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    await frozen.step()
    fence = Fence(store, "poll")
    fence.lease = frozen.held(ROLES)["poll"]
    await heir.step()
    await live(clock, TERM + 2 * SECOND, heir)

    with pytest.raises(LeaseLost, match="poll is not ours any more; it is held by b"):
        async with fence.writing() as unit:
            await unit.memory.put("written", "by the dead")

    async with store.reading() as unit:
        assert await unit.memory.get("written") is None


async def test_who_was_silent_for_a_term_gives_up_by_itself(store: SqlStore) -> None:
    """It cannot know who has its roles by now, and looks before it does anything."""
    clock = FakeClock()
    frozen, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    await frozen.step()
    await heir.step()
    await live(clock, TERM + 2 * SECOND, heir)

    await frozen.step()

    assert roles_of(frozen) == set()
    assert roles_of(heir) == set(ROLES)


async def test_who_slept_while_nobody_else_was_there_takes_its_roles_anew(store: SqlStore) -> None:
    """At once, for the lease that it finds is its own; in a new epoch, for its work may be old."""
    clock = FakeClock()
    only = a_process(store, clock, "a")
    await only.step()
    before = only.held(ROLES)["poll"].epoch
    ending = asyncio.create_task(only.until(lambda: not only.held({"poll"})))
    await clock.settle()
    clock.advance(10 * TERM)

    await only.step()
    await ending

    assert roles_of(only) == set(ROLES)
    assert only.held(ROLES)["poll"].epoch == before + 1


class _LosingStore:
    """A store in which somebody finds, while a lease is renewed, that a role is lost."""

    def __init__(self, store: SqlStore) -> None:
        self.reading = store.reading
        self._store = store
        self.find: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """As the store's, but for what happens meanwhile."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            self.find()
            yield unit


@pytest.mark.parametrize("lost", ROLES)
async def test_role_that_is_lost_while_leases_are_renewed_stays_lost(
    store: SqlStore, lost: str
) -> None:
    """Its work has ended, whichever lease is renewed then; it is taken again like any other."""
    clock, losing = FakeClock(), _LosingStore(store)
    process = a_process(losing, clock, "a")
    await process.step()
    before = process.held(ROLES)
    clock.advance(TERM / 2)

    losing.find = lambda: process.lose([lost])
    await process.step()
    after = process.held(ROLES)

    (kept,) = {*ROLES} - {lost}
    assert after[kept].epoch == before[kept].epoch
    assert lost not in after or after[lost].epoch == before[lost].epoch + 1


async def test_nothing_is_written_before_a_role_is_ours(store: SqlStore) -> None:
    """A fence without a lease is closed; reading harms nobody."""
    fence = Fence(store, "poll")

    with pytest.raises(LeaseLost, match="not ours yet"):
        async with fence.writing():
            pytest.fail("it let us in")

    async with fence.reading() as unit:
        assert await unit.leases.held() == {}


async def test_fence_lets_in_who_holds_the_role(store: SqlStore) -> None:
    """And what it writes is there."""
    clock = FakeClock()
    process, fence = a_process(store, clock, "a"), Fence(store, "poll")
    await process.step()
    fence.lease = process.held(ROLES)["poll"]
    await live(clock, TERM, process)

    async with fence.writing() as unit:
        await unit.memory.put("written", "yes")

    async with store.reading() as unit:
        assert await unit.memory.get("written") == "yes"


async def test_alone_everything_is_ours_for_good() -> None:
    """On a store that one process has, nobody needs to ask."""
    roles = AllRoles()

    await roles.until(lambda: bool(roles.held({"poll"})))

    assert roles.held({"poll"}) == {
        "poll": RoleLease(role="poll", holder="us", epoch=1, beats=0),
    }


async def test_who_was_relieved_asks_ll2_no_more(store: SqlStore) -> None:
    """The budget is the new one's; what the old one would have asked is not even written down."""
    clock = FakeClock()
    frozen, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    await frozen.step()
    fence = Fence(store, "poll")
    log = FencedLog(store.requests, fence)
    fence.lease = frozen.held(ROLES)["poll"]
    mark = await log.begin(clock.now(), Purpose.POLL)
    await log.settle(mark, clock.now())
    await heir.step()
    await live(clock, TERM + 2 * SECOND, heir)

    with pytest.raises(LeaseLost):
        await log.begin(clock.now(), Purpose.POLL)

    marks = await log.marks(clock.now() - TERM - TERM)
    assert [one.purpose for one in marks] == [Purpose.POLL]
