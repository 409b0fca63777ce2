"""Write events as LL2 2.3.0 spells them, in its three modes. Chooses no events and serves none."""

from datetime import datetime
from urllib.parse import urlsplit
from zlib import crc32

from bot.simulator.catalogue import LANGUAGES, VIDEO_TYPES
from bot.simulator.filters import Row
from bot.simulator.objects import (
    Json,
    address,
    agency_object,
    astronaut_object,
    expedition_object,
    image_object,
    launch_object,
    page_object,
    precision_object,
    program_object,
    stamp,
    station_object,
)
from bot.simulator.scenario import Related, RelatedKind, Scenario, Video
from bot.simulator.world import EventVersion, Posted, slugified

MODES = ("list", "normal", "detailed")
"""LL2's levels of detail; each holds the one before it, but for `response_mode`."""


class Renderer:
    """Writes the events of one scenario; keeps nothing but look-up tables."""

    def __init__(self, scenario: Scenario, *, anchor: datetime, seed: int) -> None:
        """Take the scenario's tables; the seed settles the order of lists that LL2 leaves open."""
        self._types = scenario.types
        self._anchor = anchor
        self._seed = seed
        self._agencies = {agency.abbrev: agency for agency in scenario.agencies}
        self._programs = {program.name: program for program in scenario.programs}
        self._images = {image.id: image for image in scenario.images}
        self._related = {(one.kind, one.name): one for one in scenario.related}

    def event(self, version: EventVersion, mode: str, bucket: str) -> Json:
        """Return the event in this mode, with pictures in this bucket."""
        body = self._list_event(version, bucket) | {"response_mode": mode}
        if mode == "list":
            return body
        body["updates"] = [update_object(posted, bucket) for posted in self._shuffled(version)]
        body["last_updated"] = stamp(version.last_updated)
        return body if mode == "normal" else body | self._relations(version)

    def row(self, version: EventVersion) -> Row:
        """Return the event with the ids of its neighbours, for the filters."""
        fields = version.fields
        return Row(
            version=version,
            agencies=frozenset(self._agencies[abbrev].id for abbrev in fields.agencies),
            programs=frozenset(self._programs[name].id for name in fields.programs or ()),
            launches=self._ids("launch", fields.launches),
            stations=self._ids("station", fields.stations),
            expeditions=self._ids("expedition", fields.expeditions),
        )

    def _ids(self, kind: RelatedKind, names: tuple[str, ...]) -> frozenset[str]:
        return frozenset(str(self._related[kind, name].id) for name in names)

    def _list_event(self, version: EventVersion, bucket: str) -> Json:
        fields, precision = version.fields, version.precision
        image = None if fields.image is None else self._images[fields.image]
        return {
            "id": version.id,
            "url": address("events", version.id),
            "name": fields.name,
            "info_urls": [page_object(page) for page in fields.pages],
            "vid_urls": self._videos(version, bucket),
            "image": None if image is None else image_object(image, bucket),
            "date": None if version.date is None else stamp(version.date),
            "slug": version.slug,
            "type": {"id": fields.type, "name": self._types[fields.type]},
            "description": fields.description,
            "webcast_live": fields.webcast_live,
            "location": fields.location,
            "date_precision": None if precision is None else precision_object(precision),
            "response_mode": "list",
            "duration": fields.duration,
        }

    def _relations(self, version: EventVersion) -> Json:
        fields, anchor = version.fields, self._anchor
        programs = None if fields.programs is None else [self._program(n) for n in fields.programs]
        astronauts = (
            None if fields.astronauts is None else [self._astronaut(n) for n in fields.astronauts]
        )
        return {
            "agencies": [agency_object(self._agencies[name], "list") for name in fields.agencies],
            "launches": [launch_object(self._one("launch", n), anchor) for n in fields.launches],
            "expeditions": [self._expedition(name) for name in fields.expeditions],
            "spacestations": [
                station_object(self._one("station", name), anchor) for name in fields.stations
            ],
            "program": programs,
            "astronauts": astronauts,
        }

    def _one(self, kind: RelatedKind, name: str) -> Related:
        return self._related[kind, name]

    def _program(self, name: str) -> Json:
        program = self._programs[name]
        return program_object(program, tuple(self._agencies[abbrev] for abbrev in program.agencies))

    def _astronaut(self, name: str) -> Json:
        astronaut = self._one("astronaut", name)
        agency = None if astronaut.agency is None else self._agencies[astronaut.agency]
        return astronaut_object(astronaut, agency)

    def _expedition(self, name: str) -> Json:
        expedition = self._one("expedition", name)
        station = self._one("station", expedition.station or "")
        return expedition_object(expedition, station, self._anchor)

    def _videos(self, version: EventVersion, bucket: str) -> list[Json]:
        videos, live = version.fields.videos, version.fields.webcast_live
        main = min((video.priority for video in videos), default=0)
        ordered = sorted(videos, key=lambda video: crc32(f"{self._seed}:{video.url}".encode()))
        return [
            self._video(video, bucket) | {"live": live and video.priority == main}
            for video in ordered
        ]

    def _video(self, video: Video, bucket: str) -> Json:
        number, language = LANGUAGES[video.language]
        kind = video.type
        return {
            "priority": video.priority,
            "source": urlsplit(video.url).hostname,
            "publisher": video.publisher,
            "title": video.title,
            "description": video.description,
            "feature_image": f"{bucket}/webcasts/{crc32(video.url.encode()):08x}.jpg",
            "url": video.url,
            "type": None if kind is None else {"id": VIDEO_TYPES[kind], "name": kind},
            "language": {"id": number, "name": language, "code": video.language},
            "start_time": None if video.starts is None else stamp(video.starts.after(self._anchor)),
            "end_time": None if video.ends is None else stamp(video.ends.after(self._anchor)),
        }

    def _shuffled(self, version: EventVersion) -> list[Posted]:
        # The number of comments is in the key, so that a new one can reorder the old ones.
        salt = f"{self._seed}:{version.id}:{len(version.updates)}"
        return sorted(version.updates, key=lambda posted: crc32(f"{salt}:{posted.id}".encode()))


def update_object(posted: Posted, bucket: str) -> Json:
    """Return one comment; like LL2's it has no link back to its event."""
    by = posted.comment.by
    return {
        "id": posted.id,
        "profile_image": f"{bucket}/profiles/{slugified(by)}.png" if by else None,
        "comment": posted.comment.text,
        "info_url": posted.comment.source,
        "created_by": by,
        "created_on": stamp(posted.created_on),
    }
