"""Hypothesis strategies for the domain's values, shared by all tests. Builders: `bot.testing`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from bot.domain.changes import (
    Change,
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.events import (
    Agency,
    DatePrecision,
    Event,
    EventId,
    EventType,
    Image,
    InfoUrl,
    Observation,
    Program,
    StatedDate,
    Update,
    UpdateId,
    VidUrl,
    remember,
)
from bot.domain.subscriptions import Destination, Filter, normalised
from bot.testing import PRECISIONS, START, an_event

Item = TypeVar("Item")

UNKNOWN_PRECISION = DatePrecision(id=17, name="Century")
"""One that LL2 may add some day."""

EVERY_PRECISION = (*PRECISIONS, UNKNOWN_PRECISION, None)
"""All 17, one new to us, and none."""

UNTOLD = ("agencies", "programs", "updates", "vid_urls", "info_urls", "last_updated")
"""The fields that an answer may leave out (facts-ll2, section 3)."""

precisions = st.sampled_from(EVERY_PRECISION)

dates = st.datetimes(timezones=st.just(UTC))
"""The whole calendar, years 1 to 9999."""

near_dates = st.one_of(
    st.integers(0, 3).map(lambda days: timedelta(days=days)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=800)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=3)),
).map(lambda span: (START + span).replace(microsecond=0))
"""Whole seconds within two years of `START`, often so near that windows meet."""


def stated_dates(dates: st.SearchStrategy[datetime] = near_dates) -> st.SearchStrategy[StatedDate]:
    """Dates at every precision, and no date."""
    return st.builds(StatedDate, date=st.none() | dates, precision=precisions)


texts = st.sampled_from(("", "Docking", "Undocking of Dragon")) | st.text(max_size=12)

# An id stands for one name, one url or one author, as it does in LL2, except where a test says so.
event_types = st.integers(1, 9).map(lambda number: EventType(id=number, name=f"Type {number}"))
agencies = st.integers(1, 6).map(
    lambda number: Agency(id=number, name=f"Agency {number}", abbrev=f"A{number}")
)
programs = st.integers(1, 4).map(lambda number: Program(id=number, name=f"Program {number}"))


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Comments; every third id is one of LL2's own, that a webcast started."""
    number = draw(st.integers(1, 30))
    automatic = number % 3 == 0
    return Update(
        id=UpdateId(number),
        comment="Official Webcast by NASA has started" if automatic else draw(texts),
        info_url=draw(st.sampled_from(("", "https://example.org/page"))),
        created_by="LL2" if automatic else "Ada",
        created_on=draw(st.none() | near_dates),
    )


@st.composite
def vid_urls(draw: st.DrawFn) -> VidUrl:
    """Videos of a small set of addresses, so that two states of an event share some."""
    return VidUrl(
        url=f"https://example.org/video/{draw(st.integers(1, 9))}",
        priority=draw(st.integers(7, 13)),
        title=draw(texts),
        publisher=draw(st.sampled_from(("", "NASA"))),
        live=draw(st.booleans()),
        start_time=draw(st.none() | near_dates),
    )


info_urls = st.integers(1, 9).map(lambda number: InfoUrl(url=f"https://example.org/{number}"))
images = st.integers(1, 9).map(
    lambda number: Image(id=number, url=f"https://images.example.org/{number}.jpg", credit="NASA")
)


@st.composite
def events(draw: st.DrawFn, event_id: int = 1) -> Event:
    """States of one event, within the promises of `Event`: sorted, and no id twice."""
    stated = draw(stated_dates())
    shown = draw(st.lists(updates(), max_size=6, unique_by=lambda one: one.id))
    videos = draw(st.lists(vid_urls(), max_size=4, unique_by=lambda one: one.url))
    return Event(
        id=EventId(event_id),
        name=draw(texts),
        type=draw(event_types),
        date=stated.date,
        date_precision=stated.precision,
        description=draw(texts),
        location=draw(texts),
        duration=draw(st.none() | st.timedeltas(timedelta(0), timedelta(hours=9))),
        webcast_live=draw(st.booleans()),
        image=draw(st.none() | images),
        updates=tuple(sorted(shown, key=lambda one: one.id)),
        vid_urls=tuple(sorted(videos, key=lambda one: (one.priority, one.url))),
        info_urls=draw(_tuples(info_urls)),
        agencies=draw(_tuples(agencies)),
        programs=draw(_tuples(programs)),
        last_updated=draw(st.none() | near_dates),
    )


def _tuples(of: st.SearchStrategy[Item]) -> st.SearchStrategy[tuple[Item, ...]]:
    return st.lists(of, max_size=3, unique=True).map(tuple)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Answers about one event; what an answer left out holds its default."""
    untold = draw(st.frozensets(st.sampled_from(UNTOLD)))
    blank = an_event(agencies=(), programs=())
    event = replace(draw(events()), **{name: getattr(blank, name) for name in untold})
    return Observation(event=event, untold=untold)


@st.composite
def histories(draw: st.DrawFn, *, length: int = 3) -> tuple[Event, ...]:
    """What we knew of one event after each of `length` answers."""
    known = [draw(events())]
    while len(known) < length:
        known.append(remember(known[-1], draw(observations())))
    return tuple(known)


_details = st.builds(Detail, name=st.sampled_from(("name", "location")), before=texts, after=texts)
_ONE = st.just(EventId(1))

changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(EventAnnounced, event_id=_ONE, returned=st.booleans()),
    st.builds(DateChanged, event_id=_ONE, before=stated_dates(), after=stated_dates()),
    st.builds(UpdatePosted, event_id=_ONE, updates=_tuples(updates())),
    st.builds(WebcastLive, event_id=_ONE),
    st.builds(VideoAdded, event_id=_ONE, videos=_tuples(vid_urls())),
    st.builds(DetailsChanged, event_id=_ONE, details=_tuples(_details)),
    st.builds(EventWithdrawn, event_id=_ONE, last_date=stated_dates()),
)
"""Every sort of change to event 1."""

leads = st.integers(1, 48 * 60).map(lambda minutes: timedelta(minutes=minutes))
"""Lead times from one minute to two days."""

_words = st.text(min_size=1, max_size=8).map(normalised).filter(bool)

filters = st.builds(
    Filter,
    types=st.frozensets(st.integers(1, 9), max_size=3),
    agencies=st.frozensets(st.integers(1, 6), max_size=3),
    programs=st.frozensets(st.integers(1, 4), max_size=3),
    words=st.frozensets(_words, max_size=3),
    kinds=st.frozensets(st.sampled_from(Kind), min_size=1),
    leads=st.frozensets(leads, max_size=3),
)

destinations = st.builds(
    Destination,
    adapter=st.sampled_from(("console", "discord", "telegram")),
    address=st.from_regex(r"-?[0-9]{1,19}(/[0-9]{1,9})?", fullmatch=True),
)
