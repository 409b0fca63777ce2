"""What is installed is what was locked: every package pinned, with hashes, and in step.

Whether a locked version has a known vulnerability is for `make audit`.
"""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
_SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class Locked(NamedTuple):
    """One entry of a lock file: what is asked for, and its whole text."""

    requirement: Requirement
    text: str

    @property
    def pin(self) -> str:
        """The one version that it allows; empty: it allows several."""
        pins = [*self.requirement.specifier]
        return pins[0].version if len(pins) == 1 and pins[0].operator == "==" else ""


def locked(name: str) -> dict[str, Locked]:
    """The entries of a lock file, by name."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").splitlines()
    found = [
        Locked(Requirement(one.partition(" --hash")[0]), one) for one in entries if one.strip()
    ]
    return {canonicalize_name(one.requirement.name): one for one in found}


def asked(*, dev: bool) -> list[Requirement]:
    """What `pyproject.toml` asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = list(project["project"]["dependencies"])
    return [Requirement(one) for one in (texts + project["dependency-groups"]["dev"] * dev)]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    """Nobody can slip in another file under the same version."""
    entries = locked(name)

    assert len(entries) > 20
    assert [one for one, entry in entries.items() if not entry.pin] == []
    assert [one for one, entry in entries.items() if not _SHA256.search(entry.text)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_place_to_fetch_from(name: str) -> None:
    """Neither an index nor a repository: whoever installs chooses from where."""
    text = (ROOT / name).read_text()

    assert not re.search(
        r"://|^\s*(-i|-f|-e|--index|--extra|--find|--trusted)\b", text, re.MULTILINE
    )
    assert not [entry for entry in locked(name).values() if entry.requirement.url]


@pytest.mark.parametrize(("name", "dev"), [(LOCKS[0], False), (LOCKS[1], True)])
def test_lock_is_in_step_with_what_is_asked(name: str, *, dev: bool) -> None:
    """Whoever changes `pyproject.toml` and forgets `make lock` is told."""
    entries = locked(name)

    for one in asked(dev=dev):
        entry = entries[canonicalize_name(one.name)]
        assert one.specifier.contains(entry.pin, prereleases=True), one


def test_both_locks_agree() -> None:
    """What is tested is what runs."""
    ours, all_of_them = (locked(name) for name in LOCKS)

    differing = {one for one, entry in ours.items() if all_of_them[one].pin != entry.pin}
    assert differing == set()


def test_what_is_installed_is_what_is_locked() -> None:
    """An old environment, or one that somebody installed into by hand, proves nothing."""
    entries = locked(LOCKS[1])
    here = {
        name: entry
        for name, entry in entries.items()
        if entry.requirement.marker is None or entry.requirement.marker.evaluate()
    }

    assert {name: version(name) for name in here} == {name: one.pin for name, one in here.items()}
