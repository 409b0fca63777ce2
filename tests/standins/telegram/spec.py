"""Judges requests by the official description of the Bot API, `telegram-bot-api.json`.

It knows methods, required and unknown parameters, types, unions, and the lengths that stand in the
descriptions; and some rules that stand there only as prose.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

_LENGTH = re.compile(r"(\d+)-(\d+) (characters|bytes)(?! after)")
_RANGE = re.compile(r"[Vv]alues between (\d+)-(\d+)")
_MOST = re.compile(r"[Aa]t most (\d+) \w+ can be specified")
_MUST_BE = re.compile(r"must be (?:always )?[\"“]?(\w+)")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_REFUSED = re.compile(r" is missing$| is .*, not (?:an array|[A-Z]\w+)| which message$")
_PARSE_MODES = ("HTML", "MarkdownV2", "Markdown")
_NO_KIND_OF_BUTTON = {"text", "icon_custom_emoji_id", "style"}
_SIMPLE: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
    "True": (bool,),
}


class Judge:
    """The Bot API as its makers describe it."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._methods = spec["methods"]
        self._types = spec["types"]

    @classmethod
    def of(cls, shared: Path) -> Self:
        """The judge by the description in the folder `shared`."""
        return cls(json.loads((shared / "specs" / "telegram-bot-api.json").read_text()))

    def faults(self, method: str, given: Mapping[str, Any]) -> list[str]:
        """What is wrong with a request, whose parameters `read_parameters` has read."""
        if method not in self._methods:
            return [f"{method} is no method of the Bot API"]
        fields = self._methods[method].get("fields", [])
        found = [*self._of_fields(fields, given, ""), *self._of_method(method, given)]
        return [f"{method}: {fault}" for fault in found]

    def _of_method(self, method: str, given: Mapping[str, Any]) -> Iterator[str]:
        whole = {*given} >= {"chat_id", "message_id"} or "inline_message_id" in given
        if method == "editMessageText" and not whole:
            yield "it does not say which message"
        if not _SECRET.fullmatch(str(given.get("secret_token", ""))):
            yield "secret_token has other than letters, digits, _ and -"
        kinds = {field["name"] for field in self._types["Update"]["fields"]} - {"update_id"}
        for kind in given.get("allowed_updates", ()):
            if kind not in kinds:
                yield f"allowed_updates has {kind!r}, which is no kind of update"

    def read_parameters(self, method: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as values; clients send all of them as text, objects as JSON in text."""
        fields = self._methods.get(method, {}).get("fields", [])
        types = {field["name"]: field["types"] for field in fields}
        return {name: _read(value, types.get(name, ["String"])) for name, value in raw.items()}

    def _of_fields(
        self, fields: list[dict[str, Any]], given: Mapping[str, Any], where: str
    ) -> Iterator[str]:
        known = {field["name"]: field for field in fields}
        yield from (f"{where}{name} is unknown" for name in given if name not in known)
        for name, field in known.items():
            if name in given:
                yield from self._of_value(field, given[name], f"{where}{name}")
            elif field["required"]:
                yield f"{where}{name} is missing"

    def _of_value(self, field: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        attempts = [[*self._of_type(kind, value, where)] for kind in field["types"]]
        yield from min(attempts, key=len)
        yield from _of_length(field["description"], value, where)
        if field["name"] == "parse_mode" and value not in _PARSE_MODES:
            yield f"{where} is {value!r}"

    def _of_type(self, kind: str, value: Any, where: str) -> Iterator[str]:
        if kind.startswith("Array of "):
            yield from self._of_array(kind.removeprefix("Array of "), value, where)
        elif kind in _SIMPLE:
            right = isinstance(value, _SIMPLE[kind])
            if not right or (isinstance(value, bool) and bool not in _SIMPLE[kind]):
                yield f"{where} is {value!r}, not {kind}"
        elif not isinstance(value, dict):
            yield f"{where} is {value!r}, not {kind}"
        else:
            yield from self._of_object(kind, value, where)

    def _of_array(self, kind: str, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} is {value!r}, not an array"
            return
        for number, one in enumerate(value):
            yield from self._of_type(kind, one, f"{where}[{number}]")

    def _of_object(self, kind: str, value: dict[str, Any], where: str) -> Iterator[str]:
        described = self._types[kind]
        if subtypes := described.get("subtypes"):
            attempts = [[*self._of_object(one, value, where)] for one in subtypes]
            yield from min(attempts, key=len)
            return
        fields = described.get("fields", [])
        yield from self._of_fields(fields, value, f"{where}.")
        yield from _of_discriminator(fields, value, where)
        yield from _of_prose(kind, value, where)


def is_refused(fault: str) -> bool:
    """Whether Telegram would refuse a request for this; the rest it overlooks, or has words for."""
    return bool(_REFUSED.search(fault))


def _read(value: Any, types: list[str]) -> Any:
    if not isinstance(value, str) or types == ["String"]:
        return value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    is_number = isinstance(read, int | float) and not isinstance(read, bool)
    return value if is_number and not {"Integer", "Float"} & {*types} else read


def _of_length(description: str, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and "after entit" not in description:
        for least, most, unit in _LENGTH.findall(description):
            size = len(value.encode()) if unit == "bytes" else len(value.encode("utf-16-le")) // 2
            if not int(least) <= size <= int(most):
                yield f"{where} has {size} {unit}, not {least}-{most}"
    found = _RANGE.search(description)
    if isinstance(value, int) and found and not int(found[1]) <= value <= int(found[2]):
        yield f"{where} is {value}, not {found[1]}-{found[2]}"
    found = _MOST.search(description)
    if isinstance(value, list) and found and len(value) > int(found[1]):
        yield f"{where} has {len(value)} values, more than {found[1]}"


def _of_discriminator(
    fields: list[dict[str, Any]], value: Mapping[str, Any], where: str
) -> Iterator[str]:
    for field in fields:
        found = _MUST_BE.search(field["description"]) if field["name"] == "type" else None
        if found and value.get("type") != found[1]:
            yield f"{where}.type is {value.get('type')!r}, not {found[1]!r}"


def _of_prose(kind: str, value: Mapping[str, Any], where: str) -> Iterator[str]:
    if kind == "BotCommand" and not _COMMAND.fullmatch(str(value.get("command"))):
        yield f"{where}.command is {value.get('command')!r}"
    if kind == "InlineKeyboardButton" and len({*value} - _NO_KIND_OF_BUTTON) != 1:
        yield f"{where} is not exactly one kind of button"
    address = str(value.get("url", "https://"))
    if kind == "LinkPreviewOptions" and not address.startswith(("http://", "https://")):
        yield f"{where}.url is {address!r}"
