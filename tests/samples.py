"""Small samples of what the domain has."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.events import DatePrecision, StatedDate, VidUrl


def stated(text: str, precision: DatePrecision | None) -> StatedDate:
    """A date written "2026-09-30" or "2026-09-30 13:05:10", in UTC."""
    return StatedDate(date=datetime.fromisoformat(text).replace(tzinfo=UTC), precision=precision)


def a_video(**changes: Any) -> VidUrl:
    """A video of the event."""
    return replace(VidUrl(url="https://example.org/live", priority=10), **changes)
