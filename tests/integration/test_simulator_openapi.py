"""The stand-in's answers through the whole space week, judged by LL2's own OpenAPI document."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest
from jsonschema import Draft4Validator, FormatChecker

from bot.simulator import Simulator, bundled_scenario, serve

SHARED = Path(__file__).parents[3] / "shared" / "ll2"
DOCUMENT = SHARED / "openapi-events-2.3.0.json"
ANCHOR = datetime(2027, 3, 1, 6, tzinfo=UTC)
MODES = {
    "list": "EventEndpointList",
    "normal": "EventEndpointNormal",
    "detailed": "EventEndpointDetailed",
}
Get: TypeAlias = Callable[[str, timedelta], Any]

pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(),
    reason="LL2's OpenAPI document is not beside the repository (../shared/ll2)",
)


def nullable(node: Any) -> Any:
    """Return the schema with OpenAPI's `nullable` said in JSON Schema's words."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [{"type": "null"}, plain]} if node.get("nullable") is True else plain


@pytest.fixture(scope="module")
def schemas() -> Any:
    """Read the document once."""
    return nullable(json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"])


@pytest.fixture
async def fetch() -> AsyncIterator[Any]:
    """Serve the week without its faults' moments; yield a getter of (path, offset)."""
    time = [ANCHOR]
    simulator = Simulator(bundled_scenario(), lambda: time[0], anchor=ANCHOR, throttle=False)

    async with serve(simulator) as base_url, aiohttp.ClientSession() as client:

        async def get(path: str, offset: timedelta = timedelta()) -> Any:
            time[0] = ANCHOR + offset
            async with client.get(base_url + path) as response:
                return await response.json()

        yield get


def errors(schemas: Any, name: str, body: object) -> list[str]:
    """Return what the schema of this name finds wrong."""
    schema = {"components": schemas, "$ref": f"#/components/schemas/{name}"}
    validator = Draft4Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]


def test_document_finds_faults(schemas: Any) -> None:
    """A judge that never objects would prove nothing."""
    assert errors(schemas, "EventEndpointList", {"id": "x"})
    assert errors(schemas, "EventEndpointDetailed", {})


@pytest.mark.parametrize("kind", ["uri", "date-time", "date", "uuid"])
def test_document_is_asked_for_formats_that_are_judged(kind: str) -> None:
    """Every text passes where the library for its format is missing."""
    assert not FormatChecker().conforms("no such thing", kind)


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize("day", range(8))
async def test_events_are_as_the_document_says(
    schemas: Any, fetch: Any, mode: str, day: int
) -> None:
    """Every event of every day is valid in every mode, told apart by `response_mode`."""
    page = await fetch(f"/events/?mode={mode}&limit=100&format=json", timedelta(days=day))

    assert len(page["results"]) >= 35
    for event in page["results"]:
        assert event["response_mode"] == mode
        assert errors(schemas, MODES[mode], event) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/config/event_types/?limit=100", "EventType"),
        ("/config/net_precisions/?limit=100", "NetPrecision"),
        ("/agencies/?limit=100", "AgencyNormal"),
        ("/agencies/?limit=100&mode=list", "AgencyMini"),
        ("/updates/?limit=100", "Update"),
    ],
)
async def test_tables_are_as_the_document_says(
    schemas: Any, fetch: Any, path: str, name: str
) -> None:
    """Every row of every table is valid."""
    page = await fetch(path)

    assert page["results"]
    for row in page["results"]:
        assert errors(schemas, name, row) == []


@pytest.mark.parametrize("path", ["/events/2001/", "/events/upcoming/2001/"])
async def test_single_event_is_as_the_document_says(schemas: Any, fetch: Any, path: str) -> None:
    """A single event is the detailed one."""
    assert errors(schemas, "EventEndpointDetailed", await fetch(path)) == []


async def test_pages_are_as_the_document_says(schemas: Any, fetch: Any) -> None:
    """The frame of a page is valid on the first, a middle and the last page."""
    frame = {
        key: value
        for key, value in schemas["schemas"]["PaginatedPolymorphicEventsEndpointList"].items()
        if key != "properties"
    }
    properties = schemas["schemas"]["PaginatedPolymorphicEventsEndpointList"]["properties"]
    frame["properties"] = {key: properties[key] for key in ("count", "next", "previous")}
    validator = Draft4Validator(frame, format_checker=FormatChecker())

    for offset in (0, 10, 30):
        validator.validate(await fetch(f"/events/upcoming/?offset={offset}"))


async def test_throttle_is_one_object_of_the_document(schemas: Any, fetch: Any) -> None:
    """The document says a list of these, the API answers one of them."""
    assert errors(schemas, "APIThrottle", await fetch("/api-throttle/")) == []


async def test_events_have_the_keys_of_real_ones(fetch: Any) -> None:
    """A recorded page and a recorded event have exactly our keys, also inside."""
    page = json.loads((SHARED / "upcoming-page.json").read_text(encoding="utf-8"))
    single = json.loads((SHARED / "event-1280.json").read_text(encoding="utf-8"))

    normal = (await fetch("/events/upcoming/?mode=normal&limit=1"))["results"][0]
    detailed = await fetch("/events/2014/", timedelta(days=2))

    assert set(normal) == set(page["results"][0])
    assert set(await fetch("/events/")) == set(page)
    assert set(detailed) == set(single)
    assert set(detailed["updates"][0]) == set(single["updates"][0])
    assert set(detailed["image"]) == set(single["image"])
    assert set(detailed["agencies"][0]) == set(single["agencies"][0])
    assert set(detailed["launches"][0]) == set(single["launches"][0])


async def test_documented_parameters_are_all_understood(schemas: Any, fetch: Any) -> None:
    """Each filter in the document narrows the list when it is asked for what nobody has."""
    assert schemas
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    parameters = document["paths"]["/2.3.0/events/upcoming/"]["get"]["parameters"]
    nobody = {
        "date__gt": "2099-01-01T00:00:00Z",
        "date__gte": "2099-01-01T00:00:00Z",
        "last_updated__gte": "2099-01-01T00:00:00Z",
        "last_updated__lte": "1999-01-01T00:00:00Z",
        "date__lte": "1999-01-01T00:00:00Z",
        "date__gt__lt": "1999-01-01T00:00:00Z",
        "day": "99",
    }
    others = {"limit", "offset", "ordering", "hide_recent_previous"}

    names = [one["name"] for one in parameters if one["name"] not in others]
    counts = {
        name: (await fetch(f"/events/upcoming/?{name}={nobody.get(name, '987654')}"))["count"]
        for name in names
    }

    assert counts == dict.fromkeys(names, 0)


async def test_comments_come_in_no_order(fetch: Any) -> None:
    """Some events list their comments neither up nor down, as real ones do."""
    page = await fetch("/events/?limit=100", timedelta(days=7))
    orders = [[update["id"] for update in event["updates"]] for event in page["results"]]

    assert any(order not in (sorted(order), sorted(order)[::-1]) for order in orders)
    assert any(len(order) > 1 and order == sorted(order) for order in orders)
