"""A store in which many places want all news, and news for them: the ground of broadcasts."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.changes import Change, DateChanged, Kind, WebcastLive
from bot.domain.deliveries import Priority
from bot.domain.events import Event, EventId
from bot.domain.fanouts import Debt
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked
from bot.ports import Store, UnitOfWork
from bot.testing import an_event

_SUBSCRIBE = (
    "INSERT INTO subscriptions (destination_id, filter_id, adapter, created_at) "
    "SELECT id, 1, adapter, 0 FROM destinations WHERE adapter <> 'console'"
)

_ALL = Filter()


def events(count: int) -> list[Event]:
    """So many events, each a day after the one before, the first in a month."""
    now = datetime.now(UTC)
    dates = (now + timedelta(days=30 + one) for one in range(1, count + 1))
    return [
        an_event(id=EventId(one), name=f"Docking {one}", date=date)
        for one, date in enumerate(dates, start=1)
    ]


async def settle(
    store: Store, path: Path, places: Iterable[tuple[str, str]], asked: Filter = _ALL
) -> None:
    """Let all places, each an adapter's name and an address, want what is asked for.

    They are written to the file at once: one after the other that would take minutes.
    """
    asker, now = Destination(adapter="console", address="0"), datetime.now(UTC)
    async with store.writing() as unit:
        await unit.subscriptions.add(asker, asked, now=now)
        await unit.subscriptions.remove(asker, None)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO destinations (adapter, address) VALUES (?, ?)", places)
        connection.execute(_SUBSCRIBE)


async def know(store: Store, known: Iterable[Event]) -> None:
    """Know these events."""
    now = datetime.now(UTC)
    async with store.writing() as unit:
        await unit.snapshots.keep([Tracked(event=one, first_seen_at=now) for one in known])


async def notice_moves(store: Store, moved: Sequence[Event]) -> None:
    """Notice that these events moved, in one transaction, as a poll does."""
    before = an_event(date=datetime.now(UTC) + timedelta(days=20)).stated
    async with store.writing() as unit:
        for one in moved:
            change = DateChanged(event_id=one.id, before=before, after=one.stated)
            await _owe(unit, change, Kind.DATE, Priority.NEWS)


async def notice_live(store: Store, event: Event) -> None:
    """Notice that an event's webcast went live, which is urgent."""
    live = Tracked(event=replace(event, webcast_live=True), first_seen_at=datetime.now(UTC))
    async with store.writing() as unit:
        await unit.snapshots.keep([live])
        await _owe(unit, WebcastLive(event_id=event.id), Kind.WEBCAST, Priority.URGENT)


async def _owe(unit: UnitOfWork, change: Change, kind: Kind, priority: Priority) -> None:
    now = datetime.now(UTC)
    debt = Debt(
        event_id=change.event_id, kinds=frozenset({kind}), priority=priority, created_at=now
    )
    fanout_id = await unit.outbox.owe(debt)
    await unit.snapshots.record([change], noticed_at=now, fanout_id=fanout_id)
