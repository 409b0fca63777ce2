"""Telegram calls us instead of being asked: only Telegram, only there."""

import socket
from pathlib import Path

import aiohttp
import pytest
from standins.telegram.opening import a_desk, connected
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.errors import ChatUnavailable, ConfigError

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header


async def test_called_bot_answers_without_polling(shared: Path, listen: str) -> None:
    """Updates come by webhook, for the kinds that we want and with a secret."""
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, webhook_url=f"http://{listen}/behind/a/proxy", webhook_listen=listen),
    ):
        telegram.say(telegram.user("Ada"), "/help")
        post = await telegram.next_post()

    assert post.text == "Done: help"
    assert telegram.updates.asked == []
    assert telegram.faults == []


async def test_stranger_is_not_heard(shared: Path, listen: str) -> None:
    """Without the path or the secret there is nothing there, and nothing is acted on."""
    desk = a_desk()
    update = {"update_id": 1}

    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, desk, webhook_url=f"http://{listen}", webhook_listen=listen),
        aiohttp.ClientSession() as stranger,
    ):
        hook = telegram.methods.webhook
        attempts: tuple[tuple[str, dict[str, str]], ...] = (
            (f"http://{listen}/", {SECRET: hook["secret_token"]}),
            (hook["url"], {}),
            (hook["url"], {SECRET: "guess"}),
        )
        statuses = [
            (await stranger.post(url, json=update, headers=headers)).status
            for url, headers in attempts
        ]

    assert statuses == [404, 404, 404]
    assert desk.requests == []


async def test_path_and_secret_change_with_each_start(shared: Path, listen: str) -> None:
    """What leaked from an old log opens nothing."""
    hooks = []

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        for _ in range(2):
            async with connected(telegram, webhook_url=f"http://{listen}", webhook_listen=listen):
                hooks.append(telegram.methods.webhook)

    assert hooks[0]["url"] != hooks[1]["url"]
    assert hooks[0]["secret_token"] != hooks[1]["secret_token"]
    assert min(len(hook["secret_token"]) for hook in hooks) >= 40


async def test_polling_ends_an_older_webhook(shared: Path, listen: str) -> None:
    """An owner who takes the setting back is heard again."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        async with connected(telegram, webhook_url=f"http://{listen}", webhook_listen=listen):
            pass
        async with connected(telegram):
            telegram.say(telegram.user(), "/help")
            await telegram.next_post()

    assert telegram.methods.webhook == {}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"webhook_url": "https://example.org"}, "webhook_listen"),
        ({"webhook_listen": "127.0.0.1:8443"}, "webhook_url"),
        ({"webhook_url": "https://example.org", "webhook_listen": "8443"}, "webhook_listen"),
        ({"webhook_url": "example.org", "webhook_listen": "127.0.0.1:8443"}, "webhook_url"),
    ],
)
async def test_half_a_webhook_is_refused_by_its_key(
    shared: Path, options: dict[str, str], key: str
) -> None:
    """Both settings are needed, and each is told by name."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        with pytest.raises(ConfigError, match=rf"telegram\.{key}"):
            async with connected(telegram, None, pace=None, parts=None, **options):
                pass


async def test_port_that_is_taken_is_told(shared: Path) -> None:
    """The owner learns which setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with TelegramStandIn(Judge.of(shared)) as telegram:
            with pytest.raises(ConfigError, match=r"telegram\.webhook_listen"):
                async with connected(
                    telegram, webhook_url="https://example.org", webhook_listen=listen
                ):
                    pass


async def test_address_that_telegram_refuses_is_told(shared: Path, listen: str) -> None:
    """Telegram's own words say what it does not like."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        telegram.fail("setWebhook", Refusal(400, "Bad Request: bad webhook: port not allowed"))
        with pytest.raises(ChatUnavailable, match="port not allowed"):
            async with connected(telegram, webhook_url=f"http://{listen}", webhook_listen=listen):
                pass
