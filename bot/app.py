"""Settings in, objects out: what `perigee run` is made of, opened and put together."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from random import Random
from socket import gethostname

from bot.adapters.registry import load_adapter
from bot.clock import SystemClock
from bot.commands.core import CommandCore
from bot.commands.registry import commands_for
from bot.config import Settings
from bot.domain.leases import DUE, FANOUT, GIVEN_BACK, MOVED, OWED, POLL, hearing, sending
from bot.domain.retention import Retention
from bot.domain.status import Status
from bot.errors import ConfigError, LL2Unavailable
from bot.ll2.client import LL2Client
from bot.ll2.transport import open_session
from bot.ports import AdapterFactory, Clock, EventSource, Meter, RequestLog, Store, Surroundings
from bot.service import Service
from bot.services.fanout import Fanout
from bot.services.housekeeping import Housekeeper
from bot.services.librarian import Librarian
from bot.services.metering import MeteredPace
from bot.services.pacing import SlotPace
from bot.services.poller import Poller
from bot.services.pulses import Pulses
from bot.services.reminder_clock import ReminderClock
from bot.services.roles import Fence, FencedLog
from bot.services.turnstile import StoredTurnstile
from bot.services.waker import Waker
from bot.store.engine import Engine
from bot.store.unit_of_work import SqlStore, open_store
from bot.web.metrics import Metrics

logger = logging.getLogger(__name__)

BUILT_IN = frozenset({"apprise", "console", "discord", "telegram"})
"""Adapters with a section of their own in the settings; the others are plug-ins."""

_WITH_ROLES = {"discord"}
"""Platforms where a message can mention a role."""

_WITH_FOLLOWERS = {"discord"}
"""Platforms where channels can follow one that publishes."""


@asynccontextmanager
async def open_service(
    settings: Settings, *, clock: Clock | None = None, random: Random | None = None
) -> AsyncIterator[Service]:
    """Open the store, upgrade it, restore the request budget, and wire everything.

    Raises:
        ConfigError: nothing to send to, or an adapter that does not exist.
        StoreError: the store cannot be used, is too new, or is in use by another runner.

    """
    options = settings.adapters()
    if not options:
        raise ConfigError(
            "nothing to send to: set discord.token, telegram.token or console.enabled = true, "
            "or add a plug-in's table, [plugins.<name>]"
        )
    factories = {name: adapter_factory(name, settings.platform(name)) for name in options}
    must_have_room(settings.store.url)
    ticking = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.store.url))
        is_alone = stack.enter_context(store.alone())
        await store.upgrade()
        leased = () if is_alone else (POLL, FANOUT, *map(sending, factories))
        fences = {role: Fence(store, role) for role in leased}
        log = FencedLog(store.requests, fences[POLL]) if fences else store.requests
        source = await _open_source(stack, settings, log, ticking)
        dice = random or Random()  # noqa: S311, jitter guards no secret
        service = _wired(settings, ticking, dice, store, source, factories, options, fences)
        await service.poller.recall()
        yield service


def adapter_factory(name: str, platform: str) -> AdapterFactory:
    """What opens an adapter that is on, by its platform.

    Raises:
        ConfigError: there is no such adapter, or it cannot be loaded; the text names the key.

    """
    try:
        return load_adapter(platform)
    except ConfigError as exc:
        key = "" if platform in BUILT_IN else f"plugins.{name}: "
        raise ConfigError(f"{key}{exc}") from exc


def must_have_room(url: str) -> None:
    """Refuse a store whose file cannot be where it is said to be.

    Raises:
        ConfigError: its folder does not exist, or it is one itself.

    """
    path = Engine(url).path
    if path is None:
        return
    if not path.parent.is_dir():
        raise ConfigError(f'store.url = "{url}": there is no folder {path.parent}; make it first')
    if path.is_dir():
        raise ConfigError(f'store.url = "{url}": {path} is a folder; name a file in it')


async def _open_source(
    stack: AsyncExitStack, settings: Settings, log: RequestLog, clock: Clock
) -> LL2Client:
    source = await open_client(stack, settings, log, clock)
    try:
        await source.seed()
    except LL2Unavailable as exc:
        logger.warning("LL2's throttle was not read, our own log of requests counts: %s", exc)
    return source


async def open_client(
    stack: AsyncExitStack, settings: Settings, log: RequestLog, clock: Clock
) -> LL2Client:
    """LL2 behind its request budget, open for as long as the stack is."""
    source = LL2Client(
        await stack.enter_async_context(open_session()),
        base_url=settings.ll2.base_url,
        api_key=settings.ll2.api_key.get_secret_value(),
        hourly_budget=settings.ll2.hourly_budget,
        log=log,
        clock=clock,
    )
    await source.load()
    return source


def _wired(
    settings: Settings,
    clock: Clock,
    random: Random,
    store: SqlStore,
    source: LL2Client,
    factories: Mapping[str, AdapterFactory],
    options: Mapping[str, Mapping[str, object]],
    fences: Mapping[str, Fence],
) -> Service:
    owed, moved = asyncio.Event(), asyncio.Event()
    polling, expanding = (fences.get(role, store) for role in (POLL, FANOUT))
    rates: dict[str, float] = {}
    troubles: dict[str, str] = {}
    metrics = Metrics(factories)
    poller = Poller(
        source,
        polling,
        clock,
        interval=settings.ll2.poll_interval,
        announce_first_run=settings.announce.first_run == "announce",
        wakes=(owed, moved),
        meter=metrics,
    )
    status = partial(_status, poller, source, clock, troubles)
    desks = {
        name: _desk(name, settings.platform(name), store, clock, status, troubles, metrics)
        for name in factories
    }
    paces = {name: SlotPace(clock) for name in factories}
    turnstile = StoredTurnstile(store.turnstiles, clock)
    wakes = {name: desk.wake for name, desk in desks.items()}
    bells = {
        OWED: (owed,),
        MOVED: (moved,),
        DUE: tuple(wakes.values()),
        GIVEN_BACK: (asyncio.Event(),),
    }
    name = f"{gethostname()}/{os.getpid()}/{store.session}"
    return Service(
        settings=settings,
        clock=clock,
        random=random,
        store=store,
        name=name,
        is_alone=not fences,
        fences=fences,
        source=source,
        poller=poller,
        librarian=Librarian(source, polling, clock),
        reminders=ReminderClock(expanding, clock, rates=rates, owed=owed, moved=moved),
        fanout=Fanout(expanding, clock, owed=owed, wakes=wakes.values()),
        housekeeper=Housekeeper(expanding, clock, _retention(settings), meter=metrics),
        factories=factories,
        hearers={name: hearing(name, _shards(options[name])) for name in factories},
        wakes=wakes,
        rates=rates,
        troubles=troubles,
        surroundings={
            name: Surroundings(
                name=name,
                section=settings.section(name),
                options=options[name],
                desk=desks[name],
                pace=MeteredPace(paces[name], metrics, clock, adapter=name),
                turnstile=turnstile,
            )
            for name in factories
        },
        paces=paces,
        status=status,
        bells=bells,
        waker=Waker(store, clock, bells, name=name),
        pulses=Pulses(clock),
        metrics=metrics,
    )


def _shards(options: Mapping[str, object]) -> tuple[int, ...]:
    """The shards that this process holds of a bot, where others hold the rest."""
    numbers = options.get("shard_ids")
    return numbers if isinstance(numbers, tuple) else ()


def _retention(settings: Settings) -> Retention:
    store = settings.store
    return Retention(deliveries=store.keep_deliveries, changes=store.keep_changes)


def _desk(
    name: str,
    platform: str,
    store: Store,
    clock: Clock,
    status: Callable[[], Status],
    troubles: dict[str, str],
    meter: Meter,
) -> CommandCore:
    return CommandCore(
        store,
        clock,
        adapter=name,
        status=status,
        commands=commands_for(
            has_roles=platform in _WITH_ROLES, has_followers=platform in _WITH_FOLLOWERS
        ),
        troubles=troubles,
        meter=meter,
    )


def _status(
    poller: Poller, source: EventSource, clock: Clock, troubles: Mapping[str, str]
) -> Status:
    headroom = source.headroom(clock.now())
    return Status(
        read_at=poller.read_at,
        requests=len(headroom.spent),
        budget=headroom.cap + headroom.reserve,
        blocked_until=headroom.blocked_until,
        problem=poller.problem,
        troubles=dict(troubles),
    )
