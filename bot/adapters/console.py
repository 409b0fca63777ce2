"""The console: prints each message as its channel would show it. For the demo and for trying out.

Needs no account. Options: `colour` (true) may forbid colours on a terminal, as NO_COLOR asks;
`stream` takes a text stream instead of standard output.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import TextIOBase

from bot.domain.changes import Kind
from bot.domain.deliveries import Delivery, Later, Outcome, Refused, Sent
from bot.domain.messages import Limits, Message
from bot.errors import ConfigError
from bot.ports import Adapter, Surroundings
from bot.rendering.plain import render_plain
from bot.rendering.untrusted import one_line

_LIMITS = Limits(
    text=8192, title=256, links=20, rate=1000.0, concurrency=1, repeat_is_harmless=True
)
_NARROW, _WIDE, _USUAL = 60, 100, 88
_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_COLOURS = {
    Kind.NEW: "\x1b[32m",
    Kind.DATE: "\x1b[33m",
    Kind.UPDATE: "\x1b[34m",
    Kind.WEBCAST: "\x1b[31m",
    Kind.VIDEO: "\x1b[34m",
    Kind.DETAILS: "",
    Kind.WITHDRAWN: "\x1b[35m",
    Kind.REMINDER: "\x1b[36m",
}


class ConsoleAdapter:
    """Prints to a stream; every channel is a header line and the message under it."""

    limits = _LIMITS

    def __init__(self, name: str, stream: TextIOBase, *, colour: bool) -> None:
        self.name = name
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._coloured = self._is_terminal and colour
        self._one_at_a_time = asyncio.Lock()

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Print it; a stream that is closed for good refuses, a full disk may come right."""
        text = self._shown(delivery, message)
        # In a thread, because a paused terminal or a full pipe must not hold up the other adapters.
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._write, text)

    def _shown(self, delivery: Delivery, message: Message) -> str:
        columns = shutil.get_terminal_size((_USUAL, 24)).columns if self._is_terminal else _USUAL
        width = min(max(columns, _NARROW), _WIDE)
        channel = f"── #{one_line(delivery.destination.address).removeprefix('#')} "
        header = self._painted(channel.ljust(width, "─"), _DIM)
        text = render_plain(message, _LIMITS, zone=delivery.channel.zone, width=width)
        headline, newline, rest = text.partition("\n")
        bold = self._painted(headline, _BOLD + (_COLOURS[message.kind] if message.kind else ""))
        return f"{header}\n{bold}{newline}{rest}\n\n"

    def _painted(self, text: str, codes: str) -> str:
        return f"{codes}{text}{_RESET}" if self._coloured else text

    def _write(self, text: str) -> Outcome:
        if self._stream.closed:
            return Refused(reason="the console is closed")
        encoding = self._stream.encoding or "utf-8"
        try:
            # A stream that knows no "→" shows "?" rather than nothing.
            self._stream.write(text.encode(encoding, errors="replace").decode(encoding))
            self._stream.flush()
        except BrokenPipeError:
            return Refused(reason="nobody reads the console any more (broken pipe)")
        except OSError as error:
            return Later(reason=f"the console cannot be written: {error.strerror or error}")
        return Sent()


@asynccontextmanager
async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
    """Open the console; it stays open afterwards, as it is not ours.

    Raises:
        ConfigError: `stream` is not a text stream.

    """
    options = surroundings.options
    stream = options.get("stream", sys.stdout)
    if not isinstance(stream, TextIOBase):
        raise ConfigError(f"console.stream is {stream!r}; give it a text stream or leave it out")
    yield ConsoleAdapter(surroundings.name, stream, colour=bool(options.get("colour", True)))
