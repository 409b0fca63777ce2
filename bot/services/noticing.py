"""Judge a snapshot against what we know: what changed, what is missing, what to doubt. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.changes import Change, EventAnnounced, EventWithdrawn, WebcastLive
from bot.domain.dates import STAYS_LISTED, window
from bot.domain.diff import diff
from bot.domain.events import Event, EventId, Observation, remember
from bot.domain.watching import Snapshot, Tracked, Watch
from bot.errors import LL2Unavailable

MISSES_TO_PROBE = 2
"""Complete polls in a row that must lack an event before it is asked for by id."""

_SHORTFALL = 0.3
"""A greater share of missing events is taken for a fault of the API, not for news."""

FEW = 3
"""So many missing events can be the doing of one librarian; more at once never were."""

_FEW_BELIEVED_AFTER, _MANY_BELIEVED_AFTER = timedelta(hours=1), timedelta(days=1)
"""How long a list that lacks too much is doubted before a probe is believed: LL2 may be restored
from a backup within hours, and each withdrawal told in error would have to be taken back."""

_FOUND = -10
"""Misses after a probe found an event that should be listed: it is asked for a dozen polls on."""

_FOUND_UNDATED = -286
"""The same without a date, which LL2 never lists: it is asked for after a day of calm polls."""

_LEAVING = timedelta(minutes=5)
"""Tolerance between LL2's clock and ours about when an event leaves the list."""

_BLIND = timedelta(hours=1)
"""After so long without a complete poll nobody knows when a webcast went live."""

_WEBCAST_LASTS = timedelta(hours=4)
"""How long after an event's date, at the least, its webcast may still go on."""

