"""What a date means at its precision: its window, its label, and whether a move is news.

Pure. LL2 stamps a coarse date at the end of its period (Month: the last day, 00:00Z), so the raw
clock is never shown or compared unless the precision is an hour or better.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, IntEnum, unique
from functools import lru_cache

from bot.domain.events import StatedDate

STAYS_LISTED = timedelta(hours=24)
"""How long LL2 keeps an event in `/events/upcoming/` after its date (LL2 FAQ)."""

_END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Where the calendar ends; windows are cut there."""

_MORNING, _FISCAL_YEAR = 3, 15
_FIRST_QUARTER, _FIRST_HALF = 8, 12


@unique
class Grain(IntEnum):
    """How coarse a stated date is, from fine to coarse."""

    SECOND = 0
    MINUTE = 1
    HOUR = 2
    HALF_DAY = 3
    DAY = 4
    WEEK = 5
    MONTH = 6
    QUARTER = 7
    HALF_YEAR = 8
    YEAR = 9
    DECADE = 10


@unique
class Shift(Enum):
    """In which way a stated date moved."""

    EARLIER = "earlier"
    LATER = "later"
    MORE_PRECISE = "more precise"
    LESS_PRECISE = "less precise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The span [start, end) that a stated date allows; aware UTC."""

    start: datetime
    end: datetime


_GRAINS = {
    0: Grain.SECOND,
    1: Grain.MINUTE,
    2: Grain.HOUR,
    3: Grain.HALF_DAY,
    4: Grain.HALF_DAY,
    5: Grain.DAY,
    6: Grain.WEEK,
    7: Grain.MONTH,
    8: Grain.QUARTER,
    9: Grain.QUARTER,
    10: Grain.QUARTER,
    11: Grain.QUARTER,
    12: Grain.HALF_YEAR,
    13: Grain.HALF_YEAR,
    14: Grain.YEAR,
    15: Grain.YEAR,
    16: Grain.DECADE,
}


def grain(stated: StatedDate) -> Grain:
    """How coarse a date is; a precision that is missing or new to us counts as a day."""
    return Grain.DAY if stated.precision is None else _GRAINS.get(stated.precision.id, Grain.DAY)


def is_precise(stated: StatedDate) -> bool:
    """Whether a clock time may be shown, counted down to and reminded of: an hour or better."""
    return stated.date is not None and grain(stated) <= Grain.HOUR


def starts(stated: StatedDate) -> datetime | None:
    """When an event may start by a precise date, to the minute or hour; None for a vague date."""
    span = window(stated) if is_precise(stated) else None
    return None if span is None else span.start


@lru_cache(maxsize=1024)  # most commands ask it of all events
def window(stated: StatedDate) -> Window | None:
    """The span that a stated date allows; None without a date. A second is judged as its minute."""
    if stated.date is None:
        return None
    return _window(stated.date.astimezone(UTC), stated)


def _window(date: datetime, stated: StatedDate) -> Window:
    day = date.replace(hour=0, minute=0, second=0, microsecond=0)
    match grain(stated):
        case Grain.SECOND | Grain.MINUTE:
            return _lasting(date.replace(second=0, microsecond=0), timedelta(minutes=1))
        case Grain.HOUR:
            return _lasting(date.replace(minute=0, second=0, microsecond=0), timedelta(hours=1))
        case Grain.HALF_DAY | Grain.DAY:
            return _lasting(day, timedelta(days=1))
        case Grain.WEEK:
            return _lasting(day - timedelta(days=day.weekday()), timedelta(days=7))
        case _:
            first, months = _period(day, stated)
            return Window(start=first, end=_months_after(first, months))


def _lasting(start: datetime, span: timedelta) -> Window:
    return Window(start=start, end=min(start, _END_OF_TIME - span) + span)


def _period(day: datetime, stated: StatedDate) -> tuple[datetime, int]:
    first = day.replace(month=1, day=1)
    match grain(stated):
        case Grain.MONTH:
            return day.replace(day=1), 1
        case Grain.QUARTER:
            return first.replace(month=3 * _nth(stated, _FIRST_QUARTER) + 1), 3
        case Grain.HALF_YEAR:
            return first.replace(month=6 * _nth(stated, _FIRST_HALF) + 1), 6
        case Grain.DECADE:
            decade = day.year // 10 * 10
            return (first.replace(year=decade), 120) if decade else (first.replace(year=1), 108)
        case _:
            return first, 12


