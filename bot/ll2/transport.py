"""One GET to LL2: its answer, or one sentence that says why there is none. Retries nothing."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import aiohttp

from bot import __version__
from bot.errors import LL2Unavailable
from bot.ll2.budget import REQUEST_TIMEOUT

USER_AGENT = f"Perigee/{__version__} (spaceflight notifications)"
"""How we name ourselves, so that LL2's people can tell who asks."""

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes, unpacked. A full page of detailed events is a few hundred kilobytes (facts-ll2, 10)."""

_CHUNK = 64 * 1024


class _BrokenOff(aiohttp.ClientError):
    """The connection ended before there was an answer; aiohttp does not repeat after this one."""


_TROUBLE: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "no whole answer came in time"),
    (aiohttp.InvalidURL, "that is no address; correct ll2.base_url"),
    (aiohttp.ClientConnectorDNSError, "its name was not found; check the network and ll2.base_url"),
    (aiohttp.ClientSSLError, "its certificate was not accepted; check the clock and ll2.base_url"),
    (aiohttp.ClientConnectorError, "the connection was refused or not possible"),
    (_BrokenOff, "the connection was closed before an answer came"),
    (aiohttp.ServerConnectionError, "the connection was closed before an answer came"),
    (aiohttp.ClientPayloadError, "the answer broke off or could not be unpacked"),
    (aiohttp.ClientError, "what came back was not HTTP"),
    (OSError, "the connection broke"),
)
"""What went wrong without an answer, the most special first."""

_ADVICE = {
    400: "it did not understand the question; check that ll2.base_url ends in the version 2.3.0",
    401: "check ll2.api_key",
    403: "it refuses us; check ll2.api_key, or wait if our address is blocked",
    404: "check ll2.base_url",
}
_THEIR_OUTAGE = "it is an outage on their side"
_NOTHING_READ = "nothing was read from it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came, whatever its status."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """What the body is, in a word for people."""
        told = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if told == "application/json" or told.endswith("+json"):
            return "JSON"
        return "HTML" if told == "text/html" else told[:40] or "no content type"


def open_session() -> aiohttp.ClientSession:
    """A session for LL2: no cookies, nothing taken from the environment. The caller closes it."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_once,),
        timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT.total_seconds()),
    )


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send no request twice: by itself aiohttp repeats one without an answer, and LL2 counts both.

    Raises:
        _BrokenOff: in place of what aiohttp would repeat after.

    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as exc:
        raise _BrokenOff from exc


async def get(
    session: aiohttp.ClientSession,
    url: str,
    *,
    query: Mapping[str, str],
    api_key: str,
    within: timedelta,
) -> Answer:
    """One GET, answered `within` that time, never redirected: the key must not reach another host.

    Raises:
        LL2Unavailable: no whole answer came.

    """
    try:
        async with (
            asyncio.timeout(within.total_seconds()),
            session.get(
                url, params=query, headers=_headers(api_key), allow_redirects=False
            ) as response,
        ):
            return Answer(
                status=response.status,
                url=url,
                headers=response.headers.copy(),
                body=await _body(response),
            )
    except (aiohttp.ClientError, OSError) as exc:
        raise LL2Unavailable(f"LL2 at {_host(url)} gave no answer: {_trouble(exc)}") from exc


def _headers(api_key: str) -> dict[str, str]:
    ours = {"Accept": "application/json", "User-Agent": USER_AGENT}
    return ours | ({"Authorization": f"Token {api_key}"} if api_key else {})


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise LL2Unavailable(
                f"LL2's answer is larger than {LARGEST_ANSWER // 1024**2} MB; {_NOTHING_READ}"
            )
    return bytes(body)


def _trouble(exc: Exception) -> str:
    return next(words for kind, words in _TROUBLE if isinstance(exc, kind))


def decoded(answer: Answer) -> object:
    """The JSON of a good answer.

    Raises:
        LL2Unavailable: it is a redirect, an error, or not JSON.

    """
    if answer.status != 200:
        raise LL2Unavailable(_refusal(answer))
    if answer.kind != "JSON":
        raise LL2Unavailable(
            f"LL2 answered 200 with {answer.kind} where JSON belongs; {_NOTHING_READ}"
        )
    try:
        return parsed(answer.body)
    except ValueError as exc:
        raise LL2Unavailable(f"LL2's answer is not whole JSON; {_NOTHING_READ}") from exc


def parsed(body: bytes) -> object:
    """The JSON of a body.

    Raises:
        ValueError: it is not JSON, or nested beyond sense.

    """
    try:
        told: object = json.loads(body)
    except RecursionError as exc:
        raise ValueError("nested beyond sense") from exc
    return told


def _refusal(answer: Answer) -> str:
    status = answer.status
    if 300 <= status < 400:
        host = _redirect_host(answer)
        return f"LL2 answered {status} and points to {host}; set ll2.base_url to where the API is"
    outage = _THEIR_OUTAGE if status >= 500 else _NOTHING_READ
    return f"LL2 answered {status} with {answer.kind}; {_ADVICE.get(status, outage)}"


def _redirect_host(answer: Answer) -> str:
    location = answer.headers.get("Location", "")
    try:
        return _host(urljoin(answer.url, location))
    except ValueError:
        return "an address that cannot be read"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "an address that cannot be read"
