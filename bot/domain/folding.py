"""Fold the unsent news of one event into what one message has to tell. Pure.

A channel that has not yet heard of a first change when a second comes gets one message: from what
it last knew to what is now true.
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.dates import shift, starts
from bot.domain.events import Event


def fold(news: Iterable[News], event: Event) -> tuple[News, ...]:
    """What is left to tell, most telling first; empty when nothing is.

    Args:
        news: the unsent news of one event, oldest first.
        event: the event as it is now; a reminder for another date, or a webcast that is no longer
            live, is void. Comments and videos are told as they stand in it now; one that vanished
            is told as it was, lest an answer that lost it for a moment swallow it for ever.

    """
    items = _settled(tuple(news))
    return (
        *[one for one in items if isinstance(one, EventWithdrawn)][-1:],
        *[one for one in items if isinstance(one, WebcastLive) and event.webcast_live][-1:],
        *_reminders(items, event),
        # The first one: who never heard of the event must not be told that it is back.
        *[one for one in items if isinstance(one, EventAnnounced)][:1],
        *_dates([one for one in items if isinstance(one, DateChanged)]),
        *_updates([one for one in items if isinstance(one, UpdatePosted)], event),
        *_videos([one for one in items if isinstance(one, VideoAdded)], event),
        *_details([one for one in items if isinstance(one, DetailsChanged)]),
    )


def _settled(items: tuple[News, ...]) -> tuple[News, ...]:
    """Drop what a later announcement or withdrawal made pointless."""
    turns = [one for one in items if isinstance(one, EventAnnounced | EventWithdrawn)]
    if not turns:
        return items
    knew_it, is_there = isinstance(turns[0], EventWithdrawn), isinstance(turns[-1], EventAnnounced)
    match knew_it, is_there:
        case True, True:
            return tuple(one for one in items if one not in turns)
        case True, False:
            return tuple(one for one in items if isinstance(one, EventWithdrawn | UpdatePosted))
        case False, True:
            told_whole = EventWithdrawn | DateChanged | VideoAdded | DetailsChanged
            return tuple(one for one in items if not isinstance(one, told_whole))
        case _:
            return ()


def _reminders(items: tuple[News, ...], event: Event) -> tuple[Reminder, ...]:
    due = [one for one in items if isinstance(one, Reminder) and is_valid(one, event)]
    return tuple(sorted(due, key=lambda one: one.lead)[:1])


def is_valid(reminder: Reminder, event: Event) -> bool:
    """Whether the event still stands, precise to the hour, at the date that this is for."""
    return reminder.date == starts(event.stated)


def _dates(moves: list[DateChanged]) -> tuple[DateChanged, ...]:
    if not moves or shift(moves[0].before, moves[-1].after) is None:
        return ()
    first, last = moves[0], moves[-1]
    return (replace(last, before=first.before),)


def _updates(posts: list[UpdatePosted], event: Event) -> tuple[UpdatePosted, ...]:
    now = {update.id: update for update in event.updates}
    by_id = {update.id: update for post in posts for update in post.updates}
    ordered = tuple(now.get(key, by_id[key]) for key in sorted(by_id))
    return tuple(UpdatePosted(event_id=post.event_id, updates=ordered) for post in posts[:1])


def _videos(added: list[VideoAdded], event: Event) -> tuple[VideoAdded, ...]:
    now = {video.url: video for video in event.vid_urls}
    by_url = {video.url: video for one in added for video in one.videos}
    videos = (now.get(url, video) for url, video in by_url.items())
    ordered = tuple(sorted(videos, key=lambda video: (video.priority, video.url)))
    return tuple(VideoAdded(event_id=one.event_id, videos=ordered) for one in added[:1])


def _details(edits: list[DetailsChanged]) -> tuple[DetailsChanged, ...]:
    merged: dict[str, Detail] = {}
    for detail in (detail for edit in edits for detail in edit.details):
        before = merged[detail.name].before if detail.name in merged else detail.before
        merged[detail.name] = Detail(name=detail.name, before=before, after=detail.after)
    details = tuple(one for one in merged.values() if one.before != one.after)
    if not details:
        return ()
    return (DetailsChanged(event_id=edits[0].event_id, details=details),)
