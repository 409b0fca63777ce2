"""Which event a person means."""

from datetime import timedelta

import pytest

from bot.commands.finding import named, nearest, upcoming
from bot.domain.events import DatePrecision, Event, EventId
from bot.testing import MINUTE, MONTH, START, an_event

CYGNUS, SOYUZ, EVA = (
    an_event(id=EventId(number), name=name)
    for number, name in enumerate(
        ("Cygnus NG-27 Berthing", "Soyuz MS-32 Docking", "ISS EVA 95"), start=1
    )
)
ALL = (CYGNUS, SOYUZ, EVA)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cygnus NG-27 Berthing", (CYGNUS,)),
        ("  cygnus   ng-27 BERTHING ", (CYGNUS,)),
        ("berthing cygnus", (CYGNUS,)),
        ("eva", (EVA,)),
        ("ng", (CYGNUS, SOYUZ)),
        ("dragon", ()),
    ],
)
def test_events_are_found_by_the_words_of_their_name(text: str, found: tuple[Event, ...]) -> None:
    """All the words must be in it, in any order and case."""
    assert named(text, ALL) == found


def test_a_whole_name_beats_the_names_that_hold_it() -> None:
    """Who types "ISS EVA 9" does not mean the 95th."""
    ninth = an_event(id=EventId(9), name="ISS EVA 9")

    assert named("iss eva 9", (*ALL, ninth)) == (ninth,)


@pytest.mark.parametrize(("text", "found"), [("soyus", SOYUZ), ("cignus bertin", CYGNUS)])
def test_misspelt_names_find_the_nearest(text: str, found: Event) -> None:
    """A letter wrong in a word does not hide the event."""
    assert nearest(text, ALL, 1) == (found,)


def test_nothing_alike_finds_nothing() -> None:
    """Suggestions that have nothing to do with what was asked would only annoy."""
    assert nearest("xylophone", ALL, 5) == ()


def at(hours: float, precision: DatePrecision = MINUTE, **changes: bool) -> Event:
    """An event so many hours from now."""
    date = START + timedelta(hours=hours)
    return an_event(date=date, date_precision=precision, **changes)


def test_events_are_ahead_until_their_date_is_over() -> None:
    """LL2 lists an event for a day after its date; the next event is not one of those."""
    ahead, past = at(1), at(-1)

    assert upcoming([past, ahead], START) == (ahead,)


def test_a_vague_date_is_ahead_for_its_whole_period() -> None:
    """An event of this month can still come, whatever day its stamp names."""
    this_month = at(-6, MONTH)

    assert upcoming([this_month], START) == (this_month,)


def test_what_is_shown_now_is_not_over() -> None:
    """A webcast that is live outlasts the date of its event."""
    live = at(-3, webcast_live=True)

    assert upcoming([live], START) == (live,)
