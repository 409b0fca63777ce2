"""Where the bot may write, by what the gateway told of servers and rights. Sends nothing."""

from collections.abc import Iterator

import discord

from bot.adapters.discord.outcomes import VIEW

Place = discord.abc.GuildChannel | discord.Thread
"""A channel or thread of a server."""

_EMBED = "Embed Links"


def place_of(client: discord.Client, channel_id: int) -> Place | None:
    """The channel or thread of a server, if the gateway told of it."""
    found = client.get_channel(channel_id)
    return found if isinstance(found, discord.abc.GuildChannel | discord.Thread) else None


def missing_right(place: Place) -> str:
    """The first permission that the bot lacks to send there, in Discord's words; empty: none.

    Empty as well while the server is out of order, for what is known of it is old then.
    """
    if not _is_known(place.guild):
        return ""
    held = place.permissions_for(place.guild.me)
    needed = ((VIEW, held.view_channel), _writing(place, held), (_EMBED, held.embed_links))
    return next((name for name, is_held in needed if not is_held), "")


def may_read_back(place: Place) -> bool | None:
    """Whether the bot may read what was written there; None while the server is out of order."""
    if not _is_known(place.guild):
        return None
    return place.permissions_for(place.guild.me).read_message_history


def _is_known(guild: discord.Guild) -> bool:
    """Whether what is known of a server's rights is so now."""
    return not guild.unavailable and _me(guild) is not None


def _me(guild: discord.Guild) -> discord.Member | None:
    """The bot as a member; discord.py's own type leaves out that it may not be known."""
    return guild.get_member(guild._state.self_id or 0)  # noqa: SLF001


def _writing(place: Place, held: discord.Permissions) -> tuple[str, bool]:
    if isinstance(place, discord.Thread):
        return "Send Messages in Threads", held.send_messages_in_threads
    if isinstance(place, discord.ForumChannel):
        return "Create Posts", held.send_messages
    return "Send Messages", held.send_messages


def is_open(place: Place) -> bool:
    """Whether a message to that place would be taken, as far as is known."""
    is_locked = isinstance(place, discord.Thread) and place.locked
    return _takes_messages(place) and not is_locked and not missing_right(place)


def is_seen_open(place: Place) -> bool:
    """The same for sure: nothing is concluded from what is not known."""
    return _is_known(place.guild) and is_open(place)


def _takes_messages(place: Place) -> bool:
    return not isinstance(place, discord.CategoryChannel)


def places(guild: discord.Guild) -> Iterator[Place]:
    """All places of a server that could be destinations."""
    yield from (one for one in guild.channels if _takes_messages(one))
    yield from guild.threads


def with_threads(channel: discord.abc.GuildChannel) -> Iterator[Place]:
    """A channel and its threads."""
    yield channel
    yield from (one for one in channel.guild.threads if one.parent_id == channel.id)
