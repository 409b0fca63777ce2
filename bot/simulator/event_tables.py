"""Read `[[event]]` and `[[step]]` tables, whose keys are those of a librarian's form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from bot.simulator.catalogue import LANGUAGES, VIDEO_TYPES
from bot.simulator.precision import PRECISION_WORDS
from bot.simulator.scenario import Comment, Event, EventFields, Page, Step, Video
from bot.simulator.tables import Table

_CLEARABLE = frozenset(
    {"date", "precision", "duration", "location", "image", "programs", "astronauts"}
)
_DEFAULT_ANNOUNCED = timedelta(days=-30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the rest of the file defines, so that events can be checked against it.

    Attributes:
        types: event type name to id.
        images: known image ids.
        lists: for `agencies`, `programs`, `launches` and so on, the names that exist.

    """

    types: Mapping[str, int]
    images: Collection[int]
    lists: Mapping[str, Collection[str]]


def read_event(table: Table, names: Names) -> Event:
    """Return the event of one `[[event]]` table; `ScenarioError` where it is wrong."""
    number = table.number("id")
    announced = table.maybe_span("announced")
    changes = _changes(table, names)
    for key in ("name", "type"):
        if key not in changes:
            table.fail(key, None, "this key is needed; add it")
    comment = _comment(table)
    table.done()
    return Event(
        id=number,
        announced=_DEFAULT_ANNOUNCED if announced is None else announced,
        fields=replace(EventFields(name="", type=0), **changes),
        comment=comment,
    )


def read_step(table: Table, names: Names) -> Step:
    """Return the save of one `[[step]]` table; `ScenarioError` where it is wrong."""
    at, event = table.span("at"), table.maybe_number("event")
    if (event is None) == (not table.flag("all")):
        table.fail("event", event, "write either event = ID or all = true")
    step = Step(
        at=at,
        event=event,
        edit=table.maybe_text("edit"),
        delete=table.maybe_text("delete"),
        presence=_presence(table),
        add_videos=tuple(map(_video, table.tables("add_videos"))),
        drop_videos=table.texts("drop_videos"),
        bucket=table.maybe_text("bucket"),
        silent=table.flag("silent"),
        comment=_comment(table),
        changes=_changes(table, names),
    )
    if step.edit and step.comment is None:
        table.fail("edit", step.edit, "write the new text as comment")
    table.done()
    return step


def _presence(table: Table) -> Literal["remove", "restore"] | None:
    match table.choice("presence", ("remove", "restore")):
        case "remove":
            return "remove"
        case "restore":
            return "restore"
        case _:
            return None


def _comment(table: Table) -> Comment | None:
    text = table.maybe_text("comment")
    by, source = table.maybe_text("by"), table.maybe_text("source")
    label = table.maybe_text("label")
    if text is None:
        for key, value in (("by", by), ("source", source), ("label", label)):
            if value is not None:
                table.fail(key, value, "it belongs to a comment; write the comment too")
        return None
    return Comment(text=text, by=by, source=source, label=label)


def _changes(table: Table, names: Names) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for key in ("name", "location", "description", "duration"):
        if table.has(key):
            changes[key] = table.text(key)
    for key in names.lists:
        if table.has(key):
            changes[key] = table.known_texts(key, names.lists[key])
    if table.has("type"):
        changes["type"] = names.types[table.choice("type", names.types) or ""]
    if table.has("image"):
        changes["image"] = _image(table, names)
    changes |= _date_changes(table)
    changes |= _link_changes(table)
    return changes | _cleared(table)


def _date_changes(table: Table) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if table.has("date"):
        changes["date"] = table.offset("date")
    if table.has("precision"):
        changes["precision"] = table.choice("precision", PRECISION_WORDS)
    if table.has("nudge"):
        changes["nudge"] = table.span("nudge")
    elif changes:
        changes["nudge"] = timedelta()
    return changes


def _link_changes(table: Table) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if table.has("webcast_live"):
        changes["webcast_live"] = table.flag("webcast_live")
    if table.has("videos"):
        changes["videos"] = tuple(map(_video, table.tables("videos")))
    if table.has("pages"):
        changes["pages"] = tuple(map(_page, table.tables("pages")))
    return changes


def _cleared(table: Table) -> dict[str, Any]:
    keys = table.texts("clear")
    for key in keys:
        if key not in _CLEARABLE:
            table.fail("clear", key, f"only {', '.join(sorted(_CLEARABLE))} can be null")
    return dict.fromkeys(keys)


def _image(table: Table, names: Names) -> int:
    number = table.number("image")
    if number not in names.images:
        table.fail("image", number, "no [[image]] has this id; define it")
    return number


def _video(table: Table) -> Video:
    priority = table.maybe_number("priority")
    video = Video(
        url=table.text("url"),
        title=table.text("title"),
        priority=10 if priority is None else priority,
        publisher=table.maybe_text("publisher"),
        type=table.choice("type", VIDEO_TYPES),
        language=table.choice("language", LANGUAGES) or "en",
        description=table.maybe_text("description"),
        starts=table.maybe_offset("starts"),
        ends=table.maybe_offset("ends"),
    )
    table.done()
    return video


def _page(table: Table) -> Page:
    priority = table.maybe_number("priority")
    page = Page(
        url=table.text("url"),
        title=table.text("title"),
        priority=10 if priority is None else priority,
        description=table.maybe_text("description"),
    )
    table.done()
    return page
