"""The program between a served story and both pretended platforms. What people see, as plain data.

The platforms stand in the test's process; the program reaches them by loopback, as by the network.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from programs import PATIENCE
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Chat, Post, User

STORY = """
title = "A spacewalk and what else goes on"
duration = "9d"

[throttle]
anonymous_limit = 1000

[[agency]]
id = 44
name = "National Aeronautics and Space Administration"
abbrev = "NASA"

[[event]]
id = 2001
name = "Progress MS-40 Docking"
type = "Docking"
date = "20d"
precision = "Minute"
description = "A cargo ship arrives."

[[event]]
id = 2002
name = "Juice Earth Flyby"
type = "Flyby"
date = "2mo"
precision = "Month"
description = "A probe passes by, and nobody here has asked for it."

[[event]]
id = 2003
announced = "1d"
name = "US Spacewalk 99"
type = "EVA"
date = "10d"
precision = "Minute"
description = "Two astronauts go out."
agencies = ["NASA"]

[[step]]
at = "1d"
event = 2002
webcast_live = true

[[step]]
at = "2d"
event = 2003
date = "12d"

[[step]]
at = "2d"
event = 2001
date = "22d"
comment = "The docking waits for the spacewalk."
by = "orbit_clerk"

[[step]]
at = "3d"
event = 2003
comment = "The suits are ready."
by = "orbit_clerk"

[[step]]
at = "4d"
event = 2003
webcast_live = true

[[step]]
at = "5d"
event = 2001
comment = "The hatch is open."
by = "orbit_clerk"
"""
"""Day by day a spacewalk is announced, moves, gets an update, goes live; others change as well."""

Told = tuple[str, str]
"""What a message says first: what happened, and to which event."""

NEW = ("New event", "US Spacewalk 99")
MOVED = ("Moved later by 2 days", "US Spacewalk 99")
UPDATED = ("New update", "US Spacewalk 99")
LIVE = ("Webcast is live", "US Spacewalk 99")
DOCKING_MOVED = ("Moved later by 2 days", "Progress MS-40 Docking")
DOCKING_UPDATED = ("New update", "Progress MS-40 Docking")

_SIGN = re.compile(r"^\W+ ")
"""What stands before a headline in Telegram, which has no colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """Both platforms."""

    discord: DiscordStandIn
    telegram: TelegramStandIn

    def configure(self, folder: Path, *, ll2: str, **tokens: str) -> None:
        """Write a config.toml with both platforms on, and LL2 asked every second.

        Args:
            folder: where to.
            ll2: where LL2 is.
            tokens: other tokens than the right ones, by platform.

        """
        telegram: dict[str, object] = {
            "token": self.telegram.token,
            "api_base_url": self.telegram.base_url,
        }
        sections: dict[str, dict[str, object]] = {
            "ll2": {"base_url": ll2, "poll_interval": "1s", "hourly_budget": 1000},
            "discord": self.discord.options,
            "telegram": telegram,
        }
        for name, token in tokens.items():
            sections[name] = sections[name] | {"token": token}
        text = "\n".join(_table(name, values) for name, values in sections.items())
        (folder / "config.toml").write_text(text)

    def in_discord(self, channel: Channel) -> list[Told]:
        """What a channel was told, in order; answers to commands are something else in Discord."""
        sent = [one for one in self.discord.rest.created if one["channel_id"] == channel.id]
        return [(one["embeds"][0]["author"]["name"], one["embeds"][0]["title"]) for one in sent]

    def in_telegram(self, place: Chat | User, topic: int | None = None) -> list[Told]:
        """What a chat or topic was told after the first message, an answer to a command."""
        there = [
            one for one in self.telegram.posts if (one.chat.id, one.topic) == (place.id, topic)
        ]
        return [_top(one) for one in there[1:]]

    async def until_in_discord(self, channel: Channel, told: list[Told]) -> None:
        """Wait until a channel was told so much."""
        with suppress(TimeoutError):
            await self.discord.rest.until(
                lambda: len(self.in_discord(channel)) >= len(told), PATIENCE.total_seconds()
            )
        assert self.in_discord(channel) == told

    async def until_in_telegram(
        self, place: Chat | User, told: list[Told], *, topic: int | None = None
    ) -> None:
        """Wait until a chat or topic was told so much."""
        await self.telegram.until(lambda: len(self.in_telegram(place, topic)) >= len(told))
        assert self.in_telegram(place, topic) == told

    async def subscribe_in_discord(self, channel: Channel, wanted: str) -> None:
        """The manager subscribes a channel to a type of events."""
        manager = self.discord.manager
        reply = await self.discord.slash(channel, manager, "subscribe", {"type": wanted})
        assert reply.content.startswith("Subscribed"), reply.content

    async def subscribe_in_telegram(
        self, place: Chat | User, wanted: str, *, by: User, topic: int = 0
    ) -> None:
        """Somebody subscribes a chat or topic to a type of events."""
        self.telegram.say(place, f"/subscribe type:{wanted}", by=by, topic=topic)
        post = await self.telegram.next_post()
        assert (post.chat.id, post.topic) == (place.id, topic or None)
        assert post.text.startswith("Subscribed"), post.text


def _table(name: str, values: dict[str, object]) -> str:
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return f"[{name}]\n{''.join(lines)}"


def _top(post: Post) -> Told:
    headline, title, *_ = post.text.splitlines()
    return _SIGN.sub("", headline), title


@asynccontextmanager
async def open_chats(shared: Path) -> AsyncIterator[Chats]:
    """Both platforms, each judging by its official description; nothing may be wrong."""
    async with DiscordStandIn() as discord, TelegramStandIn(Judge.of(shared)) as telegram:
        yield Chats(discord=discord, telegram=telegram)
    assert discord.violations == []
    assert telegram.faults == []
    assert discord.limits.refused == 0
