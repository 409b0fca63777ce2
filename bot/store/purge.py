"""Purging on SQL: which rows nobody needs any more, and their removal. `services` say when.

What is found is judged again when it is removed, since the store goes on in between. The newest
fan-out, change and destination always stay: SQLite would give the id of a last row a second time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.deliveries import State
from bot.domain.retention import Key, Remains
from bot.domain.watching import Watch
from bot.store.codec import load_event
from bot.store.fanout import DONE
from bot.store.tables import (
    DESTINATION_BITS,
    changes,
    channels,
    deliveries,
    destinations,
    events,
    fanouts,
    filter_terms,
    filters,
    messages,
    mutes,
    posts,
    subscriptions,
)

_PER_FANOUT = 1 << DESTINATION_BITS


class SqlPurge:
    """`ports.Purge` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(
        self, sort: Remains, *, before: datetime, after: Key | None, limit: int
    ) -> tuple[Key, ...]:
        """The next of this sort that nobody needs any more, by key."""
        rule = _RULES[sort]
        key = rule.table.primary_key.columns
        found = select(*key).where(rule.doomed(await self._moment(rule, before)))
        if after is not None:
            found = found.where(tuple_(*key) > after)
        rows = await self._connection.execute(found.order_by(*key).limit(limit))
        return tuple(tuple(row) for row in rows)

    async def remove(self, sort: Remains, keys: Sequence[Key], *, before: datetime) -> int:
        """Remove those of the found that still nobody needs; how many."""
        rule = _RULES[sort]
        key = tuple_(*rule.table.primary_key.columns)
        if rule.may_be_taken_up:
            keys = await self._kept_free(rule.table, keys)
        is_needless = rule.doomed(await self._moment(rule, before))
        if rule.children:
            # Once for all that follows: where several may write at once, more may be needless then.
            keys = await self._keys(rule.table, key.in_(keys), is_needless)
        for child in rule.children:
            await self._connection.execute(child([one for (one,) in keys]))
        removed = delete(rule.table).where(key.in_(keys), is_needless)
        return (await self._connection.execute(removed)).rowcount

    async def _kept_free(self, table: Table, keys: Sequence[Key]) -> Sequence[Key]:
        """Let nobody take these up from here on; what somebody takes up now is passed over."""
        key = table.primary_key.columns
        free = select(*key).where(tuple_(*key).in_(keys)).with_for_update(skip_locked=True)
        return [tuple(row) for row in await self._connection.execute(free)]

    async def _keys(self, table: Table, *conditions: ColumnElement[bool]) -> Sequence[Key]:
        found = select(*table.primary_key.columns).where(*conditions)
        return [tuple(row) for row in await self._connection.execute(found)]

    async def _moment(self, rule: "_Rule", before: datetime) -> "_Moment":
        over = await self._over(before) if rule.is_of_events else ()
        return _Moment(before=before, over=over)

    async def _over(self, before: datetime) -> tuple[int, ...]:
        """The events that are not watched any more and whose date lies further back.

        Their dates stand in their bodies, which are read for it: a few hundred a year.
        """
        ended = select(events.c.id, events.c.first_seen_at, events.c.body)
        rows = await self._connection.execute(ended.where(events.c.watch != Watch.WATCHED))
        return tuple(
            row.id for row in rows if (load_event(row.body).date or row.first_seen_at) < before
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What a rule goes by: what ended before this, and the events that were over by then."""

    before: datetime
    over: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """Which rows of a table nobody needs, and what to do first with what refers to them."""

    table: Table
    doomed: Callable[[_Moment], ColumnElement[bool]]
    children: tuple[Callable[[Sequence[int]], Any], ...] = ()
    is_of_events: bool = False
    may_be_taken_up: bool = False


def _deliveries(moment: _Moment) -> ColumnElement[bool]:
    """By the order of ids, which is that of fan-outs: so a purge reads what it removes."""
    carrier = deliveries.alias("carrier")
    has_carrier = exists().where(carrier.c.id == deliveries.c.folded_into)
    old = select(func.max(fanouts.c.id)).where(fanouts.c.created_at < moment.before)
    return and_(
        deliveries.c.id < (old.scalar_subquery() + 1) * _PER_FANOUT,
        or_(
            and_(deliveries.c.done_at < moment.before, ~has_carrier),
            # A destination that can be reached again gets the news of a week, and no older.
            and_(deliveries.c.state == State.HELD, deliveries.c.not_before < moment.before),
        ),
    )


def _is_spent(moment: _Moment) -> ColumnElement[bool]:
    """A fan-out of which nothing is left."""
    first = fanouts.c.id * _PER_FANOUT
    left = exists().where(deliveries.c.id >= first, deliveries.c.id < first + _PER_FANOUT)
    return and_(fanouts.c.stage == DONE, fanouts.c.created_at < moment.before, ~left)


def _messages(moment: _Moment) -> ColumnElement[bool]:
    return messages.c.fanout_id.in_(select(fanouts.c.id).where(_is_spent(moment)))


def _fanouts(moment: _Moment) -> ColumnElement[bool]:
    """A reminder's stays until its date is far behind: it tells that it was owed before."""
    may_come_again = fanouts.c.reminder_date >= moment.before
    return and_(
        _is_spent(moment),
        or_(fanouts.c.reminder_date.is_(None), ~may_come_again),
        ~exists().where(messages.c.fanout_id == fanouts.c.id),
        fanouts.c.id < _newest(fanouts),
    )


def _changes(moment: _Moment) -> ColumnElement[bool]:
    is_watched = exists().where(
        events.c.id == changes.c.event_id, events.c.watch == Watch.WATCHED.value
    )
    return and_(
        changes.c.noticed_at < moment.before,
        changes.c.fanout_id.is_(None),
        ~is_watched,
        changes.c.id < _newest(changes),
    )


def _mutes(moment: _Moment) -> ColumnElement[bool]:
    return mutes.c.event_id.in_(moment.over)


def _posts(moment: _Moment) -> ColumnElement[bool]:
    return posts.c.event_id.in_(moment.over)


def _events(moment: _Moment) -> ColumnElement[bool]:
    referring = (changes, fanouts, mutes, posts)
    return and_(
        events.c.id.in_(moment.over),
        *(~exists().where(table.c.event_id == events.c.id) for table in referring),
    )


def _filters(_moment: _Moment) -> ColumnElement[bool]:
    """While a fan-out is under way it may have noted which filters match."""
    under_way = exists().where(fanouts.c.stage != literal(DONE, literal_execute=True))
    held = exists().where(subscriptions.c.filter_id == filters.c.id)
    return and_(~held, ~under_way)


def _destinations(_moment: _Moment) -> ColumnElement[bool]:
    there = (
        *(one.c.destination_id == destinations.c.id for one in (channels, mutes, posts)),
        subscriptions.c.destination_id == destinations.c.id,
        # Apart, since each of the two has an index of its own.
        and_(deliveries.c.destination_id == destinations.c.id, deliveries.c.done_at.is_(None)),
        and_(deliveries.c.destination_id == destinations.c.id, deliveries.c.done_at.is_not(None)),
    )
    held = (exists(select(literal(1)).where(one)) for one in there)
    return and_(*(~one for one in held), destinations.c.id < _newest(destinations))


def _newest(table: Table) -> Any:
    return select(func.max(table.c.id)).scalar_subquery()


_RULES = {
    Remains.DELIVERIES: _Rule(table=deliveries, doomed=_deliveries),
    Remains.MESSAGES: _Rule(table=messages, doomed=_messages),
    Remains.FANOUTS: _Rule(
        table=fanouts,
        doomed=_fanouts,
        children=(
            lambda spent: (
                update(changes).where(changes.c.fanout_id.in_(spent)).values(fanout_id=None)
            ),
        ),
    ),
    Remains.CHANGES: _Rule(table=changes, doomed=_changes),
    Remains.MUTES: _Rule(table=mutes, doomed=_mutes, is_of_events=True),
    Remains.POSTS: _Rule(table=posts, doomed=_posts, is_of_events=True),
    Remains.EVENTS: _Rule(table=events, doomed=_events, is_of_events=True),
    Remains.FILTERS: _Rule(
        table=filters,
        doomed=_filters,
        children=(lambda idle: delete(filter_terms).where(filter_terms.c.filter_id.in_(idle)),),
        may_be_taken_up=True,
    ),
    Remains.DESTINATIONS: _Rule(table=destinations, doomed=_destinations, may_be_taken_up=True),
}
