"""What people type: names of types, agencies and programs, kinds of news, lead times."""

from datetime import timedelta

import pytest

from bot.domain.asking import Asked, read_filter, spell_filter, spell_lead
from bot.domain.catalogue import KNOWN_FROM_THE_START, merged
from bot.domain.events import Agency
from bot.domain.subscriptions import Filter
from bot.domain.watching import Catalogue
from bot.errors import ConfigError

FIELDS = {"type": "types", "agency": "agencies", "program": "programs"}
"""Where the option and its field differ."""


def understood(asked: Asked) -> Filter:
    """The filter, with the names that are known before the first poll."""
    return read_filter(asked, KNOWN_FROM_THE_START)


def refusal(asked: Asked) -> str:
    """The sentence with which it is refused."""
    with pytest.raises(ConfigError) as caught:
        understood(asked)
    return str(caught.value)


@pytest.mark.parametrize("typed", ["EVA", "eva", " Eva ", "3"])
def test_type_is_known_by_name_or_id_in_any_case(typed: str) -> None:
    """People type it as they like."""
    assert understood(Asked(types=(typed,))).types == {3}


@pytest.mark.parametrize("typed", ["ISS", "iss", "international space", "17"])
def test_program_is_known_by_its_initials(typed: str) -> None:
    """LL2 has no abbreviations of programs, and nobody types "International Space Station"."""
    assert understood(Asked(programs=(typed,))).programs == {17}


def test_several_values_may_stand_behind_commas() -> None:
    """The command line and the chats take lists alike."""
    asked = understood(Asked(types=("eva,Docking", "Flyby"), agencies=("NASA, esa",)))

    assert asked.types == {3, 2, 23}
    assert asked.agencies == {44, 27}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Dokcing", 'there is no event type "Dokcing"; did you mean "Docking"?'),
        ("xyzzy", 'there is no event type "xyzzy" that we know of; its LL2 id works too'),
        ("9" * 30, f'"{"9" * 30}" is too large for an id of LL2'),
        (
            "landing",
            (
                '"landing" fits more than one event type: Moon Landing (7), '
                "Spacecraft Landing (9); give the full name or the id"
            ),
        ),
    ],
)
def test_unknown_type_is_refused_with_what_may_help(typed: str, sentence: str) -> None:
    """The nearest name, or the choice."""
    assert refusal(Asked(types=(typed,))) == sentence


def test_words_are_what_an_event_must_hold() -> None:
    """Each of them, in any case and spacing."""
    assert understood(Asked(search=("Crew  Dragon, iss",))).words == {"crew dragon", "iss"}


def test_kind_that_is_like_none_is_refused_with_all() -> None:
    """A wild guess would only puzzle."""
    assert refusal(Asked(changes=("xyzzy",))) == (
        'there is no kind of news "xyzzy" '
        "(there are: new, date, update, webcast, video, details, withdrawn, reminder)"
    )


def test_unknown_kind_is_refused_with_the_nearest_and_all() -> None:
    """There are only eight, so they are listed."""
    assert refusal(Asked(changes=("dates",))) == (
        'there is no kind of news "dates"; did you mean "date"? '
        "(there are: new, date, update, webcast, video, details, withdrawn, reminder)"
    )


@pytest.mark.parametrize("typed", ["off", "OFF"])
def test_reminders_can_be_off(typed: str) -> None:
    """In any case, as all words are."""
    assert understood(Asked(remind=(typed,))).leads == frozenset()


def test_off_beside_lead_times_contradicts_itself() -> None:
    """It is refused for what it is, not as a word that does not exist."""
    assert refusal(Asked(remind=("off,1h",))) == (
        '"off" does not go together with lead times; write off, or e.g. 24h,1h,10m'
    )


@pytest.mark.parametrize(
    ("typed", "lead"), [("365d", timedelta(days=365)), ("1s", timedelta(seconds=1))]
)
def test_lead_time_may_be_as_long_as_a_year(typed: str, lead: timedelta) -> None:
    """The ends of what makes sense are in."""
    assert understood(Asked(remind=(typed,))).leads == {lead}


@pytest.mark.parametrize("typed", ["5x", "0m", "366d", "-1h"])
def test_lead_time_that_makes_no_sense_is_refused(typed: str) -> None:
    """Between a second and a year."""
    assert refusal(Asked(remind=(typed,))) == (
        f'"{typed}" is not a lead time for reminders; write e.g. 24h,1h,10m, or off'
    )


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(types=("EVA",), agencies=("NASA",), programs=("ISS",), search=("crew",)),
        Asked(changes=("details", "new"), remind=("off",)),
        Asked(remind=("90m", "48h")),
    ],
)
def test_what_is_spelled_can_be_read_again(asked: Asked) -> None:
    """An export is an import."""
    asks = understood(asked)

    words = spell_filter(asks, KNOWN_FROM_THE_START)

    read = Asked(**{FIELDS.get(name, name): tuple(values) for name, values in words.items()})
    assert understood(read) == asks


def test_lead_times_are_spelled_as_the_default_says_them() -> None:
    """A day is "24h"."""
    asked = Filter(leads=frozenset({timedelta(hours=24), timedelta(minutes=90)}))

    assert spell_filter(asked, KNOWN_FROM_THE_START)["remind"] == ["24h", "1h30m"]


@pytest.mark.parametrize(
    ("agency", "spelled"),
    [
        (Agency(id=900, name="Nova Space", abbrev="NOV"), "NOV"),
        (Agency(id=900, name="Nova Space", abbrev="NASA"), "Nova Space"),
        (Agency(id=900, name="Nova, Inc.", abbrev="NASA"), "900"),
        (Agency(id=900, name="321", abbrev=""), "900"),
    ],
)
def test_name_that_could_be_misread_is_not_used(agency: Agency, spelled: str) -> None:
    """Two agencies may share an abbreviation, and a comma or a number means something else."""
    catalogue = merged(Catalogue(agencies=(agency,)))
    asked = Filter(agencies=frozenset({900}))

    words = spell_filter(asked, catalogue)

    assert words == {"agency": [spelled]}
    assert read_filter(Asked(agencies=(spelled,)), catalogue) == asked


@pytest.mark.parametrize(("hours", "words"), [(47, "47h"), (48, "48h"), (49, "2d1h"), (72, "3d")])
def test_lead_time_of_more_than_two_days_is_spelled_in_days(hours: int, words: str) -> None:
    """As one would say it."""
    assert spell_lead(timedelta(hours=hours)) == words
