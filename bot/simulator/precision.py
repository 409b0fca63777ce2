"""How LL2 stamps a date that is known only roughly, and what it calls that roughness.

Coarse dates stand at the end of their period at 00:00Z: the month's last day, the quarter's, the
half's, 31 December (6,285 recorded launches agree). Week, fiscal year and decade were never
recorded; they follow the same rule here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """One row of `/config/net_precisions/`.

    Attributes:
        id: 0 (second) to 16 (decade).
        name: as LL2 spells it.
        abbrev: as LL2 spells it; empty where no recording shows it.
        description: one sentence of ours.

    """

    id: int
    name: str
    abbrev: str
    description: str


def _row(number: int, name: str, abbrev: str, description: str) -> Precision:
    return Precision(id=number, name=name, abbrev=abbrev, description=description)


PRECISIONS: tuple[Precision, ...] = (
    _row(0, "Second", "SEC", "Known to the second."),
    _row(1, "Minute", "MIN", "Known to the minute."),
    _row(2, "Hour", "HR", "Known to the hour."),
    _row(3, "Morning", "", "On that day, in the local morning."),
    _row(4, "Afternoon", "", "On that day, in the local afternoon."),
    _row(5, "Day", "DAY", "On that day."),
    _row(6, "Week", "WK", "In that week, which starts on Monday."),
    _row(7, "Month", "M", "In that month."),
    _row(8, "Quarter 1", "Q1", "From January to March of that year."),
    _row(9, "Quarter 2", "Q2", "From April to June of that year."),
    _row(10, "Quarter 3", "Q3", "From July to September of that year."),
    _row(11, "Quarter 4", "Q4", "From October to December of that year."),
    _row(12, "Year Half 1", "H1", "In the first half of that year."),
    _row(13, "Year Half 2", "H2", "In the second half of that year."),
    _row(14, "Year", "Y", "In that year."),
    _row(15, "Fiscal Year", "", "In the fiscal year that ends on this date."),
    _row(16, "Decade", "", "In that decade."),
)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _sunday(moment: datetime) -> datetime:
    return _midnight(moment) + timedelta(days=6 - moment.weekday())


def _end_of_months(moment: datetime, months: int) -> datetime:
    last = -(-moment.month // months) * months
    years, month0 = divmod(last, 12)
    start_of_next = _midnight(moment).replace(year=moment.year + years, month=month0 + 1, day=1)
    return start_of_next - timedelta(days=1)


def _fiscal_year(moment: datetime) -> datetime:
    year = moment.year + (moment.month > 9)
    return _midnight(moment).replace(year=year, month=9, day=30)


def _decade(moment: datetime) -> datetime:
    return _midnight(moment).replace(year=moment.year // 10 * 10 + 9, month=12, day=31)


_SNAP: Mapping[str, Callable[[datetime], datetime]] = MappingProxyType(
    {
        "Second": lambda moment: moment.replace(microsecond=0),
        "Minute": lambda moment: moment.replace(second=0, microsecond=0),
        "Hour": _hour,
        "Morning": _hour,
        "Afternoon": _hour,
        "Day": _midnight,
        "Week": _sunday,
        "Month": lambda moment: _end_of_months(moment, 1),
        "Quarter": lambda moment: _end_of_months(moment, 3),
        "Half": lambda moment: _end_of_months(moment, 6),
        "Year": lambda moment: _end_of_months(moment, 12),
        "Fiscal Year": _fiscal_year,
        "Decade": _decade,
    }
)

PRECISION_WORDS: tuple[str, ...] = tuple(_SNAP)
"""What a scenario may write; `Quarter` and `Half` take their number from the date."""

_BY_NAME = {row.name: row for row in PRECISIONS}


def snap(moment: datetime, word: str | None) -> datetime:
    """Return LL2's stamp for a moment known at this precision; unknown precision is a plain day."""
    return _SNAP[word or "Day"](moment)


def precision_of(stamp: datetime, word: str | None) -> Precision | None:
    """Return the row that LL2 would attach to this stamp, or None for no stated precision."""
    match word:
        case None:
            return None
        case "Quarter":
            return _BY_NAME[f"Quarter {(stamp.month + 2) // 3}"]
        case "Half":
            return _BY_NAME[f"Year Half {(stamp.month + 5) // 6}"]
        case _:
            return _BY_NAME[word]
