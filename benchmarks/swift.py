"""Chat platforms that answer at once and judge nothing, so that what is measured is the client.

PYTHONPATH=tests python -m benchmarks.swift PLATFORM PLACES

What they answer is what the strict stand-ins answer, which live behind them (for Discord with their
gateway); only HTTP is read by hand, some five times as fast as by a framework. Spoken as by
`benchmarks.stand_ins`, and started by `beside`, too: where it is and its places, and when its
input ends what became of them, and when the first and the last message came.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from standins.discord.payloads import application_json, message_json, user_json
from standins.discord.server import DiscordStandIn
from standins.discord.world import World
from standins.telegram.server import TelegramStandIn

from benchmarks.stand_ins import join

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_END = b"\r\n\r\n"
_POLL_S = 5.0
"""How long a request for updates is held, of which there are none."""

_UPDATES = "/getUpdates"
_MESSAGES = "/messages"

Answer = Callable[[str, bytes], object]
"""What to answer to a path and a body, as JSON."""


@dataclass(slots=True)
class _Got:
    """What came: the place of each message, and when by the wall clock."""

    places: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def note(self, place: str) -> None:
        """One more."""
        self.places.append(place)
        self.at.append(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    """What runs: as `stand_ins._Platform`, as far as nobody is to be asked."""

    options: dict[str, Any]
    places: list[str]
    got: _Got


class _Door(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, answer: Answer, headers: bytes) -> None:
        self._answer = answer
        self._headers = headers
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what has come whole."""
        self._held += data
        while (end := self._held.find(_END)) >= 0:
            head, begins = self._held[:end], end + len(_END)
            found = _LENGTH.search(head)
            ends = begins + (int(found[1]) if found else 0)
            if len(self._held) < ends:
                return
            body, self._held = self._held[begins:ends], self._held[ends:]
            self._obey(head.split(b" ", 2)[1].decode(), body)

    def _obey(self, path: str, body: bytes) -> None:
        told = json.dumps(self._answer(path, body)).encode()
        length = f"Content-Length: {len(told)}\r\n".encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        tell = partial(self._tell, head + length + self._headers + b"\r\n" + told)
        asyncio.get_running_loop().call_later(_POLL_S if path.endswith(_UPDATES) else 0, tell)

    def _tell(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


@asynccontextmanager
async def _serving(answer: Answer, headers: bytes = b"") -> AsyncIterator[str]:
    """Serve meanwhile; yields the address."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(_Door, answer, headers), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()


_LEFT = (
    b"Via: 1.1 google\r\nX-RateLimit-Bucket: messages\r\nX-RateLimit-Limit: 5\r\n"
    b"X-RateLimit-Remaining: 4\r\nX-RateLimit-Reset-After: 5.000\r\n"
)
"""What Discord says of a channel that gets its first message, as each does here."""


@asynccontextmanager
async def _discord(count: int) -> AsyncIterator[_Platform]:
    got = _Got()
    async with DiscordStandIn() as discord:
        places = await join(discord, count)
        fixed = {
            "/users/@me": user_json(discord.world.bot),
            "/oauth2/applications/@me": application_json(discord.world),
            "/gateway/bot": discord.gateway.starts,
        }

        def answer(path: str, body: bytes) -> object:
            return (
                _message(discord.world, got, path, body)
                if path.endswith(_MESSAGES)
                else fixed[path.removeprefix("/api/v10")]
            )

        async with _serving(answer, _LEFT) as address:
            options = {"api_base_url": f"{address}/api/v10", "sync_commands": False}
            yield _Platform(options=discord.options | options, places=places, got=got)


def _message(world: World, got: _Got, path: str, body: bytes) -> object:
    place = path.split("/")[-2]
    channel = world.channel(place)
    if channel is None:
        raise LookupError(place)
    got.note(place)
    return message_json(world, channel, json.loads(body))


def _read(body: bytes) -> dict[str, Any]:
    """The parameters; python-telegram-bot gives JSON in JSON."""
    raw: dict[str, Any] = json.loads(body or b"{}")
    nested = {name: value for name, value in raw.items() if str(value).startswith(("{", "["))}
    return raw | {name: json.loads(value) for name, value in nested.items() if name != "text"}


@asynccontextmanager
async def _telegram(count: int) -> AsyncIterator[_Platform]:
    got = _Got()
    async with TelegramStandIn() as telegram:
        places = [f"{telegram.user().id}" for _ in range(count)]

        def answer(path: str, body: bytes) -> object:
            method, given = path.rpartition("/")[2], _read(body)
            if method == "getUpdates":
                return {"ok": True, "result": []}
            if method == "sendMessage":
                got.note(f"{given['chat_id']}")
            now = asyncio.get_running_loop().time()
            return {"ok": True, "result": telegram.methods.call(method, given, now)}

        async with _serving(answer) as address:
            options = {"token": telegram.token, "api_base_url": address}
            yield _Platform(options=options, places=places, got=got)


_PLATFORMS: dict[str, Callable[[int], AbstractAsyncContextManager[_Platform]]] = {
    "discord": _discord,
    "telegram": _telegram,
}


async def _serve(name: str, count: int) -> None:
    async with _PLATFORMS[name](count) as platform:
        _say(options=platform.options, places=platform.places)
        await asyncio.to_thread(sys.stdin.read)
        got, ends = platform.got, time.process_time()
        first, last = (got.at[0], got.at[-1]) if got.at else (0.0, 0.0)
        seen = {"messages": len(got.places), "reached": len({*got.places})}
        _say(**seen, first=first, last=last, cpu_s=ends)


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
