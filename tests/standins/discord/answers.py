"""The routes by which a bot answers interactions: callbacks, follow-ups, and edits of them."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from standins.discord.faults import Refusal
from standins.discord.interactions import Reply
from standins.discord.payloads import message_json
from standins.discord.world import JSON, World

_PRIVATE = 1 << 6
_MESSAGE, _UPDATE = 4, 7

Handler = Callable[[web.Request, JSON], Awaitable[object]]
Tell = Callable[[str, JSON], Awaitable[None]]
"""Sends an event, by its name, through the gateway."""


class Answers:
    """What the bot does with interactions.

    Attributes:
        replies: by the interaction's token.

    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.replies: dict[str, Reply] = {}

    def handlers(self) -> list[tuple[str, str, Handler]]:
        """Verb, path and handler of each route."""
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        return [
            ("POST", callback, self._callback),
            ("POST", webhook, self._follow),
            ("PATCH", f"{webhook}/messages/@original", self._edit_first),
            ("DELETE", f"{webhook}/messages/@original", self._delete_first),
        ]

    def _reply(self, request: web.Request, key: str, code: int) -> Reply:
        reply = self.replies.get(request.match_info[key])
        if reply is None:
            raise Refusal(code)
        return reply

    async def _callback(self, request: web.Request, body: JSON) -> object:
        reply = self._reply(request, "interaction_token", 10062)
        message = message_json(self._world, reply.channel, body.get("data") or {})
        await reply.acknowledge(body, message)
        shown: JSON = {"type": body["type"]}
        if body["type"] in {_MESSAGE, _UPDATE}:
            await self._publish(reply, message)
            shown["message"] = reply.source if body["type"] == _UPDATE else message
        interaction = {"id": request.match_info["interaction_id"], "type": 2}
        return {"interaction": interaction, "resource": shown}

    async def _follow(self, request: web.Request, body: JSON) -> object:
        reply = self._reply(request, "webhook_token", 10015)
        message = message_json(self._world, reply.channel, body)
        await reply.follow(message)
        await self._publish(reply, message)
        return message

    async def _publish(self, reply: Reply, message: JSON) -> None:
        """An answer that all may read stands in its channel; its buttons can be pressed."""
        if message in reply.messages and not message["flags"] & _PRIVATE and not reply.is_private:
            reply.channel.messages[message["id"]] = message

    async def _edit_first(self, request: web.Request, body: JSON) -> object:
        reply = self._reply(request, "webhook_token", 10015)
        fresh = message_json(self._world, reply.channel, body)
        edited = await reply.edit_first(body, fresh)
        await self._publish(reply, edited)
        return edited

    async def _delete_first(self, request: web.Request, _body: JSON) -> None:
        await self._reply(request, "webhook_token", 10015).delete_first()
