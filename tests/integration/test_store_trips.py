"""SQLite's driver: what is given up in the midst of its opening leaves nothing open."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot.store import trips

OPEN_FILES = Path("/proc/self/fd")


@pytest.mark.skipif(sys.platform != "linux", reason="sees what is open as Linux shows it")
async def test_connection_that_is_given_up_while_it_opens_is_closed(tmp_path: Path) -> None:
    """Its thread opens the file all the same, so it is waited for and closed."""
    path = tmp_path / "perigee.db"
    opening = asyncio.create_task(trips.connect(path))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert path.exists()
    assert _open_ones(path) == 0


async def test_connection_that_is_opened_is_open(tmp_path: Path) -> None:
    """The check itself works."""
    path = tmp_path / "perigee.db"

    connection = await trips.connect(path)
    during = _open_ones(path)
    await connection.close()

    assert during == 1 or sys.platform != "linux"


def _open_ones(path: Path) -> int:
    """How often this process has a file open."""
    here = [one for one in OPEN_FILES.iterdir() if one.is_symlink()] if OPEN_FILES.is_dir() else []
    return [_target(one) for one in here].count(str(path))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""
