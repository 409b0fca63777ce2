"""What tests of secrets begin with: settings that have them all, and all that is printed."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tellings import CONFIG, Told

from bot.config import Settings, load_settings
from bot.logs import configure_logging


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with every secret that there is."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return load_settings(path)


@pytest.fixture(params=["text", "json"])
def told(
    request: pytest.FixtureRequest, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> Iterator[Told]:
    """All that is printed from here on, with every logger at its loudest."""
    levels = {name: one.level for name, one in logging.root.manager.loggerDict.items()
              if isinstance(one, logging.Logger)}  # fmt: skip
    yield Told(capsys, partial(configure_logging, "debug", request.param, settings.secrets()))
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
