"""Subscriptions on SQL: destinations, and filters that are stored once and shared."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.changes import Kind
from bot.domain.events import Event
from bot.domain.subscriptions import Destination, Filter, Subscription, SubscriptionId
from bot.store import sections
from bot.store.codec import bits, dump_filter, load_filter
from bot.store.matching import matches, term
from bot.store.moving import destination_id
from bot.store.tables import channels, destinations, filter_terms, filters, subscriptions
from bot.store.upsert import dialect_insert, insert_missing


class SqlSubscriptions:
    """`ports.Subscriptions` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, destination: Destination, asked: Filter, *, now: datetime) -> Subscription:
        """Add a subscription; the same filter twice at one destination is one subscription."""
        await sections.alone(self._connection, sections.ADDING)
        row = {
            "destination_id": await destination_id(self._connection, destination),
            "filter_id": await self._filter_id(asked),
        }
        key = await self._added(row, {"adapter": destination.adapter, "created_at": now})
        return Subscription(id=SubscriptionId(key), destination=destination, filter=asked)

    async def _added(self, row: Mapping[str, int], rest: Mapping[str, Any]) -> int:
        inserted = dialect_insert(self._connection, subscriptions).values({**row, **rest})
        added = inserted.on_conflict_do_nothing().returning(subscriptions.c.id)
        key: int | None = await self._connection.scalar(added)
        if key is not None:
            return key
        known = await self._connection.execute(select(subscriptions.c.id).filter_by(**row))
        return int(known.scalar_one())

    async def _filter_id(self, asked: Filter) -> int:
        spec = dump_filter(asked)
        known: int | None = await self._connection.scalar(_SAME_FILTER, {"spec": spec})
        return await self._new_filter(asked, spec) if known is None else known

    async def _new_filter(self, asked: Filter, spec: str) -> int:
        row = {
            "spec": spec,
            "kinds": bits(asked.kinds),
            "has_type": bool(asked.types),
            "has_agency": bool(asked.agencies),
            "has_program": bool(asked.programs),
            "has_word": bool(asked.words),
        }
        new = insert(filters).values(row).returning(filters.c.id)
        filter_id: int = (await self._connection.execute(new)).scalar_one()
        await insert_missing(self._connection, filter_terms, _terms(filter_id, asked))
        return filter_id

    async def remove(self, destination: Destination, subscription_id: SubscriptionId | None) -> int:
        """Remove one, or all of a destination (None); how many were removed."""
        owner = select(destinations.c.id).filter_by(
            adapter=destination.adapter, address=destination.address
        )
        doomed = delete(subscriptions).where(
            subscriptions.c.destination_id == owner.scalar_subquery()
        )
        if subscription_id is not None:
            doomed = doomed.where(subscriptions.c.id == subscription_id)
        return (await self._connection.execute(doomed)).rowcount

    async def held(self, destination: Destination | None = None) -> tuple[Subscription, ...]:
        """Subscriptions of one destination, or of all; by destination, then by age."""
        if destination is not None:
            await sections.at(self._connection, destination)
        there = {} if destination is None else _there(destination)
        rows = await self._connection.execute(_HELD_THERE if there else _HELD, there)
        return tuple(
            Subscription(
                id=SubscriptionId(row.id),
                destination=Destination(adapter=row.adapter, address=row.address),
                filter=load_filter(row.spec),
            )
            for row in rows
        )

    async def in_server(self, adapter: str, server: str) -> int:
        """How many subscriptions the destinations of a server hold together."""
        await sections.alone(self._connection, sections.server(adapter, server))
        asked = {"server": server, "by": adapter}
        return await self._connection.scalar(_IN_SERVER, asked) or 0

    async def leads(self) -> frozenset[timedelta]:
        """Every lead time that some subscription to reminders names."""
        held = select(subscriptions.c.id).where(subscriptions.c.filter_id == filters.c.id)
        query = (
            select(filter_terms.c.value)
            .distinct()
            .join(filters)
            .where(
                filter_terms.c.field == "lead",
                filters.c.kinds.op("&")(bits([Kind.REMINDER])) != 0,
                held.exists(),
            )
        )
        values = (await self._connection.execute(query)).scalars()
        return frozenset(timedelta(microseconds=int(value)) for value in values)

    async def audience(self, event: Event, kind: Kind, lead: timedelta | None) -> Mapping[str, int]:
        """How many destinations want this, by adapter."""
        wanting = select(filters.c.id).where(matches(event, bits([kind]), lead))
        query = (
            select(
                subscriptions.c.adapter,
                func.count(subscriptions.c.destination_id.distinct()).label("total"),
            )
            .where(subscriptions.c.filter_id.in_(wanting))
            .group_by(subscriptions.c.adapter)
        )
        rows = await self._connection.execute(query)
        return {row.adapter: row.total for row in rows}


def _there(destination: Destination) -> dict[str, str]:
    """The parameters of `_HELD_THERE`."""
    return {"by": destination.adapter, "at": destination.address}


# Built once, for commands ask them.
_SAME_FILTER = (
    select(filters.c.id)
    .where(filters.c.spec == bindparam("spec"))
    # Whoever takes one up keeps it from being purged meanwhile.
    .with_for_update(read=True, key_share=True)
)
_HELD = (
    select(subscriptions.c.id, destinations.c.adapter, destinations.c.address, filters.c.spec)
    .select_from(subscriptions.join(destinations).join(filters))
    .order_by(destinations.c.adapter, destinations.c.address, subscriptions.c.id)
)
_HELD_THERE = _HELD.where(
    destinations.c.adapter == bindparam("by"), destinations.c.address == bindparam("at")
)
_IN_SERVER = (
    select(func.count())
    .select_from(subscriptions)
    .join(channels, channels.c.destination_id == subscriptions.c.destination_id)
    .where(channels.c.server == bindparam("server"), subscriptions.c.adapter == bindparam("by"))
)


def _terms(filter_id: int, asked: Filter) -> list[dict[str, int | str]]:
    fields: dict[str, frozenset[int] | frozenset[str] | frozenset[timedelta]] = {
        "type": asked.types,
        "agency": asked.agencies,
        "program": asked.programs,
        "word": asked.words,
        "lead": asked.leads,
    }
    return [
        {"filter_id": filter_id, "field": field, "value": term(value)}
        for field, values in fields.items()
        for value in values
    ]
