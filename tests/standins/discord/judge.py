"""Judges each request by Discord's own OpenAPI document, and by the rules that it leaves out.

The document lies beside the repository (`../shared/specs/`); without it only our own rules judge.
It lets unknown fields pass, as Discord itself does; here they are faults, for they do nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from standins.discord.world import JSON

SPEC = Path(__file__).parents[4] / "shared" / "specs" / "discord-openapi.json"
"""Discord's official OpenAPI document; MIT, github.com/discord/discord-api-spec."""

_COMMAND_NAME = re.compile(r"[-_'a-z0-9]{1,32}")
_MOST_CONTENT, _MOST_EMBED_TEXT, _MOST_ROWS = 2000, 6000, 5
_OF_THE_CLIENT = {
    "ApplicationCommandUpdateRequest": ("nsfw",),
    "BaseCreateMessageCreateRequest": ("tts",),
    "CreateForumThreadRequest": ("type",),
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": ("tts",),
    "IncomingWebhookUpdateRequestPartial": ("tts",),
    "RichEmbed": ("flags",),
}
_PARAMETER_OF_THE_CLIENT = "use_nested_fields"
"""What discord.py 2.7 sends though the document does not name it."""

_MOST_COMMANDS, _MOST_COMMAND_TEXT = 100, 8000


NOTHING = object()
"""The body of a request that has none."""


class Judge:
    """Says what is wrong with a request, and remembers it.

    Attributes:
        violations: every fault found, as "METHOD path: fault".

    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        _document()  # now, for it takes seconds that an answer may not have

    def judge(
        self,
        method: str,
        path: str,
        body: object,
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The faults of a request.

        Args:
            method: in capitals.
            path: as the document writes it.
            body: as JSON, or `NOTHING`.
            parts: what stands for the names in the path.
            query: what stands behind the path.

        """
        faults = [
            *_by_document(method, path, body),
            *_of_parameters(_parameters(method, path, "path"), parts or {}),
            *_of_parameters(_parameters(method, path, "query"), query or {}),
        ] or [*_by_our_rules(path, body)]
        self.violations += [f"{method} {path}: {fault}" for fault in faults]
        return faults

    def condemn(self, request: str, fault: str) -> None:
        """Remember a fault that is no matter of the document."""
        self.violations.append(f"{request}: {fault}")


@cache
def _document() -> JSON:
    document: JSON = json.loads(SPEC.read_text()) if SPEC.exists() else {"paths": {}}
    if document["paths"]:
        # The live service takes numbers too, and discord.py sends some (facts-doubles, 3).
        document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
        for name, schema in document["components"]["schemas"].items():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
                schema["properties"] |= {key: {} for key in _OF_THE_CLIENT.get(name, ())}
    return document


def _operation(method: str, path: str) -> JSON:
    found: JSON = _document()["paths"].get(path, {}).get(method.lower(), {})
    return found


