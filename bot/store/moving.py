"""Give a destination another address, and unite two that turn out to be one place."""

from sqlalchemy import and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.channels import DEFAULT_CHANNEL, Reach
from bot.domain.deliveries import State
from bot.domain.subscriptions import Destination
from bot.store import fanout, sections
from bot.store.codec import dump_channel
from bot.store.tables import (
    DESTINATION_BITS,
    channels,
    deliveries,
    destinations,
    mutes,
    posts,
    subscriptions,
)
from bot.store.upsert import get_or_insert

_BETWEEN = "\n"
"""An address that no adapter has, held while two are swapped."""


async def destination_id(connection: AsyncConnection, destination: Destination) -> int:
    """The key of a destination, which has a row from now on."""
    row = {"adapter": destination.adapter, "address": destination.address}
    known: int | None = await connection.scalar(_KEY, row)
    return known or await get_or_insert(connection, destinations, row, "adapter", "address")


_KEY = (
    select(destinations.c.id)
    .where(
        destinations.c.adapter == bindparam("adapter"),
        destinations.c.address == bindparam("address"),
    )
    # Who writes at an address keeps its row from being given another, or purged, meanwhile.
    .with_for_update(read=True, key_share=True)
)


async def move(
    connection: AsyncConnection, old: Destination, new: Destination, *, chunk: int
) -> None:
    """Give all that the old address holds to the new one, which may hold things already.

    The old row stays and gets the new address, so that all that refers to it need not change, not
    even deliveries under way. What the new address held goes to it; its ended deliveries do not.
    """
    await sections.alone(connection, sections.FANOUT)
    if old == new or not await _holds_anything(connection, old):
        return
    # A fan-out half done would come to a moved subscription twice, or never.
    while await fanout.expand(connection, chunk=chunk):
        pass
    kept = await destination_id(connection, old)
    other = await destination_id(connection, new)
    await _rename(connection, other, _BETWEEN)
    await _rename(connection, kept, new.address)
    await _rename(connection, other, old.address)
    await _unite(connection, kept, other)


async def _holds_anything(connection: AsyncConnection, destination: Destination) -> bool:
    """A platform may tell of one move several times."""
    is_it = (
        destinations.c.adapter == destination.adapter,
        destinations.c.address == destination.address,
    )
    key = await connection.scalar(select(destinations.c.id).where(*is_it))
    open_ones = and_(deliveries.c.destination_id == key, deliveries.c.done_at.is_(None))
    holding = or_(
        exists().where(subscriptions.c.destination_id == key),
        exists().where(channels.c.destination_id == key),
        exists().where(mutes.c.destination_id == key),
        exists().where(open_ones),
    )
    return key is not None and bool(await connection.scalar(select(holding)))


async def _rename(connection: AsyncConnection, key: int, address: str) -> None:
    await connection.execute(
        update(destinations).where(destinations.c.id == key).values(address=address)
    )


async def _unite(connection: AsyncConnection, kept: int, other: int) -> None:
    """Give one destination what another holds; what both hold, once."""
    mine = subscriptions.alias("mine")
    held = exists().where(
        mine.c.destination_id == kept, mine.c.filter_id == subscriptions.c.filter_id
    )
    theirs = subscriptions.c.destination_id == other
    await connection.execute(delete(subscriptions).where(theirs, held))
    await connection.execute(update(subscriptions).where(theirs).values(destination_id=kept))
    muted = select(mutes.c.event_id).where(mutes.c.destination_id == kept)
    theirs = mutes.c.destination_id == other
    await connection.execute(delete(mutes).where(theirs, mutes.c.event_id.in_(muted)))
    await connection.execute(update(mutes).where(theirs).values(destination_id=kept))
    await _unite_posts(connection, kept, other)
    await _unite_deliveries(connection, kept, other)
    await _unite_channels(connection, kept, other)


async def _unite_posts(connection: AsyncConnection, kept: int, other: int) -> None:
    """What was opened at the new address is there for sure; what at the old one, perhaps."""
    opened = select(posts.c.event_id).where(posts.c.destination_id == other)
    mine = posts.c.destination_id == kept
    await connection.execute(delete(posts).where(mine, posts.c.event_id.in_(opened)))
    theirs = posts.c.destination_id == other
    await connection.execute(update(posts).where(theirs).values(destination_id=kept))


async def _unite_deliveries(connection: AsyncConnection, kept: int, other: int) -> None:
    """What waits is sent to the new address once, even if both waited for it."""
    twin = deliveries.alias("twin")
    waits = (
        deliveries.c.destination_id == other,
        deliveries.c.done_at.is_(None),
        deliveries.c.state.in_([State.PENDING, State.HELD]),
    )
    # `tables.deliveries` tells how an id is made.
    twin_id = deliveries.c.fanout_id * (1 << DESTINATION_BITS) + kept
    # One that was made for `kept` and came back is not its own twin.
    has_twin = exists().where(twin.c.id == twin_id, twin.c.id != deliveries.c.id)
    end = {"state": State.SUPERSEDED, "done_at": deliveries.c.not_before, "error": _TWICE}
    await connection.execute(update(deliveries).where(*waits, has_twin).values(end))
    await connection.execute(update(deliveries).where(*waits).values(destination_id=kept))


async def _unite_channels(connection: AsyncConnection, kept: int, other: int) -> None:
    """What the new address says of itself counts, else what the old one said."""
    query = select(channels).where(channels.c.destination_id.in_([kept, other]))
    rows = {row["destination_id"]: row for row in (await connection.execute(query)).mappings()}
    if other not in rows:
        return
    before, after = rows.get(kept, rows[other]), rows[other]
    united = {
        name: before[name] if after[name] in {"", _DEFAULT} else after[name]
        for name in ("spec", "server", "name", "person")
    }
    await connection.execute(delete(channels).where(channels.c.destination_id.in_(rows)))
    row = dict(after) | united | {"destination_id": kept}
    await connection.execute(channels.insert().values(row))


UNTOLD = {
    "spec": dump_channel(DEFAULT_CHANNEL),
    "reach": Reach.ACTIVE.value,
    "since": None,
    "reason": "",
    "missing": "",
    "is_told": True,
    "server": "",
    "name": "",
    "person": "",
}
"""A destination that nobody told us of."""

_DEFAULT = dump_channel(DEFAULT_CHANNEL)
_TWICE = "the same news was sent to this place under its other address"
