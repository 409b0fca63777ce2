"""Read what a person asks for into a filter, and spell a filter as a person would. Pure.

The same words serve the command line and the chats.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.catalogue import agency_id, program_id, spelling, type_id
from bot.domain.changes import DEFAULT_KINDS, Kind
from bot.domain.spans import read_span, spell_span
from bot.domain.subscriptions import DEFAULT_LEADS, Filter, Subscription, normalised
from bot.domain.watching import Catalogue
from bot.errors import ConfigError

NO_REMINDERS = "off"
"""What `remind` says for none."""

_LONGEST_LEAD = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A subscription's options as typed; each may hold several values, also behind commas.

    Attributes:
        types: names, abbreviations or ids; `agencies` and `programs` likewise.
        search: plain words; a value with blanks is a phrase.
        changes: kinds of news; empty: the default.
        remind: lead times or "off"; empty: the default.

    """

    types: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    remind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A subscription with its filter in words, by option."""

    subscription: Subscription
    words: Mapping[str, Sequence[str]]


def read_filter(asked: Asked, catalogue: Catalogue) -> Filter:
    """The filter that a person means.

    Raises:
        ConfigError: a name, a kind or a lead time that does not exist; it suggests the nearest.

    """
    return Filter(
        types=frozenset(type_id(one, catalogue) for one in _each(asked.types)),
        agencies=frozenset(agency_id(one, catalogue) for one in _each(asked.agencies)),
        programs=frozenset(program_id(one, catalogue) for one in _each(asked.programs)),
        words=frozenset(normalised(one) for one in _each(asked.search)),
        kinds=read_kinds(asked.changes) or DEFAULT_KINDS,
        leads=read_leads(asked.remind),
    )


def read_kinds(values: Iterable[str]) -> frozenset[Kind]:
    """The kinds of news that a person means; none for no word.

    Raises:
        ConfigError: there is no such kind; it suggests the nearest.

    """
    return frozenset(_kind(one) for one in _each(values))


def read_leads(words: Iterable[str]) -> frozenset[timedelta]:
    """The lead times that a person means; the default for no word.

    Raises:
        ConfigError: one is no lead time.

    """
    values = tuple(_each(words))
    if not values:
        return frozenset(DEFAULT_LEADS)
    if all(value.casefold() == NO_REMINDERS for value in values):
        return frozenset()
    if any(value.casefold() == NO_REMINDERS for value in values):
        raise ConfigError(
            '"off" does not go together with lead times; write off, or e.g. 24h,1h,10m'
        )
    return frozenset(_lead(value) for value in values)


def spell_filter(asked: Filter, catalogue: Catalogue) -> dict[str, list[str]]:
    """A filter in words, by option; options that ask for nothing special are left out."""
    spelled = {
        "type": sorted(spelling(key, catalogue.types) for key in asked.types),
        "agency": sorted(spelling(key, catalogue.agencies) for key in asked.agencies),
        "program": sorted(spelling(key, catalogue.programs) for key in asked.programs),
        "search": sorted(asked.words),
        "changes": [kind.value for kind in Kind if kind in asked.kinds],
        "remind": spell_leads(asked.leads),
    }
    if asked.kinds == DEFAULT_KINDS:
        del spelled["changes"]
    if asked.leads == frozenset(DEFAULT_LEADS):
        del spelled["remind"]
    return {option: values for option, values in spelled.items() if values}


def spell_leads(leads: Collection[timedelta]) -> list[str]:
    """Lead times as they are typed, the longest first; none: "off"."""
    return [spell_lead(lead) for lead in sorted(leads, reverse=True)] or [NO_REMINDERS]


def spell_lead(lead: timedelta) -> str:
    """A lead time as one types it; a day is "24h", as the default says it."""
    hours, rest = divmod(lead, timedelta(hours=1))
    return f"{hours}h" if not rest and hours <= 48 else spell_span(lead)


def _each(values: Iterable[str]) -> list[str]:
    split = [one.strip() for value in values for one in value.split(",")]
    return [one for one in split if one]


def _kind(text: str) -> Kind:
    words = [kind.value for kind in Kind]
    asked = text.casefold()
    if asked in words:
        return Kind(asked)
    near = difflib.get_close_matches(asked, words, n=1, cutoff=0.5)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ConfigError(f'there is no kind of news "{text}"{hint} (there are: {", ".join(words)})')


def _lead(text: str) -> timedelta:
    span = read_span(text.casefold())
    if span is None or not timedelta(0) < span <= _LONGEST_LEAD:
        raise ConfigError(
            f'"{text}" is not a lead time for reminders; write e.g. 24h,1h,10m, or off'
        )
    return span
