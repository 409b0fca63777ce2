"""A message as plain text: golden files, wrapping, limits."""

import unicodedata

import goldens
import pytest
from golden_cases import CASES, ELSEWHERE, TOLD_ELSEWHERE
from hypothesis import given
from hypothesis import strategies as st
from strategies import changes, events

from bot.domain.changes import Change
from bot.domain.events import Event
from bot.domain.folding import fold
from bot.domain.messages import Limits, Link, Message, Section, SectionKind
from bot.rendering.compose import compose
from bot.rendering.fit import Measure, length
from bot.rendering.plain import render_plain
from bot.testing import a_hostile_message, a_message

LIMITS = Limits(text=4096)
SMALL = Limits(text=1024, links=5)
IN_A_CHAT = ("combined", "hostile")


def in_a_terminal(message: Message) -> str:
    """As the console shows it."""
    return render_plain(message, LIMITS, width=88)


def elsewhere(message: Message) -> str:
    """As the console shows it to a channel of another zone."""
    return render_plain(message, LIMITS, zone=ELSEWHERE, width=88)


def in_a_chat(message: Message) -> str:
    """As a fall-back of at most 1,024 characters, without wrapping."""
    return render_plain(message, SMALL)


@pytest.mark.parametrize("name", sorted(CASES))
def test_messages_look_as_their_golden_file_shows(name: str) -> None:
    """What a reader sees changes only when somebody looked at it."""
    goldens.check("plain", name, in_a_terminal)


@pytest.mark.parametrize("name", IN_A_CHAT)
def test_fall_backs_look_as_their_golden_file_shows(name: str) -> None:
    """Without columns there are no tables and no wrapping; the limit holds."""
    goldens.check("plain_chat", name, in_a_chat)


@pytest.mark.parametrize("name", TOLD_ELSEWHERE)
def test_messages_in_another_zone_look_as_their_golden_file_shows(name: str) -> None:
    """Clock times are those of the channel; a day and all that is vaguer stay as they are."""
    goldens.check("plain_elsewhere", name, elsewhere)


@pytest.mark.parametrize(
    ("kind", "names"),
    [("plain", CASES), ("plain_chat", IN_A_CHAT), ("plain_elsewhere", TOLD_ELSEWHERE)],
)
def test_every_golden_file_has_its_cases(kind: str, names: tuple[str, ...]) -> None:
    """A golden file that nothing makes any more would only seem to test something."""
    assert goldens.stale(kind, names) == set()


@given(happened=st.lists(changes, min_size=1, max_size=4), event=events())
def test_whatever_happens_fits_and_is_printable(happened: list[Change], event: Event) -> None:
    """No text of LL2 may exceed a platform's limit or carry control characters to a terminal."""
    news = fold(happened, event)
    shown = in_a_chat(compose(news, event)) if news else ""

    assert length(shown, Measure.UTF16) <= SMALL.text
    assert not [char for char in shown if char != "\n" and unicodedata.category(char) == "Cc"]


@pytest.mark.parametrize("text", [200, 1024, 4096])
@pytest.mark.parametrize("width", [None, 60, 100])
def test_even_a_plug_ins_message_is_cut_to_the_limit(text: int, width: int | None) -> None:
    """A message that no care was taken with is cut in the end rather than refused."""
    shown = render_plain(a_hostile_message(), Limits(text=text), width=width)

    assert 100 < length(shown, Measure.UTF16) <= text


def test_lines_are_wrapped_to_the_width() -> None:
    """A long paragraph is pleasant to read; its further lines keep the indent of the first."""
    section = Section(heading="Update by Ada", body=("word " * 40,))

    lines = render_plain(a_message(sections=(section,)), LIMITS, width=60).split("\n")

    assert max(len(line) for line in lines) <= 60
    assert len([line for line in lines if line.startswith("  word")]) == 4


def test_an_address_is_never_wrapped() -> None:
    """Half an address leads nowhere, so it may stick out."""
    link = Link(label="Watch: NASA+", url=f"https://example.org/{'a' * 120}")

    shown = render_plain(a_message(links=(link,)), LIMITS, width=60)

    assert link.url in shown.split()


def test_facts_and_links_share_one_column() -> None:
    """The values of all rows start at the same place."""
    fact = Section(heading="Who", body=("NASA",), kind=SectionKind.FACT)
    link = Link(label="Source: example.org", url="https://example.org/1")

    shown = render_plain(a_message(sections=(fact,), links=(link,)), LIMITS, width=88)

    assert "Who     NASA" in shown
    assert "Source  https://example.org/1" in shown


def test_text_is_not_taken_for_markup_or_terminal_codes() -> None:
    """An escape character would let anybody paint our terminal."""
    section = Section(body=("\x1b]0;title\x07**plain**",))

    shown = render_plain(a_message(sections=(section,)), LIMITS, width=88)

    assert "]0;title**plain**" in shown
    assert "\x1b" not in shown
