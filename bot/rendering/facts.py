"""What is always told of an event beside its news: where, who, what sort. Pure."""

import re

from bot.domain.events import Agency, Event
from bot.domain.messages import Piece, Section, SectionKind
from bot.rendering.fit import Measure, cut
from bot.rendering.untrusted import one_line

_PLACE = 160
_NAME = 60
_AGENCIES = 6
_PUBLIC_BODY = re.compile(
    r"\b(agency|administration|organi[sz]ation|office|institute|force)\b", re.IGNORECASE
)
_SHORT_NAME = re.compile(r"\((\w+)\)$")


def fact(heading: str, *body: Piece) -> Section:
    """One line of the table under a message."""
    return Section(heading=heading, body=body, kind=SectionKind.FACT)


def lasting_facts(event: Event) -> tuple[Section, ...]:
    """Place, agencies and type, as far as they are known."""
    known = (
        ("Where", short(event.location, _PLACE)),
        ("Who", who(event.agencies)),
        ("Type", short(event.type.name, _NAME)),
    )
    return tuple(fact(heading, text) for heading, text in known if text)


def who(agencies: tuple[Agency, ...]) -> str:
    """Agencies by the names that people know, the first few of many."""
    names = [agency_name(agency) for agency in agencies]
    more = len(names) - _AGENCIES
    shown = " · ".join(name for name in names[:_AGENCIES] if name)
    return f"{shown} and {more} more" if more > 0 else shown


def agency_name(agency: Agency) -> str:
    """Public bodies are known by their abbreviation (ESA), companies are not (SpaceX, not SpX)."""
    name, abbrev = one_line(agency.name), one_line(agency.abbrev)
    given = _SHORT_NAME.search(name)
    if given:
        return short(given[1], _NAME)
    return short(abbrev if abbrev and _PUBLIC_BODY.search(name) else name, _NAME)


def short(text: str, limit: int) -> str:
    """A text on one line, cut to a limit."""
    return cut(one_line(text), limit, Measure.UTF16)
