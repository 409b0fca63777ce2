"""Turn LL2's JSON into observations. Knows its gaps and quirks; fetches and compares nothing.

The rules are those of facts-ll2, sections 4 and 5. What cannot be read says nothing: an unreadable
field is untold, an unreadable item of a list costs that item, and only an event without a readable
id, name, type or date is malformed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError

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
    Update,
    UpdateId,
    VidUrl,
)
from bot.domain.watching import Malformed, Snapshot
from bot.ll2.fields import duration, line, moment, moment_or_none, prose, web_address
from bot.ll2.ordering import by_id, by_priority

NO_IMAGE = 1252
"""LL2's "No Image Placeholder": the id of a picture that stands for none."""

_LARGEST = 2**31 - 1
_CORE = ("id", "name", "type", "date")
_LISTS = ("updates", "vid_urls", "info_urls", "agencies", "programs")

Id = Annotated[int, Strict(), Field(ge=0, le=_LARGEST)]
Number = Annotated[int, Strict(), Field(ge=-_LARGEST, le=_LARGEST)]
Line = Annotated[str, BeforeValidator(lambda value: line(value, 500))]
Description = Annotated[str, BeforeValidator(lambda value: prose(value, 20_000))]
Comment = Annotated[str, BeforeValidator(lambda value: prose(value, 40_000))]
Link = Annotated[str, BeforeValidator(web_address)]
Address = Annotated[Link, Field(min_length=1)]
Moment = Annotated[datetime | None, BeforeValidator(moment)]
SoftMoment = Annotated[datetime | None, BeforeValidator(moment_or_none)]
Length = Annotated[timedelta | None, BeforeValidator(duration)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Named(_Model):
    """What LL2 gives as `{id, name}`: an event type, a precision, a program."""

    id: Id
    name: Line = ""


class _Agency(_Named):
    abbrev: Line = ""


class _License(_Model):
    name: Line = ""


class _Image(_Model):
    id: Id
    image_url: Link = ""
    thumbnail_url: Link = ""
    credit: Line = ""
    license: Annotated[_License | None, BeforeValidator(lambda value: _one(_License, value))] = None


class _Language(_Model):
    name: Line = ""
    code: Line = ""


class _Update(_Model):
    id: Id
    comment: Comment = ""
    info_url: Link = ""
    created_by: Line = ""
    created_on: SoftMoment = None


class _Linked(_Model):
    url: Address
    priority: Annotated[Number, BeforeValidator(lambda value: 0 if value is None else value)] = 0
    title: Line = ""


class _VidUrl(_Linked):
    publisher: Line = ""
    language: Annotated[_Language | None, BeforeValidator(lambda value: _one(_Language, value))] = (
        None
    )
    live: Annotated[bool, BeforeValidator(lambda value: value is True)] = False
    start_time: SoftMoment = None
    end_time: SoftMoment = None


class _InfoUrl(_Linked):
    source: Line = ""


Item = TypeVar("Item", bound=_Model)


def _readable(model: type[Item]) -> Callable[[object], object]:
    """Keep the items of a list that can be read; a bare address stands for its item."""

    def keep(value: object) -> object:
        if not isinstance(value, list):
            return value
        items = [_one(model, {"url": raw} if isinstance(raw, str) else raw) for raw in value]
        return tuple(item for item in items if item is not None)

    return keep


def _one(model: type[Item], raw: object) -> Item | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


class _Event(_Model):
    id: Annotated[Id, Field(ge=1)]
    name: Annotated[Line, Field(min_length=1)]
    type: _Named
    date: Moment = None
    date_precision: _Named | None = None
    description: Description = ""
    location: Line = ""
    duration: Length = None
    webcast_live: Annotated[bool, Strict()] = False
    image: _Image | None = None
    last_updated: Moment = None
    updates: Annotated[tuple[_Update, ...] | None, BeforeValidator(_readable(_Update))] = None
    vid_urls: Annotated[tuple[_VidUrl, ...] | None, BeforeValidator(_readable(_VidUrl))] = None
    info_urls: Annotated[tuple[_InfoUrl, ...] | None, BeforeValidator(_readable(_InfoUrl))] = None
    agencies: Annotated[tuple[_Agency, ...] | None, BeforeValidator(_readable(_Agency))] = None
    programs: Annotated[
        tuple[_Named, ...] | None,
        BeforeValidator(_readable(_Named)),
        Field(alias="program"),
    ] = None


def observe(results: Iterable[object]) -> Snapshot:
    """Every event that can be read, and what is to be said of those that cannot."""
    seen = [_observation(raw) for raw in results]
    return Snapshot(
        observations=tuple(one for one in seen if isinstance(one, Observation)),
        malformed=tuple(one for one in seen if isinstance(one, Malformed)),
    )


def event_types(results: Iterable[object]) -> tuple[EventType, ...]:
    """The event types that can be read and have a name, by id."""
    named = (_one(_Named, raw) for raw in results)
    return by_id(EventType(id=one.id, name=one.name) for one in named if one and one.name)


def agencies(results: Iterable[object]) -> tuple[Agency, ...]:
    """The agencies that can be read and have a name, by id."""
    return _agencies(one for raw in results if (one := _one(_Agency, raw)) is not None)


def _observation(raw: object) -> Observation | Malformed:
    if not isinstance(raw, dict):
        return Malformed(event_id=None, reason="an entry is no event")
    try:
        told = _Event.model_validate(raw)
    except ValidationError as exc:
        return _less(raw, {str(error["loc"][0]) for error in exc.errors()})
    return Observation(event=_event(told), untold=_untold(told))


def _less(raw: dict[str, object], unreadable: set[str]) -> Observation | Malformed:
    """Read the event without its unreadable fields, if it can be told without them."""
    missing = [name for name in _CORE if name in unreadable]
    if missing:
        return _malformed(raw, missing)
    told = _Event.model_validate({key: raw[key] for key in raw if key not in unreadable})
    return Observation(event=_event(told), untold=_untold(told))


def _malformed(raw: dict[str, object], missing: list[str]) -> Malformed:
    number = _one(_Id, raw)
    which = "an event" if number is None else f"event {number.id}"
    return Malformed(
        event_id=None if number is None else EventId(number.id),
        reason=f"{which} has no readable {' and '.join(missing)}",
    )


class _Id(_Model):
    id: Annotated[Id, Field(ge=1)]


def _untold(told: _Event) -> frozenset[str]:
    absent = _Event.model_fields.keys() - told.model_fields_set
    return frozenset(absent | {name for name in _LISTS if getattr(told, name) is None})


def _event(told: _Event) -> Event:
    return Event(
        id=EventId(told.id),
        name=told.name,
        type=EventType(id=told.type.id, name=told.type.name),
        date=told.date,
        date_precision=_precision(told.date_precision),
        description=told.description,
        location=told.location,
        duration=told.duration,
        webcast_live=told.webcast_live,
        image=_image(told.image),
        updates=by_id(map(_update, told.updates or ())),
        vid_urls=by_priority(map(_vid_url, told.vid_urls or ())),
        info_urls=by_priority(map(_info_url, told.info_urls or ())),
        agencies=_agencies(told.agencies or ()),
        programs=_programs(told.programs or ()),
        last_updated=told.last_updated,
    )


def _precision(told: _Named | None) -> DatePrecision | None:
    return None if told is None else DatePrecision(id=told.id, name=told.name)


def _image(told: _Image | None) -> Image | None:
    if told is None or told.id == NO_IMAGE or not told.image_url:
        return None
    return Image(
        id=told.id,
        url=told.image_url,
        thumbnail_url=told.thumbnail_url,
        credit=told.credit,
        license="" if told.license is None else told.license.name,
    )


def _update(told: _Update) -> Update:
    return Update(
        id=UpdateId(told.id),
        comment=told.comment,
        info_url=told.info_url,
        created_by=told.created_by,
        created_on=told.created_on,
    )


def _vid_url(told: _VidUrl) -> VidUrl:
    return VidUrl(
        url=told.url,
        priority=told.priority,
        title=told.title,
        publisher=told.publisher,
        language="" if told.language is None else told.language.name or told.language.code,
        live=told.live,
        start_time=told.start_time,
        end_time=told.end_time,
    )


def _info_url(told: _InfoUrl) -> InfoUrl:
    return InfoUrl(url=told.url, priority=told.priority, title=told.title, source=told.source)


def _agencies(told: Iterable[_Agency]) -> tuple[Agency, ...]:
    return by_id(Agency(id=one.id, name=one.name, abbrev=one.abbrev) for one in told if one.name)


def _programs(told: Iterable[_Named]) -> tuple[Program, ...]:
    return by_id(Program(id=one.id, name=one.name) for one in told if one.name)
