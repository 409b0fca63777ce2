"""Read what LL2 says of its throttle: `Retry-After`, the body of a 429, `/api-throttle/`. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DEFAULT_WAIT = timedelta(minutes=10)
"""How long to stay away after a 429 that does not say (facts-ll2, section 7)."""

LONGEST_WAIT = timedelta(days=1)
"""No order to stay away is followed for longer; LL2's own window is an hour."""

_MOST = 10_000
"""No key is known to allow more in an hour; a larger figure is cut, so that it costs no memory."""

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")
_WAIT_IN_WORDS = re.compile(r"\b(\d{1,9}(?:\.\d{1,9})?) ?(second|minute|hour)", re.IGNORECASE)
_BARE_WAIT = re.compile(r"\bin (\d{1,9})\b", re.IGNORECASE)
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleReport:
    """One answer of `/api-throttle/`, without `ident`: that is our address or account.

    Attributes:
        limit: requests that LL2 allows in a period, at least 1.
        used: requests that it counted, ours and those of others behind our address.
        next_use: how long until one more is allowed; zero when one is.

    """

    limit: int
    period: timedelta
    used: int
    next_use: timedelta


def read_report(answer: object) -> ThrottleReport | None:
    """The report; None when there is none. LL2 sends one object, its schema says an array."""
    one = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if not isinstance(one, dict):
        return None
    limit, used = _number(one.get("your_request_limit")), _number(one.get("current_use"))
    if limit is None or limit < 1 or used is None:
        return None
    return ThrottleReport(
        limit=min(limit, _MOST),
        period=_span(one.get("limit_frequency_secs")) or timedelta(hours=1),
        used=min(max(used, 0), _MOST),
        next_use=_span(one.get("next_use_secs")),
    )


def asked_wait(headers: Mapping[str, str], body: object, now: datetime) -> timedelta | None:
    """How long a 429 asks us to stay away: by its header, else by its words; None: it is silent.

    A wait that is not positive counts as silence: it would invite the next 429.
    """
    for wait in (_header_wait(headers, now), _worded_wait(body)):
        if wait is not None and wait > timedelta():
            return min(wait, LONGEST_WAIT)
    return None


def _header_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return timedelta(seconds=float(value))
    until = _http_date(value)
    if until is None:
        return None
    # The server's own clock, where it is told, so that a wrong clock here does no harm.
    return until - (_http_date(headers.get("Date", "")) or now)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _worded_wait(body: object) -> timedelta | None:
    detail = body.get("detail") if isinstance(body, dict) else None
    if not isinstance(detail, str):
        return None
    if worded := _WAIT_IN_WORDS.search(detail):
        return min(float(worded[1]), 86_400) * _UNITS[worded[2].lower()]
    bare = _BARE_WAIT.search(detail)
    return None if bare is None else timedelta(seconds=int(bare[1]))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _span(value: object) -> timedelta:
    """A number of seconds between zero and `LONGEST_WAIT`; what is no number counts as zero."""
    number = value if isinstance(value, int | float) else 0
    return timedelta(seconds=min(max(0, number), LONGEST_WAIT.total_seconds()))
