"""The end of a webhook: listens for Telegram's calls and hands on their bodies. Reads none."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from bot.errors import ConfigError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_LARGEST_UPDATE = 1024 * 1024
_PATIENCE_S = 10.0
_PARTING_S = 0.5
"""What a stranger who goes on talking can hold up an answer's end, or ours."""


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    *,
    path: str,
    secret: str,
    take: Callable[[bytes], Awaitable[None]],
    setting: str = "webhook_listen",
    patience_s: float = _PATIENCE_S,
) -> AsyncIterator[None]:
    """Listen for Telegram's calls meanwhile.

    Args:
        host: the address to listen at, with `port`.
        port: 0 takes any.
        path: the last part of the address that Telegram calls; others find nothing.
        secret: what Telegram says in `SECRET_HEADER`.
        take: is given the body of each call; an error of its own asks Telegram to call again.
        setting: what the address is called in the settings.
        patience_s: how long a body may take to come.

    Raises:
        ConfigError: that address cannot be listened at.

    """

    async def answer(request: web.Request) -> web.Response:
        said = request.headers.get(SECRET_HEADER, "")
        asked = request.path.rpartition("/")[2]
        if not (_is_same(asked, path) and _is_same(said, secret)):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        try:
            async with asyncio.timeout(patience_s):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        await take(body)
        return web.Response()

    app = web.Application(client_max_size=_LARGEST_UPDATE)
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(
        app, access_log=None, lingering_time=_PARTING_S, shutdown_timeout=_PARTING_S
    )
    await runner.setup()
    try:
        await _listen(runner, host, port, setting)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, setting: str) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        where = f"{setting} is {host}:{port}, where we cannot listen"
        raise ConfigError(f"{where}: {error.strerror or error}; choose another") from error


def _is_same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing; a header may hold bytes that are no UTF-8."""
    return secrets.compare_digest(*(each.encode(errors="surrogateescape") for each in (one, other)))
