"""Fill the settings from their sources, or say in sentences all that is wrong with them."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.bots import BOTS
from bot.config.settings import Settings
from bot.config.sources import (
    NESTING,
    PREFIX,
    find_config,
    read_table,
    secret_files,
    secrets_dir,
    variables,
)
from bot.domain.spans import spell_span
from bot.errors import ConfigError

_PROBLEMS = {
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "dict_type": "is not a table",
    "greater_than_equal": "is too small; the least is {ge}",
    "int_from_float": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "less_than_equal": "is too large; the most is {le}",
    "literal_error": "is not known; write {expected}",
    "model_type": "is not a table",
    "string_type": "is not text; put it in quotes",
    "tuple_type": "is not a list; write it in brackets",
}
"""What is wrong, by the word that pydantic has for it."""

_MAY_BE_SECRET = re.compile(
    r"ll2\.api_key|\w+\.token|\w+\.bots(\.[^.]+(\.token)?)?|store\.url|(apprise|plugins)\b.*"
)
"""Keys whose values are not quoted even when they are wrong; whole tables are not either."""

_LONGEST_SHOWN = 80

_AS_A_NAME = ".[key]"
"""What pydantic adds where it is the name in a table that is wrong."""

_OF_A_BOT = re.compile(r"((discord|telegram)\.bots\.[^.]+)\.")


def load_settings(path: Path | None = None) -> Settings:
    """Read all settings; `find_config` says from which file.

    Raises:
        ConfigError: one sentence a line, each naming the key that is wrong.

    """
    found = find_config(path)
    table = {} if found is None else read_table(found)
    folder = secrets_dir(table)
    given = {name: str(file) for name, file in secret_files(folder).items()} | variables()
    faults = [*_strangers(table, given)]
    # pydantic-settings takes arguments of its own that start with "_"
    public = {key: value for key, value in table.items() if not key.startswith("_")}
    try:
        settings = Settings(_secrets_dir=folder, **public)
    except ValidationError as exc:
        faults += [_sentence(error, given) for error in exc.errors()]
    else:
        if not faults:
            return settings
    raise ConfigError("\n".join(faults))


def setting_names() -> tuple[str, ...]:
    """Every key as it is written in sentences: `shutdown_grace`, `ll2.base_url`."""
    return tuple(name for name in _names() if name not in _sections())


def _names() -> Iterator[str]:
    sections = _sections()
    for name in Settings.model_fields:
        yield name
        if name in sections:
            yield from (f"{name}.{key}" for key in sections[name].model_fields)


def _sections() -> dict[str, type[BaseModel]]:
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _strangers(table: Mapping[str, object], given: Mapping[str, str]) -> Iterator[str]:
    """What pydantic-settings would pass over: names that fit no section and no key."""
    for key in table:
        if key.startswith("_"):
            yield _unknown(key)
    for name, called in given.items():
        first, *rest = name.removeprefix(PREFIX).split(NESTING)
        known = first in _sections() or first == "plugins" or first in Settings.model_fields
        if not known or (rest and first in setting_names() and first != "plugins"):
            yield _unknown(".".join([first, *rest]), called)


def _sentence(error: ErrorDetails, given: Mapping[str, str]) -> str:
    if not error["loc"]:
        return _problem(error)  # of several keys, which it names
    key = ".".join(map(str, error["loc"])).removesuffix(_AS_A_NAME)
    name = PREFIX + key.lower().replace(".", NESTING)
    deeper = (given[one] for one in given if one.startswith(name + NESTING))
    source = given.get(name) or next(deeper, "")
    if error["type"] == "extra_forbidden":
        return _unknown(key, source, is_table=isinstance(error["input"], dict))
    hidden = key in _sections() or _MAY_BE_SECRET.fullmatch(key)
    value = "" if hidden else f" = {_shown(error['input'])}"
    return f"{key}{value}{f' (from {source})' if source else ''} {_problem(error)}"


def _problem(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    return _PROBLEMS.get(error["type"], "is not valid").format(**context)


def _unknown(key: str, source: str = "", *, is_table: bool = False) -> str:
    near = get_close_matches(key, [*_names(), *_names_of_bot(key)], n=1)
    hint = f"; did you mean {_spelled(near[0], source)}?" if near else ""
    if is_table and not near:
        hint = f"; a plug-in's table is [plugins.{key}]"
    return f"{source or key} is not a setting{hint}"


def _names_of_bot(key: str) -> Iterator[str]:
    """What the bot that a key is of may have."""
    match = _OF_A_BOT.match(key)
    if match is not None:
        yield from (f"{match[1]}.{field}" for field in BOTS[match[2]].model_fields)


def _spelled(key: str, source: str) -> str:
    return (PREFIX + key.replace(".", NESTING)).upper() if source else key


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        return f'"{spell_span(value)}"'
    text = json.dumps(value, default=str, ensure_ascii=False)
    # A password that nobody quoted may hold any letter, and some addresses hold a key behind "?".
    text = re.sub(r"[?#].*", "?***", re.sub(r"//.*@", "//***@", text))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
