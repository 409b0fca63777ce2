"""Answers about events: one in full, the schedule page by page, and who cannot be found. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.events import Event, Update
from bot.domain.messages import Button, Message, Section, Stamp
from bot.domain.watching import Watch
from bot.rendering import buttons
from bot.rendering.answers.parts import paragraph, said
from bot.rendering.facts import fact, lasting_facts, short, who
from bot.rendering.fit import Measure, cut
from bot.rendering.links import links, picture
from bot.rendering.untrusted import paragraphs
from bot.rendering.words import counted, span, when

_TITLE = 256
_NAME = 100
_DESCRIPTION = 1200
_COMMENT = 600
_UPDATES = 3
_PROGRAMS = 3
_CHOICES = 5
_STANDS = {
    Watch.WATCHED: "On the schedule",
    Watch.FINISHED: "This event is over",
    Watch.WITHDRAWN: "Removed from the schedule",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the schedule.

    Attributes:
        events: those on it.
        first: the place of the first of them in the whole schedule, from 1.
        total: how many match in all.
        page: its number, from 1; `pages` is how many there are.
        asked: the options that the other pages are asked with, by ids.

    """

    events: tuple[Event, ...]
    first: int
    total: int
    page: int
    pages: int
    asked: dict[str, str] = field(default_factory=dict)


def in_full(
    event: Event,
    *,
    watch: Watch = Watch.WATCHED,
    is_next: bool = False,
    has_passed: bool = False,
    is_muted: bool = False,
) -> Message:
    """Everything that we know of an event.

    Args:
        event: as it is now.
        watch: where it stands.
        is_next: it is the next of those that were asked for.
        has_passed: it is still listed, but its date is over.
        is_muted: it is silenced where this is shown.

    """
    switch = buttons.unmute(event.id) if is_muted else buttons.mute(event.id)
    return Message(
        kind=None,
        headline=_headline(event, watch, is_next=is_next, has_passed=has_passed),
        title=_name(event, _TITLE),
        sections=(
            fact("When", *when(event.stated, relative=watch is Watch.WATCHED)),
            *lasting_facts(event),
            *_more_facts(event),
            *_description(event),
            *_updates(event),
        ),
        links=links((), event),
        picture=picture(event.image),
        buttons=buttons.row(switch) if watch is Watch.WATCHED else (),
    )


def _headline(event: Event, watch: Watch, *, is_next: bool, has_passed: bool) -> str:
    if event.webcast_live and watch is Watch.WATCHED:
        return "Webcast is live"
    if is_next:
        return "Next event"
    return "Its date has passed" if has_passed and watch is Watch.WATCHED else _STANDS[watch]


def _name(event: Event, limit: int) -> str:
    return short(event.name, limit) or f"Event {event.id}"


def _more_facts(event: Event) -> tuple[Section, ...]:
    names = [short(one.name, _NAME) for one in event.programs[:_PROGRAMS]]
    known = (
        ("Program", " · ".join(name for name in names if name)),
        ("Lasts", span(event.duration) if event.duration else ""),
        ("Id", str(event.id)),
    )
    return tuple(fact(heading, text) for heading, text in known if text)


def _updates(event: Event) -> tuple[Section, ...]:
    """The newest few, the newest first: who asks wants to know how things stand."""
    newest = sorted(event.updates, key=lambda one: one.id, reverse=True)
    return tuple(_update(one) for one in newest[:_UPDATES])


def _update(update: Update) -> Section:
    author = short(update.created_by, _NAME)
    comment = cut(paragraphs(update.comment), _COMMENT, Measure.UTF16)
    at = () if update.created_on is None else ("\n", Stamp(at=update.created_on))
    heading = f"Update by {author}" if author else "Update"
    return paragraph(comment or "No text was given.", *at, heading=heading)


def _description(event: Event) -> tuple[Section, ...]:
    text = cut(paragraphs(event.description), _DESCRIPTION, Measure.UTF16)
    return (paragraph(text),) if text else ()


def schedule(page: Page) -> Message:
    """A page of the schedule, with a button for each event and for the pages beside it."""
    place = f", page {page.page} of {page.pages}" if page.pages > 1 else ""
    numbered = tuple(enumerate(page.events, start=page.first))
    return Message(
        kind=None,
        headline=f"{counted(page.total, 'event')} ahead{place}",
        sections=(
            *(_line(number, event) for number, event in numbered),
            *_cannot_turn(page),
        ),
        buttons=(
            *buttons.rows(_choice(str(number), event) for number, event in numbered),
            *buttons.row(_turn(page, -1), _turn(page, 1)),
        ),
    )


def _line(number: int, event: Event) -> Section:
    known = (short(event.type.name, _NAME), who(event.agencies))
    sort = " · ".join(one for one in known if one)
    live = "Webcast is live\n" if event.webcast_live else ""
    tail = f"\n{sort}" if sort else ""
    return paragraph(live, *when(event.stated), tail, heading=f"{number}. {_name(event, _NAME)}")


def _choice(label: str, event: Event, command: str = "event") -> Button | None:
    return buttons.button(label, command, event=str(event.id))


def _turn(page: Page, step: int) -> Button | None:
    number = page.page + step
    if not 1 <= number <= page.pages:
        return None
    label = "Next page" if step > 0 else "Previous page"
    return buttons.button(label, "events", page=str(number), **page.asked)


def _cannot_turn(page: Page) -> tuple[Section, ...]:
    is_stuck = page.pages > 1 and _turn(page, -1) is None and _turn(page, 1) is None
    return (paragraph(_TOO_LONG_TO_TURN),) if is_stuck else ()


_TOO_LONG_TO_TURN = (
    "There are more, but so long a search does not fit on a button: use fewer words or options."
)


def nothing_ahead(*, is_choosy: bool, knows_any: bool) -> Message:
    """The schedule, or what matches of it, is empty."""
    if knows_any and not is_choosy:
        return said("Nothing is ahead", "The schedule of Launch Library 2 is empty for now.")
    if not knows_any:
        return said(
            "No event is known yet",
            "The first answer of Launch Library 2 is still awaited. Please ask again in a minute.",
        )
    return said(
        "No event matches",
        "Nothing on the schedule matches. Leave an option out, or see /types and /agencies.",
        buttons=buttons.row(buttons.button("Whole schedule", "events", page="1")),
    )


def which(text: str, found: Sequence[Event], command: str) -> Message:
    """Several events fit what was asked, soonest first; whoever asked chooses."""
    more = f", here the next {_CHOICES}" if len(found) > _CHOICES else ""
    return said(
        "Which event?",
        f'"{short(text, _NAME)}" fits {counted(len(found), "event")}{more}. Choose one:',
        buttons=_choices(found, command),
    )


def not_found(text: str, near: Sequence[Event], command: str) -> Message:
    """No event fits what was asked; perhaps one of these was meant."""
    hint = "Did you mean one of these?" if near else "/events shows the schedule."
    return said(
        "No such event",
        f'There is no event "{short(text, _NAME)}". {hint}',
        buttons=_choices(near, command),
    )


def _choices(found: Sequence[Event], command: str) -> tuple[buttons.Row, ...]:
    shown = (_choice(_name(one, _TITLE), one, command) for one in found[:_CHOICES])
    return buttons.rows(shown, width=1)
