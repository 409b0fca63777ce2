"""Logs to standard error, for people or as JSON lines. Whatever is logged, no secret is printed."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

from pythonjsonlogger.json import JsonFormatter

_HANDLER = "perigee"
_MASK = "***"
_LONGEST = 16_000
"""Characters of one text or JSON value; a longer one is cut, so that no answer floods the log."""

LOUD_VENDORS = (
    *("aiohttp.access", "aiosqlite", "alembic", "apprise", "discord", "httpx", "requests"),
    *("sqlalchemy", "telegram", "urllib3"),
)
"""Loggers that say too much below a warning; only `debug` lets them."""

_CREDENTIALS = re.compile(
    r"(?i:(?<=bot)\d+(?::|%3A)[\w-]+)"  # in the path of every Bot API address
    r"|(?<=\bToken )(?=\S*\d)[\w.~+/=-]{8,}"  # the header of LL2
    r"|(?<=\bBot )(?=\S*\d)[\w.~+/=-]{8,}"  # the header of Discord
    r"|(?:(?<=\bBasic )|(?<=\bBearer ))(?=\S*[\dA-Z=])[\w.~+/=-]{8,}"  # of services behind Apprise
    r"|(?:(?<=/webhooks/)|(?<=/interactions/))\d+/[^\s/?'\"]+"  # an interaction's, in addresses
    r"|(?<=token': ')[^']+|(?<=token\": \")[^\"]+"  # the same, in what Discord's gateway says
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user and password in any address
)
"""What looks like a credential wherever it stands, also when it is not one of ours."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What can move a terminal's cursor or forge a line; names from LL2 or chat may hold it."""

_COLOURS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[1;31m"}
_PLAIN = "\x1b[0m"


def configure_logging(
    level: str,
    format: Literal["text", "json"],  # noqa: A002 - the setting's own name
    secrets: Iterable[str] = (),
    *,
    colour: bool = True,
) -> None:
    """Log from `level` on to standard error; called again, it replaces what it did before.

    Args:
        level: `debug`, `info`, `warning`, `error` or `critical`.
        format: `text` for people, `json` for machines.
        secrets: texts that are never to be printed.
        colour: whether a terminal may show levels in colour.

    """
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if handler.name == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(_handler(sys.stderr, format, Mask(secrets), colour=colour))
    root.setLevel(level.upper())
    for vendor in LOUD_VENDORS:
        quiet = logging.NOTSET if level == "debug" else max(logging.WARNING, root.level)
        logging.getLogger(vendor).setLevel(quiet)


def _handler(
    stream: TextIO, form: Literal["text", "json"], mask: "Mask", *, colour: bool
) -> logging.Handler:
    handler = _Handler(stream)
    handler.name = _HANDLER
    coloured = colour and stream.isatty()
    handler.setFormatter(_Json(mask) if form == "json" else _Text(mask, colour=coloured))
    return handler


class Mask:
    """Replaces secrets in a text: those given, however they are quoted, and what looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._ours = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        """The text without secrets, and no longer than one line of a log may be."""
        masked = _CREDENTIALS.sub(_MASK, self._ours.sub(_MASK, text))
        if len(masked) <= _LONGEST:
            return masked
        # a traceback says at its end what happened
        return f"{masked[: _LONGEST // 2]}… (cut) …{masked[-_LONGEST // 2 :]}"


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it stands in plain text, in `repr`, in JSON and in addresses."""
    shown = (repr(secret)[1:-1], json.dumps(secret)[1:-1])
    # An environment may hold bytes that are no UTF-8; they must not stop the program.
    quoted = (quote(secret, safe=safe, errors="surrogatepass") for safe in ("/", ""))
    return (secret, *shown, *quoted, quote_plus(secret, errors="surrogatepass"))


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's name
        """Tell where a record could not be written; the base would print its values, unmasked."""
        # when standard error itself is gone, there is nobody left to tell
        with suppress(OSError, ValueError):
            self.stream.write(f"A log record could not be written: {record.name}:{record.lineno}\n")


class _Text(logging.Formatter):
    """`2026-09-14T13:05:00.000Z INFO     bot.services.poller: …`, then a traceback if any."""

    def __init__(self, mask: Mask, *, colour: bool) -> None:
        super().__init__("{asctime} {levelname:8} {name}: {message}", style="{")
        self._mask = mask
        self._colours = _COLOURS if colour else {}

    def formatTime(  # noqa: N802 - the base's name
        self, record: logging.LogRecord, _datefmt: str | None = None
    ) -> str:
        return _moment(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        return _CONTROLS.sub(_escaped, super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        lines = self._mask(super().format(record)).split("\n")
        text = "\n".join(_CONTROLS.sub(_escaped, line) for line in lines)
        colour = self._colours.get(record.levelname)
        return f"{colour}{text}{_PLAIN}" if colour else text


class _Json(JsonFormatter):
    """One JSON object a line: time, level, logger, message, the extra fields, exc_info."""

    def __init__(self, mask: Mask) -> None:
        names = {"asctime": "time", "levelname": "level", "name": "logger"}
        super().__init__("{asctime}{levelname}{name}{message}", style="{", rename_fields=names)
        self._mask = mask

    def formatTime(  # noqa: N802 - the base's name
        self, record: logging.LogRecord, _datefmt: str | None = None
    ) -> str:
        return _moment(record)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        # masked after the vendor has made texts of all objects, and before quoting hides a secret
        return json.dumps(self._masked(json.loads(super().jsonify_log_record(log_data))))

    def _masked(self, value: object) -> object:
        match value:
            case str():
                return self._mask(value)
            case dict():
                return {self._mask(key): self._masked(one) for key, one in value.items()}
            case list():
                return [self._masked(one) for one in value]
            case int() | float():
                text = str(value)
                return value if self._mask(text) == text else _MASK
            case _:
                return value


def _moment(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _escaped(control: re.Match[str]) -> str:
    return repr(control[0])[1:-1]
