"""The end of a webhook: listens for Telegram's calls and hands on their bodies. Reads none."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from bot.errors import ConfigError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_LARGEST_UPDATE = 1024 * 1024


@asynccontextmanager
async def serve(
    host: str, port: int, *, path: str, secret: str, take: Callable[[bytes], Awaitable[None]]
) -> AsyncIterator[None]:
    """Listen for Telegram's calls meanwhile.

    Args:
        host: the address to listen at, with `port`.
        port: 0 takes any.
        path: the last part of the address that Telegram calls; others find nothing.
        secret: what Telegram says in `SECRET_HEADER`.
        take: is given the body of each call; an error of its own asks Telegram to call again.

    Raises:
        ConfigError: that address cannot be listened at.

    """

    async def answer(request: web.Request) -> web.Response:
        said = request.headers.get(SECRET_HEADER, "")
        asked = request.path.rpartition("/")[2]
        if not (_is_same(asked, path) and _is_same(said, secret)):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        await take(await request.read())
        return web.Response()

    app = web.Application(client_max_size=_LARGEST_UPDATE)
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        where = f"telegram.webhook_listen is {host}:{port}, where we cannot listen"
        raise ConfigError(f"{where}: {error.strerror or error}; choose another") from error


def _is_same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return secrets.compare_digest(one.encode(), other.encode())
