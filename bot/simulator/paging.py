"""Cut lists into pages with `count`, `next` and `previous`, as LL2's limit/offset paging does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.simulator.filters import Query
from bot.simulator.objects import BASE_MARK

DEFAULT_LIMIT = 10
"""What LL2 answers where no limit is asked."""

MAX_LIMIT = 100
"""What LL2 makes of any larger limit, without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a list answers; the items are JSON texts already.

    Attributes:
        path: of the request, after the version.
        query: of the request, for the links.
        items: the items of this page.
        count: how many there are on all pages.

    """

    path: str
    query: Query
    items: Sequence[str]
    count: int

    def text(self) -> str:
        """Return the page as JSON text."""
        return (
            f'{{"count":{self.count},"next":{json.dumps(self._next(), ensure_ascii=False)},'
            f'"previous":{json.dumps(self._previous(), ensure_ascii=False)},'
            f'"results":[{",".join(self.items)}]}}'
        )

    def _next(self) -> str | None:
        after = _offset(self.query) + _limit(self.query)
        return None if after >= self.count else self._link(after)

    def _previous(self) -> str | None:
        offset = _offset(self.query)
        return self._link(max(offset - _limit(self.query), 0)) if offset else None

    def _link(self, offset: int) -> str:
        # Sorted parameters, the limit made explicit and no offset on the first page: as captured.
        query: Mapping[str, Sequence[str]] = {
            key: values for key, values in self.query.items() if key not in {"limit", "offset"}
        }
        query = {**query, "limit": [str(_limit(self.query))]}
        query = {**query, "offset": [str(offset)]} if offset else query
        return f"{BASE_MARK}{self.path}?{urlencode(sorted(query.items()), doseq=True)}"


def page_slice(query: Query, *, shift: int = 0) -> slice:
    """Return which items the query asks for; `shift` moves where the page is cut."""
    start = max(_offset(query) + shift, 0)
    return slice(start, start + _limit(query))


def _limit(query: Query) -> int:
    asked = _whole(query, "limit")
    return min(asked, MAX_LIMIT) if asked else DEFAULT_LIMIT


def _offset(query: Query) -> int:
    return _whole(query, "offset")


def _whole(query: Query, key: str) -> int:
    # LL2's paginator takes anything that is not a whole number above zero for "not given".
    text = query.get(key, [""])[-1]
    return int(text) if text.isdecimal() and len(text) < 10 else 0
