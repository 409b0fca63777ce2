"""Read the words that a person typed after a command, and write those that a button gives. Pure.

It finds the options and their values; what they mean is the command core's to say.
"""

import re
from collections.abc import Iterator, Mapping

from bot.domain.requests import CommandSpec

STRAY = ""
"""The name under which words are given that belong to no option."""

LONGEST_PRESS = 64
"""Bytes that a button can give at the most: Telegram's limit (facts-delivery, section 4)."""

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_NAMED = re.compile(r"(?P<name>[^\W\d]+):(?!//)(?P<value>.*)")
_WORD = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_MUST_BE_QUOTED = re.compile(r"[\s:]|^//")
"""What would read as an option, and what would make an address of the option before it."""


def split_line(text: str) -> tuple[str, str]:
    """The command's name in lower case, without its slash, and what stands behind it."""
    words = text.strip().removeprefix("/").split(maxsplit=1)
    return words[0].lower() if words else "", words[1] if len(words) > 1 else ""


def read_line(text: str, spec: CommandSpec | None = None) -> dict[str, str]:
    """Read `type:EVA agency:NASA,ESA search:"space station"`, in any order, into options.

    A value goes on until the next option, so quotes are needed only around what looks like one.
    An option that is named twice has both values, with a comma between.

    Args:
        text: what stands behind the command.
        spec: the command's; words before any named option belong to its first option.

    Returns:
        The values by option, named in lower case, whether the command knows the option or not;
        words that belong to none are under `STRAY`.

    """
    first = next((one.name for one in spec.options if one.is_first), STRAY) if spec else STRAY
    words: dict[str, list[str]] = {}
    name = first
    for word in _WORD.findall(text.translate(_QUOTES)):
        named = _NAMED.fullmatch(word)
        if named is not None:
            name = named["name"].lower()
            words.setdefault(name, []).append(",")
        words.setdefault(name, []).append(named["value"] if named else word)
    return {name: value for name, said in words.items() if (value := _joined(said))}


def _joined(words: list[str]) -> str:
    """The words of one option without their quotes; its values keep their commas."""
    plain = " ".join(word.replace('"', "") for word in words)
    return ",".join(_values(plain))


def _values(text: str) -> Iterator[str]:
    for value in text.split(","):
        if stripped := " ".join(value.split()):
            yield stripped


def write_line(command: str, options: Mapping[str, str]) -> str:
    """The line that reads as this command with these options, e.g. for a button to give.

    Empty values are left out, and quotation marks, for which lines have no spelling.
    """
    plain = {name: " ".join(value.replace('"', "").split()) for name, value in options.items()}
    given = (f"{name}:{_quoted(value)}" for name, value in plain.items() if value)
    return " ".join((command, *given))


def _quoted(value: str) -> str:
    return f'"{value}"' if _MUST_BE_QUOTED.search(value) else value
