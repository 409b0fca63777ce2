"""docs/scaling.md shows what the simulation and the arithmetic say now, and names what exists."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import capacity
from benchmarks.__main__ import MEASURES
from benchmarks.scaling_page import binding, blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scaling.md").read_text()


@pytest.fixture(scope="module")
def computed() -> Mapping[str, str]:
    """The tables as they are computed now."""
    return blocks()


def test_every_table_is_the_computed_one(computed: Mapping[str, str]) -> None:
    """A rate or a rule that changed changes the page; `python -m benchmarks.scaling_page` has it."""
    stale = [name for name, block in computed.items() if f"\n\n{block}\n\n" not in PAGE]

    assert stale == []


def test_there_is_no_other_table(computed: Mapping[str, str]) -> None:
    """A table that nothing computes would rot."""
    shown = {line for line in PAGE.splitlines() if line.startswith("|")}

    assert shown == {line for block in computed.values() for line in block.splitlines()} & shown
    assert shown


def test_what_it_says_of_a_scale_stands_under_its_number() -> None:
    """Each of the four has its own part."""
    for scale in capacity.SCALES:
        assert f"\n### {scale:,} destinations\n" in PAGE


def test_named_benchmarks_exist() -> None:
    """Who doubts a number can repeat it."""
    named = {*re.findall(r"python -m benchmarks (\w+)", PAGE)}

    assert named
    assert named <= {*MEASURES}


def test_a_token_too_few_for_its_news_is_told() -> None:
    """What binds is the slowest part, unless some part never catches up."""
    assert [binding(one) for one in capacity.PLAIN] == [
        "LL2's rhythm",
        "Telegram's rate",
        "Telegram's rate: the queue grows for ever",
        "Discord's rate and Telegram's rate: the queue grows for ever",
    ]
