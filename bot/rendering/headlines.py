"""The headline of each kind of news: what happened, in a few words that stand alone. Pure."""

from typing import assert_never

from bot.domain.changes import (
    DateChanged,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.dates import Grain, Shift, grain, is_precise, label, shift
from bot.domain.events import StatedDate
from bot.rendering.words import distance, lead


def headline(news: tuple[News, ...]) -> str:
    """The headline of a message: that of the first piece of news, which is the most telling."""
    first = news[0]
    announced = next((one for one in news if isinstance(one, EventAnnounced)), None)
    if isinstance(first, WebcastLive) and announced is not None:
        return f"{headline_of(announced)}: live now"
    return headline_of(first)


def headline_of(news: News) -> str:
    """What one piece of news says in a few words."""
    match news:
        case EventAnnounced(returned=returned):
            return "Back on the schedule" if returned else "New event"
        case DateChanged(before=before, after=after):
            return _moved(before, after)
        case DetailsChanged(details=details):
            only = details[0].name if len(details) == 1 else "details"
            return f"{only.capitalize()} changed"
        case Reminder():
            return _reminded(news)
        case _:
            return _plainly(news)


def _plainly(news: UpdatePosted | VideoAdded | WebcastLive | EventWithdrawn) -> str:
    match news:
        case UpdatePosted(updates=updates):
            return _new(len(updates), "update")
        case VideoAdded(videos=videos):
            return _new(len(videos), "video")
        case WebcastLive():
            return "Webcast is live"
        case EventWithdrawn():
            return "Removed from the schedule"
        case _ as never:
            assert_never(never)


def _new(number: int, noun: str) -> str:
    return f"New {noun}" if number == 1 else f"{number} new {noun}s"


def _reminded(reminder: Reminder) -> str:
    """A late one must not claim a remaining time that is no longer true; the facts tell the date.

    No headline tells a clock time: it is text, which cannot be in each channel's zone.
    """
    return "Late reminder" if reminder.late else f"Coming up in about {lead(reminder.lead)}"


def _moved(before: StatedDate, after: StatedDate) -> str:
    match shift(before, after):
        case Shift.EARLIER:
            return f"Moved earlier{_how_far(before, after)}"
        case Shift.LATER:
            return f"Moved later{_how_far(before, after)}"
        case Shift.MORE_PRECISE:
            return _more_precise(before, after)
        case Shift.LESS_PRECISE:
            return _less_precise(after)
        case None:
            return "Date changed"
        case _ as never:
            assert_never(never)


def _how_far(before: StatedDate, after: StatedDate) -> str:
    """The distance where it is known; else a coarse date itself, which is short and honest."""
    amount = distance(before, after)
    if amount:
        return f" by {amount}"
    return "" if is_precise(after) else f": {label(after)}"


def _more_precise(before: StatedDate, after: StatedDate) -> str:
    if before.date is None:
        return "Date announced"
    if grain(after) > Grain.DAY:
        return "Date now known more precisely"
    if not is_precise(after):
        return "Time of day now known" if grain(before) is Grain.DAY else "Date now known"
    if is_precise(before):
        return "Time now known more precisely"
    return "Time now known" if grain(before) <= Grain.DAY else "Date and time now known"


def _less_precise(after: StatedDate) -> str:
    if after.date is None:
        return "Date no longer known"
    if grain(after) is Grain.DAY:
        return "Time no longer known"
    return "Time now less certain" if grain(after) < Grain.DAY else "Date now less certain"
