"""What messages say. How they look is in the golden files; here are the rules behind them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from golden_cases import CASES
from hypothesis import given
from hypothesis import strategies as st
from strategies import changes, events

from bot.domain.changes import (
    Change,
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    News,
    Reminder,
    UpdatePosted,
    WebcastLive,
    kind_of,
)
from bot.domain.dates import is_precise
from bot.domain.events import Agency, Event, EventId, UpdateId
from bot.domain.folding import fold
from bot.domain.messages import LinkKind, Message, Section, SectionKind, Stamp
from bot.rendering.compose import compose
from bot.rendering.words import spelled
from bot.testing import DAY, MONTH, START, an_event, an_update

ONE = EventId(1)
ANNOUNCED = EventAnnounced(event_id=ONE)
LIVE = WebcastLive(event_id=ONE)
REMINDER = Reminder(event_id=ONE, date=START, lead=timedelta(hours=1))
CLOCK_TIME = re.compile(r"\d\d:\d\d")


def text(message: Message) -> str:
    """All words of a message, in reading order."""
    return "\n".join([message.headline, message.title, *map(body, message.sections)])


def body(section: Section) -> str:
    """A section in words, its stamps as their fall-back."""
    pieces = [spelled(piece) for piece in section.body]
    return f"{section.heading} {''.join(pieces)}"


def facts(message: Message) -> dict[str, str]:
    """The table of a message."""
    found = (one for one in message.sections if one.kind is SectionKind.FACT)
    return {one.heading: body(one).removeprefix(f"{one.heading} ") for one in found}


@given(happened=st.lists(changes, min_size=1, max_size=4), event=events())
def test_every_message_says_what_and_of_what(happened: list[Change], event: Event) -> None:
    """A headline and a title are never empty and never break into two lines."""
    news = fold(happened, event) or (ANNOUNCED,)

    message = compose(news, event)

    assert message.headline.strip()
    assert message.title.strip()
    assert "\n" not in message.headline + message.title
    assert message.kind is kind_of(news[0])


@given(happened=st.lists(changes, min_size=1, max_size=4), event=events())
def test_every_link_is_a_web_address_and_stands_once(happened: list[Change], event: Event) -> None:
    """Videos come first; nothing is linked twice; every link says what it is."""
    message = compose(fold(happened, event) or (ANNOUNCED,), event)

    urls = [link.url for link in message.links]
    kinds = [link.kind for link in message.links]
    assert len(urls) == len({*urls}) == len({link.label for link in message.links})
    assert all(url.startswith("https://") for url in urls)
    assert kinds == sorted(kinds, key=lambda kind: kind is not LinkKind.VIDEO)


@given(event=events())
def test_a_coarse_date_never_shows_a_clock_time(event: Event) -> None:
    """LL2's raw clock of "September 2027" means nothing; it is neither shown nor stamped."""
    coarse = replace(event, name="Docking", location="", description="", date_precision=MONTH)

    message = compose((ANNOUNCED,), coarse)

    assert not CLOCK_TIME.search(text(message))
    assert not [
        one for section in message.sections for one in section.body if not isinstance(one, str)
    ]


@pytest.mark.parametrize("name", sorted(CASES))
def test_when_is_said_in_every_message(name: str) -> None:
    """A reader never has to look the date up; one that is past is not counted down to."""
    for case in CASES[name]:
        heading, *_ = facts(case.message())

        was = any(isinstance(one, EventWithdrawn) for one in case.news)
        assert heading == ("Was due" if was else "When")


def test_the_date_is_stamped_so_that_clients_can_count_down() -> None:
    """The clock time in the reader's zone, and how long until then, are the client's to show."""
    event = an_event()
    assert is_precise(event.stated)

    when = next(one for one in compose((ANNOUNCED,), event).sections if one.heading == "When")

    assert when.body == (Stamp(at=event.date or START, relative=True),)


def test_a_withdrawn_event_is_not_counted_down_to() -> None:
    """A countdown beside "removed" would say that it takes place."""
    message = compose((EventWithdrawn(event_id=ONE, last_date=an_event().stated),), an_event())

    stamps = [one for part in message.sections for one in part.body if isinstance(one, Stamp)]
    assert [stamp.relative for stamp in stamps] == [False]


