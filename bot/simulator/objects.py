"""Write the neighbours of an event as LL2 2.3.0 spells them: agencies, pictures, launches.

What the scenario does not tell is filled with LL2's nulls and empty lists. Addresses of the API
itself carry two marks instead of a host and a format, because LL2 echoes those of the request: the
server puts them in when it answers.
"""

from datetime import datetime
from urllib.parse import urlsplit

from bot.simulator.catalogue import AGENCY_TYPES, LICENSES
from bot.simulator.precision import PRECISIONS, Precision
from bot.simulator.scenario import Agency, Image, Page, Program, Related
from bot.simulator.world import slugified

BASE_MARK = "\ue000"
"""Stands for `http://host/2.3.0`; a private-use character, so no text can hold it by chance."""

FORMAT_MARK = "\ue001"
"""Stands for `?format=…`, or for nothing where the request named no format."""

Json = dict[str, object]
"""An object of the answer."""


def stamp(moment: datetime) -> str:
    """Return the moment as LL2 writes it: UTC, whole seconds, `Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def address(path: str, number: int | str) -> str:
    """Return the marked address of one object of the API."""
    return f"{BASE_MARK}/{path}/{number}/{FORMAT_MARK}"


def precision_object(precision: Precision) -> Json:
    """Return one row of `/config/net_precisions/`."""
    return {
        "id": precision.id,
        "name": precision.name,
        "abbrev": precision.abbrev,
        "description": precision.description,
    }


def image_object(image: Image, bucket: str) -> Json:
    """Return the picture with its addresses in this bucket."""
    number, link = LICENSES[image.license]
    return {
        "id": image.id,
        "name": image.name,
        "image_url": f"{bucket}/images/{image.path}",
        "thumbnail_url": f"{bucket}/images/thumbnails/{image.path}",
        "credit": image.credit,
        "license": {"id": number, "name": image.license, "priority": number, "link": link},
        "single_use": False,
        "variants": [],
    }


def page_object(page: Page) -> Json:
    """Return one entry of `info_urls`."""
    return {
        "priority": page.priority,
        "source": urlsplit(page.url).hostname,
        "title": page.title,
        "description": page.description,
        "feature_image": None,
        "url": page.url,
        "type": {"id": 1, "name": "Official Page"},
        "language": {"id": 1, "name": "English", "code": "en"},
    }


def agency_object(agency: Agency, mode: str) -> Json:
    """Return the agency as `list` or `normal`; nobody needs more, so that answers `detailed`."""
    body: Json = {
        "response_mode": "list" if mode == "list" else "normal",
        "id": agency.id,
        "url": address("agencies", agency.id),
        "name": agency.name,
        "abbrev": agency.abbrev,
        "type": {"id": AGENCY_TYPES[agency.type], "name": agency.type},
    }
    if mode == "list":
        return body
    return body | {
        "featured": agency.featured,
        "country": [],
        "description": agency.description,
        "administrator": None,
        "founding_year": agency.founded,
        "launchers": "",
        "spacecraft": "",
        "parent": None,
        "image": None,
        "logo": None,
        "social_logo": None,
    }


def program_object(program: Program, agencies: tuple[Agency, ...]) -> Json:
    """Return one entry of an event's `program`."""
    return {
        "response_mode": "normal",
        "id": program.id,
        "url": address("programs", program.id),
        "name": program.name,
        "image": None,
        "info_url": None,
        "wiki_url": None,
        "description": program.description,
        "agencies": [agency_object(agency, "list") for agency in agencies],
        "start_date": None,
        "end_date": None,
        "mission_patches": [],
        "type": {"id": 1, "name": "Program"},
    }


def launch_object(launch: Related, anchor: datetime) -> Json:
    """Return one entry of `launches`: a flight that is over and went well."""
    net = stamp(launch.date.after(anchor))
    return {
        "id": launch.id,
        "url": address("launches", launch.id),
        "name": launch.name,
        "response_mode": "list",
        "slug": slugified(launch.name),
        "launch_designator": None,
        "status": {"id": 3, "name": "Launch Successful", "abbrev": "Success"},
        "last_updated": net,
        "net": net,
        "net_precision": precision_object(PRECISIONS[1]),
        "window_end": net,
        "window_start": net,
        "image": None,
        "infographic": None,
    }


def station_object(station: Related, anchor: datetime) -> Json:
    """Return one entry of `spacestations`: a station in use in low Earth orbit."""
    return {
        "id": station.id,
        "url": address("space_stations", station.id),
        "name": station.name,
        "image": None,
        "status": {"id": 1, "name": "Active"},
        "founded": f"{station.date.after(anchor):%Y-%m-%d}",
        "deorbited": None,
        "description": "",
        "orbit": "Low Earth Orbit",
        "type": {"id": 2, "name": "Government"},
    }


def expedition_object(expedition: Related, station: Related, anchor: datetime) -> Json:
    """Return one entry of `expeditions`, aboard this station."""
    return {
        "id": expedition.id,
        "url": address("expeditions", expedition.id),
        "name": expedition.name,
        "start": stamp(expedition.date.after(anchor)),
        "end": None,
        "response_mode": "normal",
        "spacestation": station_object(station, anchor),
        "mission_patches": [],
        "spacewalks": [],
    }


def astronaut_object(astronaut: Related, agency: Agency | None) -> Json:
    """Return one entry of `astronauts`: somebody on active duty."""
    return {
        "response_mode": "normal",
        "id": astronaut.id,
        "url": address("astronauts", astronaut.id),
        "name": astronaut.name,
        "status": {"id": 1, "name": "Active"},
        "agency": None if agency is None else agency_object(agency, "list"),
        "image": None,
    }
