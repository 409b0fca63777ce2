"""The page of figures names what can be measured, all of it, and nothing else."""

import re
from pathlib import Path

from benchmarks.__main__ import LONG, MEASURES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text()


def explained(page: str) -> set[str]:
    """The benchmarks that have a section."""
    return set(re.findall(r"^### `(\w+)`", page, re.MULTILINE))


def test_every_benchmark_is_explained_and_no_other() -> None:
    """Whoever reads a row of the table finds what it is, and whoever reads of one can run it."""
    assert explained(PAGE) == {*MEASURES}


def test_long_ones_are_benchmarks_and_told_as_long() -> None:
    """`make bench` leaves out what takes long, and the page says which those are."""
    told = PAGE.partition("`make bench-full`")[2].partition("\n\n")[0]

    assert {*MEASURES} > LONG
    assert set(re.findall(r"`(\w+)`", told)) >= LONG


def test_section_of_nothing_is_noticed() -> None:
    """The check itself works."""
    assert explained("### `no_such_thing`\n") == {"no_such_thing"}
