"""Decide which fault of a scenario strikes a request, and spoil pages the way it says.

How a fault looks as an HTTP answer is `server`'s business.
"""

import json
from dataclasses import replace
from datetime import datetime

from bot.simulator.filters import Query
from bot.simulator.listing import last
from bot.simulator.paging import Page
from bot.simulator.scenario import Fault


class FaultPlan:
    """The faults of a scenario on a real calendar, with how often each has struck."""

    def __init__(self, faults: tuple[Fault, ...], *, anchor: datetime) -> None:
        """Take the faults; their times count from the anchor."""
        self._faults = faults
        self._anchor = anchor
        self._struck = [0] * len(faults)

    def strike(self, path: str, now: datetime) -> Fault | None:
        """Return the first fault that this request meets and count it, or None."""
        since = now - self._anchor
        for place, fault in enumerate(self._faults):
            spent = fault.times is not None and self._struck[place] >= fault.times
            if fault.start <= since < fault.end and path.startswith(fault.path) and not spent:
                self._struck[place] += 1
                return fault
        return None


def page_shift(fault: Fault | None, query: Query) -> int:
    """Return how far a later page slips: items are skipped (positive) or repeated (negative)."""
    later = last(query, "offset") not in {"", "0"}
    return fault.by if fault and fault.kind == "shift" and later else 0


def spoil_page(page: Page, fault: Fault | None) -> Page:
    """Return the page as the fault makes it: empty, short, or with a count that is wrong."""
    match fault:
        case Fault(kind="empty"):
            return replace(page, items=(), count=0)
        case Fault(kind="short"):
            items = page.items[: fault.keep]
            return replace(page, items=items, count=len(items))
        case Fault(kind="count"):
            return replace(page, count=max(page.count + fault.by, 0))
        case _:
            return page


def spoil_event(text: str, number: int, fault: Fault | None) -> str:
    """Return the event's JSON text, with wrong and missing keys where the fault is about it."""
    if fault is None or fault.kind != "malformed" or fault.event != number:
        return text
    body = json.loads(text) | dict(fault.values)
    kept = {key: value for key, value in body.items() if key not in fault.drop}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
