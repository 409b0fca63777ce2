"""An example of each kind of message, made of an event that does not exist. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
    kind_of,
)
from bot.domain.events import (
    Agency,
    DatePrecision,
    Event,
    EventId,
    EventType,
    Program,
    StatedDate,
    Update,
    UpdateId,
    VidUrl,
)
from bot.domain.messages import Message
from bot.rendering.compose import compose

_ID = EventId(0)
_TO_THE_MINUTE = DatePrecision(id=1, name="Minute")
_VIDEO = VidUrl(
    url="https://plus.nasa.gov/", title="Berthing of the example ship", publisher="NASA"
)
_UPDATE = Update(
    id=UpdateId(1),
    comment="Berthing moved by a day because of a storm at the launch site.",
    info_url="https://www.nasa.gov/blogs/",
    created_by="A librarian",
)


def examples(now: datetime) -> tuple[Message, ...]:
    """One message for each kind of news, in the order of `Kind`; nothing of it is urgent."""
    date = now.astimezone(UTC).replace(minute=30, second=0, microsecond=0) + timedelta(days=2)
    event = _event(date)
    by_kind = {kind_of(one): one for one in _news(event, date)}
    return tuple(_marked(compose((by_kind[kind],), event)) for kind in Kind)


def _marked(message: Message) -> Message:
    """An example must never pass for news, nor be muted: its event does not exist."""
    return replace(message, headline=f"Example: {message.headline}", buttons=(), urgent=False)


def _event(date: datetime) -> Event:
    return Event(
        id=_ID,
        name="Example Ship 1 Berthing",
        type=EventType(id=4, name="Spacecraft Berthing"),
        date=date,
        date_precision=_TO_THE_MINUTE,
        description="A cargo ship is caught by the arm of the station and berthed to it.",
        location="International Space Station",
        agencies=(
            Agency(id=44, name="National Aeronautics and Space Administration", abbrev="NASA"),
        ),
        programs=(Program(id=17, name="International Space Station"),),
        updates=(_UPDATE,),
        vid_urls=(_VIDEO,),
        webcast_live=True,
    )


def _news(event: Event, date: datetime) -> tuple[News, ...]:
    stated = event.stated
    before = StatedDate(date=date - timedelta(days=1), precision=_TO_THE_MINUTE)
    place = Detail(name="location", before="", after=event.location)
    return (
        EventAnnounced(event_id=_ID),
        DateChanged(event_id=_ID, before=before, after=stated),
        UpdatePosted(event_id=_ID, updates=(_UPDATE,)),
        WebcastLive(event_id=_ID),
        VideoAdded(event_id=_ID, videos=(_VIDEO,)),
        DetailsChanged(event_id=_ID, details=(place,)),
        EventWithdrawn(event_id=_ID, last_date=stated),
        Reminder(event_id=_ID, date=date, lead=timedelta(hours=1)),
    )
