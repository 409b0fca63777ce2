"""What golden files show, for every renderer: kinds of news at all precisions, and worse."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.events import (
    Agency,
    DatePrecision,
    Event,
    EventId,
    Image,
    InfoUrl,
    StatedDate,
    Update,
    UpdateId,
    VidUrl,
)
from bot.domain.messages import Message
from bot.rendering.compose import compose
from bot.testing import PRECISIONS, an_event, an_update


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message to look at: what happened, to which event."""

    title: str
    news: tuple[News, ...]
    event: Event

    def message(self) -> Message:
        """What `compose` makes of it."""
        return compose(self.news, self.event)


_ONE = EventId(1)
_DATE = datetime(2027, 9, 14, 13, 5, 27, tzinfo=UTC)
_DAYS = (0.1, 0.1, 0.2, 2, 2, 2, 14, 61, 366, 366, 366, 366, 366, 366, 366, 366, 3660)
_NASA = Agency(id=44, name="National Aeronautics and Space Administration", abbrev="NASA")
_NGSS = Agency(id=257, name="Northrop Grumman Space Systems", abbrev="NGSS")
_SPACEX = Agency(id=121, name="SpaceX", abbrev="SpX")

_CAPTURE = VidUrl(
    url="https://example.org/live", priority=7, title="Cygnus capture", publisher="NASA", live=True
)
_RUSSIAN = VidUrl(
    url="https://example.org/ru", priority=9, publisher="VideoKosmos", language="Russian"
)
_TALK = VidUrl(url="https://example.org/talk", priority=12, title="NASA talks about Cygnus")


def _rich(**changes: Any) -> Event:
    event = an_event(
        agencies=(_NASA, _NGSS, _SPACEX),
        vid_urls=(_CAPTURE, _RUSSIAN),
        info_urls=(InfoUrl(url="https://example.org/blog", title="Mission blog"),),
        image=Image(
            id=7, url="https://example.org/cygnus.jpg", credit="NASA", license="CC BY-NC 2.0"
        ),
    )
    return replace(event, **changes)


def _at(precision: DatePrecision | None, *, later: float = 0) -> StatedDate:
    return StatedDate(date=_DATE + timedelta(days=later), precision=precision)


_STATED: tuple[tuple[str, StatedDate, StatedDate], ...] = (
    *(
        (one.name, _at(one), _at(one, later=days))
        for one, days in zip(PRECISIONS, _DAYS, strict=True)
    ),
    ("no precision", _at(None), _at(None, later=1)),
    ("an unknown precision", _at(DatePrecision(id=99)), _at(DatePrecision(id=99), later=1)),
    ("no date", StatedDate(date=None, precision=None), StatedDate(date=None, precision=None)),
)
"""Each precision: its name, a date at it, and a later one."""


def _each(news: Callable[[StatedDate], News], **changes: Any) -> tuple[Case, ...]:
    return tuple(
        Case(
            title=name,
            news=(news(stated),),
            event=an_event(date=stated.date, date_precision=stated.precision, **changes),
        )
        for name, stated, _ in _STATED
    )


def _move(title: str, before: StatedDate, after: StatedDate) -> Case:
    event = an_event(date=after.date, date_precision=after.precision)
    return Case(
        title=title, news=(DateChanged(event_id=_ONE, before=before, after=after),), event=event
    )


_MONTH, _DAY, _MINUTE = (_at(PRECISIONS[number]) for number in (7, 5, 1))
_NO_DATE = StatedDate(date=None, precision=None)
_ANNOUNCED, _LIVE = EventAnnounced(event_id=_ONE), WebcastLive(event_id=_ONE)
_MOVED = DateChanged(
    event_id=_ONE,
    before=StatedDate(date=datetime(2027, 3, 12, 13, 5, tzinfo=UTC), precision=PRECISIONS[1]),
    after=an_event().stated,
)
_UPDATED = UpdatePosted(event_id=_ONE, updates=(an_update(),))
_HOUR_BEFORE = Reminder(
    event_id=_ONE, date=an_event().stated.date or _DATE, lead=timedelta(hours=1)
)
_WITHDRAWN = EventWithdrawn(event_id=_ONE, last_date=an_event().stated)


