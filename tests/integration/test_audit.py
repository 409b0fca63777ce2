"""The real pip-audit asks our server on loopback: what it finds, passes and refuses."""

import json
import re
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.version import InvalidVersion

from tools.advisories import read_advisories
from tools.audit import audit, serving
from tools.snapshot import facts, fetched

ROOT = Path(__file__).parents[2]

LOCK = f"aiohttp==3.14.5 --hash=sha256:{'0' * 64}\nDiscord.py==2.7.1 --hash=sha256:{'1' * 64}\n"


class Audited(NamedTuple):
    """How an audit ended, and what it said."""

    code: int
    said: str


def a_record(name: str, fixed: str, **changes: Any) -> dict[str, Any]:
    """An advisory about all versions before one; a package is named there as an index does."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    package = {"ecosystem": "PyPI", "name": name}
    affected = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    whole = {"id": "PYSEC-2026-7", "aliases": ["CVE-2026-7777"], "affected": [affected]}
    return {**whole, "modified": "2026-09-01T00:00:00Z", **changes}


def planted(folder: Path, *records: dict[str, Any], lock: str = LOCK) -> tuple[Path, Path]:
    """Advisories, and a lock file to audit."""
    for number, record in enumerate(records):
        (folder / f"{number}.json").write_text(json.dumps(record))
    (folder / "lock.txt").write_text(lock)
    return folder, folder / "lock.txt"


async def audited(advisories: Path, *options: str, **environment: str) -> Audited:
    """Run the audit as `make audit` does."""
    command = (sys.executable, "-m", "tools.audit", str(advisories), *options)
    process = await create_subprocess_exec(
        *command, cwd=ROOT, stdout=PIPE, stderr=PIPE, env={"PATH": "/usr/bin:/bin", **environment}
    )
    texts = await process.communicate()
    assert process.returncode is not None
    return Audited(process.returncode, "\n".join(one.decode() for one in texts))


async def test_planted_advisory_is_found(tmp_path: Path) -> None:
    """With its id, its other names and what to upgrade to; and the audit fails."""
    folder, lock = planted(tmp_path, a_record("discord-py", "2.8"))

    done = await audited(folder, "-r", str(lock))

    assert done.code == 1
    assert re.search(r"discord-py +2\.7\.1 +PYSEC-2026-7 +2\.8", done.said)
    assert "Looked up 2 packages" in done.said


async def test_clean_lock_passes(tmp_path: Path) -> None:
    """What is fixed, withdrawn or of another package is no finding."""
    withdrawn = a_record("aiohttp", "9", withdrawn="2026-09-02T00:00:00Z")
    folder, lock = planted(
        tmp_path, a_record("aiohttp", "3.14.5"), a_record("yarl", "9"), withdrawn
    )

    done = await audited(folder, "-r", str(lock))

    assert done.code == 0, done.said
    assert "No known vulnerabilities found" in done.said


async def test_finding_can_be_set_aside_by_any_of_its_names(tmp_path: Path) -> None:
    """pip-audit's own option, with the id that people know."""
    folder, lock = planted(tmp_path, a_record("aiohttp", "9"))

    done = await audited(folder, "-r", str(lock), "--ignore-vuln", "CVE-2026-7777")

    assert done.code == 0, done.said
    assert "1 ignored" in done.said


async def test_proxy_is_not_asked(tmp_path: Path) -> None:
    """Where CI has one for the world outside, loopback is still asked directly."""
    folder, lock = planted(tmp_path, a_record("aiohttp", "9"))

    done = await audited(folder, "-r", str(lock), HTTP_PROXY="http://127.0.0.1:1")

    assert "PYSEC-2026-7" in done.said


@pytest.mark.parametrize(
    ("lock", "records"),
    [
        ("aiohttp>=3.14\n", [a_record("yarl", "9")]),
        ("aiohttp==3.14.5\n", [a_record("yarl", "9")]),
        ("", [a_record("yarl", "9")]),
        (LOCK, []),
        (LOCK, [a_record("aiohttp", "none of PEP 440")]),
    ],
    ids=["not pinned", "no hash", "empty lock", "no advisories", "unreadable range"],
)
async def test_audit_that_could_not_look_everything_up_fails(
    tmp_path: Path, lock: str, records: list[dict[str, Any]]
) -> None:
    """Nothing passes because it was not asked for, or could not be answered."""
    folder, path = planted(tmp_path, *records, lock=lock)

    done = await audited(folder, "-r", str(path))

    assert done.code != 0
    assert "No known vulnerabilities found" not in done.said or "Looked up 0" in done.said


async def test_our_locks_have_no_finding_that_our_snapshot_knows(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """And every package of the runtime's lock was asked for."""
    code = await audit(ROOT / "tools" / "advisories.json", ["-r", str(ROOT / "requirements.txt")])

    assert code == 0, capfd.readouterr().err
    assert "as of 20" in capfd.readouterr().err


async def test_snapshot_is_fetched_by_name(tmp_path: Path) -> None:
    """What the service says about the names, once each, in order, as facts."""
    records = [a_record("b", "2", id="PYSEC-2"), a_record("a", "2", id="PYSEC-1", details="Prose.")]
    advisories = read_advisories(planted(tmp_path, *records)[0])

    async with serving(advisories) as (url, asked):
        found = await fetched(url, ["a", "b", "c"])

    assert found == [facts(records[1]), facts(records[0])]
    assert asked == ["a", "b", "c"]


def test_version_that_is_none_is_refused(tmp_path: Path) -> None:
    """It cannot be compared, so nothing can be said about it."""
    advisories = read_advisories(planted(tmp_path, a_record("a", "2"))[0])

    with pytest.raises(InvalidVersion):
        advisories.about("a", "not-a-version")
