"""The pretended Discord condemns what the real one would refuse, over the wire, whatever it is."""

from typing import Any

import aiohttp
import pytest
from standins.discord.server import DiscordStandIn

HOME = "/channels/1300000000000000009"


@pytest.mark.parametrize(
    ("method", "path", "details", "fault"),
    [
        ("GET", "/channels/1/pins", {}, "no such route"),
        ("PUT", "/users/@me", {}, "no such route"),
        ("GET", "/../v9/users/@me", {}, "no such route"),
        ("GET", "/channels/alerts", {}, "channel_id"),
        ("GET", f"{HOME}/messages", {"params": {"limit": "101"}}, "101 is greater"),
        ("GET", f"{HOME}/messages", {"params": {"limit": "many"}}, "limit"),
        ("GET", f"{HOME}/messages", {"params": {"since": "1"}}, "since is unknown"),
        ("POST", f"{HOME}/messages", {"json": {"text": "x"}}, "'text' was unexpected"),
        ("POST", f"{HOME}/messages", {"data": b"{"}, "no JSON"),
        ("POST", f"{HOME}/messages", {"data": {"content": "x"}}, "no JSON"),
        ("POST", f"{HOME}/messages", {}, "no JSON"),
    ],
)
async def test_request_that_discord_does_not_know_is_a_violation(
    shared: object, method: str, path: str, details: dict[str, Any], fault: str
) -> None:
    """A wrong path or method, a parameter or field that there is not, a body that is none."""
    assert shared
    async with DiscordStandIn() as discord_server, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bot {discord_server.token}"}
        url = f"{discord_server.api_base_url}{path}"
        async with session.request(method, url, headers=headers, **details) as answer:
            status = answer.status

    assert 400 <= status < 500
    assert [one for one in discord_server.violations if fault in one]
