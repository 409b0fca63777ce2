"""What holds for every file of the repository: what none may hold, and how long code may be."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
LONGEST = 300
"""Lines of a file of Python: what can be read in one sitting."""

UNWANTED = {
    "a note for later": re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b"),
    "a machine's path": re.compile(r"(?<![\w.:/])/(home|Users|root|work)/|\b[A-Z]:\\Users\\"),
    "a package index": re.compile(r"--(extra-)?index-u[r]l|/simpl[e]/|pythonhoste[d]"),
}
"""What no tracked file may hold."""


def tracked() -> list[Path]:
    """Every file that is in the repository and is text."""
    git = shutil.which("git")
    if git is None or not (HOUSE / ".git").exists():
        pytest.skip("needs git and a repository, to know which files are tracked")
    listed = subprocess.run(  # noqa: S603 - nothing here comes from outside
        [git, "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    paths = (HOUSE / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def is_long(code: str) -> bool:
    """Whether a file should be two."""
    return len(code.splitlines()) > LONGEST


def test_no_code_is_long() -> None:
    """Ours, and its tests and tools."""
    code = [path for path in tracked() if path.suffix == ".py"]

    assert [f"{path.relative_to(HOUSE)}" for path in code if is_long(path.read_text())] == []


def test_long_code_is_noticed() -> None:
    """One line too many."""
    assert [is_long("x = 1\n" * count) for count in (LONGEST, LONGEST + 1)] == [False, True]


@pytest.mark.parametrize("what", UNWANTED)
def test_no_tracked_file_holds(what: str) -> None:
    """The repository says nothing of a machine, and leaves nothing for later."""
    texts = {path: path.read_bytes().decode(errors="replace") for path in tracked()}

    holding = [
        f"{path.relative_to(HOUSE)}: {found[0]}"
        for path, text in texts.items()
        for found in UNWANTED[what].finditer(text)
    ]

    assert holding == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a note for later", "# TO" + "DO: more"),
        ("a machine's path", '"/ho' + 'me/someone/x"'),
        ("a package index", "pip install --index-" + "url x"),
    ],
)
def test_unwanted_text_is_noticed(what: str, text: str) -> None:
    """The patterns themselves work."""
    assert UNWANTED[what].search(text)
