"""The tables that LL2 hardly ever changes: event types, agency types, link types, licences.

Ids and names are those of LL2 2.3.0; a scenario may add event types of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

EVENT_TYPES: Mapping[int, str] = MappingProxyType(
    {
        1: "Unknown",
        2: "Docking",
        3: "EVA",
        4: "Spacecraft Berthing",
        5: "Static Fire",
        6: "Spacecraft Event",
        7: "Moon Landing",
        8: "Spacecraft Undocking",
        9: "Spacecraft Landing",
        10: "Abort Test",
        11: "Celestial Event",
        12: "Hatch Opening",
        13: "Spacecraft Release",
        14: "Test Flight",
        15: "Change of Command",
        16: "Orbital Insertion",
        17: "Farewell Ceremony",
        18: "Rehearsal",
        19: "Ambient Pressure Test",
        20: "Press Event",
        21: "Cryoproof Test",
        22: "Wet Dress Rehearsal",
        23: "Flyby",
        24: "Launch",
        25: "Spacecraft Relocation",
        27: "Rollout",
        28: "Public Hearing",
        29: "Spacecraft Capture",
        30: "Vehicle Testing",
        31: "Sounding Rocket Launch",
    }
)
"""Event type id to name, as `/config/event_types/` lists them (26 was never seen)."""

AGENCY_TYPES: Mapping[str, int] = MappingProxyType(
    {"Government": 1, "Multinational": 2, "Commercial": 3, "Educational": 4, "Private": 5}
)
"""Agency type name to id; only Multinational's id was seen in a recording."""

VIDEO_TYPES: Mapping[str, int] = MappingProxyType(
    {"Official Webcast": 1, "Unofficial Webcast": 3, "Unofficial Re-stream": 4}
)
"""Video type name to id."""

LICENSES: Mapping[str, tuple[int, str | None]] = MappingProxyType(
    {
        "Unknown": (1, None),
        "ESA Standard Licence": (2, "https://example.org/licences/esa-standard"),
        "NASA Image and Media Guidelines": (4, "https://example.org/licences/nasa-media"),
        "CC BY-NC 2.0": (5, "https://example.org/licences/cc-by-nc-2"),
        "JAXA Image Usage Policy": (9, "https://example.org/licences/jaxa-images"),
    }
)
"""Licence name to id and link; the links are invented."""

LANGUAGES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {"en": (1, "English"), "ru": (2, "Russian"), "fr": (3, "French"), "jp": (4, "Japanese")}
)
"""Language code to id and name; LL2's codes are not always ISO ones ("jp")."""
