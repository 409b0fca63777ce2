"""Destinations on SQL: settings, health, mutes, keepers. A new address: `moving`."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.channels import DEFAULT_CHANNEL, KEPT_FOR, Channel, Health, Keeper, Reach, Trouble
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.domain.fanouts import Record
from bot.domain.requests import Person
from bot.domain.subscriptions import Destination
from bot.store import moving, records, sections
from bot.store.codec import dump_channel, load_channel
from bot.store.tables import channels, deliveries, destinations, mutes, subscriptions
from bot.store.upsert import insert_missing


class SqlDestinations:
    """`ports.Destinations` inside one transaction; moving expands fan-outs by `chunk` rows."""

    def __init__(self, connection: AsyncConnection, *, chunk: int) -> None:
        self._connection = connection
        self._chunk = chunk

    async def channel(self, destination: Destination) -> Channel:
        """Its settings."""
        row = await self._row(destination)
        return DEFAULT_CHANNEL if row is None else load_channel(row.spec)

    async def set_channel(self, destination: Destination, channel: Channel) -> None:
        """Replace its settings."""
        await self._set(destination, {"spec": dump_channel(channel)})

    async def health(self, destination: Destination) -> Health:
        """How well it can be reached."""
        row = await self._row(destination)
        return Health() if row is None else _health(row)

    async def set_health(self, destination: Destination, health: Health) -> None:
        """Replace its health, and hold or release what waits for it."""
        await sections.beside_fanouts(self._connection)
        values = {
            "reach": health.reach.value,
            "since": health.since,
            "reason": health.reason,
            "missing": health.missing,
            "is_told": _was_told(),
        }
        key = await self._set(destination, values)
        if health.reach is Reach.PAUSED:
            await self._waiting(key, State.PENDING, state=State.HELD)
        else:
            await self._release(key, health)

    async def _release(self, key: int, health: Health) -> None:
        """Let what was held go its way; what is too old by now has ended."""
        if health.since is not None:
            too_old = deliveries.c.not_before < health.since - KEPT_FOR
            end = {"state": State.EXPIRED, "done_at": health.since, "error": _TOO_LATE}
            await self._waiting(key, State.HELD, too_old, **end)
        await self._waiting(key, State.HELD, state=State.PENDING)

    async def below(self, destination: Destination) -> tuple[Destination, ...]:
        """Those inside it, by address."""
        inside = destinations.c.address.startswith(f"{destination.address}/", autoescape=True)
        query = select(destinations).where(destinations.c.adapter == destination.adapter, inside)
        rows = await self._connection.execute(query.order_by(destinations.c.address))
        return tuple(Destination(adapter=row.adapter, address=row.address) for row in rows)

    async def unwell(self, asked: Collection[Destination]) -> Mapping[Destination, Health]:
        """The health of those of them that are not active."""
        await sections.at(self._connection, *asked)
        names, addresses = {one.adapter for one in asked}, {one.address for one in asked}
        found = await self._connection.execute(_UNWELL, {"adapters": names, "asked": addresses})
        by_place = ((Destination(adapter=row.adapter, address=row.address), row) for row in found)
        return {place: _health(row) for place, row in by_place if place in asked}

    async def paused(self, adapter: str, *, after: str, limit: int) -> tuple[Destination, ...]:
        """Paused destinations of an adapter by address, from the first behind `after` on."""
        query = _joined().where(_is_paused(adapter), destinations.c.address > after)
        rows = await self._connection.execute(query.order_by(destinations.c.address).limit(limit))
        return tuple(Destination(adapter=adapter, address=row.address) for row in rows)

    async def ailing(self, limit: int) -> Mapping[Destination, Health]:
        """Destinations that are not active, those that have been so the longest first."""
        ill = _joined().where(channels.c.reach != Reach.ACTIVE.value)
        rows = await self._connection.execute(ill.order_by(channels.c.since).limit(limit))
        return {Destination(adapter=row.adapter, address=row.address): _health(row) for row in rows}

    async def keeper(self, destination: Destination) -> Keeper:
        """Who can mend it."""
        row = await self._row(destination)
        if row is None:
            return Keeper()
        return Keeper(server=row.server, name=row.name, person=row.person)

    async def neighbours(self, destination: Destination) -> tuple[Destination, ...]:
        """Other destinations of its server that hold subscriptions and are active, oldest first."""
        server = (await self.keeper(destination)).server
        if not server:
            return ()
        query = (
            _joined()
            .where(
                destinations.c.adapter == destination.adapter,
                destinations.c.address != destination.address,
                channels.c.server == server,
                channels.c.reach == Reach.ACTIVE.value,
                _holds_subscriptions(),
            )
            .order_by(destinations.c.id)
        )
        rows = await self._connection.execute(query)
        return tuple(Destination(adapter=row.adapter, address=row.address) for row in rows)

    async def untold(self, adapter: str) -> tuple[Trouble, ...]:
        """The paused of an adapter of which nobody was told, and that hold subscriptions."""
        is_untold = and_(_is_paused(adapter), ~channels.c.is_told)
        query = _joined().where(is_untold, _holds_subscriptions())
        rows = (await self._connection.execute(query.order_by(destinations.c.id))).all()
        missed = [Destination(adapter=adapter, address=row.address) for row in rows]
        return tuple([await self._trouble(one) for one in missed])

    async def set_told(self, told: Collection[Destination], *, is_told: bool) -> None:
        """Whether somebody was told that these are paused."""
        for one in told:
            await self._set(one, {"is_told": is_told})

    async def _trouble(self, destination: Destination) -> Trouble:
        return Trouble(
            destination=destination,
            health=await self.health(destination),
            keeper=await self.keeper(destination),
            neighbours=await self.neighbours(destination),
        )

    async def move(self, old: Destination, new: Destination) -> None:
        """Give all that the old address holds to the new one, which may hold things already."""
        # How well the old address was reached says nothing of the new one.
        health = await self.health(new)
        await moving.move(self._connection, old, new, chunk=self._chunk)
        await self.set_health(new, health)

    async def mute(self, destination: Destination, event_id: EventId) -> None:
        """Send no more news of this event here, nor what waits; muting twice is muting once."""
        await sections.beside_fanouts(self._connection)
        key = await self._id(destination)
        row = {"event_id": event_id, "destination_id": key}
        await insert_missing(self._connection, mutes, [row])
        end = {"state": State.SUPERSEDED, "done_at": deliveries.c.not_before, "error": _MUTED}
        for stands in (State.PENDING, State.HELD):
            await self._waiting(key, stands, deliveries.c.event_id == event_id, **end)

    async def unmute(self, destination: Destination, event_id: EventId) -> None:
        """Send news of this event here again."""
        mute = {"event_id": event_id, "destination_id": await self._id(destination)}
        await self._connection.execute(delete(mutes).filter_by(**mute))

    async def muted(self, destination: Destination) -> tuple[EventId, ...]:
        """The events that are silenced here, by id."""
        await sections.at(self._connection, destination)
        found = await self._connection.scalars(_MUTED_THERE, _there(destination))
        return tuple(EventId(key) for key in found)

    async def last_delivery(self, destination: Destination) -> Record | None:
        """The delivery that was last sent or given up here; None: none was."""
        key = await self._connection.scalar(_LAST_THERE, _there(destination))
        return None if key is None else await records.one(self._connection, key)

    async def count(self) -> Mapping[tuple[str, Reach], int]:
        """How many destinations hold subscriptions, by adapter and reach."""
        reach = func.coalesce(channels.c.reach, Reach.ACTIVE.value).label("reach")
        query = (
            select(destinations.c.adapter, reach, func.count().label("total"))
            .select_from(destinations.outerjoin(channels))
            .where(_holds_subscriptions())
            .group_by(destinations.c.adapter, reach)
        )
        found = await self._connection.execute(query)
        return {(row.adapter, Reach(row.reach)): row.total for row in found}

    async def met(
        self, destination: Destination, *, server: str, name: str, person: Person
    ) -> None:
        """Remember its server, its name for people, and who manages it, where that is new."""
        named = (("name", name), ("person", person.id))
        values = {"server": server} | {key: value for key, value in named if value}
        known = await self._row(destination)
        if known is None or any(getattr(known, key) != told for key, told in values.items()):
            await self._set(destination, values)

    async def _row(self, destination: Destination) -> Row[Any] | None:
        await sections.at(self._connection, destination)
        found = await self._connection.execute(_ROW, _there(destination))
        row: Row[Any] | None = found.one_or_none()
        return row

    async def _id(self, destination: Destination) -> int:
        return await moving.destination_id(self._connection, destination)

    async def _set(self, destination: Destination, values: Mapping[str, Any]) -> int:
        key = await self._id(destination)
        await insert_missing(self._connection, channels, [{"destination_id": key} | moving.UNTOLD])
        changed = update(channels).where(channels.c.destination_id == key)
        await self._connection.execute(changed.values(values))
        return key

    async def _waiting(
        self, key: int, stands: State, *conditions: ColumnElement[bool], **values: Any
    ) -> None:
        """Change what is open for a destination and stands so."""
        changed = update(deliveries).where(
            deliveries.c.destination_id == key,
            deliveries.c.done_at.is_(None),
            deliveries.c.state == stands,
            *conditions,
        )
        await self._connection.execute(changed.values(values))


_TOO_LATE = "it came too late to help: the destination was out of reach"
_MUTED = "its event was muted here"


def _joined() -> Select[Any]:
    return select(destinations.c.adapter, destinations.c.address, channels).join_from(
        destinations, channels
    )


_UNWELL = _joined().where(
    destinations.c.adapter.in_(bindparam("adapters", expanding=True)),
    destinations.c.address.in_(bindparam("asked", expanding=True)),
    channels.c.reach != Reach.ACTIVE.value,
)


def _was_told() -> ColumnElement[bool]:
    """What was told stays told until a success or the platform's own word ends the trouble."""
    return case((channels.c.reach == Reach.ACTIVE.value, False), else_=channels.c.is_told)


