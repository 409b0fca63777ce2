"""No secret in any log, error or text of an object, whatever a platform does; real clients."""

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from discord_cores import MUTE, Core
from discord_rooms import connected_room, room
from discord_rooms import to as to_discord
from secrets_search import DISCORD, TELEGRAM, leaks
from standins.discord.server import DiscordStandIn
from standins.telegram.opening import connected, to
from standins.telegram.server import Cut, Page, TelegramStandIn, Trouble
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal
from tellings import Told, failing

from bot.domain.messages import Message
from bot.domain.requests import CommandReply
from bot.errors import BotError
from bot.testing import a_message

ECHOES = tuple(
    Refusal(code, f"Cannot POST /bot{token}/sendMessage")
    for code in (400, 403, 404)
    for token in (TELEGRAM, quote(TELEGRAM, safe=""))
)
"""What a proxy before a Bot API server of one's own may say: the address, and that the token."""


def a_dead_port() -> int:
    """A port on loopback at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def test_telegram_tells_no_secret(shared: Path, told: Told) -> None:
    """Its token is in each address; success, refusals, breaks and pages that are no JSON."""
    told.begin()
    server = TelegramStandIn(Judge.of(shared))
    server.token = TELEGRAM
    dead = f"http://127.0.0.1:{a_dead_port()}"

    async with server:
        async with connected(server, token=TELEGRAM) as adapter:
            ada = server.user()
            server.say(ada, "/help")
            await server.next_post()
            troubles: tuple[Trouble, ...] = (
                *(Refusal(401, "Unauthorized"), Refusal(400, "Bad Request: can't parse entities")),
                *(Refusal(429, "Too Many Requests: retry after 3", {"retry_after": 3}),),
                *(Cut(), Cut(is_obeyed=False), Page(), Page(code=200), Page(code=404)),
                *(Refusal(500, "Internal Server Error"), Refusal(409, "Conflict")),
                *ECHOES,
            )
            for trouble in troubles:
                server.fail("sendMessage", trouble)
                await _sent(told, adapter.send(to(ada), a_message()))
            told.extra += [repr(adapter), repr(vars(adapter)), str(adapter)]
        refused: tuple[dict[str, Any], ...] = (
            {"token": f"{TELEGRAM}x"},
            {"token": TELEGRAM, "api_base_url": dead},
            {
                "token": TELEGRAM,
                "webhook_url": "https://example.org",
                "webhook_listen": "1.2.3.4:1",
            },
        )
        for options in refused:
            await failing(told, connected(server, **options))

    printed = told.all()
    assert "sendMessage" in printed
    assert leaks(printed) == []


async def _sent(told: Told, sending: Any) -> None:
    try:
        told.extra.append(repr(await sending))
    except BotError as error:
        told.error(error)


async def test_webhooks_secret_and_path_are_not_told(shared: Path, told: Told) -> None:
    """They are made anew at each start, so no setting could name them to the log."""
    told.begin()
    listen = f"127.0.0.1:{a_dead_port()}"

    async with (
        TelegramStandIn(Judge.of(shared)) as server,
        connected(server, webhook_url=f"http://{listen}", webhook_listen=listen),
        aiohttp.ClientSession() as session,
    ):
        hook = server.methods.webhook
        server.say(server.user(), "/help")
        await server.next_post()
        await session.post(hook["url"], data=b"{", headers={"X": "1"})
        secret = {"X-Telegram-Bot-Api-Secret-Token": hook["secret_token"]}
        await session.post(hook["url"], data=b"{", headers=secret)

    path = hook["url"].rpartition("/")[2]
    printed = told.all()
    assert "setWebhook" in printed
    assert leaks(printed, [path, hook["secret_token"]]) == []


async def test_discord_tells_no_secret(shared: object, told: Told) -> None:
    """Its token is in a header and in the gateway's first word."""
    told.begin()
    assert shared
    async with DiscordStandIn(token=DISCORD) as server:
        async with connected_room(server) as opened:
            for code, details in (
                (50035, {}),
                (50013, {}),
                (0, {"status": 500}),
                (0, {"breaks": True}),
                (0, {"status": 429, "text": "<html>1015</html>"}),
                (40001, {}),
            ):
                server.fail(code, **{"times": 5, **details} if details else {"times": 3})
                await _sent(
                    told, _quickly(opened.adapter.send(to_discord(server.alerts), a_message()))
                )
                server.rest.faults.clear()
            told.extra += [repr(opened.adapter), repr(vars(opened.adapter))]
            client = opened.adapter._client  # type: ignore[attr-defined]
            told.extra += [repr(client), repr(client.http), repr(client.ws)]
            await server.gateway.drop(code=1006)
        await failing(told, room(server, token=f"{DISCORD}x"))
        await failing(told, room(server, api_base_url=f"http://127.0.0.1:{a_dead_port()}"))

    printed = told.all()
    assert "/messages" in printed
    assert leaks(printed) == []


async def test_tokens_of_interactions_are_not_told(shared: object, told: Told) -> None:
    """Each answers in our name for a quarter of an hour; Discord sends them, we put them into URLs.

    They stand in the gateway's events, and in the addresses of callbacks, follow-ups and edits.
    """
    told.begin()
    assert shared
    core = Core()
    async with DiscordStandIn() as server, connected_room(server, core):
        given = partial(server.slash, server.alerts, server.manager, "status")
        replies = [await given()]
        server.fail(50035, path="/callback")
        replies.append(await given())
        core.ready.clear()
        core.reply = CommandReply(messages=(_a_line("1"), _a_line("2")), is_private=True)
        replies.append(await given(settled=False))
        server.fail(50035, path="/messages/@original", method="PATCH")
        core.ready.set()
        await replies[-1].until_settled()
    tokens = [one.token for one in replies]

    printed = told.all()
    assert all(one in printed for one in ("INTERACTION_CREATE", "/webhooks/", "/callback"))
    assert leaks(printed, tokens) == []


def _a_line(text: str) -> Message:
    return Message(kind=None, headline=text, buttons=((MUTE,),))


async def _quickly(sending: Any) -> object:
    """Its outcome, or that discord.py would try again for half a minute."""
    try:
        async with asyncio.timeout(0.3):
            return await sending
    except TimeoutError:
        return "tried again"
