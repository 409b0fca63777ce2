"""How the pretended Discord shows its objects as JSON: the keys that discord.py needs."""

import re

from standins.discord.world import (
    JSON,
    Channel,
    ChannelType,
    Guild,
    Role,
    User,
    World,
    new_id,
    rights_in,
)

_EVERYBODY, _ROLE = re.compile(r"@(everyone|here)"), re.compile(r"<@&(\d+)>")


def user_json(user: User) -> JSON:
    """A user object."""
    shown: JSON = {"id": user.id, "username": user.name, "global_name": None, "discriminator": "0"}
    return shown | {"avatar": None, "bot": user.is_bot}


def application_json(world: World) -> JSON:
    """The bot's application; it has the bot's id, as young applications do."""
    return {
        "id": world.bot.id,
        "name": world.bot.name,
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user_json(User(id="1", name="owner")),
    }


def role_json(role: Role) -> JSON:
    """A role object."""
    shown: JSON = {"id": role.id, "name": role.name, "permissions": str(int(role.rights))}
    return shown | {
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "managed": False,
        "mentionable": True,
        "flags": 0,
    }


def member_json(guild: Guild, user: User) -> JSON:
    """A member object."""
    shown: JSON = {"user": user_json(user), "roles": [*guild.members[user.id]], "nick": None}
    return shown | {
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def channel_json(channel: Channel) -> JSON:
    """A channel, thread or private chat."""
    shown: JSON = {"id": channel.id, "type": int(channel.type), "name": channel.name}
    shown["last_message_id"] = next(reversed(channel.messages), None)
    if channel.recipient is not None:
        return shown | {"recipients": [user_json(channel.recipient)], "flags": 0}
    if channel.guild is not None:
        shown["guild_id"] = channel.guild.id
    shown["parent_id"] = channel.parent.id if channel.parent else None
    return shown | (_thread_parts(channel) if channel.is_thread else _channel_parts(channel))


def _thread_parts(channel: Channel) -> JSON:
    return {
        "owner_id": channel.owner_id,
        "message_count": len(channel.messages),
        "member_count": 1,
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": {
            "archived": channel.archived,
            "locked": channel.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
        },
    }


def _channel_parts(channel: Channel) -> JSON:
    overwrites = [
        {
            "id": one.id,
            "type": int(one.is_member),
            "allow": str(int(one.allow)),
            "deny": str(int(one.deny)),
        }
        for one in channel.overwrites
    ]
    parts: JSON = {"position": 0, "permission_overwrites": overwrites, "nsfw": False, "flags": 0}
    forum: JSON = {"available_tags": [], "default_reaction_emoji": None}
    return parts | (forum if channel.type is ChannelType.FORUM else {})


def guild_json(world: World, guild: Guild) -> JSON:
    """What GUILD_CREATE shows of a server; of its members only the bot."""
    channels = guild.channels.values()
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "roles": [role_json(one) for one in guild.roles.values()],
        "channels": [channel_json(one) for one in channels if not one.is_thread],
        "threads": [channel_json(one) for one in channels if one.is_thread and not one.archived],
        "members": [member_json(guild, world.bot)],
        "member_count": len(guild.members),
        "emojis": [],
        "stickers": [],
        "features": [],
    }


def message_json(world: World, channel: Channel, body: JSON) -> JSON:
    """The message that a request makes."""
    content = str(body.get("content") or "")
    return {
        "id": world.stamped_id(),
        "channel_id": channel.id,
        "author": user_json(world.bot),
        "content": content,
        "embeds": [{"type": "rich", **one} for one in _shown_embeds(body.get("embeds") or [])],
        "components": body.get("components") or [],
        "flags": body.get("flags") or 0,
        "nonce": body.get("nonce"),
        "type": 0,
        "timestamp": world.now().isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": "everyone" in _parsed(body) and bool(_EVERYBODY.search(content)),
        "mentions": [],
        "mention_roles": _pinged(body),
        "attachments": [],
        "pinned": False,
    }


def _shown_embeds(embeds: list[JSON]) -> list[JSON]:
    """Of embeds with the same address only the first is shown (docs, resources/message)."""
    seen = [one.get("url") for one in embeds]
    return [one for n, one in enumerate(embeds) if not seen[n] or seen[n] not in seen[:n]]


def _pinged(body: JSON) -> list[str]:
    """The roles that a message really notifies: written in it, and allowed."""
    written = _ROLE.findall(str(body.get("content") or ""))
    allowed: JSON = body.get("allowed_mentions") or {}
    named = {str(one) for one in allowed.get("roles") or ()}
    return [one for one in written if "roles" in _parsed(body) or one in named]


def _parsed(body: JSON) -> set[str]:
    """The sorts of mention that are looked for; all, where a request does not say."""
    allowed: JSON | None = body.get("allowed_mentions")
    return {"everyone", "roles", "users"} if allowed is None else {*allowed.get("parse", ())}


def interaction_json(world: World, channel: Channel, user: User) -> JSON:
    """What all sorts of INTERACTION_CREATE have in common."""
    shown: JSON = {
        "id": new_id(),
        "application_id": world.bot.id,
        "token": f"token-{new_id()}",
        "version": 1,
        "channel_id": channel.id,
        "channel": channel_json(channel),
        "locale": "en-GB",
        "attachment_size_limit": 10_485_760,
        "app_permissions": str(int(rights_in(channel, world.bot.id))),
        "entitlements": [],
    }
    if channel.guild is None:
        return shown | {"user": user_json(user), "context": 1}
    rights = str(int(rights_in(channel, user.id)))
    member = member_json(channel.guild, user) | {"permissions": rights}
    return shown | {"guild_id": channel.guild.id, "member": member, "context": 0}
