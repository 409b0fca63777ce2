"""Whoever finds the end of the webhook: strangers, huge and malformed bodies, slow ones."""

import asyncio
import gzip
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from standins.telegram.opening import a_desk, connected
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge

from bot.adapters.telegram.transport import serve

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH, WORD = "the-path", "the-word"
LARGEST = 1024 * 1024


def a_port() -> int:
    """A port on loopback that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@dataclass(frozen=True, kw_only=True)
class Door:
    """An open end of a webhook.

    Attributes:
        taken: the bodies that were handed on.

    """

    port: int
    taken: list[bytes]
    session: aiohttp.ClientSession

    async def knock(self, body: bytes, *, path: str = PATH, **headers: str) -> int:
        """Call it; the status that comes back."""
        url = f"http://127.0.0.1:{self.port}/{path}"
        async with self.session.post(url, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status

    async def speak(self, raw: bytes) -> bytes:
        """Say these bytes, as no decent client would; the first line that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(raw)
            await writer.drain()
            async with asyncio.timeout(10):
                return await reader.readline()
        finally:
            writer.close()


@asynccontextmanager
async def a_door(patience_s: float = 10.0) -> AsyncIterator[Door]:
    """The end of a webhook that keeps what it is given."""
    taken: list[bytes] = []
    port = a_port()

    async def take(body: bytes) -> None:
        taken.append(body)

    async with (
        serve("127.0.0.1", port, path=PATH, secret=WORD, take=take, patience_s=patience_s),
        aiohttp.ClientSession() as session,
    ):
        yield Door(port=port, taken=taken, session=session)


@pytest.mark.parametrize("said", ["", "the-wor", "the-word ", "THE-WORD", "the-word\udcff", "é"])
async def test_wrong_secret_finds_nothing(said: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever its bytes; a stranger causes no error and no line in the log."""
    raw = said.encode(errors="surrogateescape")

    async with a_door() as door:
        line = await door.speak(
            b"POST /%b HTTP/1.1\r\nHost: x\r\n%b: %b\r\nContent-Length: 2\r\n\r\n{}"
            % (PATH.encode(), HEADER.encode(), raw)
        )

    assert line == (
        b"HTTP/1.1 200 OK\r\n" if said == "the-word " else b"HTTP/1.1 404 Not Found\r\n"
    )
    assert caplog.records == []


@pytest.mark.parametrize(
    "path",
    ["", "the-pat", "the-path/", "the-path%00", "%ff", "..%2fthe-path", "the-path?x", "a" * 7000],
)
async def test_wrong_path_finds_nothing(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nearly right is wrong, and the secret alone opens nothing."""
    async with a_door() as door:
        line = await door.speak(
            b"POST /%b HTTP/1.1\r\nHost: x\r\n%b: %b\r\nContent-Length: 2\r\n\r\n{}"
            % (path.encode(), HEADER.encode(), WORD.encode())
        )

    found = {"the-path?x", "..%2fthe-path"}
    assert line.split()[1] == (b"200" if path in found else b"404")
    assert [one for one in caplog.records if one.levelname != "DEBUG"] == []


async def test_strangers_body_is_not_even_read() -> None:
    """Megabytes without the secret cost no memory; the answer comes before they do."""
    async with a_door() as door:
        line = await door.speak(
            b"POST /%b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{" % PATH.encode()
        )

    assert line == b"HTTP/1.1 404 Not Found\r\n"
    assert door.taken == []


@pytest.mark.parametrize("packed", [False, True])
async def test_huge_body_is_refused(packed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Also one that grows when it is unpacked; what just fits is taken."""
    body = b"x" * (LARGEST + 1)
    headers = {HEADER: WORD} | ({"Content-Encoding": "gzip"} if packed else {})

    async with a_door() as door:
        refused = await door.knock(gzip.compress(body) if packed else body, **headers)
        fits = await door.knock(b"x" * LARGEST, **{HEADER: WORD})

    assert (refused, fits) == (413, 200)
    assert [len(one) for one in door.taken] == [LARGEST]


async def test_body_that_never_ends_is_given_up() -> None:
    """Whoever knows the secret and drips holds a connection for seconds, not for ever."""
    async with a_door(patience_s=0.05) as door:
        line = await door.speak(
            b"POST /%b HTTP/1.1\r\nHost: x\r\n%b: %b\r\nContent-Length: 9\r\n\r\n{"
            % (PATH.encode(), HEADER.encode(), WORD.encode())
        )

    assert line == b"HTTP/1.1 408 Request Timeout\r\n"
    assert door.taken == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
async def test_other_methods_do_nothing(method: str) -> None:
    """Telegram posts; nobody else has any business there."""
    async with a_door() as door:
        line = await door.speak(
            b"%b /%b HTTP/1.1\r\nHost: x\r\n%b: %b\r\n\r\n"
            % (method.encode(), PATH.encode(), HEADER.encode(), WORD.encode())
        )

    assert line.split()[1] in {b"405", b"400"}
    assert door.taken == []


_NO_PARTS: tuple[object, ...] = (
    *(5, "x", [], {}, {"chat": 1}),
    {"message_id": "x", "date": 1e30, "chat": {}},
)
MALFORMED = (
    *(b"", b"{", b"null", b"5", b'"text"', b"[]", b"[{}]", b"{}", b"\xff\xfe", b"\x00"),
    *(b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b'{"update_id": 1e999}', b"NaN"),
    *(
        json.dumps({"update_id": 7, key: value}).encode()
        for key in ("message", "callback_query", "my_chat_member", "channel_post")
        for value in _NO_PARTS
    ),
    json.dumps({"update_id": "x", "message": None}).encode(),
    json.dumps({"update_id": 1, "message": {"text": "\ud800/help"}}).encode(),
)


async def test_malformed_updates_are_left_out(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """None is acted on, none ends the adapter, none is asked for again; the next one is heard."""
    desk = a_desk()
    listen = f"127.0.0.1:{a_port()}"

    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, desk, webhook_url=f"http://{listen}", webhook_listen=listen),
        aiohttp.ClientSession() as session,
    ):
        hook = telegram.methods.webhook
        headers = {HEADER: hook["secret_token"]}
        statuses = {
            (await session.post(hook["url"], data=body, headers=headers)).status
            for body in MALFORMED
        }
        telegram.say(telegram.user("Ada"), "/help")
        await telegram.next_post()

    assert statuses == {200}
    assert [one.command for one in desk.requests] == ["help"]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []
