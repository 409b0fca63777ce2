"""Find the event that a person means by a name. Pure."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.dates import window
from bot.domain.events import Event
from bot.domain.subscriptions import normalised

_WORDS = 8
_NEAR = 0.7


def upcoming(events: Iterable[Event], now: datetime) -> tuple[Event, ...]:
    """Those that are not over, or are being shown; LL2 lists an event for a day after its date."""
    return tuple(one for one in events if one.webcast_live or not is_over(one, now))


def is_over(event: Event, now: datetime) -> bool:
    """Whether all of the time that its date allows has passed."""
    # Most dates are ahead, and no window need be looked up for those.
    if event.date is None or event.date > now:
        return False
    allowed = window(event.stated)
    return allowed is not None and allowed.end <= now


def named(text: str, events: Iterable[Event]) -> tuple[Event, ...]:
    """Those of exactly this name, or else those whose names hold all of the words."""
    asked = normalised(text)
    names = [(normalised(one.name), one) for one in events]
    exact = tuple(one for name, one in names if name == asked)
    words = asked.split()
    return exact or tuple(one for name, one in names if all(word in name for word in words))


def nearest(text: str, events: Sequence[Event], count: int) -> tuple[Event, ...]:
    """Those whose names hold words most like the given ones; the soonest of equals first."""
    vocabulary = {word for event in events for word in normalised(event.name).split()}
    alike: dict[str, float] = {}
    for word in normalised(text).split()[:_WORDS]:
        for near in difflib.get_close_matches(word, vocabulary, n=3, cutoff=_NEAR):
            likeness = difflib.SequenceMatcher(a=word, b=near).ratio()
            alike[near] = max(alike.get(near, 0.0), likeness)
    scored = [(sum(alike.get(word, 0.0) for word in _words(one)), one) for one in events]
    found = sorted((one for one in scored if one[0]), key=lambda one: -one[0])
    return tuple(event for _, event in found[:count])


def _words(event: Event) -> set[str]:
    return set(normalised(event.name).split())
