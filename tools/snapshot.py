"""Fetch the advisories of what is locked: `python -m tools.snapshot FILE LOCK…`.

It asks osv.dev, so it needs the network. Of each it keeps the facts, which are ids, aliases and
affected versions; no prose, scores or links: whoever reads of a finding looks its id up.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import aiohttp
from packaging.utils import canonicalize_name

from tools.advisories import Record

OSV = "https://api.osv.dev/v1/query"

SOURCE = "osv.dev: PyPA Advisory Database and GitHub Advisory Database, both CC BY 4.0"

_TIME_LIMIT = aiohttp.ClientTimeout(total=60)
_PAGES = 50
"""More pages about one package than there could be."""


async def fetched(url: str, names: Iterable[str]) -> list[Record]:
    """The facts of every advisory about these packages, in the order of their ids.

    Raises:
        aiohttp.ClientError, TimeoutError: no answer, or a refusal.
        ValueError: an answer without end.

    """
    async with aiohttp.ClientSession(timeout=_TIME_LIMIT, raise_for_status=True) as session:
        found = [one for name in names async for one in _asked(session, url, name)]
    return sorted({one["id"]: one for one in found}.values(), key=lambda one: str(one["id"]))


async def _asked(session: aiohttp.ClientSession, url: str, name: str) -> AsyncIterator[Record]:
    question: dict[str, Any] = {"package": {"name": name, "ecosystem": "PyPI"}}
    for _ in range(_PAGES):
        async with session.post(url, json=question) as response:
            answer = await response.json()
        for record in answer.get("vulns", ()):
            if "withdrawn" not in record:
                yield facts(record)
        if not answer.get("next_page_token"):
            return
        question["page_token"] = answer["next_page_token"]
    raise ValueError(f"{url} gave more than {_PAGES} pages about {name}")


def facts(record: Record) -> Record:
    """What a match needs; versions are listed only where no range says the same."""
    kept = {key: record[key] for key in ("id", "modified", "aliases") if record.get(key)}
    return {**kept, "affected": [_range_facts(one) for one in record["affected"]]}


def _range_facts(affected: Record) -> Record:
    package = {key: affected.get("package", {}).get(key) for key in ("ecosystem", "name")}
    ranges = [
        {"type": one["type"], "events": one["events"]}
        for one in affected.get("ranges", ())
        if one["type"] != "GIT"
    ]
    if ranges:
        return {"package": package, "ranges": ranges}
    return {"package": package, "versions": affected.get("versions", [])}


def written(records: Iterable[Record], names: Iterable[str], source: str, as_of: date) -> str:
    """The snapshot's text: one advisory a line, so that a change of it can be read."""
    head = {"as_of": as_of.isoformat(), "source": source, "packages": sorted(names)}
    lines = ",\n".join(json.dumps(one) for one in records)
    return f'{json.dumps(head)[:-1]},\n"vulns": [\n{lines}\n]}}\n'


def locked_names(lock: str) -> set[str]:
    """The normalised names in the text of a lock file."""
    return {canonicalize_name(one) for one in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}


def main(target: Path, locks: Iterable[Path]) -> None:
    """Write the snapshot of today."""
    names = sorted({name for lock in locks for name in locked_names(lock.read_text("utf-8"))})
    records = asyncio.run(fetched(OSV, names))
    target.write_text(written(records, names, SOURCE, datetime.now(UTC).date()), "utf-8")
    sys.stderr.write(f"{target}: {len(records)} advisories about {len(names)} packages.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), map(Path, sys.argv[2:]))
