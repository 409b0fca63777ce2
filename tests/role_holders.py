"""Processes that share a store and want roles, on a clock of the test's."""

import asyncio
from datetime import timedelta

from bot.ports import Store
from bot.services.roles import LeasedRoles
from bot.testing import FakeClock

TERM = timedelta(seconds=15)
SECOND = timedelta(seconds=1)
ROLES = ("poll", "send:discord")


def a_process(
    store: Store,
    clock: FakeClock,
    holder: str,
    *wanted: str,
    term: timedelta = TERM,
    told: asyncio.Event | None = None,
) -> LeasedRoles:
    """A process that would do this."""
    return LeasedRoles(
        store,
        clock,
        wanted=wanted or ROLES,
        holder=holder,
        term=term,
        told=told or asyncio.Event(),
    )


def roles_of(process: LeasedRoles) -> set[str]:
    """What it does."""
    return set(process.held(ROLES))


async def live(clock: FakeClock, span: timedelta, *processes: LeasedRoles) -> None:
    """Let these processes live for so long, a second at a time."""
    for _ in range(span // SECOND):
        clock.advance(SECOND)
        for one in processes:
            await one.step()
