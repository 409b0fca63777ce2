"""The names that people give event types, agencies and programs by. Pure.

LL2 teaches the names (`ports.Names`); a few are known from the start, so that the first
subscription can be made before the first poll.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from bot.domain.events import Agency, EventType, Program
from bot.domain.subscriptions import normalised
from bot.domain.watching import Catalogue
from bot.errors import ConfigError

_LONGEST_ID = 9
"""Digits; LL2 counts events, its most numerous, in thousands."""

_LIKE, _WORD_LIKE = 0.5, 0.75
"""How alike two texts are at least; a word by itself must be more so than a whole name."""

Named = TypeVar("Named", EventType, Agency, Program)

_TYPES = (
    *((2, "Docking"), (3, "EVA"), (4, "Spacecraft Berthing"), (5, "Static Fire")),
    *((6, "Spacecraft Event"), (7, "Moon Landing"), (8, "Spacecraft Undocking")),
    *((9, "Spacecraft Landing"), (10, "Abort Test"), (11, "Celestial Event")),
    *((12, "Hatch Opening"), (13, "Spacecraft Release"), (14, "Test Flight")),
    *((15, "Change of Command"), (16, "Orbital Insertion"), (17, "Farewell Ceremony")),
    *((18, "Rehearsal"), (19, "Ambient Pressure Test"), (20, "Press Event")),
    *((21, "Cryoproof Test"), (22, "Wet Dress Rehearsal"), (23, "Flyby"), (24, "Launch")),
    *((25, "Spacecraft Relocation"), (27, "Rollout"), (28, "Public Hearing")),
    *((29, "Spacecraft Capture"), (30, "Vehicle Testing"), (31, "Sounding Rocket Launch")),
)
_AGENCIES = (
    (16, "Canadian Space Agency", "CSA"),
    (17, "China National Space Administration", "CNSA"),
    (27, "European Space Agency", "ESA"),
    (31, "Indian Space Research Organization", "ISRO"),
    (37, "Japan Aerospace Exploration Agency", "JAXA"),
    (44, "National Aeronautics and Space Administration", "NASA"),
    (63, "Russian Federal Space Agency (ROSCOSMOS)", "RFSA"),
    (80, "Boeing", "BA"),
    (88, "China Aerospace Science and Technology Corporation", "CASC"),
    (115, "Arianespace", "ASA"),
    (121, "SpaceX", "SpX"),
    (124, "United Launch Alliance", "ULA"),
    (141, "Blue Origin", "BO"),
    (147, "Rocket Lab", "RL"),
    (257, "Northrop Grumman Space Systems", "NGSS"),
)

KNOWN_FROM_THE_START = Catalogue(
    types=tuple(EventType(id=key, name=name) for key, name in _TYPES),
    agencies=tuple(Agency(id=key, name=name, abbrev=abbrev) for key, name, abbrev in _AGENCIES),
    programs=(Program(id=17, name="International Space Station"),),
)
"""LL2's ids and names (facts-ll2: ids are stable, names may be renamed and are then learnt)."""


def merged(learnt: Catalogue) -> Catalogue:
    """What is known from the start, renamed and extended by what LL2 taught."""
    start = KNOWN_FROM_THE_START
    return Catalogue(
        types=_merged(start.types, learnt.types),
        agencies=_merged(start.agencies, learnt.agencies),
        programs=_merged(start.programs, learnt.programs),
    )


def _merged(old: Iterable[Named], new: Iterable[Named]) -> tuple[Named, ...]:
    by_id = {one.id: one for one in old}
    by_id.update((one.id, one) for one in new)
    return tuple(by_id[key] for key in sorted(by_id))


def type_id(text: str, catalogue: Catalogue) -> int:
    """The event type that a person means; see `_meant`."""
    return _meant(text, catalogue.types, "event type")


def agency_id(text: str, catalogue: Catalogue) -> int:
    """The agency that a person means; see `_meant`."""
    return _meant(text, catalogue.agencies, "agency")


def program_id(text: str, catalogue: Catalogue) -> int:
    """The program that a person means; see `_meant`."""
    return _meant(text, catalogue.programs, "program")


def spelling(key: int, choices: Sequence[Named]) -> str:
    """The shortest name of this id that is read back as this id and nothing else."""
    for name in (name for one in choices if one.id == key for name in reversed(_names(one))):
        if (
            "," not in name
            and not normalised(name).isdecimal()
            and len(_called(name, choices)) == 1
        ):
            return name
    return str(key)


def spellings(one: EventType | Agency | Program) -> tuple[str, ...]:
    """What people may call it: LL2 abbreviates no program, so initials do."""
    words = one.name.split()
    if isinstance(one, Program) and len(words) > 1:
        return (*_names(one), "".join(word[0] for word in words))
    return _names(one)


def alike(text: str, known: Collection[str], count: int) -> list[str]:
    """Those that are like a misspelt text, or hold a word that is; the likeliest first."""
    words = {word for one in known for word in one.split()}
    near = difflib.get_close_matches(text, words, n=count, cutoff=_WORD_LIKE)
    found = [one for one in known if not {*near}.isdisjoint(one.split())]
    found += difflib.get_close_matches(text, known, n=count, cutoff=_LIKE)
    return sorted(dict.fromkeys(found), key=lambda one: -_likeness(text, one))[:count]


def _likeness(text: str, name: str) -> float:
    pairs = (difflib.SequenceMatcher(a=text, b=one) for one in (name, *name.split()))
    return max(pair.ratio() for pair in pairs)


def _meant(text: str, choices: Sequence[Named], what: str) -> int:
    """By id, name or abbreviation in any case; else the only one whose name holds the text.

    Raises:
        ConfigError: none or several fit; it names the nearest.

    """
    asked = normalised(text)
    if asked.isdecimal():
        return _id(text, asked)
    fitting = _called(text, choices)
    if len(fitting) != 1 and asked:
        fitting = fitting or _fitting(choices, lambda name: asked in name)
    if len(fitting) == 1:
        return fitting[0].id
    raise ConfigError(_puzzled(text, fitting, choices, what))


def _id(text: str, digits: str) -> int:
    if len(digits) > _LONGEST_ID:
        raise ConfigError(f'"{text}" is too large for an id of LL2')
    return int(digits)


def _called(text: str, choices: Iterable[Named]) -> list[Named]:
    asked = normalised(text)
    return _fitting(choices, lambda name: name == asked)


def _fitting(choices: Iterable[Named], fits: Callable[[str], bool]) -> list[Named]:
    return [one for one in choices if any(fits(normalised(name)) for name in spellings(one))]


def _names(one: EventType | Agency | Program) -> tuple[str, ...]:
    """What LL2 calls it, the shortest last."""
    return (one.name, one.abbrev) if isinstance(one, Agency) and one.abbrev else (one.name,)


def _puzzled(text: str, fitting: Sequence[Named], choices: Sequence[Named], what: str) -> str:
    if fitting:
        several = ", ".join(f"{one.name} ({one.id})" for one in fitting[:5])
        return f'"{text}" fits more than one {what}: {several}; give the full name or the id'
    spelled = {normalised(name): name for one in choices for name in spellings(one)}
    near = alike(normalised(text), spelled, 1)
    if near:
        return f'there is no {what} "{text}"; did you mean "{spelled[near[0]]}"?'
    return f'there is no {what} "{text}" that we know of; its LL2 id works too'
