"""Where settings come from: the file, the environment, secret files. Texts only, not their meaning.

Variables and secret files are both named PERIGEE_SECTION__KEY, in any case; here the names are in
lower case.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import ConfigError

PREFIX = "perigee_"
NESTING = "__"

SECRETS_DIR = "/run/secrets"
"""Where container engines put secret files; it need not exist."""

_NOT_SETTINGS = re.compile(r"perigee_(config|test_.*|(service_(host|port)|port)(_.*)?)")
"""The path of the file, what tests read, and what Kubernetes sets beside a service `perigee`."""


def find_config(path: Path | None) -> Path | None:
    """The file to read: `path`, else PERIGEE_CONFIG, else ./config.toml if it is there, or None."""
    named = os.environ.get("PERIGEE_CONFIG")
    if path is not None or named:
        return path or Path(str(named))
    here = Path("config.toml")
    return here if here.exists() else None


def read_table(path: Path) -> dict[str, Any]:
    """The file's table.

    Raises:
        ConfigError: it cannot be read, or is not TOML; with the line.

    """
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is not TOML: {exc}") from exc


def variables() -> dict[str, str]:
    """The environment variables that are settings, each with its name as it is written."""
    ours = {name.lower(): name for name in os.environ if name.lower().startswith(PREFIX)}
    return {name: real for name, real in ours.items() if not _NOT_SETTINGS.fullmatch(name)}


def secrets_dir(table: Mapping[str, object]) -> str:
    """Where secret files lie, by the environment or else the file; empty: nowhere."""
    variable = variables().get(f"{PREFIX}secrets_dir")
    chosen = os.environ[variable] if variable else table.get("secrets_dir", SECRETS_DIR)
    return chosen if isinstance(chosen, str) else SECRETS_DIR


def secret_files(folder: str) -> dict[str, Path]:
    """The secret files that are meant for us; others are left alone, for the folder is shared."""
    if not folder or not Path(folder).is_dir():
        return {}
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    except OSError as exc:
        raise ConfigError(f'secrets_dir = "{folder}" cannot be read: {exc.strerror}') from exc
    return {path.name.lower(): path for path in files if path.name.lower().startswith(PREFIX)}


def secret_texts(folder: str) -> dict[str, str]:
    """What the secret files say, without the blanks around it.

    Raises:
        ConfigError: one cannot be read.

    """
    return {name: _text(path).strip() for name, path in secret_files(folder).items()}


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        # its own text would quote the content, which may be a secret
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{path} is not UTF-8 text: see line {line}") from None


def wants_colour() -> bool:
    """Whether the environment allows colour; NO_COLOR forbids it (no-color.org)."""
    return not os.environ.get("NO_COLOR")
