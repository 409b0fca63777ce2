"""Scenario files: the documented example loads, and what is wrong is refused in a sentence."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.simulator import ScenarioError, load_scenario, parse_scenario

DOCS = Path(__file__).parents[2] / "docs" / "scenarios.md"
HEAD = 'title = "T"\nduration = "1d"\n'
EVENT = '[[event]]\nid = 1\nname = "E"\ntype = "EVA"\n'


def test_documented_example_loads() -> None:
    """The example in docs/scenarios.md is a scenario."""
    example = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]

    scenario = parse_scenario(example, file="docs/scenarios.md")

    assert [event.fields.name for event in scenario.events] == ["Progress MS-40 Docking"]
    assert scenario.steps[0].at == timedelta(hours=6)
    assert scenario.faults[0].status == 503


def test_left_out_keys_have_ll2s_own_values() -> None:
    """A scenario of two lines has LL2's budget and no events."""
    scenario = parse_scenario(HEAD)

    assert scenario.throttle.anonymous_limit == 15
    assert scenario.throttle.window == timedelta(hours=1)
    assert scenario.events == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", ["not TOML"]),
        ('duration = "1d"', ["title", "needed"]),
        ('title = ""\nduration = "1d"', ["title = ''", "write something"]),
        ('title = "T"\nduration = "1mo"', ["duration = '1mo'", "weeks, days or hours"]),
        ('title = "T"\nduration = "soon"', ["duration = 'soon'", '"2d3h"']),
        (HEAD + "titel = 3", ["titel = 3", "no such key"]),
        (HEAD + "[throttle]\nanonymous_limit = true", ["anonymous_limit = True", "whole number"]),
        (HEAD + '[throttle]\nretry_after = "never"', ["retry_after", "seconds, date, none"]),
        (HEAD + '[[event]]\nid = 1\nname = "E"', ["event 1", "type", "needed"]),
        (HEAD + EVENT.replace("EVA", "Walk"), ["type = 'Walk'", "choose one of"]),
        (HEAD + EVENT + 'agencies = ["X"]', ["agencies = 'X'", "define it"]),
        (HEAD + EVENT + "agencies = [1]", ["agencies = [1]", "list of texts"]),
        (HEAD + EVENT + "image = 5", ["image = 5", "[[image]]"]),
        (HEAD + EVENT + 'by = "x"', ["by = 'x'", "comment"]),
        (HEAD + EVENT + 'clear = ["name"]', ["clear = 'name'", "can be null"]),
        (HEAD + EVENT + "videos = [1]", ["videos = [1]"]),
        (HEAD + EVENT + EVENT, ["event id = 1", "more than once"]),
        (HEAD + '[[step]]\nat = "1h"', ["step 1", "event = ID or all = true"]),
        (HEAD + '[[step]]\nat = "1h"\nevent = 1', ["step event = 1", "no [[event]]"]),
        (HEAD + EVENT + '[[step]]\nat = "-40d"\nevent = 1', ["announced later"]),
        (HEAD + EVENT + '[[step]]\nat = "1h"\nevent = 1\ndelete = "x"', ["delete = 'x'", "label"]),
        (HEAD + EVENT + '[[step]]\nat = "1h"\nevent = 1\nedit = "x"', ["edit", "new text"]),
        (HEAD + '[[fault]]\nfrom = "1h"\nto = "2h"', ["kind", "choose one of"]),
        (HEAD + '[[fault]]\nkind = "hang"\nfrom = "2h"\nto = "2h"', ["to", "later than from"]),
        (HEAD + '[[fault]]\nkind = "status"\nstatus = 404\nfrom = "1h"\nto = "2h"', ["500-599"]),
        (HEAD + '[[fault]]\nkind = "malformed"\nfrom = "1h"\nto = "2h"', ["event", "name its id"]),
        (
            HEAD + '[[fault]]\nkind = "malformed"\nevent = 9\nfrom = "1h"\nto = "2h"',
            ["fault event = 9"],
        ),
        (HEAD + '[[program]]\nid = 1\nname = "P"\nagencies = ["X"]', ["program 1", "'X'"]),
        (
            HEAD + '[[astronaut]]\nid = 1\nname = "A"\ndate = "0s"\nagency = "X"',
            ["astronaut 1", "agency = 'X'"],
        ),
        (
            HEAD + '[[expedition]]\nid = 1\nname = "X"\ndate = "0s"\nstation = "S"',
            ["station = 'S'", "[[station]]"],
        ),
    ],
)
def test_fault_in_a_file_is_told_in_one_sentence(text: str, words: list[str]) -> None:
    """The sentence names the file, the key, the value and the cure."""
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, file="mine.toml")

    sentence = str(caught.value)
    assert sentence.startswith("mine.toml: ")
    assert "\n" not in sentence
    assert [word for word in words if word not in sentence] == []


def test_unreadable_file_is_a_scenario_error(tmp_path: Path) -> None:
    """A missing file is the user's mistake, told like any other."""
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "absent.toml")


def test_file_loads_under_its_own_name(tmp_path: Path) -> None:
    """A scenario file loads, and its errors carry its path."""
    path = tmp_path / "story.toml"
    path.write_text(HEAD, encoding="utf-8")

    assert load_scenario(path).title == "T"
    path.write_text(HEAD + "x = 1", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"story\.toml"):
        load_scenario(path)
