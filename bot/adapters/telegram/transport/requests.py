"""python-telegram-bot's port to HTTP over aiohttp, which carries several times what httpx does.

One attempt a request, nothing retried. What is known not to have left is `NeverSent`; every other
lost answer is ambiguous, and the caller decides what that means.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.errors import BotError, InvariantBroken

CONNECT_TIMEOUT_S = 5.0
"""For a connection, new or from the pool."""

READ_TIMEOUT_S = 12.0
"""For the answer; with the connection below the dispatcher's 20 s, so that we name what failed."""

Leave = Callable[[], Awaitable[None]]

LEAVING: ContextVar[Leave | None] = ContextVar("LEAVING", default=None)
"""What is awaited when a connection stands and only the body of the request has yet to leave.

python-telegram-bot's port has no place for it. Without a body nothing is obeyed, so whoever notes
there that a message leaves is wrong for less than a millisecond, and not for as long as it takes to
connect.
"""

_TOKEN = re.compile(rb"(?i)(?<=bot)\d+(?::|%3a)[\w-]+")
"""As it stands in the path of every address."""

_JSON = {"Content-Type": "application/json", "User-Agent": BaseRequest.USER_AGENT}


class NeverSent(NetworkError):
    """No connection was made, so the request cannot have been heard; repeating it is safe."""

    __slots__ = ()


class Flooded(TelegramError):
    """Telegram asks to stay away for `wait`; it stands in for `RetryAfter`.

    That one warns of its own change whenever it is made, unless the environment says how it shall
    behave (python-telegram-bot 22.8, error.py).
    """

    __slots__ = ("wait",)

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"Telegram asks to wait {wait.total_seconds():.0f} s")
        self.wait = wait


class Detained(TelegramError):
    """The request did not leave, for `fault`; python-telegram-bot lets only its own errors pass."""

    __slots__ = ("fault",)

    def __init__(self, fault: BotError) -> None:
        super().__init__(f"{fault}")
        self.fault = fault


class AiohttpRequest(BaseRequest):
    """Requests to the Bot API through one pool of connections."""

    __slots__ = ("_connections", "_read_timeout", "_session")

    def __init__(self, *, connections: int, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._connections = connections
        self._read_timeout = read_timeout_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds for an answer, unless a request names its own."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool; a pool that is open stays."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_JSON,
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the reading bounds it
        connect_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - ours is fixed
        pool_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - part of connecting
    ) -> tuple[int, bytes]:
        """One request: the status and the body of its answer.

        Raises:
            NeverSent: there was no connection, or it ended before the body left.
            Detained: `LEAVING` did not let it go.
            Flooded: we were too fast.
            TimedOut: no whole answer came in time; the request may have been obeyed.
            NetworkError: the same for a connection that broke, and for a server's own trouble.

        """
        session = self._session
        if session is None or (request_data is not None and request_data.contains_files):
            raise InvariantBroken("The transport to Telegram is closed, or was given a file.")
        reading = read_timeout if isinstance(read_timeout, int | float) else self._read_timeout
        body = _Body(request_data.json_payload if request_data is not None else b"", LEAVING.get())
        # No error of aiohttp goes on as a cause: its text can hold the address, and that the token.
        try:
            status, payload = await _exchange(session, method, url, body=body, reading=reading)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NeverSent(f"Telegram cannot be reached: {type(error).__name__}") from None
        except TimeoutError:
            late = TimedOut(f"Telegram gave no answer within {reading:g} s")
            raise body.meaning(late) from None
        except (aiohttp.ClientError, OSError) as error:
            broken = f"The connection to Telegram broke: {type(error).__name__}"
            raise body.meaning(NetworkError(broken)) from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NetworkError(f"Telegram answered {status}")
        if status == HTTPStatus.TOO_MANY_REQUESTS and (wait := _asked_wait(payload)):
            raise Flooded(wait)
        # A proxy before one's own server may repeat the address, and a reason is kept and told.
        return status, payload if status == HTTPStatus.OK else _TOKEN.sub(b"***", payload)


class _Body:
    """A request's body, which leaves once it may.

    Attributes:
        has_left: whether Telegram may have it.
        fault: why it may not leave; aiohttp would call that a broken connection.

    """

    def __init__(self, payload: bytes, leave: Leave | None) -> None:
        self._payload = payload
        self._leave = leave
        self.has_left = leave is None
        self.fault: BotError | None = None

    @property
    def sent(self) -> bytes | AsyncIterator[bytes]:
        """What aiohttp is given."""
        return self._payload if self._leave is None else self._leaving(self._leave)

    @property
    def headers(self) -> dict[str, str]:
        """What says how long it is, without which it would be sent in chunks."""
        return {"Content-Length": f"{len(self._payload)}"}

    async def _leaving(self, leave: Leave) -> AsyncIterator[bytes]:
        try:
            await leave()
        except BotError as error:
            self.fault = error
            raise
        self.has_left = True
        yield self._payload

    def meaning(self, lost: NetworkError) -> TelegramError:
        """What it means that no answer came; a store may take longer than Telegram waits."""
        if self.fault is not None:
            return Detained(self.fault)
        return lost if self.has_left else NeverSent(f"{lost.message}, before the message left")


async def _exchange(
    session: aiohttp.ClientSession, method: str, url: str, *, body: _Body, reading: float
) -> tuple[int, bytes]:
    timeout = aiohttp.ClientTimeout(
        total=CONNECT_TIMEOUT_S + reading, connect=CONNECT_TIMEOUT_S, sock_read=reading
    )
    async with session.request(
        method, url, data=body.sent, headers=body.headers, timeout=timeout, allow_redirects=False
    ) as answer:
        return answer.status, await answer.read()


def _asked_wait(payload: bytes) -> timedelta | None:
    """`parameters.retry_after` of an answer; None: it has none."""
    try:
        seconds = json.loads(payload)["parameters"]["retry_after"]
    except (ValueError, KeyError, TypeError):
        return None
    return timedelta(seconds=seconds) if isinstance(seconds, int) else None
