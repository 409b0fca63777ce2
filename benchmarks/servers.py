"""What discord.py remembers of a server that the gateway told of: the memory of a large bot.

The servers are made up: so many text channels with two overwrites each, and so many roles.
"""

import gc
import tracemalloc
from typing import Any

from benchmarks.table import Row
from bot.adapters.discord import discord

SERVERS = 1_000
CHANNELS, ROLES = 20, 15
_KIB = 1024
_MOST_KIB = 20


async def measure() -> tuple[Row, ...]:
    """KiB a server, of a usual one and of one more than twice as large."""
    usual = kib_of_a_server(CHANNELS, ROLES)
    large = kib_of_a_server(2 * CHANNELS, 2 * ROLES)
    return (
        Row(
            what=f"memory of a server on Discord, {CHANNELS} channels and {ROLES} roles",
            figure=f"{usual:.0f} KiB",
            yardstick=f"{large:.0f} KiB, twice as many of both",
            compared=f"ratio {usual / large:.2f}",
            target=f"<= {_MOST_KIB} KiB",
            holds=usual <= _MOST_KIB,
        ),
    )


def kib_of_a_server(channels: int, roles: int, *, servers: int = SERVERS) -> float:
    """What one takes in the cache of a client with the gateway's intents."""
    client = discord.Client(
        intents=discord.Intents(guilds=True),
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_messages=None,
    )
    state = client._connection  # noqa: SLF001 - where the library keeps what the gateway tells
    gc.collect()
    tracemalloc.start()
    for number in range(servers):
        state._add_guild_from_data(_server(number, channels, roles))  # noqa: SLF001
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / servers / _KIB


def _server(number: int, channels: int, roles: int) -> Any:
    """As the gateway tells of one (discord-api-docs, resources/guild)."""
    first = 10**17 + number * 1_000
    return {
        "id": f"{first}",
        "name": f"Server {number}",
        "icon": f"{number:032}",
        "owner_id": f"{first + 999}",
        "preferred_locale": "en-US",
        "member_count": 500,
        "features": ["COMMUNITY", "NEWS"],
        "roles": [_role(first, place) for place in range(roles)],
        "channels": [_channel(first, place) for place in range(channels)],
        **dict.fromkeys(("afk_timeout", "verification_level", "mfa_level", "nsfw_level"), 0),
        **dict.fromkeys(("explicit_content_filter", "default_message_notifications"), 0),
        **dict.fromkeys(("premium_tier", "system_channel_flags"), 0),
        **dict.fromkeys(("emojis", "stickers", "members", "threads", "voice_states"), ()),
        "premium_progress_bar_enabled": False,
    }


def _role(first: int, place: int) -> dict[str, Any]:
    # The first of them is everybody's, which has the server's own id.
    flags = dict.fromkeys(("hoist", "managed", "mentionable"), False)
    name, permissions = f"role {place}", "104324673"
    return {
        "id": f"{first + place}",
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "position": place,
        "permissions": permissions,
        "flags": 0,
        **flags,
    }


def _channel(first: int, place: int) -> dict[str, Any]:
    return {
        "id": f"{first + 100 + place}",
        "type": 0,
        "name": f"channel-{place}",
        "position": place,
        "parent_id": None,
        "topic": None,
        "last_message_id": f"{first + 500 + place}",
        "permission_overwrites": [
            {"id": f"{first + role}", "type": 0, "allow": "0", "deny": "1024"} for role in (1, 2)
        ],
    }
