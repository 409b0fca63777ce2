"""A story of a few events for the stand-in, and how it is asked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from bot.simulator import parse_scenario
from bot.simulator.api import Api, Question

ANCHOR = datetime(2027, 3, 1, 12, tzinfo=UTC)
STORY = """
title = "T"
duration = "7d"

[[agency]]
id = 44
name = "National Aeronautics and Space Administration"
abbrev = "NASA"
featured = true

[[agency]]
id = 27
name = "European Space Agency"
abbrev = "ESA"
type = "Multinational"

[[program]]
id = 17
name = "International Space Station"
agencies = ["NASA"]

[[program]]
id = 5
name = "Commercial Crew Program"

[[station]]
id = 4
name = "Station"
date = "-20y"

[[expedition]]
id = 76
name = "Expedition 76"
date = "-3mo"
station = "Station"

[[launch]]
id = "6f1d2a34-0c51-4a52-9d0e-2b7a4f0c1a01"
name = "Falcon 9 | Crew"
date = "-2d"

[[event]]
id = 9
name = "Crew Docking"
type = "Docking"
date = "2d"
precision = "Minute"
agencies = ["NASA"]
programs = ["International Space Station", "Commercial Crew Program"]
stations = ["Station"]
expeditions = ["Expedition 76"]
launches = ["Falcon 9 | Crew"]
videos = [
    { url = "https://example.org/a", title = "A", priority = 9 },
    { url = "https://example.org/b", title = "B" },
]
webcast_live = true
announced = "-2d"
comment = "Added docking."

[[event]]
id = 3
name = "Juice Earth Flyby"
type = "Flyby"
date = "40d"
precision = "Month"
agencies = ["ESA"]
announced = "-5d"
comment = "Adding event."

[[event]]
id = 5
name = "Crew Spacewalk"
type = "EVA"
date = "2d"
precision = "Minute"
agencies = ["NASA", "ESA"]
programs = ["International Space Station"]
announced = "-3d"

[[event]]
id = 7
name = "Yesterday's Landing"
type = "Spacecraft Landing"
date = "-23h59m"
precision = "Minute"
announced = "-9d"

[[event]]
id = 8
name = "Old Landing"
type = "Spacecraft Landing"
date = "-30d"
precision = "Minute"
announced = "-40d"

[[event]]
id = 6
name = "Undated Test"
type = "Vehicle Testing"
announced = "-8d"
"""


API = Api(parse_scenario(STORY), anchor=ANCHOR, seed=0)


def ask(path: str, query: str = "", after: timedelta = timedelta()) -> tuple[int, Any]:
    """Return the status and the body of one question."""
    parsed = parse_qs(query, keep_blank_values=True)
    answer = API.answer(Question(path=path, query=parsed, now=ANCHOR + after))
    return answer.status, json.loads(answer.body)


def ids(path: str, query: str = "", after: timedelta = timedelta()) -> list[int]:
    """Return the ids of a page."""
    status, body = ask(path, query, after)
    assert status == 200
    return [item["id"] for item in body["results"]]
