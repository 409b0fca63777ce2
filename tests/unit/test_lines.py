"""What a person types after a command becomes options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.lines import STRAY, read_line, split_line, write_line
from bot.domain.requests import CommandSpec, Option, OptionKind

SUBSCRIBE = CommandSpec(
    name="subscribe",
    description="Follow events here",
    options=(
        Option(name="type", description="Kinds of events", kind=OptionKind.TYPE),
        Option(name="agency", description="Who takes part", kind=OptionKind.AGENCY),
        Option(name="search", description="Words", kind=OptionKind.TEXT),
    ),
)
EVENT = CommandSpec(
    name="event",
    description="One event",
    options=(
        Option(name="event", description="Which", kind=OptionKind.EVENT, is_first=True),
        Option(name="page", description="Page", kind=OptionKind.TEXT),
    ),
)


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("", {}),
        ("type:EVA", {"type": "EVA"}),
        (
            'type:EVA agency:NASA,ESA search:"space station"',
            {"type": "EVA", "agency": "NASA,ESA", "search": "space station"},
        ),
        ("search:x  agency:ESA type:EVA", {"search": "x", "agency": "ESA", "type": "EVA"}),
        ("type:Moon Landing agency:ESA", {"type": "Moon Landing", "agency": "ESA"}),
        ("type: EVA", {"type": "EVA"}),
        ("type:EVA, Docking", {"type": "EVA,Docking"}),
        ("type:EVA type:Docking", {"type": "EVA,Docking"}),
        ("Type:EVA", {"type": "EVA"}),
        ("search:“space station”", {"search": "space station"}),
        ('search:"type:EVA"', {"search": "type:EVA"}),
        ('search:"never closed', {"search": "never closed"}),
        ("typ:EVA", {"typ": "EVA"}),
        ("everything", {STRAY: "everything"}),
        ("type:", {}),
    ],
)
def test_options_are_read_in_any_order(typed: str, options: dict[str, str]) -> None:
    """Options may stand in any order, in any case, with or without quotes."""
    assert read_line(typed, SUBSCRIBE) == options


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("Cygnus NG-27 Berthing", {"event": "Cygnus NG-27 Berthing"}),
        ("2001", {"event": "2001"}),
        ("Soyuz MS-27: docking", {"event": "Soyuz MS-27: docking"}),
        ("Crew-9 page:2", {"event": "Crew-9", "page": "2"}),
        ("page:2", {"page": "2"}),
        ("event:2001", {"event": "2001"}),
        ("https://example.org/1", {"event": "https://example.org/1"}),
    ],
)
def test_words_without_a_name_belong_to_the_first_option(
    typed: str, options: dict[str, str]
) -> None:
    """What one would naturally type after a command needs no name."""
    assert read_line(typed, EVENT) == options


@pytest.mark.parametrize(
    ("typed", "command", "rest"),
    [
        ("/subscribe type:EVA", "subscribe", "type:EVA"),
        ("/Next", "next", ""),
        ("mute event:2001", "mute", "event:2001"),
        (" /help  ", "help", ""),
        ("/event\nCrew-9 docking", "event", "Crew-9 docking"),
        ("/", "", ""),
    ],
)
def test_command_is_told_from_its_options(typed: str, command: str, rest: str) -> None:
    """A button's line has no slash; a person's has."""
    assert split_line(typed) == (command, rest)


@given(st.text(max_size=80))
def test_any_text_is_read(typed: str) -> None:
    """Whatever is typed gives options without blanks around them, and never an error."""
    options = read_line(typed, SUBSCRIBE)

    assert all(value and value == value.strip() for value in options.values())


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "subscribe"),
        ({"type": "3,4", "agency": "44"}, "subscribe type:3,4 agency:44"),
        ({"search": "space station"}, 'subscribe search:"space station"'),
        ({"search": "type:EVA"}, 'subscribe search:"type:EVA"'),
        ({"search": "//"}, 'subscribe search:"//"'),
        ({"type": "", "agency": " "}, "subscribe"),
        ({"search": 'the "arm"'}, 'subscribe search:"the arm"'),
    ],
)
def test_command_is_written_as_one_types_it(options: dict[str, str], line: str) -> None:
    """Quotes stand only where a value needs them: a button holds few bytes."""
    assert write_line("subscribe", options) == line


@given(
    st.dictionaries(
        st.sampled_from(["type", "agency", "search"]),
        st.text(st.characters(exclude_characters=',"“”„‟«»'), min_size=1, max_size=20),
    )
)
def test_written_line_reads_as_it_was_meant(options: dict[str, str]) -> None:
    """What a button gives is read back, but for blanks that mean nothing."""
    command, rest = split_line(write_line("subscribe", options))

    tidy = {name: " ".join(value.split()) for name, value in options.items()}
    assert command == "subscribe"
    assert read_line(rest, SUBSCRIBE) == {name: value for name, value in tidy.items() if value}
