"""What is known of events, and what a list then tells."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.changes import Change
from bot.domain.events import Event, EventId
from bot.domain.watching import Snapshot, Tracked
from bot.services.noticing import Judgement, Known, judge
from bot.testing import START, an_event

DAYS, HOURS, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def tracked(event: Event | None = None, **changes: Any) -> Tracked:
    """An event that has been watched; `changes` are `Tracked`'s fields."""
    return replace(Tracked(event=event or an_event(), first_seen_at=START), **changes)


def several(count: int, **changes: Any) -> tuple[Event, ...]:
    """Events 1 to `count`."""
    return tuple(an_event(id=EventId(number), **changes) for number in range(1, count + 1))


def knowing(*known: Tracked | Event) -> Known:
    """What is known, by id."""
    all_tracked = (one if isinstance(one, Tracked) else tracked(one) for one in known)
    return {one.event.id: one for one in all_tracked}


def judged(
    known: Known,
    snapshot: Snapshot,
    now: datetime = START,
    *,
    last_poll: datetime | None = START - 5 * MINUTES,
) -> Judgement:
    """The judgement, a few minutes after the last."""
    return judge(known, snapshot, now, last_poll=last_poll)


def news(judgement: Judgement) -> list[Change]:
    """Everything that changed."""
    return [change for one in judgement.sightings for change in one.changes]
