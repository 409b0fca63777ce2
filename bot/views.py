"""What the command line shows: tables for people, one JSON document for machines. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from bot.domain.asking import Held
from bot.domain.changes import (
    Change,
    DateChanged,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
    kind_of,
)
from bot.domain.dates import label
from bot.domain.deliveries import State
from bot.domain.events import Event, StatedDate
from bot.domain.fanouts import Record, Tally
from bot.domain.watching import Noticed, PollReport

Json = Mapping[str, object] | Sequence[object] | str | int | bool | None


def document(value: Json) -> str:
    """One JSON document."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def moment(at: datetime | None) -> str | None:
    """A moment as JSON has it: ISO 8601, UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _stated(stated: StatedDate) -> Json:
    return {
        "date": moment(stated.date),
        "precision": None if stated.precision is None else stated.precision.name,
        "label": label(stated),
    }


def event_document(event: Event) -> Json:
    """An event in LL2's own words, its date with a label at its precision."""
    precision = event.date_precision
    return {
        "id": event.id,
        "name": event.name,
        "type": {"id": event.type.id, "name": event.type.name},
        "date": moment(event.date),
        "date_precision": None if precision is None else precision.name,
        "date_label": label(event.stated),
        "location": event.location or None,
        "description": event.description,
        "webcast_live": event.webcast_live,
        "agencies": [
            {"id": one.id, "name": one.name, "abbrev": one.abbrev} for one in event.agencies
        ],
        "programs": [{"id": one.id, "name": one.name} for one in event.programs],
        "updates": [
            {"id": one.id, "comment": one.comment, "created_by": one.created_by}
            for one in event.updates
        ],
        "vid_urls": [one.url for one in event.vid_urls],
        "info_urls": [one.url for one in event.info_urls],
    }


def subscription_document(held: Held) -> Json:
    """A subscription as `import` reads it back."""
    one = held.subscription
    return {"id": one.id, "destination": str(one.destination), **held.words}


def change_document(noticed: Noticed) -> Json:
    """A noticed change with its values before and after."""
    before, after = _before_after(noticed.change)
    return {
        "id": noticed.id,
        "event_id": noticed.event_id,
        "event_name": noticed.event_name,
        "kind": kind_of(noticed.change),
        "noticed_at": moment(noticed.noticed_at),
        "before": before,
        "after": after,
    }


def _before_after(change: Change) -> tuple[Json, Json]:
    match change:
        case EventAnnounced(returned=returned):
            return ("withdrawn" if returned else None), "listed"
        case DateChanged(before=before, after=after):
            return _stated(before), _stated(after)
        case UpdatePosted(updates=updates):
            return None, [
                {"id": one.id, "comment": one.comment, "created_by": one.created_by}
                for one in updates
            ]
        case WebcastLive():
            return False, True
        case VideoAdded(videos=videos):
            return None, [{"url": one.url, "title": one.title} for one in videos]
        case DetailsChanged(details=details):
            return {one.name: one.before for one in details}, {
                one.name: one.after for one in details
            }
        case EventWithdrawn(last_date=last_date):
            return _stated(last_date), None
        case _ as never:
            assert_never(never)


def delivery_document(record: Record) -> Json:
    """A delivery as the outbox has it."""
    return {
        "id": record.id,
        "change_ids": list(record.change_ids),
        "event_id": record.event_id,
        "kind": record.kind,
        "destination": str(record.destination),
        "state": record.state,
        "attempts": record.attempts,
        "created_at": moment(record.created_at),
        "sent_at": moment(record.sent_at),
        "remote_id": record.remote_id or None,
        "error": record.error or None,
    }


def events_table(events: Iterable[Event]) -> str:
    """Date, type, name and agencies of events."""
    rows = [
        (
            label(event.stated),
            event.type.name,
            event.name,
            ", ".join(one.abbrev or one.name for one in event.agencies),
        )
        for event in events
    ]
    return table(("DATE", "TYPE", "EVENT", "AGENCIES"), rows) if rows else "No event matches."


def subscriptions_table(held: Iterable[Held]) -> str:
    """Number, destination and filter of subscriptions."""
    rows = [
        (str(one.subscription.id), str(one.subscription.destination), filter_line(one))
        for one in held
    ]
    if not rows:
        return "No subscriptions yet. Add one: perigee subscriptions add --to console:main"
    return table(("NO.", "DESTINATION", "WANTS"), rows)


def filter_line(held: Held) -> str:
    """A filter in one line: `type: EVA; agency: NASA, ESA`."""
    parts = [f"{option}: {', '.join(values)}" for option, values in held.words.items()]
    return "; ".join(parts) or "everything"


def changes_table(noticed: Iterable[Noticed]) -> str:
    """When, what kind, which event."""
    rows = [
        (f"{one.noticed_at:%Y-%m-%d %H:%M} UTC", kind_of(one.change).value, one.event_name)
        for one in noticed
    ]
    return table(("NOTICED", "KIND", "EVENT"), rows) if rows else "Nothing was noticed yet."


def tally_table(tally: Tally, only: str | None = None) -> str:
    """Counts by platform and state, and the last errors."""
    rows = [
        (adapter, state.value, str(count))
        for (adapter, state), count in tally.counts.items()
        if only in {None, state}
    ]
    if not rows:
        return "The outbox holds none." if only else "The outbox is empty."
    errors = [f"{one.destination}  {one.error}" for one in tally.last_errors]
    counts = table(("PLATFORM", "STATE", "DELIVERIES"), rows)
    return "\n".join([counts, *(["", "Last errors:", *errors] if errors else [])])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last is left ragged."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join(lines)


def once_line(report: PollReport, counts: Mapping[tuple[str, State], int]) -> str:
    """What `run --once` did, in a line."""
    kinds = Counter(kind_of(change).value for change in report.changes)
    noticed = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no change"
    if report.is_first and not report.changes:
        noticed = "first run, learnt without announcing"
    states = Counter[str]()
    for (_, state), count in counts.items():
        states[state.value] += count
    outbox = ", ".join(f"{count} {state}" for state, count in states.items()) or "empty"
    return f"Polled LL2: {report.events} events, {noticed}. Outbox: {outbox}."
