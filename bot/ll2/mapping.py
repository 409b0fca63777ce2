"""Turn LL2's JSON into observations. Knows its gaps and quirks; fetches and compares nothing.

The rules are those of facts-ll2, sections 4 and 5. What cannot be read says nothing: an unreadable
field is untold, an unreadable item of a list costs that item, and only an event without a readable
id, name, type or date is malformed.
"""

from collections.abc import Iterable
from functools import partial

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
from bot.ll2.ordering import by_id, by_priority
from bot.ll2.shapes import (
    RawAgency,
    RawEvent,
    RawId,
    RawImage,
    RawInfoUrl,
    RawNamed,
    RawUpdate,
    RawVidUrl,
    read,
    read_event,
)

NO_IMAGE = 1252
"""LL2's "No Image Placeholder": the id of a picture that stands for none."""

_CORE = ("id", "name", "type", "date")
_LISTS = ("updates", "vid_urls", "info_urls", "agencies", "programs")


def observe(results: Iterable[object]) -> Snapshot:
    """Every event that can be read, and what is to be said of those that cannot."""
    seen = [_observation(raw) for raw in results]
    return Snapshot(
        observations=tuple(one for one in seen if isinstance(one, Observation)),
        malformed=tuple(one for one in seen if isinstance(one, Malformed)),
    )


def event_types(results: Iterable[object]) -> tuple[EventType, ...]:
    """The event types that can be read and have a name, by id."""
    named = (read(RawNamed, raw) for raw in results)
    return by_id(EventType(id=one.id, name=one.name) for one in named if one and one.name)


def agencies(results: Iterable[object]) -> tuple[Agency, ...]:
    """The agencies that can be read and have a name, by id."""
    return _agencies(one for raw in results if (one := read(RawAgency, raw)) is not None)


def _observation(raw: object) -> Observation | Malformed:
    if not isinstance(raw, dict):
        return Malformed(event_id=None, reason="an entry is no event")
    told = read_event(raw)
    if isinstance(told, frozenset):
        # Without its unreadable fields, if it can be told without them.
        missing = [name for name in _CORE if name in told]
        if missing:
            return _malformed(raw, missing)
        told = RawEvent.model_validate({key: raw[key] for key in raw if key not in told})
    return Observation(event=_event(told), untold=_untold(told) | _in_part(raw))


def _malformed(raw: dict[str, object], missing: list[str]) -> Malformed:
    number = read(RawId, raw)
    which = "an event" if number is None else f"event {number.id}"
    return Malformed(
        event_id=None if number is None else EventId(number.id),
        reason=f"{which} has no readable {' and '.join(missing)}",
    )


def _untold(told: RawEvent) -> frozenset[str]:
    absent = RawEvent.model_fields.keys() - told.model_fields_set
    return frozenset(absent | {name for name in _LISTS if getattr(told, name) is None})


def _in_part(raw: dict[str, object]) -> frozenset[str]:
    """Lists that say something as a whole, and of which an item cannot be read.

    The rest of them is better than nothing at first sight, and no reason to forget one later.
    """
    whole = (
        ("agencies", raw.get("agencies"), RawAgency),
        ("programs", raw.get("program"), RawNamed),
    )
    return frozenset(
        name
        for name, items, model in whole
        if isinstance(items, list) and not all(map(partial(_is_named, model), items))
    )


def _is_named(model: type[RawNamed], raw: object) -> bool:
    named = read(model, raw)
    return named is not None and bool(named.name)


def _event(told: RawEvent) -> Event:
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


def _precision(told: RawNamed | None) -> DatePrecision | None:
    return None if told is None else DatePrecision(id=told.id, name=told.name)


def _image(told: RawImage | None) -> Image | None:
    if told is None or told.id == NO_IMAGE or not told.image_url:
        return None
    return Image(
        id=told.id,
        url=told.image_url,
        thumbnail_url=told.thumbnail_url,
        credit=told.credit,
        license="" if told.license is None else told.license.name,
    )


def _update(told: RawUpdate) -> Update:
    return Update(
        id=UpdateId(told.id),
        comment=told.comment,
        info_url=told.info_url,
        created_by=told.created_by,
        created_on=told.created_on,
    )


def _vid_url(told: RawVidUrl) -> VidUrl:
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


def _info_url(told: RawInfoUrl) -> InfoUrl:
    return InfoUrl(url=told.url, priority=told.priority, title=told.title, source=told.source)


def _agencies(told: Iterable[RawAgency]) -> tuple[Agency, ...]:
    return by_id(Agency(id=one.id, name=one.name, abbrev=one.abbrev) for one in told if one.name)


def _programs(told: Iterable[RawNamed]) -> tuple[Program, ...]:
    return by_id(Program(id=one.id, name=one.name) for one in told if one.name)
