"""The shapes that LL2's JSON may have, field by field. What they mean is `mapping`'s business.

What cannot be read says nothing: an unreadable item of a list costs that item, and an unreadable
field is told to whoever asked.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError

from bot.ll2.fields import duration, line, moment, moment_or_none, prose, web_address

_LARGEST = 2**31 - 1

Id = Annotated[int, Strict(), Field(ge=0, le=_LARGEST)]
Number = Annotated[int, Strict(), Field(ge=-_LARGEST, le=_LARGEST)]
Line = Annotated[str, BeforeValidator(lambda value: line(value, 500))]
Description = Annotated[
    str, BeforeValidator(lambda value: None if value is None else prose(value, 20_000))
]
Comment = Annotated[str, BeforeValidator(lambda value: prose(value, 40_000))]
Link = Annotated[str, BeforeValidator(web_address)]
Address = Annotated[Link, Field(min_length=1)]
Moment = Annotated[datetime | None, BeforeValidator(moment)]
SoftMoment = Annotated[datetime | None, BeforeValidator(moment_or_none)]
Length = Annotated[timedelta | None, BeforeValidator(duration)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RawNamed(_Model):
    """What LL2 gives as `{id, name}`: an event type, a precision, a program."""

    id: Id
    name: Line = ""


class RawType(RawNamed):
    """The type of an event; what has no name could not be told."""

    name: Annotated[Line, Field(min_length=1)]


class RawAgency(RawNamed):
    """A space agency or company."""

    abbrev: Line = ""


class RawLicense(_Model):
    """What a picture may be used for."""

    name: Line = ""


class RawImage(_Model):
    """A picture."""

    id: Id
    image_url: Link = ""
    thumbnail_url: Link = ""
    credit: Line = ""
    license: Annotated[
        RawLicense | None, BeforeValidator(lambda value: read(RawLicense, value))
    ] = None


class RawLanguage(_Model):
    """The language of a video."""

    name: Line = ""
    code: Line = ""


class RawUpdate(_Model):
    """A librarian's comment."""

    id: Id
    comment: Comment = ""
    info_url: Link = ""
    created_by: Line = ""
    created_on: SoftMoment = None


class _Linked(_Model):
    url: Address
    priority: Annotated[Number, BeforeValidator(lambda value: 0 if value is None else value)] = 0
    title: Line = ""


class RawVidUrl(_Linked):
    """A video."""

    publisher: Line = ""
    language: Annotated[
        RawLanguage | None, BeforeValidator(lambda value: read(RawLanguage, value))
    ] = None
    live: Annotated[bool, BeforeValidator(lambda value: value is True)] = False
    start_time: SoftMoment = None
    end_time: SoftMoment = None


class RawInfoUrl(_Linked):
    """A page."""

    source: Line = ""


Item = TypeVar("Item", bound=_Model)


def _readable(model: type[Item]) -> Callable[[object], object]:
    """Keep the items of a list that can be read; a bare address stands for its item."""

    def keep(value: object) -> object:
        if not isinstance(value, list):
            return value
        items = [read(model, {"url": raw} if isinstance(raw, str) else raw) for raw in value]
        return tuple(item for item in items if item is not None)

    return keep


def read(model: type[Item], raw: object) -> Item | None:
    """What can be read of it; None when nothing can."""
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


class RawEvent(_Model):
    """An event; a list is None where there is none to be read."""

    id: Annotated[Id, Field(ge=1)]
    name: Annotated[Line, Field(min_length=1)]
    type: RawType
    date: Moment = None
    date_precision: RawNamed | None = None
    description: Description = ""
    location: Line = ""
    duration: Length = None
    webcast_live: Annotated[bool, Strict()] = False
    image: RawImage | None = None
    last_updated: Moment = None
    updates: Annotated[tuple[RawUpdate, ...] | None, BeforeValidator(_readable(RawUpdate))] = None
    vid_urls: Annotated[tuple[RawVidUrl, ...] | None, BeforeValidator(_readable(RawVidUrl))] = None
    info_urls: Annotated[tuple[RawInfoUrl, ...] | None, BeforeValidator(_readable(RawInfoUrl))] = (
        None
    )
    agencies: Annotated[tuple[RawAgency, ...] | None, BeforeValidator(_readable(RawAgency))] = None
    programs: Annotated[
        tuple[RawNamed, ...] | None,
        BeforeValidator(_readable(RawNamed)),
        Field(alias="program"),
    ] = None


class RawId(_Model):
    """What of an event can be read at the least."""

    id: Annotated[Id, Field(ge=1)]


def read_event(raw: dict[str, object]) -> RawEvent | frozenset[str]:
    """The event, or the names of its fields that cannot be read."""
    try:
        return RawEvent.model_validate(raw)
    except ValidationError as exc:
        return frozenset(str(error["loc"][0]) for error in exc.errors())
