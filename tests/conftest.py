"""What tests share: an environment without our variables, captured answers, a written config."""

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clusters import Server, a_server
from hypothesis import HealthCheck, settings

from bot.logs import LOUD_VENDORS

# A pause of a busy machine is not a slow example; how long things take is for `benchmarks/`.
# What a property finds it finds over many runs: few examples each keep one short; a number in
# PERIGEE_TEST_EXAMPLES asks for more.
settings.register_profile(
    "perigee",
    deadline=None,
    max_examples=int(os.environ.get("PERIGEE_TEST_EXAMPLES", "40")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("perigee")


# What is imported and collected stays, so that nobody need look again and again whether it does.
gc.disable()


def pytest_collection_finish() -> None:
    """Let the collector begin, with what the tests make."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def odd_local_zone() -> None:
    """All tests, and the programs that they start, live far from UTC, where it would be seen."""
    os.environ["TZ"] = "Pacific/Chatham"
    time.tzset()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server for whatever tests of this process want one."""
    with a_server() as server:
        yield server


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it; PERIGEE_TEST_* is meant for tests."""
    for name in os.environ:
        if name.startswith("PERIGEE_") and not name.startswith("PERIGEE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    """A test that sets up logging leaves no trace of it to the next one."""
    loggers = [logging.getLogger(), *map(logging.getLogger, LOUD_VENDORS)]
    before = [(logger, logger.level, tuple(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: answers captured from LL2, specifications."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder `shared` beside the repository")
    return folder


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Write a config.toml with this text, and say where it is."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write
