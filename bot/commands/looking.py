"""Look up in the store what several commands need: names, and the event that is meant."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from bot.commands.finding import named, nearest
from bot.domain.asking import Held, spell_filter
from bot.domain.catalogue import merged
from bot.domain.events import Event, EventId
from bot.domain.messages import Message
from bot.domain.subscriptions import Destination
from bot.domain.watching import Catalogue, Tracked, Watch
from bot.ports import UnitOfWork
from bot.rendering.answers import events as answers

_SUGGESTED = 5
_LONGEST_ID = 18
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


async def catalogue(unit: UnitOfWork) -> Catalogue:
    """All names that can be asked for."""
    return merged(await unit.names.known())


async def held_at(unit: UnitOfWork, place: Destination) -> tuple[Held, ...]:
    """The subscriptions of a channel, in the order of their numbers."""
    known = await catalogue(unit)
    subscriptions = await unit.subscriptions.held(place)
    return tuple(
        Held(subscription=one, words=spell_filter(one.filter, known)) for one in subscriptions
    )


async def meant_event(
    unit: UnitOfWork, text: str, command: str, *, also: Collection[EventId] = ()
) -> Tracked | Message:
    """The event of this id or name; or the question that has to be answered first.

    Args:
        unit: the open transaction.
        text: as typed.
        command: what to do with the event that is chosen.
        also: events to look among although they may be over.

    """
    key = _id(text)
    known = await unit.snapshots.recall([*also, *([] if key is None else [key])])
    if key is not None and key in known:
        return known[key]
    pool = [one for one in known.values() if one.watch is Watch.WATCHED or one.event.id in also]
    soonest = _soonest(one.event for one in pool)
    found = named(text, soonest)
    if len(found) == 1:
        return known[found[0].id]
    if found:
        return answers.which(text, found, command)
    return answers.not_found(text, nearest(text, soonest, _SUGGESTED), command)


def _id(text: str) -> EventId | None:
    is_id = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
    return EventId(int(text)) if is_id else None


def _soonest(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one.date or _END_OF_TIME, one.id))