def _updates(number: int) -> UpdatePosted:
    comments = (
        an_update(
            id=UpdateId(one),
            comment=f"Comment number {one}: the berthing stays as it is planned.",
            info_url="https://x.com/one" if one % 2 else "https://x.com/two",
            created_by="Ada" if one % 2 else "",
        )
        for one in range(1, number + 1)
    )
    return UpdatePosted(event_id=_ONE, updates=tuple(comments))


def _case(title: str, *news: News, **changes: Any) -> Case:
    return Case(title=title, news=news, event=_rich(**changes))


_EDITED = DetailsChanged(
    event_id=_ONE,
    details=(
        Detail(name="name", before="Cygnus Berthing", after="Cygnus NG-27 Berthing"),
        Detail(name="location", before="", after="International Space Station"),
        Detail(name="description", before="A ship.", after=an_event().description),
        Detail(name="programs", before="International Space Station", after=""),
    ),
)

_NASTY = (
    "@everyone <script>alert('x')</script> **bold** [link](javascript:alert(1)) _x_ `code` &amp; "
)
_TURNED = (
    "\u202egnihtreb\u202c \u2066isolated\u2069 \x1b[31mred\x07\x00 \ud800 "
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\r\n\r\n\r\n\r\nend"
)
_PLACEHOLDER = "https://example.org/placeholder.png"
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
_HOSTILE = (
    _case("a description of 4,096 characters", _ANNOUNCED, description=(_NASTY * 60)[:4096]),
    _case("a name of 300 characters", _ANNOUNCED, name=(_NASTY * 9)[:300], location=_NASTY * 9),
    _case("direction and control characters", _ANNOUNCED, name=_TURNED, description=_TURNED),
    _case("emoji at the cut", _ANNOUNCED, description=("x" * 593) + _FAMILY * 3),
    _case(
        "a flag and marks at the cut",
        _ANNOUNCED,
        description="x" * 597 + "\U0001f1eb\U0001f1f7e\u0301e\u0301",
    ),
    _case(
        "right-to-left text at the cut",
        _ANNOUNCED,
        name="\u05e9\u05dc\u05d5\u05dd " * 60,
        description="\u0645\u0631\u062d\u0628\u0627\u064b " * 99,
    ),
    _case(
        "an address at the cut",
        _ANNOUNCED,
        description=f"{'word ' * 115}https://example.org/{'a' * 99}",
    ),
    _case(
        "40 links, one of them twice, some of them none",
        _ANNOUNCED,
        info_urls=(
            InfoUrl(url="javascript:alert(1)", title="Not a page"),
            InfoUrl(url="http://[broken", title="Not an address"),
            InfoUrl(url="https://example.org/1/", title="Again"),
            *(InfoUrl(url=f"https://example.org/{one}", title=f"Page {one}") for one in range(40)),
        ),
    ),
    _case("30 agencies", _ANNOUNCED, agencies=tuple(replace(_NASA, id=one) for one in range(30))),
    _case("no picture but LL2's placeholder", _ANNOUNCED, image=Image(id=1252, url=_PLACEHOLDER)),
    _case("a picture at no web address", _ANNOUNCED, image=Image(id=7, url="file:///etc/passwd")),
    Case(
        title="nothing is given",
        news=(UpdatePosted(event_id=_ONE, updates=(Update(id=UpdateId(1)),)),),
        event=an_event(name="", location="", description="", agencies=(), date=None),
    ),
    _case(
        "a comment of 40,000 characters",
        UpdatePosted(event_id=_ONE, updates=(an_update(comment=_NASTY * 500),)),
    ),
)