Known = Mapping[EventId, Tracked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An event after an observation, and what changed in it."""

    tracked: Tracked
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a snapshot means.

    Attributes:
        sightings: the observed events that differ from what is stored.
        finished: watched events that left the list because their time is over.
        missing: watched events that the list lacks, their misses counted: those that should be
            there, and those without a date, which only a probe can find.
        is_short: so many are missing that nothing may be believed.

    """

    sightings: tuple[Sighting, ...]
    finished: tuple[Tracked, ...]
    missing: tuple[Tracked, ...]
    is_short: bool


def judge(
    known: Known, snapshot: Snapshot, now: datetime, *, last_poll: datetime | None
) -> Judgement:
    """Compare a complete snapshot with what we know.

    Args:
        known: all watched events, and the observed ones whatever their state.
        snapshot: what LL2 lists.
        now: the present.
        last_poll: when we last took such a snapshot over; None: never.

    """
    blind = last_poll is None or now - last_poll > _BLIND
    seen = [see(known, one, now, blind=blind) for one in snapshot.observations]
    absent = _absent(known, snapshot)
    missing = () if _may_be_any(snapshot) else _not_over(absent, now)
    expected = _not_over((one for one in known.values() if one.watch is Watch.WATCHED), now)
    return Judgement(
        sightings=tuple(one for one in seen if one.tracked != known.get(one.tracked.event.id)),
        finished=tuple(
            replace(one, watch=Watch.FINISHED) for one in absent if is_over(one.event, now)
        ),
        missing=tuple(replace(one, misses=one.misses + 1) for one in missing),
        is_short=dated(missing) > _SHORTFALL * dated(expected),
    )


def dated(events: Iterable[Tracked]) -> int:
    """How many have a date, and so a place in LL2's list."""
    return sum(one.event.date is not None for one in events)


def see(known: Known, observation: Observation, now: datetime, *, blind: bool) -> Sighting:
    """An event after an observation: its new state, and what a reader wants to know of it.

    Args:
        known: what we knew.
        observation: what LL2 says now.
        now: the present.
        blind: we did not watch of late, so a webcast may have gone live long ago.

    """
    before = known.get(observation.event.id)
    event = remember(None if before is None else before.event, observation)
    if before is None:
        tracked, changes = Tracked(event=event, first_seen_at=now), diff(None, event)
    else:
        tracked = replace(before, event=event, watch=Watch.WATCHED, misses=0)
        changes = _changes(before, event)
    if blind and _has_ended(event, now):
        changes = tuple(one for one in changes if not isinstance(one, WebcastLive))
    return Sighting(tracked=tracked, changes=changes)


def _changes(before: Tracked, event: Event) -> tuple[Change, ...]:
    changes = diff(before.event, event)
    if before.watch is Watch.WITHDRAWN:
        return (EventAnnounced(event_id=event.id, returned=True), *changes)
    return changes


def _has_ended(event: Event, now: datetime) -> bool:
    """Whether the event must be over, so that its live flag is a relic.

    A flag that we saw go up is believed whatever the date says: events run late and long.
    """
    span = window(event.stated)
    lasts = max(event.duration or _WEBCAST_LASTS, _WEBCAST_LASTS)
    ended = span is not None and now - span.end >= lasts
    return ended and all(one.end_time is None or one.end_time <= now for one in event.vid_urls)


def is_over(event: Event, now: datetime) -> bool:
    """Whether LL2 has taken, or is about to take, the event off the list for its age."""
    # Dates are only subtracted: one at the end of the calendar bears no addition.
    return event.date is not None and now - event.date >= STAYS_LISTED - _LEAVING


def _not_over(events: Iterable[Tracked], now: datetime) -> tuple[Tracked, ...]:
    return tuple(one for one in events if not is_over(one.event, now))


def _absent(known: Known, snapshot: Snapshot) -> tuple[Tracked, ...]:
    """Watched events that the snapshot lacks; those that it garbled are not absent."""
    there = {one.event.id for one in snapshot.observations}
    there |= {one.event_id for one in snapshot.malformed if one.event_id is not None}
    return tuple(
        one for key, one in known.items() if one.watch is Watch.WATCHED and key not in there
    )


def _may_be_any(snapshot: Snapshot) -> bool:
    """Whether some id could not be read: any of the missing may be the one that has it."""
    return any(one.event_id is None for one in snapshot.malformed)


def doubted_for(missing: Collection[Tracked]) -> timedelta:
    """How long it is doubted that so many events are gone."""
    return _FEW_BELIEVED_AFTER if len(missing) <= FEW else _MANY_BELIEVED_AFTER


def witness_of(snapshot: Snapshot) -> EventId | None:
    """An event that LL2 lists, to be asked for beside the missing ones; None: it lists none."""
    return snapshot.observations[-1].event.id if snapshot.observations else None


def must_know(probe: Snapshot, witness: EventId | None) -> None:
    """Refuse an answer that lacks the witness too: it says nothing of the missing ones either.

    Raises:
        LL2Unavailable: it does.

    """
    there = {one.event.id for one in probe.observations} | {one.event_id for one in probe.malformed}
    if witness is not None and witness not in there:
        raise LL2Unavailable(f"the answer lacks event {witness} too, which LL2 lists")


def settle(missing: Iterable[Tracked], probe: Snapshot, now: datetime) -> tuple[Sighting, ...]:
    """What a probe for missing events tells: moved to the past, dateless, there, or withdrawn."""
    if _may_be_any(probe):
        return ()
    found = {one.event.id: one for one in probe.observations}
    garbled = {one.event_id for one in probe.malformed}
    return tuple(
        _settled(one, found.get(one.event.id), now)
        for one in missing
        if one.event.id not in garbled
    )


def _settled(missing: Tracked, found: Observation | None, now: datetime) -> Sighting:
    if found is None:
        gone = EventWithdrawn(event_id=missing.event.id, last_date=missing.event.stated)
        return Sighting(tracked=replace(missing, watch=Watch.WITHDRAWN, misses=0), changes=(gone,))
    sighting = see({missing.event.id: missing}, found, now, blind=True)
    tracked = sighting.tracked
    if is_over(tracked.event, now):
        return replace(sighting, tracked=replace(tracked, watch=Watch.FINISHED))
    misses = _FOUND_UNDATED if tracked.event.date is None else _FOUND
    return replace(sighting, tracked=replace(tracked, misses=misses))


def explains(sighting: Sighting) -> bool:
    """Whether a probe tells why LL2's list lacks an event: it is gone, over, or has no date."""
    tracked = sighting.tracked
    return tracked.watch is not Watch.WATCHED or tracked.event.date is None
