"""Choose and order events by the query parameters of `/events/`, `/upcoming/` and `/previous/`.

As with django-filter, a parameter that it does not know changes nothing and an empty value is no
filter; a value that it cannot read is a 400. Paging is elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

from bot.simulator.world import EventVersion

Query: TypeAlias = Mapping[str, Sequence[str]]
"""Query parameters with all their values, in the order of the address."""


class BadParameter(Exception):
    """A parameter's value cannot be read; LL2 answers 400 with `{parameter: [sentence]}`."""

    def __init__(self, key: str, sentence: str) -> None:
        """Keep the parameter's name and the sentence of the answer."""
        super().__init__(f"{key}: {sentence}")
        self.key = key
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event with the ids that filters look at."""

    version: EventVersion
    agencies: frozenset[int]
    programs: frozenset[int]
    launches: frozenset[str]
    stations: frozenset[str]
    expeditions: frozenset[str]


_Test: TypeAlias = Callable[[Row], bool]


def matching(rows: Iterable[Row], query: Query) -> list[Row]:
    """Return the rows that satisfy every filter and the search; `BadParameter` for bad values."""
    tests = [
        _FILTERS[key](key, value)
        for key, values in query.items()
        if key in _FILTERS
        for value in [",".join(values) if key in _REPEATED else values[-1]]
        if value
    ]
    words = query.get("search", [""])[-1].replace(",", " ").lower().split()
    return [
        row
        for row in rows
        if all(test(row) for test in tests)
        and all(word in row.version.fields.name.lower() for word in words)
    ]


def ordered(rows: Iterable[Row], query: Query, *, default: tuple[str, ...]) -> list[Row]:
    """Return the rows by `ordering`, else by `default`; ties go by ascending id, as LL2's do.

    An event without a date comes last, as PostgreSQL sorts nulls.
    """
    asked = query.get("ordering", [""])[-1].split(",")
    fields = [field for field in asked if field.removeprefix("-") in _ORDERINGS]
    result = sorted(rows, key=lambda row: row.version.id)
    for field in reversed(fields or default):
        result.sort(key=_ORDERINGS[field.removeprefix("-")], reverse=field.startswith("-"))
    return result


def read_moment(key: str, text: str) -> datetime:
    """Return the ISO 8601 moment of a parameter, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadParameter(key, "Enter a valid date/time.") from exc
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_numbers(key: str, text: str) -> frozenset[int]:
    """Return the whole numbers of a comma-separated parameter."""
    try:
        return frozenset(int(part) for part in text.split(",") if part)
    except ValueError as exc:
        raise BadParameter(key, "Enter a whole number.") from exc


_NEVER = datetime.max.replace(tzinfo=UTC)
_ORDERINGS: Mapping[str, Callable[[Row], datetime]] = MappingProxyType(
    {
        "date": lambda row: row.version.date or _NEVER,
        "last_updated": lambda row: row.version.last_updated,
    }
)


def _among(pick: Callable[[Row], frozenset[int]]) -> Callable[[str, str], _Test]:
    def build(key: str, text: str) -> _Test:
        wanted = read_numbers(key, text)
        return lambda row: not wanted.isdisjoint(pick(row))

    return build


def _words(pick: Callable[[Row], frozenset[str]]) -> Callable[[str, str], _Test]:
    def build(_key: str, text: str) -> _Test:
        wanted = frozenset(text.split(","))
        return lambda row: not wanted.isdisjoint(pick(row))

    return build


def _moment(
    pick: Callable[[Row], datetime | None], compare: Callable[[datetime, datetime], bool]
) -> Callable[[str, str], _Test]:
    def build(key: str, text: str) -> _Test:
        bound = read_moment(key, text)

        def test(row: Row) -> bool:
            moment = pick(row)
            return moment is not None and compare(moment, bound)

        return test

    return build


def _date(row: Row) -> datetime | None:
    return row.version.date


def _last_updated(row: Row) -> datetime:
    return row.version.last_updated


def _date_part(part: Callable[[datetime], int]) -> Callable[[str, str], _Test]:
    def pick(row: Row) -> frozenset[int]:
        return frozenset() if row.version.date is None else frozenset({part(row.version.date)})

    return _among(pick)


_type = _among(lambda row: frozenset({row.version.fields.type}))
_programs = _among(lambda row: row.programs)
_REPEATED = frozenset({"program"})
_FILTERS: Mapping[str, Callable[[str, str], _Test]] = MappingProxyType(
    {
        "id": _among(lambda row: frozenset({row.version.id})),
        "slug": _words(lambda row: frozenset({row.version.slug})),
        "type": _type,
        "type__ids": _type,
        "agency__ids": _among(lambda row: row.agencies),
        "program": _programs,
        "program__ids": _programs,
        "launch__ids": _words(lambda row: row.launches),
        "spacestation__ids": _words(lambda row: row.stations),
        "expedition__ids": _words(lambda row: row.expeditions),
        "video_url": _words(lambda row: frozenset(v.url for v in row.version.fields.videos)),
        "date__gt": _moment(_date, lambda moment, bound: moment > bound),
        "date__gte": _moment(_date, lambda moment, bound: moment >= bound),
        "date__lte": _moment(_date, lambda moment, bound: moment <= bound),
        # Both spellings of "less than" occur in LL2's own documents.
        "date__lt": _moment(_date, lambda moment, bound: moment < bound),
        "date__gt__lt": _moment(_date, lambda moment, bound: moment < bound),
        "last_updated__gte": _moment(_last_updated, lambda moment, bound: moment >= bound),
        "last_updated__lte": _moment(_last_updated, lambda moment, bound: moment <= bound),
        "day": _date_part(lambda date: date.day),
        "month": _date_part(lambda date: date.month),
        "year": _date_part(lambda date: date.year),
    }
)
