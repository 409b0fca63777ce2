"""The program between a served story and both pretended platforms. What people see, as plain data.

The platforms stand in the test's process; the program reaches them by loopback, as by the network.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs import PATIENCE, Program
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Chat, Post, User

STORY = """
title = "A spacewalk and what else goes on"
duration = "9d"

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
"""A spacewalk is announced, moves, gets an update, goes live, one a day; others change meanwhile."""

Told = tuple[str, str]
"""What stands at the top of a message: what happened, and to which event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """Both platforms."""

    discord: DiscordStandIn
    telegram: TelegramStandIn

    def configure(self, program: Program, ll2: str, **tokens: str) -> Program:
        """Write config.toml: LL2 there, asked each second; both platforms, with other tokens."""
        telegram = {"token": self.telegram.token, "api_base_url": self.telegram.base_url}
        sections: dict[str, dict[str, Any]] = {
            "ll2": {"base_url": ll2, "poll_interval": "1s", "hourly_budget": 1000},
            "discord": self.discord.options,
            "telegram": telegram,
        }
        for name, token in tokens.items():
            sections[name] = {**sections[name], "token": token}
        (program.folder / "config.toml").write_text("".join(map(_table, *zip(*sections.items()))))
        return program

    def in_discord(self, channel: Channel) -> list[Told]:
        """What the bot told a channel unasked, in order."""
        sent = [one for one in self.discord.rest.created if one["channel_id"] == channel.id]
        return [_top_of_embed(one["embeds"][0]) for one in sent]

    def in_telegram(self, place: Chat | User, topic: int | None = None) -> list[Told]:
        """What the bot told a chat or topic, its answers to commands too, in order."""
        posts = [one for one in self.telegram.posts if one.chat.id == place.id]
        return [_top_of_post(one) for one in posts if one.topic == topic]

    async def until_in_discord(self, channel: Channel, told: list[Told]) -> None:
        """Wait until a channel was told so much."""
        patience = PATIENCE.total_seconds()
        await self.discord.rest.until(lambda: len(self.in_discord(channel)) >= len(told), patience)


def _table(name: str, values: dict[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(values[key])}" for key in values), ""])


def _top_of_embed(embed: dict[str, Any]) -> Told:
    return embed["author"]["name"], embed["title"]


def _top_of_post(post: Post) -> Told:
    """The first two lines, without the sign that stands before them."""
    first, second, *_ = [*post.text.splitlines(), "", ""]
    return first.partition(" ")[2], second


@asynccontextmanager
async def open_chats(shared: Path) -> AsyncIterator[Chats]:
    """Both platforms, each with the judge that has its official description."""
    async with DiscordStandIn() as discord, TelegramStandIn(Judge.of(shared)) as telegram:
        yield Chats(discord=discord, telegram=telegram)
