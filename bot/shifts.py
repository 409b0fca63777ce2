"""The work of each role, done whenever the role is ours: the loops of the core, and the adapters.

`running` starts this and ends it; `services.roles` decides what is ours.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from bot.domain.leases import FANOUT, POLL, ROLES, WEB, RoleLease, roles_of, sending
from bot.errors import LeaseLost, StoreBusy, StoreError
from bot.ports import Adapter, Pulse
from bot.service import Service
from bot.services.reminder_clock import rate_key
from bot.services.roles import AllRoles, LeasedRoles, Roles
from bot.services.supervisor import Supervisor, heed_cancellation
from bot.services.vitals import sender

Loop = Callable[[asyncio.Event, Pulse], Coroutine[Any, Any, None]]
"""What a loop of the core runs until the event is set, with its pulse."""

_HANDED_OVER = timedelta(seconds=1, milliseconds=100)
"""How long a bot that was handed over sends nothing: the slots of whoever sent before come back."""

_FOLLOWED_EVERY = timedelta(seconds=15)


def core_loops(service: Service) -> dict[str, dict[str, Loop]]:
    """The loops of each role of the core, by their names."""
    return {
        POLL: {"poller": service.poller.run, "librarian": service.librarian.run},
        FANOUT: {
            "reminders": service.reminders.run,
            "fan-out": service.fanout.run,
            "housekeeper": service.housekeeper.run,
        },
    }


async def work_core(service: Service, roles: Roles, role: str, stop: asyncio.Event) -> None:
    """Run the loops of a role of the core whenever it is ours, until cancelled."""
    while True:
        await roles.until(lambda: bool(roles.held({role})))
        held = roles.held({role})
        async with _until_relieved(service, roles, held):
            await _work_epoch(service, roles, held[role], stop)


async def _work_epoch(
    service: Service, roles: Roles, lease: RoleLease, stop: asyncio.Event
) -> None:
    service.enter(lease)
    if lease.role == POLL and not service.is_alone:
        await service.recall()
    loops = core_loops(service)[lease.role]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(loop(stop, service.pulses.of(name)), name=name)
                for name, loop in loops.items()
            ]
            await roles.until(_is_over(roles, {lease.role: lease}))
            for task in tasks:
                task.cancel()
    finally:
        for name in loops:
            service.pulses.forget(name)


def _is_over(
    roles: Roles, held: Mapping[str, RoleLease], among: Collection[str] = ()
) -> Callable[[], bool]:
    """Whether other roles than these are ours, or in another epoch."""
    before = {role: lease.epoch for role, lease in held.items()}

    def is_over() -> bool:
        now = roles.held(among or held)
        return before != {role: lease.epoch for role, lease in now.items()}

    return is_over


async def work_adapter(
    service: Service, roles: Roles, name: str, wanted: Collection[str], stop: asyncio.Event
) -> None:
    """Send and hear through an adapter, whichever is ours, until `stop` and what then lands."""
    parts = {sending(name), service.hearers[name]} & set(wanted)
    while not stop.is_set():
        await _either(stop, roles.until(lambda: bool(roles.held(parts))))
        held = roles.held(parts)
        if held and not service.is_alone:
            await service.clock.wait(_HANDED_OVER, stop)
        if held and not stop.is_set():
            await _staff(service, roles, name, held, parts, stop)


async def _staff(
    service: Service,
    roles: Roles,
    name: str,
    held: Mapping[str, RoleLease],
    parts: Collection[str],
    stop: asyncio.Event,
) -> None:
    """Work with these roles until they change: with a further one it is opened anew."""
    for lease in held.values():
        service.enter(lease)
    over, is_over = asyncio.Event(), _is_over(roles, held, parts)
    async with _until_relieved(service, roles, held), asyncio.TaskGroup() as group:
        working = group.create_task(_open(service, name, held, over), name=f"{name} at work")
        await _either(stop, roles.until(is_over), working)
        over.set()
        if _is_over(roles, held)():
            working.cancel()


@asynccontextmanager
async def _until_relieved(
    service: Service, roles: Roles, held: Mapping[str, RoleLease]
) -> AsyncIterator[None]:
    """Work with these roles; where the store refuses it because another has one, it just ends.

    The store does so by the fence, or by ending the connections of whoever was silent. Any other
    failure of the store is raised, as it is where one process alone has the store.
    """
    try:
        yield
    except* StoreError:
        taken = [] if service.is_alone else await _taken_over(service, held)
        if not taken:
            raise
        # Unless it has become ours anew meanwhile.
        now = roles.held(taken)
        roles.lose([role for role, lease in now.items() if lease.epoch == held[role].epoch])
        heed_cancellation()


async def _taken_over(service: Service, held: Mapping[str, RoleLease]) -> list[str]:
    """Those whose epoch is over; whoever is about to take one is waited for."""
    taken = []
    async with service.store.writing() as unit:
        for role, lease in sorted(held.items()):
            try:
                await unit.leases.guard(lease)
            except LeaseLost:
                taken.append(role)
    return taken


async def _either(
    stop: asyncio.Event, change: Coroutine[Any, Any, None], *tasks: asyncio.Task[None]
) -> None:
    """Return at `stop`, at a change, or when one of the tasks is done."""
    changing, stopping = asyncio.ensure_future(change), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([changing, stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        changing.cancel()
        stopping.cancel()


async def _open(service: Service, name: str, held: Collection[str], over: asyncio.Event) -> None:
    sends, listens = sending(name) in held, service.hearers[name] in held

    async def work(adapter: Adapter) -> None:
        if sends:
            await _send(service, adapter, over)
        else:
            service.paces[name].declare(adapter.limits)
            await over.wait()

    opening = partial(service.opening, name, sends=sends, listens=listens)
    supervisor = Supervisor(name, service.clock, service.random, service.troubles)
    await supervisor.run(opening, work, over)


async def _send(service: Service, adapter: Adapter, over: asyncio.Event) -> None:
    loop = sender(adapter.name)
    if not service.is_alone:
        async with service.store.writing() as unit:
            await unit.memory.put(rate_key(adapter.name), f"{adapter.limits.rate}")
    try:
        async with service.dispatcher(adapter) as dispatcher:
            await dispatcher.run(over, service.pulses.of(loop))
    finally:
        # An adapter that is out of order rests, and is opened again; that is no illness.
        service.pulses.forget(loop)


@asynccontextmanager
async def employed(service: Service) -> AsyncIterator[bool]:
    """Have all roles for as long as the context lasts; yields True.

    Raises:
        StoreBusy: another process has one of them, and lives.

    """
    wanted = roles_of(ROLES, service.hearers) - {WEB}
    ours = service.roles(wanted)
    if isinstance(ours, AllRoles):
        yield True
        return
    await _take_all(service, ours, wanted)
    for lease in ours.held(wanted).values():
        service.enter(lease)
    await service.recall()
    stop = asyncio.Event()
    # No group: this is entered in another task than it is left in.
    keeping = asyncio.create_task(ours.run(stop), name="roles")
    try:
        yield True
    finally:
        stop.set()
        await keeping


async def _take_all(service: Service, ours: LeasedRoles, wanted: Collection[str]) -> None:
    """A process that died may have left its leases; after a term it is known."""
    deadline = service.clock.elapsed() + 2 * service.settings.store.lease
    async with AsyncExitStack() as unless_all:
        unless_all.push_async_callback(ours.give_back)
        while True:
            pause = await ours.step()
            missing = sorted({*wanted} - ours.held(wanted).keys())
            if not missing:
                break
            if service.clock.elapsed() > deadline:
                names = ", ".join(missing)
                raise StoreBusy(f"another perigee does {names} on this store; stop it first")
            await service.clock.wait(pause)
        unless_all.pop_all()


async def follow(service: Service, roles: Roles, stop: asyncio.Event) -> None:
    """Know what the process that watches LL2 has learnt, until `stop`: people ask us for it."""
    while not stop.is_set():
        if not roles.held({POLL}):
            await service.recall()
        await service.clock.wait(_FOLLOWED_EVERY, stop)
