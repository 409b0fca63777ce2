"""Decide what changed between two states of an event. Pure; knows nothing of chat or storage.

Not compared, because they echo the host, churn, or are overwritten after the fact (facts-ll2,
sections 1, 4 and 5): `url`, `slug`, images, `last_updated`, `duration`, `info_urls`, video
metadata, and comments that were edited in place.
"""

import re
from collections.abc import Iterable

from bot.domain.changes import (
    Change,
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.dates import shift
from bot.domain.events import Agency, Event, Program, Update

LL2_ITSELF = "LL2"
"""The author of automatic comments (facts-ll2, section 4)."""

_WEBCAST_STARTED = re.compile(
    r"\s*((un)?official )?(webcast|livestream|re-stream)( by ((?!\. ).)+)? has started[.!]?\s*",
    re.IGNORECASE,
)
"""The whole of such a comment: one that says more is news."""


def diff(before: Event | None, after: Event) -> tuple[Change, ...]:
    """What a reader wants to know; empty when nothing is news.

    An event at first sight is one announcement: its comments and videos are part of it. A webcast
    that is already live then counts once.
    """
    if before is None:
        announced = EventAnnounced(event_id=after.id)
        return (announced, *_webcast(live_before=False, after=after))
    return (
        *_date(before, after),
        *_updates(before, after),
        *_webcast(live_before=before.webcast_live, after=after),
        *_videos(before, after),
        *_details(before, after),
    )


def _date(before: Event, after: Event) -> tuple[Change, ...]:
    if shift(before.stated, after.stated) is None:
        return ()
    return (DateChanged(event_id=after.id, before=before.stated, after=after.stated),)


def _updates(before: Event, after: Event) -> tuple[Change, ...]:
    known = {update.id for update in before.updates} | {*before.retired_updates}
    posted = tuple(
        update
        for update in sorted(after.updates, key=lambda update: update.id)
        if update.id not in known and not is_webcast_echo(update)
    )
    return (UpdatePosted(event_id=after.id, updates=posted),) if posted else ()


def is_webcast_echo(update: Update) -> bool:
    """Whether LL2 itself wrote that a webcast started, and nothing else.

    The flag `webcast_live` tells that reliably; the comment may lag or be missing (facts-ll2,
    section 9), so it is never an alert of its own.
    """
    return update.created_by == LL2_ITSELF and bool(_WEBCAST_STARTED.fullmatch(update.comment))


def _webcast(*, live_before: bool, after: Event) -> tuple[Change, ...]:
    return (WebcastLive(event_id=after.id),) if after.webcast_live and not live_before else ()


def _videos(before: Event, after: Event) -> tuple[Change, ...]:
    known = {video.url for video in before.vid_urls} | {*before.retired_vid_urls}
    ordered = sorted(after.vid_urls, key=lambda video: (video.priority, video.url))
    added = tuple(video for video in ordered if video.url not in known)
    return (VideoAdded(event_id=after.id, videos=added),) if added else ()


def _details(before: Event, after: Event) -> tuple[Change, ...]:
    type_before = after.type.name if before.type.id == after.type.id else before.type.name
    pairs = (
        ("name", before.name, after.name),
        ("type", type_before, after.type.name),
        ("location", before.location, after.location),
        ("description", before.description, after.description),
        ("agencies", *_names(before.agencies, after.agencies)),
        ("programs", *_names(before.programs, after.programs)),
    )
    details = tuple(
        Detail(name=name, before=old, after=new) for name, old, new in pairs if old != new
    )
    return (DetailsChanged(event_id=after.id, details=details),) if details else ()


def _names(
    before: Iterable[Agency | Program], after: Iterable[Agency | Program]
) -> tuple[str, str]:
    """Names in words; those that only were renamed in place count as equal."""
    now = {one.id: one.name for one in after}
    old = {one.id: now.get(one.id, one.name) for one in before}
    return ", ".join(sorted(old.values())), ", ".join(sorted(now.values()))
