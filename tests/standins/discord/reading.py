"""The routes by which a bot reads: channels, threads, and what was written in them."""

from collections.abc import Iterable

from aiohttp import web
from standins.discord.answers import Handler
from standins.discord.faults import Refusal
from standins.discord.payloads import channel_json
from standins.discord.world import JSON, Channel, Right, World, rights_in

_MOST = 100


def allowed_channel(world: World, request: web.Request, *rights: Right) -> Channel:
    """The channel of a request, if the bot may see it and has these rights there."""
    channel = world.channel(request.match_info["channel_id"])
    if channel is None:
        raise Refusal(10003)
    held = rights_in(channel, world.bot.id)
    if not held & Right.VIEW_CHANNEL:
        raise Refusal(50001)
    if any(not held & right for right in rights):
        raise Refusal(50013)
    return channel


class Reading:
    """What the bot reads."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> list[tuple[str, str, Handler]]:
        """Verb, path and handler of each route."""
        channel = "/channels/{channel_id}"
        return [
            ("GET", channel, self._channel),
            ("GET", f"{channel}/threads/archived/public", self._archived),
            ("GET", "/guilds/{guild_id}/threads/active", self._active),
            ("GET", f"{channel}/messages", self._history),
            ("GET", f"{channel}/messages/{{message_id}}", self._message),
        ]

    async def _channel(self, request: web.Request, _body: JSON) -> object:
        return channel_json(allowed_channel(self._world, request))

    async def _archived(self, request: web.Request, _body: JSON) -> object:
        parent = allowed_channel(self._world, request, Right.READ_MESSAGE_HISTORY)
        siblings = parent.guild.channels.values() if parent.guild else ()
        found = [one for one in siblings if one.parent is parent and one.archived]
        return {"threads": [channel_json(one) for one in found], "members": [], "has_more": False}

    async def _active(self, request: web.Request, _body: JSON) -> object:
        guild = self._world.guilds.get(request.match_info["guild_id"])
        if guild is None:
            raise Refusal(10004)
        threads = [one for one in guild.channels.values() if one.is_thread and not one.archived]
        seen = [one for one in threads if rights_in(one, self._world.bot.id) & Right.VIEW_CHANNEL]
        return {"threads": [channel_json(one) for one in seen], "members": []}

    async def _history(self, request: web.Request, _body: JSON) -> object:
        """Newest first; who may not read gets nothing, and no error (Get Channel Messages)."""
        channel = allowed_channel(self._world, request)
        if not rights_in(channel, self._world.bot.id) & Right.READ_MESSAGE_HISTORY:
            return []
        limit = int(request.query.get("limit", "50"))
        if not 1 <= limit <= _MOST or {*request.query} - {"limit", "after", "before"}:
            raise Refusal(50035)
        after, before = (int(request.query.get(name, "0")) for name in ("after", "before"))
        found = [
            one
            for one in _by_age(channel.messages.values())
            if int(one["id"]) > after and (not before or int(one["id"]) < before)
        ]
        return (found[:limit] if after else found[-limit:])[::-1]

    async def _message(self, request: web.Request, _body: JSON) -> object:
        found = allowed_channel(self._world, request).messages.get(request.match_info["message_id"])
        if found is None:
            raise Refusal(10008)
        return found


def _by_age(messages: Iterable[JSON]) -> list[JSON]:
    return sorted(messages, key=lambda one: int(one["id"]))
