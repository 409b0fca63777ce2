"""How discord.py's HTTP client is pointed, watched and tamed. All touches of its inside are here.

discord.py 2.7 has no setting for these; a test proves that what is touched is still there.
"""

import asyncio
import logging
import threading
from datetime import timedelta
from typing import Any

import discord
from discord import http
from discord.gateway import DiscordWebSocket, KeepAliveHandler

from bot.ports import Pace

_aiohttp: Any = http.aiohttp  # type: ignore[attr-defined]
"""The transport as discord.py imports it: its errors pass through discord.py untranslated."""

NETWORK_ERRORS: tuple[type[Exception], ...] = (OSError, _aiohttp.ClientError)
"""What a request may raise besides discord.py's own errors; a `TimeoutError` is an `OSError`."""

FAILURES: tuple[type[Exception], ...] = (discord.DiscordException, *NETWORK_ERRORS)
"""All that a request may raise."""

NEVER_SENT: tuple[type[Exception], ...] = (_aiohttp.ClientConnectorError,)
"""Those of them that say that nothing was sent."""

_LEFT_BEHIND_S = 1.0
"""Longer than what discord.py leaves behind could go on by itself."""

_TOO_MANY = 429
_REFUSALS = frozenset({401, 403, _TOO_MANY})

_FEW_BUCKETS = 256
"""From so many rate-limit buckets on discord.py looks through all of them (http.py:574)."""


def point_at(api_base_url: str) -> None:
    """Send requests there. discord.py builds every address from this class attribute."""
    http.Route.BASE = api_base_url.rstrip("/")


def listen_at(gateway_url: str) -> None:
    """Connect there. discord.py begins, and begins anew after op 9, at this class attribute."""
    address = type(DiscordWebSocket.DEFAULT_GATEWAY)
    DiscordWebSocket.DEFAULT_GATEWAY = address(gateway_url)


def be_shard(client: discord.Client, number: int, count: int) -> None:
    """Let a client be one of several connections of its bot; of one it is told nothing.

    How many there shall be Discord says only to a client that is logged in.
    """
    if count > 1:
        client.shard_id, client.shard_count = number, count
        inside: Any = client._connection  # noqa: SLF001
        inside.shard_count = count


def share_requests(first: discord.Client, other: discord.Client) -> None:
    """Let another connection of a bot make its requests by the first: one login, one limiter.

    What the login would tell it else, the gateway's first event tells, too.
    """
    other.http = first.http
    inside: Any = other._connection  # noqa: SLF001
    inside.http, inside.application_id = first.http, first.application_id


class _InOneLine(logging.Filter):
    """Takes the traceback from what discord.py says of each attempt to reconnect."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Attempting a reconnect"):
            record.exc_info = None
        return True


_in_one_line = _InOneLine()


def hush() -> None:
    """Let discord.py's log be a diary: no word of voice, which is not used, and no tracebacks."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    # A logger takes a filter once, however often it is added.
    logging.getLogger("discord.client").addFilter(_in_one_line)


def sweep_rarely(client: discord.Client) -> None:
    """Look through the rate-limit buckets only when their number has doubled since the last time.

    discord.py does so for each new bucket, which costs 3 ms at 10,000 of them and more than a core
    at 150,000 (facts-delivery, 1.2); this way the cost of a bucket does not grow.
    """
    inside: Any = client.http
    sweep = inside._try_clear_expired_ratelimits  # noqa: SLF001
    threshold = _FEW_BUCKETS

    def sweep_when_doubled() -> None:
        nonlocal threshold
        if len(inside._buckets) >= threshold:  # noqa: SLF001
            sweep()
            threshold = max(_FEW_BUCKETS, 2 * len(inside._buckets))  # noqa: SLF001

    inside._try_clear_expired_ratelimits = sweep_when_doubled  # noqa: SLF001


def refill_emptied(client: discord.Client) -> None:
    """Refill a rate-limit bucket that is empty though nothing is under way that would refill it.

    Where a request is cut off in the moment in which it refills its bucket, that stays empty, and
    whoever comes waits for 30 s (discord.py's http.py), longer than a request of ours may take.
    """
    inside: Any = client.http
    look_up = inside.get_ratelimit

    def found(key: str) -> Any:
        bucket = look_up(key)
        is_emptied = bucket.remaining <= 0 and not bucket.outgoing and bucket.expires is None
        if is_emptied and not bucket._sleeping.locked():  # noqa: SLF001
            bucket.reset()
        return bucket

    inside.get_ratelimit = found


def end_heartbeats(client: discord.Client, *, but: object = None) -> None:
    """End those of connections that discord.py has forgotten, open as they are; `but` one goes on.

    One that came to nothing before its session began, or on which its task was cancelled in the
    moment in which it stood: the thread that keeps it alive goes on, and outlives the loop.
    """
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            socket: Any = thread.ws
            is_ours = socket._connection is client._connection  # noqa: SLF001
            if is_ours and socket is not but:
                thread.stop()
                socket.socket._response.close()  # noqa: SLF001


async def end_start(client: discord.Client) -> None:
    """End the task that declares a start complete some time after the last server was told.

    discord.py leaves it behind when it closes, and then it fails with a traceback.
    """
    inside: Any = client._connection  # noqa: SLF001
    ready: asyncio.Task[None] | None = inside._ready_task  # noqa: SLF001
    if ready is not None:
        ready.cancel()
        await asyncio.wait({ready}, timeout=_LEFT_BEHIND_S)


def watching(pace: Pace) -> Any:
    """A connector that tells the pace of refusals: discord.py retries a 429 without telling us.

    By the class of the answers, since a trace of aiohttp's takes a tenth of a message's time.
    """

    class Answer(_aiohttp.ClientResponse):  # type: ignore[misc]  # of a module that has no type
        async def start(self, connection: Any) -> Any:
            started = await super().start(connection)
            if self.status in _REFUSALS:
                _report(pace, self.status, self.headers, self.url.path)
            return started

    class Connector(_aiohttp.TCPConnector):  # type: ignore[misc]
        def connect(self, req: Any, **others: Any) -> Any:
            req.response_class = Answer
            return super().connect(req, **others)

    return Connector(limit=0)


def json_body(spelt: bytes) -> Any:
    """The body of a request, which discord.py would make of a dictionary."""
    return _aiohttp.BytesPayload(spelt, content_type="application/json")


def _report(pace: Pace, status: int, headers: Any, path: str) -> None:
    """Publishing has a limit of its own in each channel, and sending there goes on."""
    if status != _TOO_MANY:
        pace.refused()
        return
    wait = timedelta(seconds=float(headers.get("Retry-After", "1")))
    is_publishing = path.endswith("/crosspost")
    channel = "" if is_publishing else path.partition("/channels/")[2].partition("/")[0]
    is_everywhere = "X-RateLimit-Global" in headers or "Via" not in headers
    if is_everywhere or channel:
        pace.throttled(wait, "" if is_everywhere else channel)
