"""Judge a snapshot against what we know: what changed, what is missing, what to doubt. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.changes import Change, EventAnnounced, EventWithdrawn, WebcastLive
from bot.domain.dates import STAYS_LISTED, is_precise
from bot.domain.diff import diff
from bot.domain.events import Event, EventId, Observation, remember
from bot.domain.watching import Snapshot, Tracked, Watch

MISSES_TO_PROBE = 2
"""Complete polls in a row that must lack an event before it is asked for by id."""

_SHORTFALL = 0.3
"""A greater share of missing events is taken for a fault of the API, not for news."""

_PROBED_WELL = -10
"""Misses after a probe found the event: it is asked for again after a dozen polls."""

_LEAVING = timedelta(minutes=5)
"""Tolerance between LL2's clock and ours about when an event leaves the list."""

_WEBCAST_LASTS = timedelta(hours=4)
"""How long a webcast goes on after an event's date, where neither duration nor video tells."""

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
        missing: watched events that should be there and are not, their misses counted.
        is_short: so many are missing that nothing may be believed.

    """

    sightings: tuple[Sighting, ...]
    finished: tuple[Tracked, ...]
    missing: tuple[Tracked, ...]
    is_short: bool


def judge(known: Known, snapshot: Snapshot, now: datetime) -> Judgement:
    """Compare a complete snapshot with what we know."""
    seen = [see(known, one, now) for one in snapshot.observations]
    absent = _absent(known, snapshot)
    missing = tuple(one for one in absent if not is_over(one.event, now))
    expected = sum(
        one.watch is Watch.WATCHED and one.event.date is not None and not is_over(one.event, now)
        for one in known.values()
    )
    return Judgement(
        sightings=tuple(one for one in seen if one.tracked != known.get(one.tracked.event.id)),
        finished=tuple(
            replace(one, watch=Watch.FINISHED) for one in absent if is_over(one.event, now)
        ),
        missing=tuple(replace(one, misses=one.misses + 1) for one in missing),
        is_short=len(missing) > _SHORTFALL * expected,
    )


def see(known: Known, observation: Observation, now: datetime) -> Sighting:
    """An event after an observation: its new state, and what a reader wants to know of it."""
    before = known.get(observation.event.id)
    if before is None:
        event = remember(None, observation)
        tracked = Tracked(event=event, first_seen_at=now)
        return Sighting(tracked=tracked, changes=_timely(diff(None, event), event, now))
    event = remember(before.event, observation)
    tracked = replace(before, event=event, watch=Watch.WATCHED, misses=0)
    return Sighting(tracked=tracked, changes=_timely(_changes(before, event), event, now))


def _changes(before: Tracked, event: Event) -> tuple[Change, ...]:
    changes = diff(before.event, event)
    if before.watch is Watch.WITHDRAWN:
        return (EventAnnounced(event_id=event.id, returned=True), *changes)
    return changes


def _timely(changes: tuple[Change, ...], event: Event, now: datetime) -> tuple[Change, ...]:
    """Without live alerts for what is over (after an outage, say)."""
    late = live_until(event, now) <= now
    return tuple(one for one in changes if not (late and isinstance(one, WebcastLive)))


def live_until(event: Event, now: datetime) -> datetime:
    """When an alert that the webcast is live stops helping."""
    if event.date is None or not is_precise(event.stated):
        return now + _WEBCAST_LASTS
    ends = [one.end_time for one in event.vid_urls if one.end_time is not None]
    return max([event.date + (event.duration or _WEBCAST_LASTS), *ends])


def is_over(event: Event, now: datetime) -> bool:
    """Whether LL2 has taken, or is about to take, the event off the list for its age."""
    return event.date is not None and event.date + STAYS_LISTED - _LEAVING <= now


def _absent(known: Known, snapshot: Snapshot) -> tuple[Tracked, ...]:
    """Watched, dated events that the snapshot lacks; those that it garbled are not absent."""
    there = {one.event.id for one in snapshot.observations}
    garbled = {one.event_id for one in snapshot.malformed}
    if None in garbled:
        # One of the missing may be the one whose id could not be read.
        return ()
    return tuple(
        one
        for key, one in known.items()
        if one.watch is Watch.WATCHED and key not in there | garbled and one.event.date is not None
    )


def settle(missing: Iterable[Tracked], probe: Snapshot, now: datetime) -> tuple[Sighting, ...]:
    """What a probe for missing events tells: moved to the past, back after all, or withdrawn."""
    found = {one.event.id: one for one in probe.observations}
    garbled = {one.event_id for one in probe.malformed}
    return tuple(
        _settled(one, found.get(one.event.id), now)
        for one in missing
        if one.event.id not in garbled and None not in garbled
    )


def _settled(missing: Tracked, found: Observation | None, now: datetime) -> Sighting:
    if found is None:
        gone = EventWithdrawn(event_id=missing.event.id, last_date=missing.event.stated)
        return Sighting(tracked=replace(missing, watch=Watch.WITHDRAWN, misses=0), changes=(gone,))
    sighting = see({missing.event.id: missing}, found, now)
    if is_over(sighting.tracked.event, now):
        return Sighting(tracked=replace(sighting.tracked, watch=Watch.FINISHED, misses=0))
    return replace(sighting, tracked=replace(sighting.tracked, misses=_PROBED_WELL))