def _is_paused(adapter: str) -> ColumnElement[bool]:
    """The literal lets both engines use the partial index of paused destinations."""
    paused = channels.c.reach == literal(Reach.PAUSED.value, literal_execute=True)
    return and_(destinations.c.adapter == adapter, paused)


def _there(destination: Destination) -> dict[str, str]:
    """The parameters of the statements below."""
    return {"by": destination.adapter, "at": destination.address}


# Built once, for every command asks them.
_IS_THERE = (destinations.c.adapter == bindparam("by"), destinations.c.address == bindparam("at"))
_ROW = _joined().where(*_IS_THERE)
_MUTED_THERE = (
    select(mutes.c.event_id).join(destinations).where(*_IS_THERE).order_by(mutes.c.event_id)
)
_LAST_THERE = (
    select(deliveries.c.id)
    .join(destinations, destinations.c.id == deliveries.c.destination_id)
    .where(*_IS_THERE, deliveries.c.done_at.is_not(None))
    .where(deliveries.c.state.in_([State.SENT, State.DEAD, State.UNKNOWN]))
    .order_by(deliveries.c.done_at.desc(), deliveries.c.id.desc())
    .limit(1)
)


def _holds_subscriptions() -> ColumnElement[bool]:
    held = select(literal(1)).where(subscriptions.c.destination_id == destinations.c.id)
    return held.exists()


def _health(row: Row[Any]) -> Health:
    return Health(reach=Reach(row.reach), since=row.since, reason=row.reason, missing=row.missing)
