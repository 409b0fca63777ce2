"""Let Telegram call us with updates instead of asking it; a setting, as it needs a public address.

Each start makes a new path and a new secret, which Telegram repeats with every call.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from telegram import Bot
from telegram.error import TelegramError

from bot.adapters.telegram.inbox import Inbox
from bot.adapters.telegram.paced import Paced
from bot.adapters.telegram.transport import serve
from bot.adapters.telegram.updates import WANTED, read_body
from bot.errors import ChatUnavailable, ConfigError


class _Hidden(str):
    """Text that is not shown where all parameters of a request are, as python-telegram-bot logs.

    It is made at each start, so that the log's own mask knows nothing of it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where Telegram shall call, and where we listen for it.

    Attributes:
        url: public, https; what a proxy may add in front of our path stands in it.
        host: the address to listen at, with `port`.
        section: where the bot's settings are.

    """

    url: str
    host: str
    port: int
    section: str


def read_hook(given: Mapping[str, object], section: str) -> Hook | None:
    """The webhook of the settings; None: there is none.

    Raises:
        ConfigError: one of its two settings is missing or wrong.

    """
    url, listen = (f"{given.get(key) or ''}" for key in ("webhook_url", "webhook_listen"))
    if not url and not listen:
        return None
    host, _, port = listen.rpartition(":")
    if not (host and port.isdecimal()):
        raise ConfigError(
            f'{section}.webhook_listen is "{listen}"; write where to listen, e.g. 127.0.0.1:8443'
        )
    if not url.startswith(("https://", "http://")):
        raise ConfigError(
            f'{section}.webhook_url is "{url}"; write the public https address that leads there'
        )
    return Hook(url=url.rstrip("/"), host=host.strip("[]"), port=int(port), section=section)


@asynccontextmanager
async def called(bot: Bot, paced: Paced, inbox: Inbox, hook: Hook) -> AsyncIterator[None]:
    """Be called meanwhile; at the end what was taken is acted on.

    The webhook stays set: what happens until the next start is kept by Telegram.

    Raises:
        ConfigError: we cannot listen there.
        ChatUnavailable: Telegram does not take the address.

    """
    path, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    async def take(body: bytes) -> None:
        update = read_body(body, bot)
        if update is not None:
            await inbox.take(update)

    try:
        setting = f"{hook.section}.webhook_listen"
        async with serve(
            hook.host, hook.port, setting=setting, path=path, secret=secret, take=take
        ):
            await _set(bot, paced, hook, path=path, secret=secret)
            yield
    finally:
        await inbox.finish()


async def _set(bot: Bot, paced: Paced, hook: Hook, *, path: str, secret: str) -> None:
    url, secret = _Hidden(f"{hook.url}/{path}"), _Hidden(secret)
    call = partial(bot.set_webhook, url, secret_token=secret, allowed_updates=WANTED)
    try:
        await paced.request(call)
    except TelegramError as error:
        sentence = f"Telegram does not take {hook.section}.webhook_url: {error}"
        raise ChatUnavailable(sentence) from error
