"""What an owner does without a chat: look into the store, manage subscriptions, move them.

Opens the store for one piece of work at a time, also beside a running service.
"""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from bot.adapters.registry import adapter_names
from bot.app import must_have_room
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.asking import Asked, Held, read_filter, spell_filter
from bot.domain.catalogue import merged
from bot.domain.deliveries import State
from bot.domain.events import Event
from bot.domain.fanouts import Record, Tally
from bot.domain.subscriptions import (
    Destination,
    Subscription,
    SubscriptionId,
    parse_destination,
)
from bot.domain.watching import Catalogue, Noticed
from bot.errors import ConfigError
from bot.ports import UnitOfWork
from bot.store.engine import Engine
from bot.store.unit_of_work import SqlStore, open_store

logger = logging.getLogger(__name__)

_OPTIONS = {
    "type": "types",
    "agency": "agencies",
    "program": "programs",
    "search": "search",
    "changes": "changes",
    "remind": "remind",
}
"""An option as typed and exported, and the field of `Asked` that holds it."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SqlStore]:
    """The store, made where there is none, and upgraded to this version."""
    must_have_room(settings.store.url)
    async with open_store(settings.store.url) as store:
        await store.upgrade()
        yield store


@asynccontextmanager
async def looked_into(settings: Settings) -> AsyncIterator[UnitOfWork]:
    """The store for reading; one that is not there yet is empty, and is not made."""
    engine = Engine(settings.store.url)
    exists = engine.exists()
    async with open_store(settings.store.url if exists else "sqlite://") as store:
        stand = await store.revision()
        if stand.current != stand.newest:
            await store.upgrade()
        async with store.reading() as unit:
            yield unit
    if not exists:
        logger.warning("There is no store at %s yet; perigee run makes it", engine.path)


async def find_events(
    settings: Settings, *, types: Iterable[str], agencies: Iterable[str], search: str
) -> tuple[Event, ...]:
    """Events that the store knows, soonest first."""
    asked = Asked(types=tuple(types), agencies=tuple(agencies))
    async with looked_into(settings) as unit:
        wanted = read_filter(asked, merged(await unit.names.known()))
        return await unit.snapshots.find(
            types=wanted.types, agencies=wanted.agencies, search=search
        )


async def subscriptions(settings: Settings, destination: str | None = None) -> tuple[Held, ...]:
    """Who holds what."""
    at = None if destination is None else parse_destination(destination)
    async with looked_into(settings) as unit:
        catalogue = merged(await unit.names.known())
        held = await unit.subscriptions.held(at)
    return tuple(_held(one, catalogue) for one in held)


async def subscribe(settings: Settings, destination: str, asked: Asked) -> Held:
    """Add one subscription; say so where nothing is sent there yet."""
    async with opened(settings) as store, store.writing() as unit:
        held = await _subscribe(unit, _reachable(destination, settings), asked)
    at = held.subscription.destination
    if at.adapter not in settings.adapters():
        told = "%s is off in these settings; nothing is sent to %s until it is on"
        logger.warning(told, at.adapter.title(), at)
    return held


async def _subscribe(unit: UnitOfWork, destination: Destination, asked: Asked) -> Held:
    catalogue = merged(await unit.names.known())
    wanted = read_filter(asked, catalogue)
    now = SystemClock().now()
    added = await unit.subscriptions.add(destination, wanted, now=now)
    return _held(added, catalogue)


def _reachable(text: str, settings: Settings) -> Destination:
    """A destination of an adapter that is installed, or of a further bot in the settings."""
    destination = parse_destination(text)
    known = sorted({*adapter_names(), *settings.adapters()})
    if destination.adapter in known:
        return destination
    near = get_close_matches(destination.adapter, known, n=1)
    hint = f'; did you mean "{near[0]}:{destination.address}"?' if near else ""
    raise ConfigError(
        f'"{text}": there is no adapter "{destination.adapter}"{hint} '
        f"(there are: {', '.join(known)})"
    )


async def unsubscribe(settings: Settings, destination: str, number: int | None) -> int:
    """Remove one subscription of a destination, or all; how many were removed.

    Raises:
        ConfigError: there is none.

    """
    key = None if number is None else SubscriptionId(number)
    async with opened(settings) as store, store.writing() as unit:
        removed = await unit.subscriptions.remove(parse_destination(destination), key)
    if not removed:
        which = "no subscription" if number is None else f"no subscription {number}"
        raise ConfigError(f"{destination} has {which}; see: perigee subscriptions list")
    return removed


async def import_subscriptions(
    settings: Settings, source: Path, progress: Callable[[int, int], None]
) -> int:
    """Add all subscriptions of an exported file, or none; how many it holds.

    Raises:
        ConfigError: the file is not what `export` writes; the text names the entry.

    """
    entries = _entries(source)
    async with opened(settings) as store, store.writing() as unit:
        for place, entry in enumerate(entries, start=1):
            try:
                destination, asked = _read(entry)
                await _subscribe(unit, _reachable(destination, settings), asked)
            except ConfigError as exc:
                raise ConfigError(f"{source}, entry {place}: {exc}; nothing was imported") from exc
            progress(place, len(entries))
    return len(entries)


def _entries(source: Path) -> list[object]:
    try:
        parsed: object = json.loads(source.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"cannot read {source}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{source} is not UTF-8 text, so it is not what export writes") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{source} is not JSON: {exc}") from exc
    if not isinstance(parsed, list):
        raise ConfigError(f"{source} does not hold a list, as perigee subscriptions export writes")
    return parsed


def _read(entry: object) -> tuple[str, Asked]:
    if not isinstance(entry, dict) or not isinstance(entry.get("destination"), str):
        raise ConfigError("it has no destination")
    options: dict[str, tuple[str, ...]] = {}
    for option, values in entry.items():
        if option in {"id", "destination"}:
            continue
        if option not in _OPTIONS:
            raise ConfigError(f'it has an option "{option}" that does not exist')
        if not (isinstance(values, list) and all(isinstance(one, str) for one in values)):
            raise ConfigError(f'its "{option}" is not a list of texts')
        options[_OPTIONS[option]] = tuple(values)
    return entry["destination"], Asked(**options)


async def changes(settings: Settings, *, since: datetime | None) -> tuple[Noticed, ...]:
    """What was noticed, oldest first."""
    async with looked_into(settings) as unit:
        return await unit.snapshots.noticed(since=since)


async def deliveries(settings: Settings, *, state: State | None) -> tuple[Record, ...]:
    """The outbox, by age."""
    async with looked_into(settings) as unit:
        return await unit.outbox.records(state=state)


async def tally(settings: Settings) -> Tally:
    """Deliveries by adapter and state, the last five given up, ten destinations in trouble."""
    async with looked_into(settings) as unit:
        return Tally(
            counts=await unit.outbox.counts(),
            last_errors=await unit.outbox.records(state=State.DEAD, limit=5),
            ailing=await unit.destinations.ailing(limit=10),
        )


def must_be_new(target: Path) -> None:
    """Refuse, with a `ConfigError`, a file that is there or whose folder is not."""
    if target.exists():
        raise ConfigError(f"{target} is there already; name a new file")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {target.absolute().parent}; make it first")


def write_new(target: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        ConfigError: it is, or it cannot be written.

    """
    must_be_new(target)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        raise ConfigError(f"cannot write {target}: {exc.strerror}; name another file") from exc


def _held(subscription: Subscription, catalogue: Catalogue) -> Held:
    return Held(subscription=subscription, words=spell_filter(subscription.filter, catalogue))
