"""Spans of time as people type them: "10m", "1h30m", "1d". Pure."""

import re
from datetime import timedelta

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_SPAN = re.compile(r"(?=.)" + "".join(rf"(?:(\d{{1,6}}){unit})?" for unit in _UNITS), re.ASCII)


def read_span(text: str) -> timedelta | None:
    """Read "25s", "5m", "1h30m" or "1d": larger units first, whole numbers; None: it is not one."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    counts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
    return sum((int(count) * unit for count, unit in counts), start=timedelta())


def spell_span(span: timedelta) -> str:
    """The inverse of `read_span`, to the second: 90 minutes are "1h30m", a day is "1d"."""
    left, words = span, ""
    for unit, length in _UNITS.items():
        count, left = divmod(left, length)
        words += f"{count}{unit}" if count else ""
    return words or "0s"
