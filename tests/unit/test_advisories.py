"""Which versions an advisory is about, and where advisories are read from."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.advisories import Advisories, Record, affects, read_advisories
from tools.audit import STALE, told
from tools.snapshot import facts, locked_names, written

ROOT = Path(__file__).parents[2]


def an_advisory(name: str = "aiohttp", *events: Mapping[str, str], **changes: Any) -> Record:
    """An advisory with one range of versions."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    whole = {"id": "PYSEC-2026-1", "modified": "2026-09-01T00:00:00Z", "affected": [affected]}
    return {**whole, **changes}


def a_folder(path: Path, *records: Record) -> Path:
    """A folder with one file for each, as in osv.dev's zip."""
    path.mkdir(exist_ok=True)
    for number, record in enumerate(records):
        (path / f"{number}.json").write_text(json.dumps(record))
    return path


@pytest.mark.parametrize(
    ("events", "hit", "missed"),
    [
        ([{"introduced": "0"}], ["0.dev1", "0", "99"], []),
        ([{"introduced": "0"}, {"fixed": "3.9.2"}], ["0.1", "3.9.1", "3.9.2rc1"], ["3.9.2", "4"]),
        ([{"introduced": "1.0.5"}, {"fixed": "3.9.2"}], ["1.0.5", "3.9.dev0"],
         ["1.0.4", "3.9.2", "3.10"]),
        ([{"introduced": "2"}, {"last_affected": "2.5"}], ["2", "2.5"], ["1.9", "2.5.1"]),
        ([{"introduced": "0"}], ["2.5.post1", "1!0"], []),
        (
            [{"introduced": "3"}, {"fixed": "3.4"}, {"introduced": "0"}, {"fixed": "2.8"}],
            ["2.7", "3.0", "3.3.9"],
            ["2.8", "2.9", "3.4"],
        ),
        ([{"introduced": "1.10"}, {"fixed": "1.11"}], ["1.10"], ["1.9", "1.2"]),
    ],
)  # fmt: skip
def test_range_holds_the_versions_that_its_events_enclose(
    events: Sequence[Mapping[str, str]], hit: list[str], missed: list[str]
) -> None:
    """`fixed` is the first version without it, `last_affected` the last with it, 0 comes first."""
    record = an_advisory("aiohttp", *events)

    assert [one for one in hit if not affects(record, "aiohttp", Version(one))] == []
    assert [one for one in missed if affects(record, "aiohttp", Version(one))] == []


def test_listed_versions_count_beside_ranges() -> None:
    """However they are spelled; those that no PEP describes match nothing."""
    listed = {"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1.0", "2004d", "3.0rc1"]}
    record = an_advisory(affected=[listed])

    assert affects(record, "a", Version("1"))
    assert affects(record, "a", Version("3.0-rc.1"))
    assert not affects(record, "a", Version("1.1"))


