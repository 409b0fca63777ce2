"""Turn the news of one event into the message that tells it. Pure; knows no platform.

What changed comes first, then what always helps: when, where, who, what sort of event. With its
siblings, `answers` among them, this is where every word of our messages stands.
"""

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
from bot.domain.events import Event, Update
from bot.domain.messages import Message, Piece, Section, SectionKind
from bot.rendering.buttons import details, mute, row
from bot.rendering.facts import fact, lasting_facts, short
from bot.rendering.fit import Measure, cut
from bot.rendering.headlines import headline, headline_of
from bot.rendering.links import LONGEST_LABEL, links, picture, video_name
from bot.rendering.untrusted import one_line, paragraphs
from bot.rendering.words import counted, when

_TITLE = 256
_NAME = 60
_DETAIL = 160
_COMMENT = 2000
_UPDATES = 5
_VIDEOS = 5
_DESCRIPTION = 600
_REMINDER_DESCRIPTION = 240
_NOTHING = "not given"


def compose(news: tuple[News, ...], event: Event) -> Message:
    """The message for one event's news.

    Args:
        news: folded (`domain.folding`): most telling first, of each kind one, never empty.
        event: the event as it is now.

    """
    return Message(
        kind=kind_of(news[0]),
        headline=headline(news),
        title=short(event.name, _TITLE) or f"Event {event.id}",
        sections=(*_changes(news), *_facts(news, event), *_background(news, event)),
        links=links(news, event),
        picture=picture(event.image),
        buttons=row(details(event.id), mute(event.id)),
        urgent=priority_of(news) is Priority.URGENT,
        also=tuple(kind_of(one) for one in news[1:]),
    )


def _changes(news: tuple[News, ...]) -> tuple[Section, ...]:
    """A part for each piece of news; those that the headline leaves out get their own words."""
    found: list[Section] = []
    for one in news:
        is_told = one is news[0] or (isinstance(one, EventAnnounced) and _leads_live(news))
        found.extend(_told(one, "" if is_told else headline_of(one)))
    return tuple(found)


def _leads_live(news: tuple[News, ...]) -> bool:
    return isinstance(news[0], WebcastLive)


def _told(news: News, heading: str) -> tuple[Section, ...]:
    match news:
        case DateChanged(before=before, after=after, nth=nth):
            often = (f"\nThis date has changed {nth} times so far.",) if nth else ()
            return (_change(*when(before), " → ", *when(after), *often, name=heading),)
        case UpdatePosted(updates=updates):
            return _updates(updates)
        case DetailsChanged(details=details):
            return _details(details, heading)
        case EventWithdrawn():
            return (_change(_WITHDRAWN),)
        case VideoAdded(videos=videos):
            names = (short(video_name(one), LONGEST_LABEL) for one in videos[:_VIDEOS])
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
    author = short(update.created_by, _NAME)
    comment = cut(paragraphs(update.comment), _COMMENT, Measure.UTF16)
    heading = f"Update by {author}" if author else "Update"
    return Section(heading=heading, body=(comment or "No text was given.",), kind=SectionKind.TEXT)


def _details(details: tuple[Detail, ...], heading: str) -> tuple[Section, ...]:
    """Short fields as "old → new"; a long text only as it is now."""
    lines = "\n".join(_detail(one) for one in details if one.name != "description")
    texts = [short(one.after, _DESCRIPTION) for one in details if one.name == "description"]
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
    before, after = (short(text, _DETAIL) or _NOTHING for text in (detail.before, detail.after))
    return f"{one_line(detail.name).capitalize()}: {before} → {after}"


def _facts(news: tuple[News, ...], event: Event) -> tuple[Section, ...]:
    withdrawn = next((one for one in news if isinstance(one, EventWithdrawn)), None)
    if withdrawn is not None:
        return (fact("Was due", *when(withdrawn.last_date)), *lasting_facts(event))
    return (fact("When", *when(event.stated, relative=True)), *lasting_facts(event))


def _background(news: tuple[News, ...], event: Event) -> tuple[Section, ...]:
    """The description, for those who meet the event now: at length when it is new."""
    if any(isinstance(one, EventAnnounced) for one in news):
        text = cut(paragraphs(event.description), _DESCRIPTION, Measure.UTF16)
    elif any(isinstance(one, Reminder | WebcastLive) for one in news):
        text = short(event.description, _REMINDER_DESCRIPTION)
    else:
        text = ""
    return (Section(body=(text,), kind=SectionKind.BACKGROUND),) if text else ()
