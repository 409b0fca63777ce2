"""Let the service work: one task group for all loops, or all of it once; signals, shutdown.

`app` has built what runs here. Adapters are opened here, inside of everything else, and so they
close first.
"""

import asyncio
import logging
import signal
from collections.abc import Collection, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from bot import __version__
from bot.app import open_service
from bot.config import Settings
from bot.domain.deliveries import State
from bot.domain.leases import POLL, ROLES, WEB, roles_of, sending
from bot.domain.watching import PollReport
from bot.errors import OutageError
from bot.service import Service
from bot.services.roles import AllRoles, LeasedRoles
from bot.shifts import core_loops, employed, follow, work_adapter, work_core

logger = logging.getLogger(__name__)

Counts = Mapping[tuple[str, State], int]
"""How many deliveries there are by adapter and state."""

Done = TypeVar("Done")


async def serve(settings: Settings, roles: Collection[str]) -> None:
    """Open everything and run until SIGTERM or SIGINT, which may come while it opens."""
    with stop_on_signal() as stop:
        async with AsyncExitStack() as stack:
            opening = stack.enter_async_context(open_service(settings))
            service = await unless(stop, opening)
            if service is not None:
                _greet(service)
                wanted = roles_of(roles, service.hearers)
                ours = service.roles(wanted - {WEB})
                if settings.web.listen and WEB in wanted:
                    sends = [one for one in service.factories if sending(one) in wanted]
                    watched = service.watched(sends, polls=POLL in wanted, roles=ours)
                    await stack.enter_async_context(watched)
                await employ(service, stop, wanted, ours)
    logger.info("Stopped")


def _greet(service: Service) -> None:
    sends_to, base_url = ", ".join(service.factories), service.settings.ll2.base_url
    logger.info("Perigee %s watches %s and sends to: %s", __version__, base_url, sends_to)


async def run(service: Service, stop: asyncio.Event, *, roles: Collection[str] = ROLES) -> None:
    """Do the work of these roles until `stop`, whenever they are ours; then drain.

    That takes `shutdown_grace` at the most. A loop of the core that fails ends everything; an
    adapter that fails is restarted.
    """
    wanted = roles_of(roles, service.hearers)
    await employ(service, stop, wanted, service.roles(wanted - {WEB}))


async def employ(
    service: Service, stop: asyncio.Event, wanted: Collection[str], ours: AllRoles | LeasedRoles
) -> None:
    """As `run`, with roles that others look at, too."""
    async with asyncio.TaskGroup() as group:
        keeping = _keep(group, service, ours)
        core = [
            group.create_task(work_core(service, ours, role, stop), name=role)
            for role in core_loops(service)
            if role in wanted
        ]
        adapters = [
            group.create_task(
                work_adapter(service, ours, name, wanted, stop), name=f"adapter {name}"
            )
            for name in service.factories
            if {sending(name), service.hearers[name]} & set(wanted)
        ]
        await _until(stop, [*keeping, *core, *adapters])
        for task in core:
            # Intake may sit in a long request; what it had not committed did not happen.
            task.cancel()
        await _drain(adapters, service.settings.shutdown_grace)
        for task in keeping:
            task.cancel()


def _keep(
    group: asyncio.TaskGroup, service: Service, ours: AllRoles | LeasedRoles
) -> list[asyncio.Task[None]]:
    """What goes on beside the work where several processes share it."""
    if isinstance(ours, AllRoles):
        return []
    # Roles are given back last of all, so these loops know no stop; they are cancelled.
    never, pulses = asyncio.Event(), service.pulses
    return [
        group.create_task(ours.run(never, pulses.of("roles")), name="roles"),
        group.create_task(service.waker.run(never, pulses.of("wake-ups")), name="wake-ups"),
        group.create_task(follow(service, ours, never), name="following"),
    ]


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Return at `stop`; a task that ends before it failed, and the group does the rest."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await stopping
    finally:
        stopping.cancel()


async def _drain(adapters: list[asyncio.Task[None]], grace: timedelta) -> None:
    if not adapters:
        return
    _, late = await asyncio.wait(adapters, timeout=grace.total_seconds())
    for task in late:
        logger.warning("%s did not end within %s; cut off", task.get_name(), grace)
        task.cancel()
    # Their roles must not be given back before they have ended.
    if late:
        await asyncio.wait(late)


async def once(settings: Settings, stop: asyncio.Event) -> tuple[PollReport, Counts, Counts] | None:
    """Do everything once: what the poll came to, and the outbox before and after.

    None when `stop` came before all was done. Raises as `run_once` does.

    Raises:
        StoreBusy: another process does some of it, and goes on doing so.

    """
    async with AsyncExitStack() as stack:
        service = await unless(stop, stack.enter_async_context(open_service(settings)))
        if service is None or not await unless(stop, stack.enter_async_context(employed(service))):
            return None
        before = await _counts(service)
        report = await run_once(service, stop)
        return None if report is None else (report, before, await _counts(service))


async def _counts(service: Service) -> Counts:
    async with service.store.reading() as unit:
        return await unit.outbox.counts()


async def run_once(service: Service, stop: asyncio.Event) -> PollReport | None:
    """Poll once, open the reminders that are due, and deliver all that is due now.

    At `stop` a poll is given up (None), and what is due has `shutdown_grace` to be delivered.

    Raises:
        OutageError: LL2 gave no usable answer; what was due was delivered all the same.

    """
    report = await unless(stop, _look(service))
    await unless(stop, _deliver(service), grace=service.settings.shutdown_grace)
    await unless(stop, service.housekeeper.step())
    if report is not None and report.problem:
        raise OutageError(report.problem)
    return report


async def _look(service: Service) -> PollReport:
    # What was due before the poll is decided first; news of the poll cannot be late.
    await service.reminders.step()
    report = await service.poller.step()
    if not report.problem:
        await service.librarian.step()
    return report


async def _deliver(service: Service) -> None:
    await service.reminders.step()
    await service.fanout.drain()
    sending = (_send_once(service, name) for name in service.factories)
    results = await asyncio.gather(*sending, return_exceptions=True)
    # Raised only now, so that an adapter that fails has cost the others nothing.
    errors = [one for one in results if isinstance(one, Exception)]
    if errors:
        raise ExceptionGroup("adapters failed", errors)


async def _send_once(service: Service, name: str) -> None:
    async with service.opening(name) as adapter, service.dispatcher(adapter) as sender:
        await sender.recover()
        await sender.drain()


async def unless(
    stop: asyncio.Event, work: Coroutine[Any, Any, Done], *, grace: timedelta = timedelta(0)
) -> Done | None:
    """The result of this work; None when `stop` came, and the work did not end within `grace`."""
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait([task], timeout=grace.total_seconds())
        if task.done():
            return task.result()
    finally:
        task.cancel()
        stopping.cancel()
        await asyncio.wait([task, stopping])
    return None


@contextmanager
def stop_on_signal() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
