"""Clean single values of LL2's JSON: texts, addresses, moments, durations. Knows no event."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import isodate

_LONGEST_URL = 2_000
_LONGEST_DURATION = 64
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def line(value: object, limit: int) -> object:
    """One line of text: blanks folded, cut to `limit` characters; null is empty.

    What is no text comes back as it is, for the model to refuse.
    """
    text = _clean(value)
    return " ".join(text.split())[:limit].rstrip() if isinstance(text, str) else text


def prose(value: object, limit: int) -> object:
    r"""Text of several lines: `\r\n` becomes `\n`, ends stripped, cut to `limit`; null is empty."""
    text = _clean(value)
    return text.strip()[:limit].rstrip() if isinstance(text, str) else text


def _clean(value: object) -> object:
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    # JSON can spell half of a surrogate pair, which no database and no chat platform accepts.
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))


def web_address(value: object) -> str:
    """An `http` or `https` address, else an empty text; a cut address would lead nowhere."""
    if not isinstance(value, str):
        return ""
    address = value.strip()
    if len(address) > _LONGEST_URL or _SPACE_OR_CONTROL.search(address):
        return ""
    return address if _has_web_host(address) else ""


def _has_web_host(address: str) -> bool:
    try:
        address.encode()
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def moment(value: object) -> datetime | None:
    """An ISO 8601 time as aware UTC; None for null.

    Raises:
        ValueError: it is no such time.

    """
    if value is None:
        return None
    try:
        told = datetime.fromisoformat(value if isinstance(value, str) else "")
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("a time outside the calendar") from exc


def moment_or_none(value: object) -> datetime | None:
    """The same for times that help but decide nothing: what is no time is None."""
    try:
        return moment(value)
    except ValueError:
        return None


def duration(value: object) -> timedelta | None:
    """An ISO 8601 duration such as `PT6H30M`; None for one that cannot be read.

    Years and months have no fixed length, so a duration that uses them is None too.
    """
    if not isinstance(value, str) or len(value) > _LONGEST_DURATION:
        return None
    try:
        length = isodate.parse_duration(value)
    except (isodate.ISO8601Error, ValueError, ArithmeticError):
        return None
    return length if isinstance(length, timedelta) and length > timedelta() else None
