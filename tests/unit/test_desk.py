"""Commands on the store without a process: subscriptions in and out, broken files, backups."""

import json
import sqlite3
from pathlib import Path

import pytest
from typing_commands import Type, refusal


def test_export_can_be_imported(typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving to another store keeps every subscription as it was."""
    typed("subscriptions", "add", "--to", "console:a", "--type", "EVA,Docking", "--remind", "off")
    typed("subscriptions", "add", "--to", "console:b", "--agency", "NASA", "--changes", "date")
    _, before, _ = typed("subscriptions", "list", "--json")

    exported = typed("subscriptions", "export", "held.json")
    monkeypatch.setenv("PERIGEE_STORE__URL", "sqlite:///other.db")
    imported = typed("subscriptions", "import", "held.json")
    _, after, _ = typed("subscriptions", "list", "--json")

    assert exported[:2] == (0, "Exported 2 subscriptions to held.json.\n")
    assert imported[:2] == (0, "Imported 2 subscriptions.\n")
    assert json.loads(after) == json.loads(before)


def test_export_overwrites_nothing(typed: Type, tmp_path: Path) -> None:
    """The file may hold what somebody still needs."""
    typed("db", "upgrade")
    (tmp_path / "held.json").write_text("mine")

    told = refusal(typed("subscriptions", "export", "held.json"))

    assert told == "held.json is there already; name a new file"
    assert (tmp_path / "held.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[", "held.json is not JSON: Expecting value: line 1 column 2 (char 1)"),
        (b"\xff\xfe", "held.json is not UTF-8 text, so it is not what export writes"),
        (b"{}", "held.json does not hold a list, as perigee subscriptions export writes"),
        (b"[3]", "held.json, entry 1: it has no destination; nothing was imported"),
        (
            b'[{"destination": "console:a"}, {"destination": "console:b", "typ": ["EVA"]}]',
            (
                'held.json, entry 2: it has an option "typ" that does not exist; '
                "nothing was imported"
            ),
        ),
        (
            b'[{"destination": "console:a"}, {"destination": "console:b", "type": ["Dokcing"]}]',
            (
                'held.json, entry 2: there is no event type "Dokcing"; did you mean "Docking"?; '
                "nothing was imported"
            ),
        ),
        (
            b'[{"destination": "console:a", "type": "EVA"}]',
            'held.json, entry 1: its "type" is not a list of texts; nothing was imported',
        ),
    ],
)
def test_broken_file_imports_nothing(
    typed: Type, tmp_path: Path, content: bytes, sentence: str
) -> None:
    """All of a file is taken, or none of it."""
    (tmp_path / "held.json").write_bytes(content)

    told = refusal(typed("subscriptions", "import", "held.json"))

    assert told == sentence
    assert json.loads(typed("subscriptions", "list", "--json")[1]) == []


def test_subscriptions_are_removed_by_number_or_all(typed: Type) -> None:
    """Only those of the destination that is named."""
    for kind in ("EVA", "Docking", "Flyby"):
        typed("subscriptions", "add", "--to", "console:a", "--type", kind)
    typed("subscriptions", "add", "--to", "console:b")

    one = typed("subscriptions", "remove", "--to", "console:a", "2")
    rest = typed("subscriptions", "remove", "--to", "console:a", "--all", "--json")

    assert one[:2] == (0, "Removed 1 subscription of console:a.\n")
    assert json.loads(rest[1]) == {"removed": 2}
    assert typed("subscriptions", "list")[1] == (
        "NO.  DESTINATION  WANTS\n4    console:b    everything\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        *("events", "subscriptions list", "subscriptions add --to console:x", "changes"),
        *("deliveries", "db current", "db upgrade", "db backup copy.db", "run --once"),
    ],
)
def test_corrupt_store_is_left_as_it_is(typed: Type, tmp_path: Path, line: str) -> None:
    """What cannot be read is not written over: it may yet be mended."""
    store = tmp_path / "perigee.db"
    junk = b"no database at all " * 500
    store.write_bytes(junk)

    told = refusal(typed(*line.split()), code=1)

    assert f"{store}" in told
    assert "not an SQLite database" in told or "not a database" in told
    assert len(told.splitlines()) == 1
    assert store.read_bytes() == junk
    assert not (tmp_path / "copy.db").exists()


def test_backup_is_a_whole_store(typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can take the store's place."""
    typed("subscriptions", "add", "--to", "console:a", "--type", "EVA")

    told = typed("db", "backup", "copy.db")
    monkeypatch.setenv("PERIGEE_STORE__URL", "sqlite:///copy.db")

    assert told[:2] == (0, "Backed up to copy.db.\n")
    assert "console:a" in typed("subscriptions", "list")[1]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("perigee.db", "perigee.db is there already; name a new file"),
        ("no/copy.db", "there is no folder {folder}/no; make it first"),
    ],
)
def test_backup_goes_to_a_new_file(typed: Type, tmp_path: Path, target: str, sentence: str) -> None:
    """Above all not over the store itself."""
    typed("db", "upgrade")

    assert refusal(typed("db", "backup", target)) == sentence.format(folder=tmp_path)


def test_migrations_are_told(typed: Type) -> None:
    """Where the store stands, and where it stood."""
    none = refusal(typed("db", "current"), code=1)
    first = typed("db", "upgrade")
    again = typed("db", "upgrade")
    stand = typed("db", "current")

    assert "there is no store at" in none
    assert first[1].endswith("(it was at nothing).\n")
    assert again[1].endswith(" already.\n")
    assert stand[1].endswith(", the newest.\n")


@pytest.mark.parametrize("line", ["run --once", "subscriptions add --to console:x", "events"])
def test_store_of_a_later_version_is_refused(typed: Type, tmp_path: Path, line: str) -> None:
    """An older program would not know what it destroys."""
    typed("db", "upgrade")
    with sqlite3.connect(tmp_path / "perigee.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    told = refusal(typed(*line.split()))

    assert told.startswith("the store is at revision 9999, made by a newer Perigee than this one")