CASES: dict[str, tuple[Case, ...]] = {
    "new": _each(lambda _: _ANNOUNCED),
    "returned": _each(lambda _: replace(_ANNOUNCED, returned=True)),
    "withdrawn": _each(lambda stated: EventWithdrawn(event_id=_ONE, last_date=stated)),
    "webcast": _each(lambda _: _LIVE, webcast_live=True, vid_urls=(_RUSSIAN, _CAPTURE)),
    "update": _each(lambda _: _UPDATED),
    "video": _each(lambda _: VideoAdded(event_id=_ONE, videos=(_CAPTURE,)), vid_urls=(_CAPTURE,)),
    "details": _each(lambda _: _EDITED),
    "reminder": tuple(
        _case(title, replace(_HOUR_BEFORE, lead=timedelta(minutes=minutes), late=late))
        for title, minutes, late in (
            ("10 minutes", 10, False),
            ("1 hour", 60, False),
            ("24 hours", 1440, False),
            ("7 days", 10080, False),
            ("90 minutes", 90, False),
            ("late", 60, True),
        )
    )
    + tuple(
        _case(f"1 hour, {one.name}", _HOUR_BEFORE, date=_DATE, date_precision=one)
        for one in PRECISIONS[:3]
    ),
    "date_later": tuple(_move(f"later, {name}", *dates) for name, *dates in _STATED[:-1]),
    "date_earlier": tuple(
        _move(f"earlier, {name}", after, before) for name, before, after in _STATED[:-1]
    ),
    "date_from_month": tuple(
        _move(f"month to {name}", _MONTH, after) for name, after, _ in _STATED if after != _MONTH
    ),
    "date_to_month": tuple(
        _move(f"{name} to month", before, _MONTH) for name, before, _ in _STATED if before != _MONTH
    ),
    "date_other": (
        _move("day to minute", _DAY, _MINUTE),
        _move("minute to day", _MINUTE, _DAY),
        _move("morning to afternoon", _at(PRECISIONS[3]), _at(PRECISIONS[4])),
        _move("day to morning", _DAY, _at(PRECISIONS[3])),
        _move("hour to minute", _at(PRECISIONS[2]), _MINUTE),
        _move("hour to a later minute", _at(PRECISIONS[2]), _at(PRECISIONS[1], later=1.5)),
        _move("minute to a later day", _MINUTE, _at(PRECISIONS[5], later=3)),
        _move("by 45 days", _MINUTE, _at(PRECISIONS[1], later=45)),
        _move("by about 45 days", _MINUTE, _at(PRECISIONS[1], later=45.3)),
        _move("no date to minute", _NO_DATE, _MINUTE),
        _move("minute to no date", _MINUTE, _NO_DATE),
        _move("year to quarter", _at(PRECISIONS[14]), _at(PRECISIONS[10])),
    ),
    "combined": (
        _case("date and update", _MOVED, _UPDATED),
        _case("moved for the third time", replace(_MOVED, nth=3)),
        _case("new and live", _LIVE, _ANNOUNCED, webcast_live=True),
        _case("back and live", _LIVE, replace(_ANNOUNCED, returned=True), webcast_live=True),
        _case("live, moved, update", _LIVE, _MOVED, _UPDATED, webcast_live=True),
        _case(
            "reminder, moved, video",
            _HOUR_BEFORE,
            _MOVED,
            VideoAdded(event_id=_ONE, videos=(_RUSSIAN,)),
        ),
        _case("new with an update", _ANNOUNCED, _UPDATED),
        _case("moved, edited", _MOVED, _EDITED),
        _case("removed with a last word", _WITHDRAWN, _UPDATED),
        _case(
            "everything",
            _MOVED,
            _updates(2),
            VideoAdded(event_id=_ONE, videos=(_RUSSIAN, _TALK)),
            _EDITED,
        ),
        _case("3 updates", _updates(3)),
        _case("9 updates", _updates(9)),
        _case(
            "2 videos",
            VideoAdded(event_id=_ONE, videos=(_CAPTURE, _TALK)),
            vid_urls=(_CAPTURE, _TALK),
        ),
        _case("one detail", DetailsChanged(event_id=_ONE, details=_EDITED.details[:1])),
    ),
    "hostile": _HOSTILE,
}
"""The cases of each golden file."""

ELSEWHERE = ZoneInfo("Pacific/Auckland")
"""The zone of a channel where it is tomorrow already at the hour of the cases."""

TOLD_ELSEWHERE = ("new", "withdrawn", "date_later", "date_other", "reminder", "combined")
"""The files of those whose times are shown there, too."""
