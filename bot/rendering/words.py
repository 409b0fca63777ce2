"""Amounts, spans of time and dates in words. Pure; knows nothing of messages about events."""

from datetime import UTC, timedelta, tzinfo
from typing import assert_never

from bot.domain.dates import Grain, Window, grain, is_precise, label, window
from bot.domain.events import DatePrecision, StatedDate
from bot.domain.messages import Piece, Role, Stamp

_EXACT_UNTIL = timedelta(days=7)
_HOURS_UNTIL = timedelta(hours=48)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_TO_THE_SECOND, _TO_THE_MINUTE = DatePrecision(id=0), DatePrecision(id=1)


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 update", "3 updates"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def span(amount: timedelta) -> str:
    """A span to the minute: "1 day 20 h 25 min"; from a week on in days: "45 days"."""
    if amount >= _EXACT_UNTIL:
        days = round(amount / _DAY)
        return counted(days, "day") if amount == days * _DAY else f"about {counted(days, 'day')}"
    minutes = amount // timedelta(minutes=1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = (
        counted(days, "day") if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    )
    return " ".join(part for part in parts if part)


def lead(amount: timedelta) -> str:
    """A lead time as people say it: "10 minutes", "1 hour 30 minutes", "24 hours", "7 days"."""
    minutes = amount // timedelta(minutes=1)
    days = minutes // 1440 if amount >= _HOURS_UNTIL else 0
    hours, minutes = divmod(minutes - days * 1440, 60)
    named = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    return " ".join(counted(number, unit) for number, unit in named if number) or "a moment"


def distance(before: StatedDate, after: StatedDate) -> str:
    """By how much a date moved: "2 days", "about 3 h"; empty where a number would be invented.

    Only two clock times, two days, or two periods of one sort can be subtracted. With an hour among
    the clock times the result is as vague as that hour.
    """
    old, new = window(before), window(after)
    grains = {grain(before), grain(after)}
    if old is None or new is None:
        return ""
    if grains <= {Grain.HALF_DAY, Grain.DAY}:
        days = abs(new.start - old.start).days
        return counted(days, "day") if days else ""
    if max(grains) > Grain.HOUR:
        return _periods(old, new, grain(after)) if len(grains) == 1 else ""
    apart = abs(new.start - old.start)
    if Grain.HOUR not in grains:
        return span(apart)
    hours = round(apart / _HOUR) * _HOUR
    return f"about {span(hours).removeprefix('about ')}" if hours else ""


def _periods(old: Window, new: Window, size: Grain) -> str:
    """How many weeks, months, quarters or years lie between the beginnings of two periods."""
    if size is Grain.WEEK:
        number, unit = abs(new.start - old.start).days // 7, "week"
    else:
        months = 12 * (new.start.year - old.start.year) + new.start.month - old.start.month
        number, unit = abs(months), "month"
        if number % 12 == 0:
            number, unit = number // 12, "year"
        elif size is Grain.QUARTER:
            number, unit = number // 3, "quarter"
    return counted(number, unit) if number else ""


def spelled(piece: Piece, zone: tzinfo = UTC) -> str:
    """A piece in words alone; a moment by the clocks of a zone: "14 Mar 2027, 14:05 CET"."""
    match piece:
        case str():
            return piece
        case Stamp(at=at, to_the_second=is_exact):
            precision = _TO_THE_SECOND if is_exact else _TO_THE_MINUTE
            return label(StatedDate(date=at, precision=precision), zone)
        case Role(id=key):
            return f"the role with the id {key}"
        case _ as never:
            assert_never(never)


def when(stated: StatedDate, *, relative: bool = False) -> tuple[Piece, ...]:
    """A date as pieces of text: a stamp where it has a clock time, otherwise its plain label.

    A date to the hour is stamped at the full hour and called "around", because readers' clients
    show a stamp to the minute.
    """
    allowed = window(stated)
    if allowed is None or stated.date is None or not is_precise(stated):
        return (label(stated),)
    if grain(stated) is Grain.HOUR:
        return ("around ", Stamp(at=allowed.start, relative=relative))
    is_exact = grain(stated) is Grain.SECOND
    return (Stamp(at=stated.date, to_the_second=is_exact, relative=relative),)
