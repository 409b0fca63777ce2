"""Telegram's own parser of markup, from TDLib: what a text says without it, or why not."""

import json
from dataclasses import dataclass
from typing import Any

import tdjson

LONGEST = 4096
"""UTF-16 units after parsing: the stricter reading of the Bot API's "characters"."""

_MODES = {"HTML": {"@type": "textParseModeHTML"}}


class Unparsable(Exception):
    """The markup is wrong; the text is Telegram's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A text without its markup, and what was marked: (kind, the words)."""

    text: str
    entities: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """UTF-16 units."""
        return len(self.text.encode("utf-16-le")) // 2


def parse(text: str, mode: str | None) -> Parsed:
    """Read a text in its parse mode, as Telegram does.

    Raises:
        Unparsable: with Telegram's sentence.

    """
    if mode not in _MODES:
        return Parsed(text=text.strip())
    answer = _execute({"@type": "parseTextEntities", "text": text, "parse_mode": _MODES[mode]})
    if answer["@type"] == "error":
        raise Unparsable(answer["message"])
    units = answer["text"].encode("utf-16-le")
    return Parsed(
        text=answer["text"].strip(),
        entities=tuple(
            (
                one["type"]["@type"].removeprefix("textEntityType"),
                units[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"),
            )
            for one in answer["entities"]
        ),
    )


def found_by_itself(text: str) -> list[tuple[str, str]]:
    """What Telegram finds in a text without markup: mentions, commands, addresses."""
    units = text.encode("utf-16-le")
    answer = _execute({"@type": "getTextEntities", "text": text})
    return [
        (
            one["type"]["@type"].removeprefix("textEntityType"),
            units[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"),
        )
        for one in answer["entities"]
    ]


def _execute(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    return answer


_execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
