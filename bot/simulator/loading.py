"""Turn a scenario file into a `Scenario`, checking every name that it uses. Plays nothing."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import get_args

from bot.simulator.catalogue import EVENT_TYPES
from bot.simulator.event_tables import Names, read_event, read_step
from bot.simulator.fixed_tables import (
    read_agency,
    read_fault,
    read_image,
    read_program,
    read_related,
    read_throttle,
    read_type,
)
from bot.simulator.scenario import (
    DEFAULT_BUCKET,
    Agency,
    Program,
    Related,
    RelatedKind,
    Scenario,
    ScenarioError,
    Step,
)
from bot.simulator.tables import Table


def bundled_scenario() -> Scenario:
    """Return the space week that comes with Perigee: seven days that hold every kind of change."""
    text = resources.files("bot.simulator").joinpath("week.toml").read_text(encoding="utf-8")
    return parse_scenario(text, file="week.toml")


def load_scenario(path: Path) -> Scenario:
    """Return the scenario of a file; `ScenarioError` where it cannot be read or is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ScenarioError(f"{path}: cannot be read ({exc}); give a readable TOML file.") from exc
    return parse_scenario(text, file=str(path))


def parse_scenario(text: str, *, file: str = "scenario") -> Scenario:
    """Return the scenario written in this TOML text; `file` is its name in errors."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ScenarioError(f"{file}: is not TOML ({exc}); mend that line.") from exc
    top = Table(values, file=file, where="top level")
    scenario = _scenario(top)
    top.done()
    _refuse_doubles(top, scenario)
    _check_stations(top, scenario)
    _check_steps(top, scenario)
    return scenario


def _scenario(top: Table) -> Scenario:
    types = dict(EVENT_TYPES) | dict(map(read_type, top.tables("type")))
    agencies = tuple(map(read_agency, top.tables("agency")))
    abbrevs = frozenset(agency.abbrev for agency in agencies)
    programs = tuple(read_program(table, abbrevs) for table in top.tables("program"))
    images = tuple(map(read_image, top.tables("image")))
    related = tuple(
        read_related(table, kind, abbrevs)
        for kind in get_args(RelatedKind)
        for table in top.tables(kind)
    )
    names = Names(
        types={name: number for number, name in types.items()},
        images=frozenset(image.id for image in images),
        lists=_lists(agencies, programs, related),
    )
    return Scenario(
        title=top.text("title"),
        duration=top.span("duration"),
        bucket=top.maybe_text("bucket") or DEFAULT_BUCKET,
        throttle=read_throttle(top.table("throttle")),
        types=types,
        agencies=agencies,
        programs=programs,
        images=images,
        related=related,
        events=tuple(read_event(table, names) for table in top.tables("event")),
        steps=tuple(read_step(table, names) for table in top.tables("step")),
        faults=tuple(map(read_fault, top.tables("fault"))),
    )


def _lists(
    agencies: tuple[Agency, ...], programs: tuple[Program, ...], related: tuple[Related, ...]
) -> dict[str, frozenset[str]]:
    def of(kind: RelatedKind) -> frozenset[str]:
        return frozenset(one.name for one in related if one.kind == kind)

    return {
        "agencies": frozenset(agency.abbrev for agency in agencies),
        "programs": frozenset(program.name for program in programs),
        "launches": of("launch"),
        "stations": of("station"),
        "expeditions": of("expedition"),
        "astronauts": of("astronaut"),
    }


def _refuse_doubles(top: Table, scenario: Scenario) -> None:
    _refuse_double(top, "event id", (event.id for event in scenario.events))
    _refuse_double(top, "agency id", (agency.id for agency in scenario.agencies))
    _refuse_double(top, "agency abbrev", (agency.abbrev for agency in scenario.agencies))
    _refuse_double(top, "program name", (program.name for program in scenario.programs))
    _refuse_double(top, "image id", (image.id for image in scenario.images))
    _refuse_double(top, "related name", ((one.kind, one.name) for one in scenario.related))


def _refuse_double(top: Table, key: str, values: Iterable[object]) -> None:
    for value, times in Counter(values).items():
        if times > 1:
            top.fail(key, value, "it is there more than once; keep one")


def _check_stations(top: Table, scenario: Scenario) -> None:
    stations = {one.name for one in scenario.related if one.kind == "station"}
    for one in scenario.related:
        if one.kind == "expedition" and one.station not in stations:
            top.fail("expedition station", one.station, "no [[station]] has this name; define it")


def _check_steps(top: Table, scenario: Scenario) -> None:
    announced = {event.id: event.announced for event in scenario.events}
    for step in scenario.steps:
        if step.event is None:
            continue
        if step.event not in announced:
            top.fail("step event", step.event, "no [[event]] has this id; define it")
        if step.at < announced[step.event]:
            top.fail("step at", str(step.at), f"event {step.event} is announced later; move one")
        _check_labels(top, scenario, step)
    for fault in scenario.faults:
        if fault.event is not None and fault.event not in announced:
            top.fail("fault event", fault.event, "no [[event]] has this id; define it")


def _check_labels(top: Table, scenario: Scenario, step: Step) -> None:
    posted = [one.comment for one in scenario.events if one.id == step.event]
    posted += [one.comment for one in scenario.steps if one.event == step.event and not one.edit]
    labels = {comment.label for comment in posted if comment}
    for key, label in (("step edit", step.edit), ("step delete", step.delete)):
        if label is not None and label not in labels:
            top.fail(key, label, f"event {step.event} has no comment of this label; add the label")
