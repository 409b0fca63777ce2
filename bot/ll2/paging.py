"""Put the pages of one listing together, and refuse pages that contradict each other. No I/O.

`next` tells where to go on, never whom to ask: it echoes whatever host was asked before us.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bot.errors import LL2Unavailable, SnapshotTorn

PAGE_LIMIT = 100
"""The most that LL2 gives on one page (facts-ll2, section 1)."""

MOST_PAGES = 10
"""A listing of more pages is not believed; upcoming events were 4 to 100 so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as LL2 sent it; `following` is the query of its `next`, None on the last."""

    count: int
    results: tuple[object, ...]
    following: str | None


class Listing:
    """The pages of one listing, collected until `wanted` is None.

    Two pages that were cut from different states of the list are found by a changed `count`, by
    an item that comes twice, or by a total that is not `count`.

    Args:
        what: the plural of what is listed, for the messages.

    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._count: int | None = None
        self._most_pages = MOST_PAGES
        self._pages = 0
        self._results: list[object] = []
        self._ids: set[int] = set()
        self._wanted: dict[str, str] | None = {"limit": str(PAGE_LIMIT)}

    @property
    def wanted(self) -> dict[str, str] | None:
        """The query of the next page to ask for; None: the listing is complete."""
        return self._wanted

    @property
    def results(self) -> tuple[object, ...]:
        """What was collected, in LL2's order."""
        return tuple(self._results)

    def add(self, answer: object) -> None:
        """Take the answer to what was wanted.

        Raises:
            LL2Unavailable: it is no page.
            SnapshotTorn: it does not fit to the pages before it.

        """
        page = read_page(answer)
        self._agree_on_count(page)
        self._collect(page)
        self._go_on(page)

    def _agree_on_count(self, page: Page) -> None:
        if self._count is None:
            self._count = page.count
            self._most_pages = -(-page.count // max(len(page.results), 1))
        if page.count != self._count:
            raise self._torn(
                f"LL2 counted {self._count} {self._what} on one page and {page.count} on another"
            )

    def _collect(self, page: Page) -> None:
        self._pages += 1
        for result in page.results:
            number = result.get("id") if isinstance(result, dict) else None
            if isinstance(number, int):
                self._note(number)
            self._results.append(result)

    def _note(self, number: int) -> None:
        if number in self._ids:
            gave = f"gave {len(self._results)} before number {number} came again"
            raise self._torn(f"LL2 counted {self._count} {self._what} but {gave}")
        self._ids.add(number)

    def _go_on(self, page: Page) -> None:
        had = len(self._results)
        self._wanted = None
        if had == page.count:
            return
        offset = _number(page.following, "offset")
        if page.following is None or had > page.count or not page.results:
            raise self._torn(f"LL2 counted {page.count} {self._what} but gave {had}")
        if offset != had:
            on = "somewhere" if offset is None else f"at {offset}"
            raise self._torn(
                f"LL2 counted {page.count} {self._what} but gave {had} and goes on {on}"
            )
        if self._pages >= self._most_pages or self._most_pages > MOST_PAGES:
            raise self._torn(
                f"LL2 counted {page.count} {self._what} but gave {had} in {self._pages} pages"
            )
        limit = min(_number(page.following, "limit") or PAGE_LIMIT, PAGE_LIMIT)
        self._wanted = {"limit": str(max(limit, 1)), "offset": str(offset)}

    def _torn(self, why: str) -> SnapshotTorn:
        return SnapshotTorn(f"{why}; nothing was concluded from this answer")


def read_page(answer: object) -> Page:
    """One page.

    Raises:
        LL2Unavailable: it is none.

    """
    if not isinstance(answer, dict):
        raise LL2Unavailable("LL2's answer is no page but another kind of JSON")
    count, results, following = answer.get("count"), answer.get("results"), answer.get("next")
    if not isinstance(results, list):
        raise LL2Unavailable("LL2's answer is no page: it has no list named results")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise LL2Unavailable("LL2's answer is no page: its count is missing or no number")
    return Page(
        count=count,
        results=tuple(results),
        following=following if isinstance(following, str) else None,
    )


def _number(address: str | None, name: str) -> int | None:
    """A number from the query of an address; its host, path and all else are ignored."""
    try:
        values = parse_qs(urlsplit(address or "").query).get(name, [])
        return int(values[0]) if values else None
    except ValueError:
        return None
