"""One JSON document for machines, in LL2's own words where LL2 has them. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from bot.domain.asking import Held, spell_leads
from bot.domain.changes import (
    Change,
    DateChanged,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
    kind_of,
)
from bot.domain.dates import label
from bot.domain.events import Event, StatedDate
from bot.domain.fanouts import Record
from bot.domain.watching import Noticed

Json = Mapping[str, object] | Sequence[object] | str | int | bool | None


def document(value: Json) -> str:
    """One JSON document, in ASCII: whatever it holds, every terminal and every file takes it."""
    return json.dumps(value, indent=2)


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
    """A subscription with all its options, as `import` reads it back; an empty list is "any"."""
    one = held.subscription
    return {
        "id": one.id,
        "destination": str(one.destination),
        **dict.fromkeys(("type", "agency", "program", "search"), ()),
        "changes": [kind.value for kind in Kind if kind in one.filter.kinds],
        "remind": spell_leads(one.filter.leads),
        **held.words,
    }


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
