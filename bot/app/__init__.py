"""The composition root: settings in, objects out, one task group, an ordered shutdown.

The nesting is the order of closing: the store outside, then LL2, then the adapters, then the loops.
"""

import asyncio
import logging
import signal
from collections.abc import Collection, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from functools import partial

from bot.app.wiring import Service, open_client, open_service
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.deliveries import State
from bot.domain.watching import PollReport
from bot.errors import OutageError
from bot.ports import Adapter
from bot.services.supervisor import Supervisor
from bot.store.unit_of_work import open_store

__all__ = [
    "ROLES",
    "Counts",
    "Service",
    "check_online",
    "delivered",
    "open_service",
    "run",
    "run_once",
    "stop_on_signal",
]

logger = logging.getLogger(__name__)

Counts = Mapping[tuple[str, State], int]
"""How many deliveries there are by adapter and state."""

ROLES = ("poll", "remind", "fanout", "send")
"""What `--roles` may name: watch LL2, open reminders, expand fan-outs, deliver."""


async def run(service: Service, stop: asyncio.Event, *, roles: Collection[str] = ROLES) -> None:
    """Run the loops of these roles until `stop`, then drain within `shutdown_grace`.

    A loop of the core that fails ends everything; an adapter that fails is restarted.
    """
    async with asyncio.TaskGroup() as group:
        tasks = _intake(group, service, stop, roles)
        if "fanout" in roles:
            tasks.append(group.create_task(service.fanout.run(stop), name="fan-out"))
        draining = [
            group.create_task(_send(service, name, stop), name=f"adapter {name}")
            for name in (service.factories if "send" in roles else ())
        ]
        await _until(stop, [*tasks, *draining])
        for task in tasks:
            # Intake may sit in a long request; what it had not committed did not happen.
            task.cancel()
        await _drain(draining, service.settings.shutdown_grace)


def _intake(
    group: asyncio.TaskGroup, service: Service, stop: asyncio.Event, roles: Collection[str]
) -> list[asyncio.Task[None]]:
    loops = {
        "poller": ("poll", service.poller.run),
        "librarian": ("poll", service.librarian.run),
        "reminders": ("remind", service.reminders.run),
    }
    return [
        group.create_task(loop(stop), name=name)
        for name, (role, loop) in loops.items()
        if role in roles
    ]


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Return at `stop`; a task that ends before it failed, and the group does the rest."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await stopping
    finally:
        stopping.cancel()


async def _drain(senders: list[asyncio.Task[None]], grace: timedelta) -> None:
    if not senders:
        return
    _, late = await asyncio.wait(senders, timeout=grace.total_seconds())
    for task in late:
        logger.warning("%s did not end within %s; cut off", task.get_name(), grace)
        task.cancel()


async def _send(service: Service, name: str, stop: asyncio.Event) -> None:
    async def work(adapter: Adapter) -> None:
        async with service.dispatcher(adapter) as dispatcher:
            await dispatcher.run(stop)

    opening = partial(service.opening, name)
    await Supervisor(name, service.clock, service.random).run(opening, work, stop)


async def run_once(service: Service) -> PollReport:
    """Poll once, open the reminders that are due, and deliver all that is due now.

    Raises:
        OutageError: LL2 gave no usable answer; what was due was delivered all the same.

    """
    # What was due before the poll is decided first; news of the poll cannot be late.
    await service.reminders.step()
    report = await service.poller.step()
    if not report.problem:
        await service.librarian.step()
    async with AsyncExitStack() as stack:
        senders = [
            await stack.enter_async_context(service.dispatcher(adapter))
            for adapter in await _opened(stack, service)
        ]
        await service.reminders.step()
        await service.fanout.drain()
        for sender in senders:
            await sender.recover()
            await sender.drain()
    if report.problem:
        raise OutageError(report.problem)
    return report


async def delivered(service: Service) -> Counts:
    """How many deliveries there are by adapter and state."""
    async with service.store.reading() as unit:
        return await unit.outbox.counts()


async def check_online(settings: Settings) -> str:
    """Ask LL2's throttle, which is free; what it says, in a sentence.

    Raises:
        LL2Unavailable: it could not be asked.

    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store("sqlite://"))
        await store.upgrade()
        source = await open_client(stack, settings, store, clock)
        await source.seed()
        headroom = source.headroom(clock.now())
    return f"LL2 answers at {settings.ll2.base_url}: polls may use {headroom.cap} requests an hour."


async def _opened(stack: AsyncExitStack, service: Service) -> list[Adapter]:
    return [await stack.enter_async_context(service.opening(name)) for name in service.factories]


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
