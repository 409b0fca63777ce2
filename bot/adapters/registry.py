"""Find adapters by their entry points, ours and anybody's through the same door. Opens none.

A plug-in declares, in its `pyproject.toml`:

    [project.entry-points."perigee.adapters"]
    matrix = "perigee_matrix:create"

where `create` is a `bot.ports.AdapterFactory`; `bot.testing.check_adapter` proves it.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from bot.errors import ConfigError
from bot.ports import AdapterFactory

GROUP = "perigee.adapters"
_OURS = "perigee"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broken:
    """A plug-in that cannot be loaded: which and why in a sentence, and what it raised."""

    sentence: str
    remedy: str = "; repair or remove that package"
    cause: Exception | None = None


def load_adapter(name: str) -> AdapterFactory:
    """One adapter by name; no other is imported.

    Raises:
        ConfigError: no installed package declares it, or it cannot be loaded.

    """
    declared = _declared()
    if name not in declared:
        raise ConfigError(_unknown(name, declared))
    loaded = _load(declared[name])
    if isinstance(loaded, _Broken):
        raise ConfigError(f"{loaded.sentence}{loaded.remedy}") from loaded.cause
    return loaded


def adapter_names() -> tuple[str, ...]:
    """The names that installed packages declare, whether they load or not."""
    return tuple(_declared())


def _declared() -> dict[str, EntryPoint]:
    """Entry points by name; where two packages claim one name, ours or the first is taken."""
    declared: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=GROUP), key=_rank):
        taken = declared.setdefault(entry.name, entry)
        if taken.value != entry.value:
            logger.warning(
                "Adapter %s of package %s is left out: package %s has that name already",
                *(entry.name, _package(entry), _package(taken)),
            )
    return declared


def _rank(entry: EntryPoint) -> tuple[bool, str, str]:
    return _package(entry) != _OURS, entry.name, _package(entry)


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


def _load(entry: EntryPoint) -> AdapterFactory | _Broken:
    plug_in = f"Adapter {entry.name} of package {_package(entry)} cannot be loaded"
    try:
        factory: object = entry.load()
    except ConfigError as error:
        # It names what it lacks, and what to do: an optional extra, say.
        return _Broken(sentence=str(error), remedy="", cause=error)
    # The third guarded border: importing a plug-in runs a stranger's module, which may raise
    # anything at all (a SyntaxError, a KeyError of its own settings). Whatever it is, it must
    # not silence the other platforms; it is told to the caller, who logs it or raises from it.
    except Exception as error:  # noqa: BLE001
        sentence = f"{plug_in}: {type(error).__name__}: {error}"
        return _Broken(sentence=sentence, cause=error)
    if not callable(factory):
        return _Broken(sentence=f"{plug_in}: {entry.value} is no function that opens an adapter")
    return cast("AdapterFactory", factory)


def _unknown(name: str, declared: Iterable[str]) -> str:
    known = sorted(declared)
    near = get_close_matches(name, known, n=1)
    hint = f'did you mean "{near[0]}"?' if near else "install the package that brings it."
    return f'There is no adapter "{name}"; {hint} Known: {", ".join(known) or "none"}.'