def _nth(stated: StatedDate, first_id: int) -> int:
    return 0 if stated.precision is None else stated.precision.id - first_id


def _months_after(first: datetime, months: int) -> datetime:
    years, month = divmod(first.month - 1 + months, 12)
    if first.year + years > _END_OF_TIME.year:
        return _END_OF_TIME
    return first.replace(year=first.year + years, month=month + 1)


def label(stated: StatedDate, zone: tzinfo = UTC) -> str:
    """The date in words at its own precision: "Q3 2026", "14 Sep 2026, 13:05 UTC".

    Only a clock time is told in `zone`; a vaguer date is the day, month or year that LL2 states.
    """
    if stated.date is None:
        return "date not known"
    date = stated.date.astimezone(UTC)
    if grain(stated) is Grain.HOUR:
        # LL2's hour is one of UTC, and where clocks run half an hour apart it is no full one.
        date = date.replace(minute=0)
    return _label(_in_zone(date, zone) if is_precise(stated) else date, stated)


def _in_zone(date: datetime, zone: tzinfo) -> datetime:
    """The moment by the clocks of a zone; by UTC where the calendar ends before theirs."""
    try:
        return date.astimezone(zone)
    except OverflowError:
        return date


def _label(date: datetime, stated: StatedDate) -> str:
    day = f"{date.day} {date:%b} {date.year}"
    match grain(stated):
        case Grain.SECOND:
            return f"{day}, {_clock(date, seconds=True)}"
        case Grain.MINUTE:
            return f"{day}, {_clock(date)}"
        case Grain.HOUR:
            return f"{day}, around {_clock(date)}"
        case Grain.HALF_DAY:
            return f"{day}, {_half_day(stated)}"
        case Grain.DAY:
            return day
        case _:
            return _period_label(date, stated)


def _clock(date: datetime, *, seconds: bool = False) -> str:
    """The time of day with its zone: "13:05 UTC"; a zone without a name is told as "UTC+03"."""
    zone = f"{date:%Z}"
    named = f"UTC{zone}" if zone.startswith(("+", "-")) else zone
    return f"{date:%H:%M:%S} {named}" if seconds else f"{date:%H:%M} {named}"


def _half_day(stated: StatedDate) -> str:
    return f"in the {'morning' if _is_morning(stated) else 'afternoon'} (local time)"


def _is_morning(stated: StatedDate) -> bool:
    return stated.precision is not None and stated.precision.id == _MORNING


def _period_label(date: datetime, stated: StatedDate) -> str:
    start = _window(date, stated).start
    match grain(stated):
        case Grain.WEEK:
            return f"week of {start.day} {start:%b} {start.year}"
        case Grain.MONTH:
            return f"{start:%B} {start.year}"
        case Grain.QUARTER:
            return f"Q{_nth(stated, _FIRST_QUARTER) + 1} {start.year}"
        case Grain.HALF_YEAR:
            return f"{('first', 'second')[_nth(stated, _FIRST_HALF)]} half of {start.year}"
        case Grain.DECADE:
            return f"the {start.year}s"
        case _:
            fiscal = stated.precision is not None and stated.precision.id == _FISCAL_YEAR
            return f"fiscal year {start.year}" if fiscal else f"{start.year}"


def shift(before: StatedDate, after: StatedDate) -> Shift | None:
    """How a date moved, judged at the stated precision; None when the move is not news.

    Windows that lie apart moved earlier or later. Windows that overlap differ in grain only. The
    same window at the same grain is no news, however far the raw stamp moved inside it; only
    morning and afternoon are told apart.
    """
    old, new = window(before), window(after)
    if old is None or new is None:
        return _found_or_lost(old, new)
    if new.end <= old.start:
        return Shift.EARLIER
    if new.start >= old.end:
        return Shift.LATER
    if grain(before) == grain(after):
        return _across_noon(before, after)
    return Shift.MORE_PRECISE if grain(after) < grain(before) else Shift.LESS_PRECISE


def _across_noon(before: StatedDate, after: StatedDate) -> Shift | None:
    """Morning and afternoon share a window, the day: whose noon parts them is not known."""
    if _is_morning(before) == _is_morning(after):
        return None
    return Shift.LATER if _is_morning(before) else Shift.EARLIER


def _found_or_lost(old: Window | None, new: Window | None) -> Shift | None:
    if (old is None) == (new is None):
        return None
    return Shift.MORE_PRECISE if old is None else Shift.LESS_PRECISE
