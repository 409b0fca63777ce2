"""What tests of the command line share: a folder of their own, and logging as it was."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_commands import Told, Type

from bot.cli import outcome


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Type]:
    """Type a command in an empty folder, with the console on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERIGEE_CONSOLE__ENABLED", "true")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def told(*arguments: str) -> Told:
        code = outcome([*arguments])
        return code, *capsys.readouterr()

    yield told
    root.handlers[:] = handlers
    root.setLevel(level)
