"""Names of types, agencies and programs: from the start, as learnt, and as people give them."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catalogue import (
    KNOWN_FROM_THE_START,
    agency_id,
    merged,
    program_id,
    spelling,
    type_id,
)
from bot.domain.events import Agency, EventType, Program
from bot.domain.watching import Catalogue
from bot.errors import ConfigError

names = st.text(alphabet="ABab ,.-é1", min_size=1, max_size=8).filter(lambda name: name.strip())
agencies = st.lists(
    st.builds(Agency, id=st.integers(1, 99), name=names, abbrev=st.just("") | names),
    max_size=6,
    unique_by=lambda one: one.id,
).map(tuple)


def test_ids_are_unique() -> None:
    """An id that stood twice would have two names."""
    for field in (
        KNOWN_FROM_THE_START.types,
        KNOWN_FROM_THE_START.agencies,
        KNOWN_FROM_THE_START.programs,
    ):
        ids = [one.id for one in field]
        assert len({*ids}) == len(ids)


def test_first_subscription_needs_no_poll() -> None:
    """The usual words are known from the start."""
    known = merged(Catalogue())

    assert known == KNOWN_FROM_THE_START
    assert type_id("eva", known) == 3
    assert agency_id("esa", known) == 27
    assert program_id("international space station", known) == 17


def test_learnt_names_win_and_extend() -> None:
    """LL2 renames in place; a new id is simply one more, in its place."""
    renamed, new = EventType(id=3, name="Spacewalk"), EventType(id=26, name="Parade")

    known = merged(Catalogue(types=(new, renamed)))

    assert type_id("spacewalk", known) == 3
    assert type_id("parade", known) == 26
    assert [one.id for one in known.types] == sorted(one.id for one in known.types)
    with pytest.raises(ConfigError):
        type_id("eva", known)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("NASA", 44),
        ("nasa", 44),
        ("  NaSa ", 44),
        ("44", 44),
        ("999", 999),
        ("Rocket  Lab", 147),
        ("japan", 37),
        ("spx", 121),
    ],
)
def test_agency_is_known_by_name_abbreviation_part_or_id(typed: str, found: int) -> None:
    """In any case and spacing; an id that we never met is believed."""
    assert agency_id(typed, KNOWN_FROM_THE_START) == found


def test_whole_name_beats_a_part_of_another() -> None:
    """What is called just so is meant, though others contain it."""
    known = merged(Catalogue(types=(EventType(id=90, name="Docking Rehearsal"),)))

    assert type_id("docking", known) == 2


@pytest.mark.parametrize("typed", ["", "   ", "nothing like it at all", "space"])
def test_unclear_agency_is_refused(typed: str) -> None:
    """Neither nothing nor several is a choice."""
    with pytest.raises(ConfigError):
        agency_id(typed, KNOWN_FROM_THE_START)


def test_choice_is_shown_with_ids() -> None:
    """So that the next try succeeds."""
    known = Catalogue(programs=(Program(id=1, name="Moon One"), Program(id=2, name="Moon Two")))

    with pytest.raises(ConfigError, match=r"Moon One \(1\), Moon Two \(2\); give the full name"):
        program_id("moon", known)


def test_choice_is_short() -> None:
    """Five examples show what to add as well as fifty do."""
    many = tuple(Agency(id=number, name=f"Space {number}", abbrev="") for number in range(9))

    with pytest.raises(ConfigError) as caught:
        agency_id("space", Catalogue(agencies=many))

    named = [one.name for one in many if f"{one.name} (" in str(caught.value)]
    assert named == ["Space 0", "Space 1", "Space 2", "Space 3", "Space 4"]


def test_unknown_program_is_called_a_program() -> None:
    """People see which of their options is meant."""
    with pytest.raises(ConfigError, match='there is no program "Artemiss"; did you mean'):
        program_id("Artemiss", KNOWN_FROM_THE_START)


@pytest.mark.parametrize(
    ("read", "typed", "near"),
    [
        (agency_id, "roscosms", "Russian Federal Space Agency (ROSCOSMOS)"),
        (agency_id, "Northrup", "Northrop Grumman Space Systems"),
        (agency_id, "rocket lb", "Rocket Lab"),
        (program_id, "spce", "International Space Station"),
        (type_id, "dokcing", "Docking"),
    ],
)
def test_one_misspelt_word_of_a_long_name_is_answered_with_it(
    read: Callable[[str, Catalogue], int], typed: str, near: str
) -> None:
    """People shorten names; what is most like the whole, or one word of it, is meant."""
    with pytest.raises(ConfigError) as caught:
        read(typed, KNOWN_FROM_THE_START)

    assert f'did you mean "{near}"?' in str(caught.value)


@pytest.mark.parametrize("typed", ["MO", "mo"])
def test_two_words_of_a_program_make_initials(typed: str) -> None:
    """Of one word there are none: a letter would be no name."""
    known = Catalogue(programs=(Program(id=1, name="Moon Orbiters"), Program(id=2, name="Zebra")))

    assert program_id(typed, known) == 1
    assert spelling(3, (Program(id=2, name="Zebra"), Program(id=3, name="Z"))) == "Z"


def test_longest_id_is_one_of_nine_digits() -> None:
    """LL2 counts in 32 bits."""
    assert agency_id("9" * 9, KNOWN_FROM_THE_START) == 999_999_999


@given(known=agencies)
def test_every_spelling_is_read_back_as_its_id(known: tuple[Agency, ...]) -> None:
    """Whatever LL2 calls them, an export can be imported."""
    catalogue = Catalogue(agencies=known)

    for one in known:
        assert agency_id(spelling(one.id, known), catalogue) == one.id


@given(known=agencies, typed=names)
def test_whatever_is_typed_is_an_id_or_a_sentence(known: tuple[Agency, ...], typed: str) -> None:
    """Never another error, never an agency that does not bear the text."""
    with suppress(ConfigError):
        found = agency_id(typed, Catalogue(agencies=known))
        assert typed.strip().isdecimal() or found in {one.id for one in known}
