"""Which filters want a piece of news: the SQL that equals `domain.subscriptions.wants()`."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_

from bot.domain.changes import Kind
from bot.domain.events import Event
from bot.domain.subscriptions import searchable
from bot.store.codec import bits
from bot.store.tables import filter_terms, filters


def matches(event: Event, mask: int, lead: timedelta | None) -> ColumnElement[bool]:
    """A condition on `filters`: it wants some kind of `mask` for this event.

    Args:
        event: the event as it is now.
        mask: the kinds of the news, as `codec.bits` gives them.
        lead: the lead time when the news is a reminder, which no other kind goes with.

    """
    conditions = [
        filters.c.kinds.op("&")(mask) != 0,
        or_(~filters.c.has_type, _has("type", [event.type.id])),
        or_(~filters.c.has_agency, _has("agency", [one.id for one in event.agencies])),
        or_(~filters.c.has_program, _has("program", [one.id for one in event.programs])),
        or_(~filters.c.has_word, _has_word(searchable(event))),
    ]
    if mask & bits([Kind.REMINDER]):
        conditions.append(_has("lead", [] if lead is None else [term(lead)]))
    return and_(*conditions)


def term(value: int | str | timedelta) -> str:
    """A filter's value as `filter_terms` keeps it; lead times in whole microseconds."""
    if isinstance(value, timedelta):
        return str(value // timedelta(microseconds=1))
    return str(value)


def _has(field: str, values: Iterable[int | str]) -> ColumnElement[bool]:
    return exists().where(
        filter_terms.c.filter_id == filters.c.id,
        filter_terms.c.field == field,
        filter_terms.c.value.in_([term(value) for value in values]),
    )


def _has_word(text: str) -> ColumnElement[bool]:
    searched = literal(text, filter_terms.c.value.type)
    # replace() finds plain substrings on every engine; LIKE would read % and _ as wildcards.
    return exists().where(
        filter_terms.c.filter_id == filters.c.id,
        filter_terms.c.field == "word",
        func.replace(searched, filter_terms.c.value, "") != searched,
    )
