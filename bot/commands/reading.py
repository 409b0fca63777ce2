"""Check the options of a request, and read those that are not names. Pure."""

import difflib
from collections.abc import Mapping

from bot.domain.asking import Asked
from bot.domain.lines import STRAY
from bot.domain.requests import CommandSpec
from bot.errors import ConfigError
from bot.rendering.untrusted import one_line

LONGEST_VALUE = 300
"""Characters of one option; nothing that we understand is longer."""

_NEAR = 0.6
_ON, _OFF = {"on", "yes", "true", "1"}, {"off", "no", "false", "0"}


def checked(spec: CommandSpec, options: Mapping[str, str]) -> dict[str, str]:
    """The options that a command has, each on one line of what can be shown, without empty ones.

    Raises:
        ConfigError: one does not exist, is missing or too long, or words belong to none.

    """
    # A lone surrogate or a NUL in a platform's JSON is no text that the store could keep.
    plain = {name: one_line(value) for name, value in options.items()}
    given = {name: value for name, value in plain.items() if value}
    known = {one.name for one in spec.options} | {*spec.pressed}
    if not spec.options:
        # "/types please" means what it says.
        return {name: value for name, value in given.items() if name in known}
    for name, value in given.items():
        _check(spec, name, value)
    for option in spec.options:
        if option.is_required and option.name not in given:
            raise ConfigError(
                f"/{spec.name} needs to know which {option.name}; write it behind the command"
            )
    return given


def _check(spec: CommandSpec, name: str, value: str) -> None:
    offered = [one.name for one in spec.options]
    if name == STRAY:
        raise ConfigError(
            f'"{value}" belongs to no option of /{spec.name}; write e.g. {offered[0]}:{value}'
        )
    if name not in {*offered, *spec.pressed}:
        near = difflib.get_close_matches(name, offered, n=1, cutoff=_NEAR)
        hint = f'; did you mean "{near[0]}"?' if near else f" (it has: {', '.join(offered)})"
        raise ConfigError(f'/{spec.name} has no option "{name}"{hint}')
    if len(value) > LONGEST_VALUE:
        raise ConfigError(f"{name} is longer than {LONGEST_VALUE} characters; shorten it")


def asked(options: Mapping[str, str]) -> Asked:
    """What a subscription or a search asks for."""
    return Asked(
        types=_values(options, "type"),
        agencies=_values(options, "agency"),
        programs=_values(options, "program"),
        search=_values(options, "search"),
        changes=_values(options, "changes"),
        remind=_values(options, "remind"),
    )


def _values(options: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(options[name].split(",")) if name in options else ()


def number(options: Mapping[str, str], name: str, *, otherwise: int) -> int:
    """A whole number from 1 on.

    Raises:
        ConfigError: it is none.

    """
    text = options.get(name, str(otherwise))
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 18 and int(text) > 0):
        raise ConfigError(f'{name} is "{text}"; write a number from 1 on')
    return int(text)


def switch(options: Mapping[str, str], name: str, *, otherwise: bool) -> bool:
    """Whether something is on.

    Raises:
        ConfigError: it is neither on nor off.

    """
    text = options.get(name, "").casefold()
    if text in _ON | _OFF:
        return text in _ON
    if text:
        raise ConfigError(f'{name} is "{options[name]}"; write on or off')
    return otherwise
