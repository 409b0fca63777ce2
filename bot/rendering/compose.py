"""Turn the news of one event into the message that tells it. Pure; knows no platform.

What changed comes first, then what always helps: when, where, who, what sort of event. With its
siblings `headlines`, `links` and `words` this is where every word of our messages stands.
"""

import re
from typing import assert_never

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
    kind_of,
)
from bot.domain.deliveries import Priority, priority_of
from bot.domain.events import Agency, Event, Update
from bot.domain.messages import Message, Piece, Section, SectionKind
from bot.rendering.fit import Measure, cut
from bot.rendering.headlines import headline, headline_of
from bot.rendering.links import LONGEST_LABEL, links, picture, video_name
from bot.rendering.untrusted import one_line, paragraphs
from bot.rendering.words import counted, when

_TITLE = 256
_PLACE = 160
_NAME = 60
_AGENCIES = 6
_DETAIL = 160
_COMMENT = 2000
_UPDATES = 5
_VIDEOS = 5
_DESCRIPTION = 600
_REMINDER_DESCRIPTION = 240
_PUBLIC_BODY = re.compile(
    r"\b(agency|administration|organi[sz]ation|office|institute|force)\b", re.IGNORECASE
)
_SHORT_NAME = re.compile(r"\((\w+)\)$")
_NOTHING = "not given"


def compose(news: tuple[News, ...], event: Event) -> Message:
    """The message for one event's news.

    Args:
        news: folded (`domain.folding`): most telling first, of each kind one, never empty.
        event: the event as it is now.

    """
    return Message(
        kind=kind_of(news[0]),
        headline=headline(news, event),
        title=_short(event.name, _TITLE) or f"Event {event.id}",
        sections=(*_changes(news, event), *_facts(news, event), *_background(news, event)),
        links=links(news, event),
        picture=picture(event.image),
        urgent=priority_of(news) is Priority.URGENT,
    )


def _changes(news: tuple[News, ...], event: Event) -> tuple[Section, ...]:
    """A part for each piece of news; those that the headline leaves out get their own words."""
    found: list[Section] = []
    for one in news:
        is_told = one is news[0] or (isinstance(one, EventAnnounced) and _leads_live(news))
        found.extend(_told(one, "" if is_told else headline_of(one, event)))
    return tuple(found)


def _leads_live(news: tuple[News, ...]) -> bool:
    return isinstance(news[0], WebcastLive)


def _told(news: News, heading: str) -> tuple[Section, ...]:
    match news:
        case DateChanged(before=before, after=after):
            return (_change(*when(before), " → ", *when(after), name=heading),)
        case UpdatePosted(updates=updates):
            return _updates(updates)
        case DetailsChanged(details=details):
            return _details(details, heading)
        case EventWithdrawn():
            return (_change(_WITHDRAWN),)
        case VideoAdded(videos=videos):
            names = (_short(video_name(one), LONGEST_LABEL) for one in videos[:_VIDEOS])
            return (_change("\n".join(names), name=heading),) if heading else ()
        case EventAnnounced() | WebcastLive() | Reminder():
            return (_change(f"{heading}."),) if heading else ()
        case _ as never:
            assert_never(never)


def _change(*body: Piece, name: str = "") -> Section:
    return Section(heading=name, body=body, kind=SectionKind.CHANGE)


_WITHDRAWN = (
    "Launch Library 2 no longer lists this event. It may be cancelled, merged into another, "
    "or postponed without a new date."
)


def _updates(updates: tuple[Update, ...]) -> tuple[Section, ...]:
    """The newest few, in the order in which they were written."""
    told = tuple(_update(update) for update in updates[-_UPDATES:])
    left_out = len(updates) - len(told)
    if not left_out:
        return told
    more = f"{counted(left_out, 'earlier update')} not shown."
    return (_change(more), *told)


def _update(update: Update) -> Section:
    author = _short(update.created_by, _NAME)
    comment = cut(paragraphs(update.comment), _COMMENT, Measure.UTF16)
    heading = f"Update by {author}" if author else "Update"
    return Section(heading=heading, body=(comment or "No text was given.",), kind=SectionKind.TEXT)


def _details(details: tuple[Detail, ...], heading: str) -> tuple[Section, ...]:
    """Short fields as "old → new"; a long text only as it is now."""
    lines = "\n".join(_detail(one) for one in details if one.name != "description")
    texts = [_short(one.after, _DESCRIPTION) for one in details if one.name == "description"]
    return (
        *(
            Section(heading=heading, body=(line,), kind=SectionKind.TEXT)
            for line in [lines]
            if line
        ),
        *(
            Section(heading="New description", body=(text or _NOTHING,), kind=SectionKind.TEXT)
            for text in texts
        ),
    )


def _detail(detail: Detail) -> str:
    before, after = (_short(text, _DETAIL) or _NOTHING for text in (detail.before, detail.after))
    return f"{one_line(detail.name).capitalize()}: {before} → {after}"


def _facts(news: tuple[News, ...], event: Event) -> tuple[Section, ...]:
    withdrawn = next((one for one in news if isinstance(one, EventWithdrawn)), None)
    if withdrawn is not None:
        date = _fact("Was due", *when(withdrawn.last_date))
    else:
        date = _fact("When", *when(event.stated, relative=True))
    known = (
        ("Where", _short(event.location, _PLACE)),
        ("Who", _who(event.agencies)),
        ("Type", _short(event.type.name, _NAME)),
    )
    return (date, *(_fact(heading, text) for heading, text in known if text))


def _fact(heading: str, *body: Piece) -> Section:
    return Section(heading=heading, body=body, kind=SectionKind.FACT)


def _who(agencies: tuple[Agency, ...]) -> str:
    names = [_agency(agency) for agency in agencies]
    more = len(names) - _AGENCIES
    shown = " · ".join(name for name in names[:_AGENCIES] if name)
    return f"{shown} and {more} more" if more > 0 else shown


def _agency(agency: Agency) -> str:
    """Public bodies are known by their abbreviation (ESA), companies are not (SpaceX, not SpX)."""
    name, abbrev = one_line(agency.name), one_line(agency.abbrev)
    given = _SHORT_NAME.search(name)
    if given:
        return _short(given[1], _NAME)
    return _short(abbrev if abbrev and _PUBLIC_BODY.search(name) else name, _NAME)


def _background(news: tuple[News, ...], event: Event) -> tuple[Section, ...]:
    """The description, for those who meet the event now: at length when it is new."""
    if any(isinstance(one, EventAnnounced) for one in news):
        text = cut(paragraphs(event.description), _DESCRIPTION, Measure.UTF16)
    elif any(isinstance(one, Reminder | WebcastLive) for one in news):
        text = _short(event.description, _REMINDER_DESCRIPTION)
    else:
        text = ""
    return (Section(body=(text,), kind=SectionKind.BACKGROUND),) if text else ()


def _short(text: str, limit: int) -> str:
    return cut(one_line(text), limit, Measure.UTF16)
