"""docs/scaling.md shows what the simulation and the arithmetic say now, and names what exists."""

import re
from collections.abc import Mapping
from math import ceil
from pathlib import Path

import pytest

from benchmarks import capacity
from benchmarks.scaling import a_month, in_words
from benchmarks.scaling_page import binding, blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scaling.md").read_text()


@pytest.fixture(scope="module")
def computed() -> Mapping[str, str]:
    """The tables as they are computed now."""
    return blocks()


def test_every_table_is_the_computed_one(computed: Mapping[str, str]) -> None:
    """What changed changes the page too; `python -m benchmarks.scaling_page` prints it."""
    stale = [name for name, block in computed.items() if f"\n\n{block}\n\n" not in PAGE]

    assert stale == []


def test_there_is_no_other_table(computed: Mapping[str, str]) -> None:
    """A table that nothing computes would rot."""
    shown = {line for line in PAGE.splitlines() if line.startswith("|")}

    assert shown <= {line for block in computed.values() for line in block.splitlines()}


def test_what_it_says_of_a_scale_stands_under_its_number() -> None:
    """Each of the four has its own part."""
    for scale in capacity.SCALES:
        assert f"\n### {scale:,} destinations\n" in PAGE


def test_named_benchmarks_exist() -> None:
    """Who doubts a number can repeat it."""
    named = {*re.findall(r"python -m benchmarks[ .](\w+)", PAGE)}

    assert named
    assert all((DOCS.parent / "benchmarks" / f"{name}.py").is_file() for name in named)


def test_a_token_too_few_for_its_news_is_told() -> None:
    """What binds is the slowest part, unless some part never catches up."""
    assert [binding(one) for one in capacity.PLAIN] == [
        "LL2's rhythm",
        "Telegram's rate",
        "Telegram's rate: the queue grows for ever",
        "Discord's rate and Telegram's rate: the queue grows for ever",
    ]


def test_numbers_between_the_tables_are_computed() -> None:
    """Those that follow from the rates; the others are of cited sources."""
    largest = capacity.ADVISED[-1]
    needed = largest.sending_s("discord") * largest.tokens["discord"] / largest.making_s
    marking = capacity.POSTGRESQL.marked_per_s / capacity.PER_S["discord"]
    parts = ("the fan-out", "claims and marks", "the housekeeper")
    busy = sum(largest.busy(a_month())[part] for part in parts)

    assert f"From {ceil(needed)} Discord tokens on" in PAGE
    assert f"at {ceil(needed)} Discord tokens" in PAGE
    assert f"as many as {marking:.0f} Discord tokens send" in PAGE
    assert f"million takes {in_words(largest.making_s)}utes on PostgreSQL" in PAGE
    assert f"leave room\n  for {1_000 // largest.shards} restarts" in PAGE
    assert 1 / 7 < busy < 1 / 5