def _schema_validator(schema: JSON) -> Draft202012Validator:
    whole = {**schema, "components": _document()["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def _body_validator(method: str, path: str) -> Draft202012Validator | None:
    wanted = _operation(method, path).get("requestBody")
    return _schema_validator(wanted["content"]["application/json"]["schema"]) if wanted else None


@cache
def _parameters(method: str, path: str, where: str) -> dict[str, Draft202012Validator]:
    found = [
        *_document()["paths"].get(path, {}).get("parameters", ()),
        *_operation(method, path).get("parameters", ()),
    ]
    return {one["name"]: _schema_validator(one["schema"]) for one in found if one["in"] == where}


def _by_document(method: str, path: str, body: object) -> Iterator[str]:
    if not _document()["paths"]:
        return
    if not _operation(method, path):
        yield "the document has no such operation"
    validator = _body_validator(method, path)
    if validator is None and body is not NOTHING:
        yield "it takes no body"
    if validator is not None and body is NOTHING:
        yield "it has no JSON body"
    if validator is not None and body is not NOTHING:
        for error in validator.iter_errors(body):
            yield f"{error.json_path}: {error.message[:300]}"


def _of_parameters(
    known: Mapping[str, Draft202012Validator], given: Mapping[str, str]
) -> Iterator[str]:
    for name, value in given.items():
        if name not in known:
            if _document()["paths"] and name != _PARAMETER_OF_THE_CLIENT:
                yield f"{name} is unknown"
            continue
        kind = known[name].schema.get("type")  # type: ignore[union-attr]
        for error in known[name].iter_errors(_read(value, kind)):
            yield f"{name}: {error.message[:300]}"


def _read(value: str, kind: object) -> object:
    """Text of an address as a value of this kind."""
    if kind == "integer" and value.removeprefix("-").isdecimal():
        return int(value)
    return value.lower() in {"true", "1"} if kind == "boolean" else value


def _by_our_rules(path: str, body: object) -> Iterator[str]:
    if path.endswith("/commands") and isinstance(body, list):
        yield from _command_faults(body)
    if isinstance(body, dict):
        message = _message_of(path, body)
        if message is not None:
            yield from message_faults(message, is_edit=path.endswith(("{message_id}", "@original")))


def _message_of(path: str, body: JSON) -> JSON | None:
    if path.endswith("/callback"):
        found: JSON = body.get("data") or {}
        return found if body.get("type") in {4, 7} else None
    if path.endswith("/threads"):
        starter: JSON = body.get("message") or {}
        return starter
    is_message = "/messages" in path or path.startswith("/webhooks/")
    return body if is_message and not path.endswith("/crosspost") else None


def message_faults(message: JSON, *, is_edit: bool = False) -> Iterator[str]:
    """What is wrong with a message that the document lets pass (facts-doubles, 3)."""
    embeds: list[JSON] = message.get("embeds") or []
    if len(message.get("content") or "") > _MOST_CONTENT:
        yield f"content is longer than {_MOST_CONTENT}"
    if sum(map(_embed_length, embeds)) > _MOST_EMBED_TEXT:
        yield f"the texts of the embeds are longer than {_MOST_EMBED_TEXT} together"
    if not is_edit and not (message.get("content") or embeds or message.get("components")):
        yield "the message is empty"
    for embed in embeds:
        yield from _embed_faults(embed)
    yield from _component_faults(message.get("components") or [])


def _embed_length(embed: JSON) -> int:
    fields: list[JSON] = embed.get("fields") or []
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    texts += [field[part] for field in fields for part in ("name", "value")]
    return sum(len(text.strip()) for text in texts if text)


def _embed_faults(embed: JSON) -> Iterator[str]:
    for field in embed.get("fields") or []:
        if not (field["name"].strip() and field["value"].strip()):
            yield "a field of an embed has no name or no value"
    for part in ("image", "thumbnail"):
        url = embed.get(part, {}).get("url", "https://")
        if not url.startswith(("http://", "https://")):
            yield f"embeds[0].{part}.url: scheme must be http or https, not {url[:40]}"


def _component_faults(rows: list[JSON]) -> Iterator[str]:
    if len(rows) > _MOST_ROWS:
        yield f"there are more than {_MOST_ROWS} rows of components"
    items = [item for row in rows for item in row.get("components", [])]
    ids = [item["custom_id"] for item in items if "custom_id" in item]
    if len(ids) != len(set(ids)):
        yield f"custom ids are not unique: {sorted(ids)}"
    if any(not row.get("components") for row in rows if row.get("type") == 1):
        yield "a row of components is empty"


def _command_faults(commands: list[JSON]) -> Iterator[str]:
    yield from _name_faults(commands)
    if len(commands) > _MOST_COMMANDS:
        yield f"there are more than {_MOST_COMMANDS} commands"
    for command in commands:
        options: list[JSON] = command.get("options") or []
        if not all(1 <= len(part.get("description", "")) <= 100 for part in (command, *options)):
            yield f"/{command['name']}: a description has not 1 to 100 characters"
        yield from _name_faults(options)
        required = [bool(option.get("required")) for option in options]
        if required != sorted(required, reverse=True):
            yield f"/{command['name']}: required options must come first"
        if sum(_text_length(one) for one in (command, *options)) > _MOST_COMMAND_TEXT:
            yield f"/{command['name']}: more than {_MOST_COMMAND_TEXT} characters"


def _text_length(part: JSON) -> int:
    choices: list[JSON] = part.get("choices") or []
    own = len(part["name"]) + len(part["description"])
    return own + sum(len(one["name"]) + len(str(one["value"])) for one in choices)


def _name_faults(parts: list[Any]) -> Iterator[str]:
    names = [part["name"] for part in parts]
    for name in names:
        if not _COMMAND_NAME.fullmatch(name):
            yield f'"{name}" is no name of a command or option'
    if len(names) != len(set(names)):
        yield f"names are not unique: {names}"
