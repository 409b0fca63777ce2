"""Snapshots on SQL: events as we know them, and the record of changes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.changes import Change, Kind, kind_of
from bot.domain.deliveries import FanoutId
from bot.domain.events import Event, EventId
from bot.domain.subscriptions import Filter, normalised, wants
from bot.domain.watching import Noticed, Tracked, Watch
from bot.store.codec import dump, load_change, load_event
from bot.store.tables import changes, events
from bot.store.upsert import upsert

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class SqlSnapshots:
    """`ports.Snapshots` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def recall(self, event_ids: Collection[EventId] = ()) -> dict[EventId, Tracked]:
        """All watched events, and those of `event_ids` whatever their state."""
        known = or_(events.c.watch == Watch.WATCHED, events.c.id.in_(event_ids))
        rows = await self._connection.execute(select(events).where(known))
        return {
            EventId(row.id): Tracked(
                event=load_event(row.body),
                watch=Watch(row.watch),
                misses=row.misses,
                first_seen_at=row.first_seen_at,
            )
            for row in rows
        }

    async def keep(self, tracked: Iterable[Tracked]) -> None:
        """Insert or replace these events."""
        values = [
            {
                "id": one.event.id,
                "name": one.event.name,
                "watch": one.watch,
                "misses": one.misses,
                "first_seen_at": one.first_seen_at,
                "body": dump(one.event),
            }
            for one in tracked
        ]
        await upsert(self._connection, events, values)

    async def record(
        self, news: Sequence[Change], *, noticed_at: datetime, fanout_id: FanoutId | None
    ) -> None:
        """Append to the record of changes."""
        values = [
            {
                "event_id": change.event_id,
                "fanout_id": fanout_id,
                "kind": kind_of(change),
                "noticed_at": noticed_at,
                "body": dump(change),
            }
            for change in news
        ]
        if values:
            await self._connection.execute(insert(changes), values)

    async def noticed(self, *, since: datetime | None = None) -> tuple[Noticed, ...]:
        """The record of changes, oldest first."""
        query = select(changes, events.c.name).join(events).order_by(changes.c.id)
        if since is not None:
            query = query.where(changes.c.noticed_at >= since)
        return tuple(
            Noticed(
                id=row.id,
                event_id=EventId(row.event_id),
                event_name=row.name,
                change=load_change(row.kind, row.body),
                noticed_at=row.noticed_at,
            )
            for row in await self._connection.execute(query)
        )

    async def find(
        self,
        *,
        types: Collection[int] = (),
        agencies: Collection[int] = (),
        search: str = "",
    ) -> tuple[Event, ...]:
        """Watched events that match, soonest first; those with no date last."""
        words = normalised(search)
        asked = Filter(
            types=frozenset(types),
            agencies=frozenset(agencies),
            words=frozenset({words} if words else ()),
        )
        bodies = (await self._connection.execute(_WATCHED)).scalars()
        found = [event for event in map(load_event, bodies) if wants(asked, event, Kind.NEW)]
        return tuple(sorted(found, key=lambda event: (event.date or _END_OF_TIME, event.id)))


# Built once, for most commands ask it.
_WATCHED = select(events.c.body).where(events.c.watch == Watch.WATCHED)
