"""The pretended Bot API condemns and refuses what the real one would, over the wire."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge


@pytest.mark.parametrize(
    ("verb", "path", "details", "fault", "status"),
    [
        ("POST", "sendMesage", {"json": {}}, "no method", 404),
        ("PUT", "getMe", {}, "for PUT", 404),
        ("POST", "sendMessage", {"json": {"chat_id": 1}}, "text is missing", 400),
        ("POST", "sendMessage", {"json": {"chat_id": 1, "text": 7}}, "not String", 400),
        ("POST", "sendMessage", {"json": {"chat_id": 1, "text": "x", "txt": 1}}, "unknown", 200),
        ("POST", "sendMessage", {"data": b"{"}, "no JSON", 400),
        ("POST", "editMessageText", {"json": {"text": "x"}}, "which message", 400),
        (
            "POST",
            "setWebhook",
            {"json": {"url": "https://a.org/", "secret_token": "a b"}},
            "secret_token",
            200,
        ),
        ("POST", "getUpdates", {"json": {"allowed_updates": ["massage"]}}, "massage", 200),
        ("GET", "../../file/x", {}, "no path", 404),
    ],
)
async def test_request_that_telegram_does_not_know_is_a_fault(
    shared: Path, verb: str, path: str, details: dict[str, Any], fault: str, status: int
) -> None:
    """What Telegram refuses is refused; what it only overlooks is noted."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, aiohttp.ClientSession() as session:
        telegram.user()
        chat = next(iter(telegram.chats))
        body = details.get("json")
        if body and "chat_id" in body:
            details = {"json": {**body, "chat_id": chat}}
        url = f"{telegram.base_url}/bot{telegram.token}/{path}"
        headers = {"Content-Type": "application/json"} if "data" in details else {}
        async with session.request(verb, url, headers=headers, **details) as answer:
            got = answer.status

    assert [one for one in telegram.faults if fault in one]
    assert got == status
