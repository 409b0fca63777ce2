"""Events as LL2 sends them, and how they are read."""

from bot.domain.events import Observation
from bot.ll2.mapping import observe


def an_object(**changes: object) -> dict[str, object]:
    """A detailed event as LL2 sends it, with these fields changed."""
    whole: dict[str, object] = {
        "id": 77,
        "url": "https://ll2.example/2.3.0/events/77/?format=api",
        "name": "Kestrel 4 Docking",
        "slug": "kestrel-4-docking",
        "type": {"id": 2, "name": "Docking"},
        "date": "2027-03-04T10:30:00Z",
        "date_precision": {"id": 1, "name": "Minute", "abbrev": "MIN"},
        "description": "Docks to the forward port.",
        "location": "International Space Station",
        "duration": "PT6H30M",
        "webcast_live": False,
        "image": None,
        "updates": [],
        "vid_urls": [],
        "info_urls": [],
        "agencies": [{"id": 44, "name": "National Space Bureau", "abbrev": "NSB"}],
        "program": [{"id": 17, "name": "International Space Station"}],
        "last_updated": "2027-03-01T09:00:00Z",
        "response_mode": "detailed",
    }
    return whole | changes


def seen(raw: object) -> Observation:
    """The observation of one event that can be read."""
    snapshot = observe([raw])
    assert snapshot.malformed == ()
    return snapshot.observations[0]
