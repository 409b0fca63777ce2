"""Choose among plain objects: agencies, event types, comments. Events have `filters`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.simulator.filters import BadParameter, Query
from bot.simulator.objects import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one endpoint filters and orders.

    Attributes:
        searched: keys that `search` looks into; each word must be found in one of them.
        ordering: keys that `ordering` may name, always ids, names or flags; the first is default.
        numbers: parameters that must equal the key of their name, a whole number.
        flags: the same for true and false.
        texts: the same for texts; `name__contains` looks for a part of `name`.

    """

    searched: tuple[str, ...]
    ordering: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def choose(rows: Iterable[Json], query: Query, listing: Listing) -> list[Json]:
    """Return the rows that the query asks for, in its order; `BadParameter` for bad values."""
    words = last(query, "search").replace(",", " ").lower().split()
    chosen = [row for row in rows if _found(row, words, listing) and _equal(row, query, listing)]
    asked = last(query, "ordering").split(",")
    fields = [field for field in asked if field.removeprefix("-") in listing.ordering]
    for field in reversed(fields or [listing.ordering[0]]):
        chosen.sort(key=_sort_key(field.removeprefix("-")), reverse=field.startswith("-"))
    return chosen


def last(query: Query, key: str) -> str:
    """Return the last value of a parameter, or an empty text; the last one wins in Django."""
    return query.get(key, [""])[-1]


def _sort_key(field: str) -> Callable[[Json], tuple[int, str]]:
    def key(row: Json) -> tuple[int, str]:
        value = row[field]
        return (value, "") if isinstance(value, int) else (0, str(value))

    return key


def _found(row: Json, words: list[str], listing: Listing) -> bool:
    texts = [str(row[key] or "").lower() for key in listing.searched]
    return all(any(word in text for text in texts) for word in words)


def _equal(row: Json, query: Query, listing: Listing) -> bool:
    numbers = all(row[key] == _number(query, key) for key in listing.numbers if last(query, key))
    flags = all(row[key] == _flag(query, key, row[key]) for key in listing.flags)
    return numbers and flags and all(_text(row, query, key) for key in listing.texts)


def _number(query: Query, key: str) -> int:
    try:
        return int(last(query, key))
    except ValueError as exc:
        raise BadParameter(key, "Enter a number.") from exc


def _flag(query: Query, key: str, otherwise: object) -> object:
    return {"true": True, "false": False}.get(last(query, key).lower(), otherwise)


def _text(row: Json, query: Query, key: str) -> bool:
    wanted = last(query, key)
    if not wanted:
        return True
    value = str(row[key.removesuffix("__contains")] or "")
    return wanted in value if key.endswith("__contains") else wanted == value
