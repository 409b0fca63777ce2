"""The small HTTP server that watchers ask. One GET a connection, and little patience with anybody.

It may stand where strangers reach it, so it answers nothing that is secret, reads no body, and
bounds how many connections there are and how long each lives.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from socket import gaierror

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.domain.vitals import lacks
from bot.errors import ConfigError
from bot.ports import Vitals
from bot.web.metrics import Metrics

logger = logging.getLogger(__name__)

LONGEST_VISIT = timedelta(seconds=15)
"""How long a connection may last; Prometheus gives up after 10 s by default."""

MOST_VISITORS = 64
"""How many connections there may be at once; further ones are closed at once."""

_LARGEST_HEADER = 4096
_PLACES = "/healthz, /readyz and /metrics"
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Mask = Callable[[str], str]
"""Takes the secrets out of a text."""


class Desk:
    """Answers each path."""

    def __init__(self, vitals: Vitals, metrics: Metrics, mask: Mask) -> None:
        self._vitals = vitals
        self._metrics = metrics
        self._mask = mask

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request; the connection ends with it."""
        response = await self._response(request)
        # What we are built of is nobody's business.
        response.headers.update({"Cache-Control": "no-store", "Server": "Perigee"})
        response.force_close()
        return response

    async def _response(self, request: web.BaseRequest) -> web.Response:
        if request.method != "GET":
            return _line("Only GET is answered here.", HTTPStatus.METHOD_NOT_ALLOWED)
        match request.path:
            case "/healthz":
                return self._health()
            case "/readyz":
                return await self._readiness()
            case "/metrics":
                page = self._metrics.page(await self._vitals.facts(), self._vitals.heartbeats())
                return web.Response(body=page, headers={"Content-Type": _METRICS_TYPE})
            case _:
                return _line(f"Nothing is here; there are {_PLACES}.", HTTPStatus.NOT_FOUND)

    def _health(self) -> web.Response:
        beats = self._vitals.heartbeats()
        loops = {
            one.loop: {"age_seconds": round(one.age.total_seconds(), 3), "late": one.is_late}
            for one in beats
        }
        return _verdict({"loops": loops}, well=not any(one.is_late for one in beats))

    async def _readiness(self) -> web.Response:
        reasons = [self._mask(one) for one in lacks(await self._vitals.facts())]
        return _verdict({"reasons": reasons}, well=not reasons)


def _verdict(told: dict[str, object], *, well: bool) -> web.Response:
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response({"ok": well, **told}, status=status)


def _line(text: str, status: HTTPStatus) -> web.Response:
    return web.Response(text=f"{text}\n", status=status)


@asynccontextmanager
async def serve(
    listen: str,
    vitals: Vitals,
    metrics: Metrics,
    mask: Mask,
    *,
    longest_visit: timedelta = LONGEST_VISIT,
) -> AsyncIterator[str]:
    """Serve watchers meanwhile; where, is said in the log and yielded as `http://host:port`.

    Args:
        listen: `host:port`; port 0 takes any that is free.
        vitals: how the service stands.
        metrics: what is counted.
        mask: applied to sentences that others wrote.
        longest_visit: after so long a connection is closed, whatever it does.

    Raises:
        ConfigError: that address cannot be listened at.

    """
    host, _, port = listen.rpartition(":")
    visitors = web.Server(
        Desk(vitals, metrics, mask).answer,
        logger=_visitors_log(),
        access_log=None,
        lingering_time=0,
        max_line_size=_LARGEST_HEADER,
        max_field_size=_LARGEST_HEADER,
    )
    welcome = partial(_welcome, visitors, longest_visit.total_seconds())
    door = await _open_door(welcome, listen, host.strip("[]"), int(port))
    try:
        address = f"http://{host}:{door.sockets[0].getsockname()[1]}"
        logger.info("Serving %s at %s", _PLACES, address)
        yield address
    finally:
        door.close()
        await visitors.shutdown(timeout=1)


def _welcome(visitors: web.Server, longest_visit_s: float) -> asyncio.BaseProtocol:
    if len(visitors.connections) >= MOST_VISITORS:
        return _Turned()
    visitor = visitors()
    asyncio.get_running_loop().call_later(longest_visit_s, visitor.force_close)
    return visitor


async def _open_door(
    welcome: Callable[[], asyncio.BaseProtocol], listen: str, host: str, port: int
) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(welcome, host, port)
    except OSError as error:
        where = f'web.listen = "{listen}" cannot be listened at'
        raise ConfigError(
            f"{where}: {_why(error)}; choose another, or stop whoever has it"
        ) from error


def _why(error: OSError) -> str:
    # asyncio says it at length; a name that is not found has a number that is not the system's.
    if isinstance(error, gaierror) or error.errno is None:
        return f"{error.strerror or error}"
    return os.strerror(error.errno)


def _visitors_log() -> logging.Logger:
    """Where aiohttp tells of bugs; what strangers send amiss would fill the log."""
    log = logger.getChild("visitors")
    log.addFilter(_is_no_nonsense)
    return log


def _is_no_nonsense(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


class _Turned(asyncio.Protocol):
    """A visitor for whom there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