def test_range_of_commits_says_nothing_about_versions() -> None:
    """A hash may look like a version, and `introduced: 0` would hold all of them."""
    commits = {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "1c33"}]}
    affected = {"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [commits]}

    assert not affects(an_advisory(affected=[affected]), "a", Version("1"))


def test_event_of_an_unknown_kind_is_refused() -> None:
    """A rule that is not understood must not read as: not affected."""
    record = an_advisory("a", {"introduced": "0"}, {"limit": "2"})

    with pytest.raises(ValueError, match="limit"):
        affects(record, "a", Version("1"))


@pytest.mark.parametrize("asked", ["Discord.py", "discord_py", "discord-py"])
@pytest.mark.parametrize("named", ["discord.py", "Discord_Py", "discord-py"])
def test_names_are_compared_as_an_index_does(tmp_path: Path, asked: str, named: str) -> None:
    """PEP 503."""
    record = an_advisory(named, {"introduced": "0"})

    advisories = read_advisories(a_folder(tmp_path / "all", record))

    assert advisories.about(asked, "2.7.1") == [record]


def test_only_python_packages_are_read(tmp_path: Path) -> None:
    """A crate or an npm package may have the same name."""
    crate = an_advisory("a", {"introduced": "0"})
    crate["affected"][0]["package"]["ecosystem"] = "crates.io"
    ours = an_advisory("b", {"introduced": "0"})

    advisories = read_advisories(a_folder(tmp_path / "all", crate, ours))

    assert set(advisories.by_package) == {"b"}


def test_withdrawn_advisory_is_none(tmp_path: Path) -> None:
    """It was an error, or it is told elsewhere."""
    gone = an_advisory("a", {"introduced": "0"}, withdrawn="2026-09-02T00:00:00Z")
    ours = an_advisory("a", {"introduced": "0"}, id="PYSEC-2026-2")

    advisories = read_advisories(a_folder(tmp_path / "all", gone, ours))

    assert [one["id"] for one in advisories.about("a", "1")] == ["PYSEC-2026-2"]


def test_zip_folder_and_snapshot_read_alike(tmp_path: Path) -> None:
    """Packed as osv.dev packs them, unpacked, or as `make advisories` writes them."""
    records = [
        an_advisory("a", {"introduced": "0"}, id="PYSEC-2026-1"),
        an_advisory("b", {"introduced": "0"}, id="PYSEC-2026-2"),
    ]
    folder = a_folder(tmp_path / "all", *records)
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for one in sorted(folder.iterdir()):
            archive.write(one, one.name)
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(written(map(facts, records), ["a", "b"], "here", date(2026, 9, 1)))

    read = [read_advisories(path) for path in (folder, packed, snapshot)]

    assert read[0] == read[1] == read[2]
    assert read[0].as_of == date(2026, 9, 1)


@pytest.mark.parametrize("records", [[], [an_advisory(affected=[])]])
def test_nothing_to_look_up_in_is_an_error(tmp_path: Path, records: list[Record]) -> None:
    """An empty folder would pass everything."""
    with pytest.raises(ValueError, match="no dated advisory"):
        read_advisories(a_folder(tmp_path / "all", *records))


@pytest.mark.parametrize(("age", "warned"), [(STALE, False), (STALE + timedelta(days=1), True)])
def test_old_advisories_are_said_to_be_old(age: timedelta, *, warned: bool) -> None:
    """And used all the same: the calendar alone breaks no build."""
    today = datetime(2026, 11, 22, tzinfo=UTC).date()
    advisories = Advisories(by_package={}, as_of=today - age)

    lines = told(advisories, Path("all.zip"), today)

    assert any("WARNING" in one and f"{age.days} days" in one for one in lines) is warned
    assert str(advisories.as_of) in lines[0]


def test_snapshot_keeps_facts_and_no_prose() -> None:
    """Versions are listed only where no range says the same."""
    ranged = {**an_advisory("a", {"introduced": "0"})["affected"][0], "versions": ["1"]}
    listed = {"package": {"ecosystem": "PyPI", "name": "a", "purl": "p"}, "versions": ["2"]}
    whole = an_advisory(affected=[ranged, listed], aliases=["CVE-1"], details="Prose.", summary="x")

    kept = facts(whole)

    assert set(kept) == {"id", "modified", "aliases", "affected"}
    assert [sorted(one) for one in kept["affected"]] == [
        ["package", "ranges"],
        ["package", "versions"],
    ]
    assert affects(kept, "a", Version("1"))


def test_our_snapshot_is_about_what_we_lock() -> None:
    """And holds only what can be judged, whatever version is asked for."""
    path = ROOT / "tools" / "advisories.json"
    locked = locked_names((ROOT / "requirements-dev.txt").read_text())

    advisories = read_advisories(path)

    assert set(advisories.by_package) <= locked
    assert all(advisories.about(name, "0.0.1") for name in ("aiohttp", "click", "h11"))
    assert all(canonicalize_name(one) == one for one in json.loads(path.read_text())["packages"])
