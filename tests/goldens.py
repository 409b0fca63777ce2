"""Golden files: how a renderer shows the cases of `golden_cases`, kept for people to read.

Regenerate with `PERIGEE_TEST_WRITE_GOLDEN=1 pytest tests/unit -k golden_file`, then read the
difference as a stranger would before committing it.
"""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from golden_cases import CASES

from bot.domain.messages import Message

FOLDER = Path(__file__).parent / "golden"

# Read before the environment is scrubbed for the tests.
_WRITE = bool(os.environ.get("PERIGEE_TEST_WRITE_GOLDEN"))


def check(kind: str, name: str, render: Callable[[Message], str]) -> None:
    """Compare all cases of a file, rendered as text, with their golden file."""
    shown = "".join(f"=== {case.title} ===\n{render(case.message())}\n\n" for case in CASES[name])
    compare(kind, f"{name}.txt", shown)


def compare(kind: str, file: str, shown: str) -> None:
    """Compare what a renderer shows with the golden file of this kind of renderer."""
    path = FOLDER / kind / file
    if _WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{path} is missing; run with PERIGEE_TEST_WRITE_GOLDEN=1 to write it"
    # Bytes, because reading text would forgive a carriage return.
    assert path.read_bytes().decode() == shown


def stale(kind: str, names: Collection[str], ending: str = "txt") -> set[str]:
    """Golden files of this kind that no case makes any more."""
    made = {f"{name}.{ending}" for name in names}
    return {path.name for path in (FOLDER / kind).iterdir()} - made
