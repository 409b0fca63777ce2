"""Let the service work: one task group for all loops, or all of it once; signals, shutdown.

`app` has built what runs here. Adapters are opened here, inside of everything else, and so they
close first.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from bot import __version__
from bot.app import Service, open_service
from bot.config import Settings
from bot.domain.deliveries import State
from bot.domain.watching import PollReport
from bot.errors import OutageError
from bot.ports import Adapter, Pulse
from bot.services.supervisor import Supervisor
from bot.services.vitals import sender

logger = logging.getLogger(__name__)

Counts = Mapping[tuple[str, State], int]
"""How many deliveries there are by adapter and state."""

Done = TypeVar("Done")

Loop = Callable[[asyncio.Event, Pulse], Coroutine[Any, Any, None]]
"""What a loop of the core runs until the event is set, with its pulse."""

ROLES = ("poll", "remind", "fanout", "send")
"""What `--roles` may name: watch LL2, open reminders, expand fan-outs, deliver."""


async def serve(settings: Settings, roles: Collection[str]) -> None:
    """Open everything and run until SIGTERM or SIGINT, which may come while it opens."""
    with stop_on_signal() as stop:
        async with AsyncExitStack() as stack:
            opening = stack.enter_async_context(open_service(settings))
            service = await unless(stop, opening)
            if service is not None:
                _greet(service)
                if settings.web.listen:
                    sends = service.factories if "send" in roles else ()
                    watched = service.watched(sends, polls="poll" in roles)
                    await stack.enter_async_context(watched)
                await run(service, stop, roles=roles)
    logger.info("Stopped")


def _greet(service: Service) -> None:
    sends_to, base_url = ", ".join(service.factories), service.settings.ll2.base_url
    logger.info("Perigee %s watches %s and sends to: %s", __version__, base_url, sends_to)


async def run(service: Service, stop: asyncio.Event, *, roles: Collection[str] = ROLES) -> None:
    """Run the loops of these roles until `stop`, then drain within `shutdown_grace`.

    A loop of the core that fails ends everything; an adapter that fails is restarted.
    """
    async with asyncio.TaskGroup() as group:
        tasks = _intake(group, service, stop, roles)
        if "fanout" in roles:
            tasks.append(_started(group, service, "fan-out", service.fanout.run, stop))
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
        "housekeeper": ("fanout", service.housekeeper.run),
    }
    return [
        _started(group, service, name, loop, stop)
        for name, (role, loop) in loops.items()
        if role in roles
    ]


def _started(
    group: asyncio.TaskGroup, service: Service, name: str, loop: Loop, stop: asyncio.Event
) -> asyncio.Task[None]:
    return group.create_task(loop(stop, service.pulses.of(name)), name=name)


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
    loop = sender(name)

    async def work(adapter: Adapter) -> None:
        try:
            async with service.dispatcher(adapter) as dispatcher:
                await dispatcher.run(stop, service.pulses.of(loop))
        finally:
            # An adapter that is out of order rests, and is opened again; that is no illness.
            service.pulses.forget(loop)

    opening = partial(service.opening, name)
    supervisor = Supervisor(name, service.clock, service.random, service.troubles)
    await supervisor.run(opening, work, stop)


async def once(settings: Settings, stop: asyncio.Event) -> tuple[PollReport, Counts, Counts] | None:
    """Do everything once: what the poll came to, and the outbox before and after.

    None when `stop` came before all was done. Raises as `run_once` does.
    """
    async with AsyncExitStack() as stack:
        service = await unless(stop, stack.enter_async_context(open_service(settings)))
        if service is None:
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
