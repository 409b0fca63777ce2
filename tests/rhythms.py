"""What is left of the budget, and webcasts to come."""

from datetime import timedelta
from typing import Any

from bot.domain.events import VidUrl
from bot.domain.watching import Headroom
from bot.testing import START

PERIOD = timedelta(hours=1, seconds=1)


def a_headroom(*ago: timedelta, cap: int = 14, **changes: Any) -> Headroom:
    """What the budget of 15 leaves to polls, with requests so long before `START`."""
    spent = tuple(sorted(START - one for one in ago))
    return Headroom(cap=cap, period=PERIOD, spent=spent, **changes)


def a_video(start: timedelta, end: timedelta | None = None) -> VidUrl:
    """A webcast that is planned so long after `START`."""
    return VidUrl(
        url="https://example.org/live",
        start_time=START + start,
        end_time=None if end is None else START + end,
    )
