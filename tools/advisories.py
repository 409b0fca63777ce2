"""Known vulnerabilities of packages: records in OSV's format, and which versions each one affects.

It answers what `POST /v1/query` of osv.dev answers, from a file, a folder or a zip of records; it
neither fetches them (`tools.snapshot`) nor knows what is locked (`tools.audit`).

The format and the rules of the ranges: https://ossf.github.io/osv-schema/
"""

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Record: TypeAlias = Mapping[str, Any]
"""One advisory, as OSV's schema describes it."""

_LOWEST = Version("0.dev0")
"""What `introduced: "0"` means: before every version."""

_ECOSYSTEM = "PyPI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisories:
    """What is known, and until when.

    Attributes:
        by_package: records by the normalised name of a package that they are about.
        as_of: the day up to which it was collected.

    """

    by_package: Mapping[str, tuple[Record, ...]]
    as_of: date

    def about(self, package: str, version: str | None = None) -> list[Record]:
        """The advisories of a package, or of one version of it; withdrawn ones are none.

        Raises:
            InvalidVersion: the version, or one in a range, is none of PEP 440.

        """
        name = canonicalize_name(package)
        records = self.by_package.get(name, ())
        if version is None:
            return list(records)
        return [one for one in records if affects(one, name, Version(version))]


def read_advisories(path: Path) -> Advisories:
    """Read a snapshot, a folder of records or a zip of them (`all.zip` of osv.dev).

    Raises:
        ValueError: there is no record of a Python package, so that nothing could ever be found.

    """
    documents = [json.loads(text) for text in _texts(path)]
    by_package: defaultdict[str, list[Record]] = defaultdict(list)
    days = [document["as_of"] for document in documents if "as_of" in document]
    for record in (one for document in documents for one in document.get("vulns", [document])):
        if "withdrawn" not in record:
            days += [record["modified"][:10]] if "modified" in record else []
            for name in _packages(record):
                by_package[name].append(record)
    if not by_package or not days:
        raise ValueError(f"{path} has no dated advisory of a Python package")
    return Advisories(
        by_package={name: tuple(records) for name, records in by_package.items()},
        as_of=date.fromisoformat(max(days)),
    )


def _texts(path: Path) -> Iterator[str]:
    if path.is_dir():
        yield from (one.read_text("utf-8") for one in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from (
                packed.read(name).decode() for name in packed.namelist() if name.endswith(".json")
            )
    else:
        yield path.read_text("utf-8")


def _packages(record: Record) -> set[str]:
    return {_name(one) for one in record.get("affected", ())} - {""}


def _name(affected: Record) -> str:
    """The normalised name of a Python package; empty: it is of another ecosystem."""
    package = affected.get("package", {})
    return canonicalize_name(package["name"]) if package.get("ecosystem") == _ECOSYSTEM else ""


def affects(record: Record, name: str, version: Version) -> bool:
    """Whether a version of the package with this normalised name is listed, or in a range."""
    ours = [one for one in record["affected"] if _name(one) == name]
    return any(
        _is_listed(version, one.get("versions", ()))
        or any(_is_within(version, events) for events in _ranges(one))
        for one in ours
    )


def _ranges(affected: Record) -> Iterator[list[Record]]:
    """The events of each range of versions; a range of commits says nothing about versions."""
    yield from (one["events"] for one in affected.get("ranges", ()) if one["type"] != "GIT")


def _is_listed(version: Version, listed: Iterable[str]) -> bool:
    return any(_equals(version, text) for text in listed)


def _equals(version: Version, text: str) -> bool:
    """Old packages have versions that are none of PEP 440; no locked one has."""
    try:
        return version == Version(text)
    except InvalidVersion:
        return False


def _is_within(version: Version, events: Iterable[Record]) -> bool:
    """Go through the events from the lowest on: each opens or closes the range."""
    inside = False
    for bound, kind in sorted((_bound(text), kind) for one in events for kind, text in one.items()):
        match kind:
            case "introduced":
                inside = inside or version >= bound
            case "fixed":
                inside = inside and version < bound
            case "last_affected":
                inside = inside and version <= bound
            case _:
                raise ValueError(f"a range has the event {kind!r}, which is not known here")
    return inside


def _bound(text: str) -> Version:
    return _LOWEST if text == "0" else Version(text)