@pytest.mark.parametrize(
    ("news", "urgent"),
    [
        (ANNOUNCED, False),
        (LIVE, True),
        (REMINDER, True),
        (replace(REMINDER, lead=timedelta(hours=24)), False),
    ],
)
def test_only_what_cannot_wait_is_urgent(news: News, *, urgent: bool) -> None:
    """A webcast that is live, and reminders of an hour or less."""
    assert compose((news,), an_event(webcast_live=True)).urgent is urgent


def test_a_late_reminder_claims_no_remaining_time() -> None:
    """An hour before the event is not when it is read; the date itself stays true."""
    late = compose((replace(REMINDER, late=True),), an_event())

    assert late.headline == "Late reminder"
    assert "hour" not in text(late)


def test_one_save_of_a_librarian_is_one_message() -> None:
    """The date leads and the comment explains it."""
    event = an_event(date_precision=DAY)
    moved = DateChanged(event_id=ONE, before=replace(event.stated, date=START), after=event.stated)

    message = compose((moved, UpdatePosted(event_id=ONE, updates=(an_update(),))), event)

    assert message.headline == "Moved later by 13 days"
    assert (message.kind, message.also) == (Kind.DATE, (Kind.UPDATE,))
    assert [body(one) for one in message.sections[:2]] == [
        " 1 Mar 2027 → 14 Mar 2027",
        "Update by Ada Berthing moved because of the weather at the launch site.",
    ]


def test_updates_are_told_in_order_and_the_newest_of_many() -> None:
    """The last words matter most; how many were left out is said."""
    updates = tuple(an_update(id=UpdateId(one), comment=f"c{one}") for one in range(1, 8))

    message = compose((UpdatePosted(event_id=ONE, updates=updates),), an_event())

    told = [body(one).split()[-1] for one in message.sections if one.kind is SectionKind.TEXT]
    assert told == ["c3", "c4", "c5", "c6", "c7"]
    assert "2 earlier updates not shown." in text(message)


def test_a_long_description_is_not_told_twice() -> None:
    """Of a rewritten description only the new one is shown, and cut."""
    detail = Detail(name="description", before="old " * 400, after="new " * 400)

    message = compose((DetailsChanged(event_id=ONE, details=(detail,)),), an_event())

    assert message.headline == "Description changed"
    assert "old" not in text(message)
    assert 500 < len(text(message)) < 800


def test_an_announcement_carries_the_description_and_a_slip_does_not() -> None:
    """Who knows the event already is spared the text."""
    event = an_event(description="A long story.")
    update = UpdatePosted(event_id=ONE, updates=(an_update(),))

    assert "A long story." in text(compose((ANNOUNCED,), event))
    assert "A long story." not in text(compose((update,), event))


@pytest.mark.parametrize(
    ("agency", "shown"),
    [
        (Agency(id=1, name="European Space Agency", abbrev="ESA"), "ESA"),
        (Agency(id=2, name="SpaceX", abbrev="SpX"), "SpaceX"),
        (Agency(id=3, name="Soviet Space Program"), "Soviet Space Program"),
        (Agency(id=4, name="Russian Federal Space Agency (ROSCOSMOS)", abbrev="RFSA"), "ROSCOSMOS"),
        (Agency(id=5, name="Space Agency of Nowhere"), "Space Agency of Nowhere"),
    ],
)
def test_agencies_are_called_as_people_call_them(agency: Agency, shown: str) -> None:
    """Public bodies by their abbreviation, companies by their name."""
    assert facts(compose((ANNOUNCED,), an_event(agencies=(agency,))))["Who"] == shown


def test_what_is_not_known_is_left_out() -> None:
    """No empty rows, and an event without a name is still told."""
    bare = an_event(name=" ", location="", agencies=(), description="")

    message = compose((ANNOUNCED,), bare)

    assert message.title == "Event 1"
    assert [*facts(message)] == ["When", "Type"]


def test_every_alert_can_be_muted_where_it_stands() -> None:
    """Under each message are buttons for the whole event, and to hear no more of it here."""
    message = compose((EventAnnounced(event_id=EventId(7)),), an_event(id=EventId(7)))

    presses = [button.press for row in message.buttons for button in row]
    assert presses == ["event event:7", "mute event:7"]
