"""Read one TOML table key by key, refusing what is missing, misspelt or of the wrong kind.

Every refusal is a `ScenarioError` of one sentence that names the file, the table, the key, the
value and the cure. Knows nothing of what the keys mean.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NoReturn, TypeVar

from bot.simulator.offsets import Offset, parse_offset
from bot.simulator.scenario import ScenarioError

_T = TypeVar("_T")


class Table:
    """One table of a file; each getter takes its key away, so `done` knows what is left over."""

    def __init__(self, values: Mapping[str, object], *, file: str, where: str) -> None:
        """Wrap the values; `where` is how the table is called in an error, e.g. `step 3`."""
        self._left = dict(values)
        self._file = file
        self._where = where

    def fail(self, key: str, value: object, cure: str) -> NoReturn:
        """Raise the error for this key of this table."""
        raise ScenarioError(f"{self._file}: {self._where}: {key} = {value!r}: {cure}.")

    def has(self, key: str) -> bool:
        """Tell whether the key is there and was not taken yet."""
        return key in self._left

    def text(self, key: str) -> str:
        """Take a string that must be there and not be empty."""
        return self._required(key, self.maybe_text(key))

    def maybe_text(self, key: str) -> str | None:
        """Take a string that may be missing; an empty one is refused."""
        value = self._take(key, str, "write a text in quotes")
        if value == "":
            self.fail(key, value, "write something or leave the key out")
        return value

    def number(self, key: str) -> int:
        """Take a whole number that must be there."""
        return self._required(key, self.maybe_number(key))

    def maybe_number(self, key: str) -> int | None:
        """Take a whole number that may be missing."""
        if isinstance(self._left.get(key), bool):
            self.fail(key, self._left[key], "write a whole number")
        return self._take(key, int, "write a whole number")

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Take true or false."""
        value = self._take(key, bool, "write true or false")
        return default if value is None else value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of strings; a missing key is an empty list."""
        values = self._take(key, list, "write a list of texts") or []
        if not all(isinstance(value, str) for value in values):
            self.fail(key, values, "write a list of texts")
        return tuple(values)

    def known_texts(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        """Take a list of names that are all defined elsewhere in the file."""
        values = self.texts(key)
        for value in values:
            if value not in known:
                self.fail(key, value, "nothing of that name is defined in this file; define it")
        return values

    def offset(self, key: str) -> Offset:
        """Take a moment after the start, such as "2d3h", that must be there."""
        return self._required(key, self.maybe_offset(key))

    def maybe_offset(self, key: str) -> Offset | None:
        """Take a moment after the start that may be missing."""
        text = self.maybe_text(key)
        if text is None:
            return None
        offset = parse_offset(text)
        if offset is None:
            self.fail(key, text, 'write a time from the start such as "2d3h", "-90m" or "3mo"')
        return offset

    def span(self, key: str) -> timedelta:
        """Take a fixed length of time (no months, no years) that must be there."""
        return self._required(key, self.maybe_span(key))

    def maybe_span(self, key: str) -> timedelta | None:
        """Take a fixed length of time that may be missing."""
        written = self._left.get(key)
        offset = self.maybe_offset(key)
        if offset is None:
            return None
        if offset.months:
            self.fail(key, written, "a month has no fixed length here; use weeks, days or hours")
        return offset.exact

    def choice(self, key: str, allowed: Collection[str]) -> str | None:
        """Take one of the allowed words, or None where the key is missing."""
        value = self.maybe_text(key)
        if value is not None and value not in allowed:
            self.fail(key, value, f"choose one of {', '.join(allowed)}")
        return value

    def mapping(self, key: str) -> Mapping[str, object]:
        """Take a table whose keys are the writer's own."""
        return self._take(key, dict, "write a table of keys and values") or {}

    def table(self, key: str) -> "Table":
        """Take a table; a missing one is empty."""
        return Table(self.mapping(key), file=self._file, where=key)

    def tables(self, key: str) -> tuple["Table", ...]:
        """Take a list of tables; a missing key is an empty list."""
        values = self._take(key, list, f"write [[{key}]] tables") or []
        if not all(isinstance(value, dict) for value in values):
            self.fail(key, values, f"write [[{key}]] tables")
        prefix = "" if self._where == "top level" else f"{self._where}, "
        return tuple(
            Table(value, file=self._file, where=f"{prefix}{key} {place}")
            for place, value in enumerate(values, start=1)
        )

    def done(self) -> None:
        """Refuse whatever was not taken: a misspelt key must not pass in silence."""
        for key, value in self._left.items():
            self.fail(key, value, "no such key here; see docs/scenarios.md for its spelling")

    def _take(self, key: str, kind: type[_T], cure: str) -> _T | None:
        value = self._left.pop(key, None)
        if value is not None and not isinstance(value, kind):
            self.fail(key, value, cure)
        return value

    def _required(self, key: str, value: _T | None) -> _T:
        if value is None:
            self.fail(key, None, "this key is needed; add it")
        return value
