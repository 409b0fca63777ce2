"""Time zones by the names that people know them by. The names come with the machine or `tzdata`."""

import difflib
from functools import cache
from zoneinfo import available_timezones

from bot.domain.subscriptions import normalised
from bot.errors import ConfigError

_NEAR = 0.6


def read_zone(text: str) -> str:
    """The IANA name that a person means: by name, or by a city that only one zone has.

    Raises:
        ConfigError: there is none; it suggests the nearest.

    """
    asked = _plain(text)
    exact = [name for plain, name in _known() if plain == asked]
    fitting = exact or [name for plain, name in _known() if _city(plain) == asked]
    if len(fitting) == 1:
        return fitting[0]
    near = fitting or suggested(text, 1)
    hint = f'; did you mean "{near[0]}"?' if near else "; write e.g. Europe/Berlin or UTC"
    raise ConfigError(f'there is no time zone "{text}"{hint}')


def suggested(text: str, count: int) -> list[str]:
    """Zones whose names hold the text, those that begin with it first; else the nearest."""
    asked = _plain(text)
    holding = [(not _begins(plain, asked), name) for plain, name in _known() if asked in plain]
    if holding:
        return [name for _, name in sorted(holding)][:count]
    names = {spelled: name for plain, name in _known() for spelled in (_city(plain), plain)}
    near = difflib.get_close_matches(asked, names, n=count, cutoff=_NEAR)
    return list(dict.fromkeys(names[one] for one in near))


@cache
def _known() -> tuple[tuple[str, str], ...]:
    """Every name, made comparable and as it is; read once, since it takes a walk on the disk."""
    names = available_timezones() - {"Factory", "localtime"} | {"UTC"}
    return tuple((_plain(name), name) for name in sorted(names))


def _plain(text: str) -> str:
    return normalised(text.replace("_", " "))


def _city(plain: str) -> str:
    return plain.rpartition("/")[2]


def _begins(plain: str, asked: str) -> bool:
    return plain.startswith(asked) or _city(plain).startswith(asked)
