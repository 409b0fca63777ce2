"""Answer the paths of LL2 2.3.0 from a scenario, as status and JSON text; pure but for a cache.

No HTTP, no throttle: `server` puts hosts, headers and refusals around these answers.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.simulator.faults import page_shift, spoil_event, spoil_page
from bot.simulator.filters import BadParameter, Query, Row, matching, ordered, read_moment
from bot.simulator.listing import Listing, choose, last
from bot.simulator.objects import Json, agency_object, precision_object, stamp
from bot.simulator.paging import Page, page_slice
from bot.simulator.precision import PRECISIONS
from bot.simulator.rendering import MODES, Renderer, update_object
from bot.simulator.scenario import Fault, Scenario
from bot.simulator.world import EventVersion, World, play, world_at

TAIL = timedelta(hours=24)
"""How long after its date an event stays in `/events/upcoming/` (LL2's FAQ and recordings)."""

_NAMED = Listing(searched=("name",), ordering=("id", "name"))
_AGENCIES = Listing(
    searched=("abbrev", "name"),
    ordering=("id", "name", "featured"),
    numbers=("id",),
    flags=("featured",),
    texts=("abbrev", "abbrev__contains", "name", "name__contains"),
)
_UPDATES = Listing(searched=("comment",), ordering=("id", "created_on"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status and a JSON text in which marks stand for the host and the format."""

    status: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as far as the answer depends on it.

    Attributes:
        path: after the version, with its trailing slash.
        query: the parameters.
        now: the moment whose world answers.
        fault: what spoils the answer, if anything.

    """

    path: str
    query: Query
    now: datetime
    fault: Fault | None = None


def detail(status: int, sentence: str) -> Answer:
    """Return the body that LL2 gives with a refusal."""
    return Answer(status=status, body=_dump({"detail": sentence}))


class Api:
    """One scenario's answers. Each event is written once for each save, mode and bucket."""

    def __init__(self, scenario: Scenario, *, anchor: datetime, seed: int) -> None:
        """Play the scenario from the anchor; the seed settles orders that LL2 leaves open."""
        self._scenario = scenario
        self._worlds = play(scenario, anchor)
        self._renderer = Renderer(scenario, anchor=anchor, seed=seed)
        self._rows: dict[tuple[int, int], Row] = {}
        self._texts: dict[tuple[int, int, str, str], str] = {}

    def world(self, now: datetime) -> World:
        """Return what exists at this moment."""
        return world_at(self._worlds, now)

    def answer(self, question: Question) -> Answer:
        """Return what LL2 would; 404 for what it has not got, 400 for unreadable parameters."""
        for pattern, respond in _ROUTES.items():
            match = re.fullmatch(pattern, question.path)
            if match:
                try:
                    return respond(self, question, **match.groupdict())
                except BadParameter as exc:
                    return Answer(status=400, body=_dump({exc.key: [exc.sentence]}))
        return detail(404, "Not found.")

    def all_events(self, question: Question) -> Answer:
        """Return a page of everything that exists; by id, as no recording shows another order."""
        return self._events(question, self._known(question), default=())

    def upcoming(self, question: Question) -> Answer:
        """Return a page of what lies ahead and of the last 24 hours."""
        return self._events(question, self._upcoming(question), default=("date",))

    def previous(self, question: Question) -> Answer:
        """Return a page of what is over, newest first; it starts at now, without any tail."""
        return self._events(question, self._previous(question), default=("-date",))

    def event(self, question: Question, number: str, part: str | None = None) -> Answer:
        """Return one event in full, from the whole list or from one part of it."""
        rows = {None: self._known, "upcoming": self._upcoming, "previous": self._previous}[part]
        for row in rows(question):
            if str(row.version.id) == number:
                return Answer(status=200, body=self._text(question, row, "detailed"))
        return detail(404, "No Event matches the given query.")

    def event_types(self, question: Question) -> Answer:
        """Return a page of `/config/event_types/`."""
        rows: list[Json] = [{"id": key, "name": name} for key, name in self._scenario.types.items()]
        return self._list(question, choose(rows, question.query, _NAMED))

    def net_precisions(self, question: Question) -> Answer:
        """Return a page of `/config/net_precisions/`."""
        rows = map(precision_object, PRECISIONS)
        return self._list(question, choose(rows, question.query, _NAMED))

    def agencies(self, question: Question) -> Answer:
        """Return a page of `/agencies/`, with the filters that matter to a follower of events."""
        by_id = {agency.id: agency for agency in self._scenario.agencies}
        mode = "list" if last(question.query, "mode") == "list" else "normal"
        rows = (agency_object(agency, "normal") for agency in by_id.values())
        chosen = choose(rows, question.query, _AGENCIES)
        shown = [agency for row in chosen for key, agency in by_id.items() if key == row["id"]]
        return self._list(question, [agency_object(agency, mode) for agency in shown])

    def updates(self, question: Question) -> Answer:
        """Return a page of all comments, newest first; they do not tell their event."""
        world = self.world(question.now)
        posted = (one for version in world.events.values() for one in version.updates)
        rows = [update_object(one, world.bucket) for one in posted]
        created = last(question.query, "created_on")
        if created:
            wanted = stamp(read_moment("created_on", created))
            rows = [row for row in rows if row["created_on"] == wanted]
        query = {"ordering": ["-id"], **question.query}
        return self._list(question, choose(rows, query, _UPDATES))

    def _known(self, question: Question) -> list[Row]:
        return [self._row(version) for version in self.world(question.now).events.values()]

    def _upcoming(self, question: Question) -> list[Row]:
        hide = last(question.query, "hide_recent_previous").lower() == "true"
        start = question.now if hide else question.now - TAIL
        return [row for row in self._known(question) if _dated(row, lambda date: date >= start)]

    def _previous(self, question: Question) -> list[Row]:
        now = question.now
        return [row for row in self._known(question) if _dated(row, lambda date: date < now)]

    def _events(self, question: Question, rows: list[Row], *, default: tuple[str, ...]) -> Answer:
        query, fault = question.query, question.fault
        mode = last(query, "mode")
        mode = mode if mode in MODES else "normal"
        chosen = ordered(matching(rows, query), query, default=default)
        shown = chosen[page_slice(query, shift=page_shift(fault, query))]
        items = [self._text(question, row, mode) for row in shown]
        page = Page(path=question.path, query=query, items=items, count=len(chosen))
        return Answer(status=200, body=spoil_page(page, fault).text())

    def _list(self, question: Question, rows: list[Json]) -> Answer:
        items = [_dump(row) for row in rows[page_slice(question.query)]]
        page = Page(path=question.path, query=question.query, items=items, count=len(rows))
        return Answer(status=200, body=spoil_page(page, question.fault).text())

    def _row(self, version: EventVersion) -> Row:
        key = (version.id, version.revision)
        if key not in self._rows:
            self._rows[key] = self._renderer.row(version)
        return self._rows[key]

    def _text(self, question: Question, row: Row, mode: str) -> str:
        version, bucket = row.version, self.world(question.now).bucket
        key = (version.id, version.revision, mode, bucket)
        if key not in self._texts:
            self._texts[key] = _dump(self._renderer.event(version, mode, bucket))
        return spoil_event(self._texts[key], version.id, question.fault)


def _dump(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _dated(row: Row, holds: Callable[[datetime], bool]) -> bool:
    return row.version.date is not None and holds(row.version.date)


_ROUTES: Mapping[str, Callable[..., Answer]] = MappingProxyType(
    {
        r"/events/": Api.all_events,
        r"/events/upcoming/": Api.upcoming,
        r"/events/previous/": Api.previous,
        r"/events/(?:(?P<part>upcoming|previous)/)?(?P<number>\d+)/": Api.event,
        r"/config/event_types/": Api.event_types,
        r"/config/net_precisions/": Api.net_precisions,
        r"/agencies/": Api.agencies,
        r"/updates/": Api.updates,
    }
)
