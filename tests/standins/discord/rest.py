"""The pretended REST API: the routes that a bot of our sort uses, judged, limited, permitted."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from aiohttp import web
from standins.discord.answers import Answers, Handler
from standins.discord.faults import Fault, Limits, Refusal, error_response, json_response
from standins.discord.judge import Judge
from standins.discord.payloads import (
    application_json,
    channel_json,
    message_json,
    user_json,
)
from standins.discord.world import (
    JSON,
    WRITABLE,
    Channel,
    ChannelType,
    Right,
    World,
    new_id,
    rights_in,
)

_PUBLISHED = 1 << 0
"""The flag CROSSPOSTED of a message."""

Tell = Callable[[str, JSON], Awaitable[None]]


def _watch_nothing(_sign: str) -> None:
    """Stand for nobody who watches."""


async def _tell_nobody(_name: str, _data: JSON) -> None:
    """Stand for a gateway that is not there."""


class Rest:
    """The API's side of HTTP.

    Attributes:
        requests: every request as "METHOD path", in order, the refused ones too.
        created: every message that was made by a plain send, in order.
        faults: errors on demand.
        tell: sends an event by the gateway.
        watch: is told "asked" when a message is to be sent, and "answered" when that was answered.
        latency: how long a request takes at most, in seconds; random, half before it counts.

    """

    def __init__(self, world: World, judge: Judge, answers: Answers) -> None:
        self._world = world
        self._answers = answers
        self._judge = judge
        self.limits = Limits()
        self.requests: list[str] = []
        self.created: list[JSON] = []
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.gateway_address = ""
        self.tell: Tell = _tell_nobody
        self.watch: Callable[[str], None] = _watch_nothing
        self._by_nonce: dict[str, JSON] = {}
        self._random = Random(1)  # noqa: S311 - jitter, the same in every run
        self._changed = asyncio.Condition()

    def routes(self) -> list[web.RouteDef]:
        """All routes, by the paths of the document."""
        message = "/channels/{channel_id}/messages/{message_id}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway),
            ("POST", "/users/@me/channels", self._open_private),
            ("PUT", "/applications/{application_id}/commands", self._sync),
            ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", self._sync_guild),
            ("GET", "/channels/{channel_id}", self._channel_get),
            ("PATCH", "/channels/{channel_id}", self._channel_patch),
            ("GET", "/channels/{channel_id}/threads/archived/public", self._archived),
            ("POST", "/channels/{channel_id}/threads", self._post),
            ("POST", "/channels/{channel_id}/messages", self._send),
            ("GET", message, self._message_get),
            ("PATCH", message, self._message_edit),
            ("DELETE", message, self._message_delete),
            ("POST", f"{message}/crosspost", self._publish),
            *self._answers.handlers(),
        ]
        return [
            web.route(verb, f"/api/v10{path}", self._served(path, handler))
            for verb, path, handler in table
        ]

    def _served(
        self, path: str, handler: Handler
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            self.requests.append(f"{request.method} {request.path.removeprefix('/api/v10')}")
            watch = self.watch if handler == self._send else _watch_nothing
            watch("asked")
            await request.read()
            await self._delay()
            response = await self._answer(request, path, handler)
            watch("answered")
            return response

        return serve

    async def _delay(self) -> None:
        if self.latency:
            await asyncio.sleep(self._random.uniform(0, self.latency / 2))

    async def _answer(self, request: web.Request, path: str, handler: Handler) -> web.Response:
        is_exempt = path.startswith(("/interactions/", "/webhooks/"))
        if not is_exempt and request.headers.get("Authorization") != f"Bot {self._world.token}":
            return error_response(0)
        bucket = request.match_info["channel_id"] if handler == self._send else None
        now = asyncio.get_running_loop().time()
        refused = None if is_exempt else self.limits.check(bucket, now)
        if refused is not None:
            return refused
        fault = self._fault(request)
        if fault is not None and not fault.after:
            return await fault.response(request)
        response = await self._handled(request, path, handler)
        await self._delay()
        if fault is not None:
            return await fault.response(request)
        response.headers.update(self.limits.headers(bucket, now))
        return response

    def _fault(self, request: web.Request) -> Fault | None:
        for fault in self.faults:
            if fault.fits(request.method, request.path):
                fault.times -= 1
                return fault
        return None

    async def _handled(self, request: web.Request, path: str, handler: Handler) -> web.Response:
        body = await request.json(loads=json.loads) if request.body_exists else {}
        if request.body_exists or request.method in {"POST", "PUT", "PATCH"}:
            faults = self._judge.judge(request.method, path, body)
            if faults:
                problems = {"_errors": [{"code": "BASE_TYPE", "message": one} for one in faults]}
                return error_response(50035, errors={"body": problems})
        try:
            answer = await handler(request, body)
        except Refusal as refusal:
            return error_response(refusal.code, errors=refusal.errors)
        return web.Response(status=204) if answer is None else json_response(answer)

    async def _me(self, _request: web.Request, _body: JSON) -> object:
        return user_json(self._world.bot)

    async def _application(self, _request: web.Request, _body: JSON) -> object:
        return application_json(self._world)

    async def _gateway(self, _request: web.Request, _body: JSON) -> object:
        left = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway_address, "shards": 1, "session_start_limit": left}

    async def _open_private(self, _request: web.Request, body: JSON) -> object:
        user = self._world.users.get(str(body["recipient_id"]))
        if user is None:
            raise Refusal(50278)
        for channel in self._world.private.values():
            if channel.recipient is user:
                return channel_json(channel)
        channel = Channel(name=user.name, type=ChannelType.DM, recipient=user)
        self._world.private[channel.id] = channel
        return channel_json(channel)

    async def _sync(self, _request: web.Request, body: Any) -> object:
        async with self._changed:
            self._world.commands = self._registered(body)
            self._changed.notify_all()
        return self._world.commands

    async def _sync_guild(self, request: web.Request, body: Any) -> object:
        guild = self._world.guilds.get(request.match_info["guild_id"])
        if guild is None:
            raise Refusal(50001)
        guild.commands = [{**one, "guild_id": guild.id} for one in self._registered(body)]
        return guild.commands

    def _registered(self, commands: list[JSON]) -> list[JSON]:
        own = {"application_id": self._world.bot.id}
        return [{**one, **own, "id": new_id(), "version": new_id()} for one in commands]

    def _channel(self, request: web.Request, *rights: Right) -> Channel:
        """The channel of a request, if the bot may see it and has these rights there."""
        channel = self._world.channel(request.match_info["channel_id"])
        if channel is None:
            raise Refusal(10003)
        held = rights_in(channel, self._world.bot.id)
        if not held & Right.VIEW_CHANNEL:
            raise Refusal(50001)
        if any(not held & right for right in rights):
            raise Refusal(50013)
        return channel

    async def _channel_get(self, request: web.Request, _body: JSON) -> object:
        return channel_json(self._channel(request))

    async def _channel_patch(self, request: web.Request, body: JSON) -> object:
        channel = self._channel(request)
        if channel.locked and not rights_in(channel, self._world.bot.id) & Right.MANAGE_THREADS:
            raise Refusal(50013)
        channel.archived = body.get("archived", channel.archived)
        return channel_json(channel)

    async def _archived(self, request: web.Request, _body: JSON) -> object:
        parent = self._channel(request, Right.READ_MESSAGE_HISTORY)
        siblings = parent.guild.channels.values() if parent.guild else ()
        found = [one for one in siblings if one.parent is parent and one.archived]
        return {"threads": [channel_json(one) for one in found], "members": [], "has_more": False}

    async def _post(self, request: web.Request, body: JSON) -> object:
        forum = self._channel(request, Right.SEND_MESSAGES)
        if forum.type is not ChannelType.FORUM or forum.guild is None:
            raise Refusal(50024)
        thread = Channel(
            name=body["name"], type=ChannelType.THREAD, guild=forum.guild, parent=forum,
            owner_id=self._world.bot.id,
        )  # fmt: skip
        forum.guild.channels[thread.id] = thread
        await self.tell("THREAD_CREATE", channel_json(thread) | {"newly_created": True})
        message = message_json(self._world, thread, body["message"]) | {"id": thread.id}
        await self._keep(thread, message)
        return channel_json(thread) | {"message": message}

    async def _send(self, request: web.Request, body: JSON) -> object:
        channel = self._channel(request)
        self._check_sending(channel, body)
        known = self._repeated(body)
        if known is not None:
            return known
        channel.archived = False
        message = message_json(self._world, channel, body)
        if body.get("enforce_nonce"):
            self._by_nonce[str(body["nonce"])] = message
        await self._keep(channel, message)
        return message

    def _check_sending(self, channel: Channel, body: JSON) -> None:
        if channel.type not in WRITABLE and not channel.is_thread:
            raise Refusal(50008)
        needed = Right.SEND_MESSAGES_IN_THREADS if channel.is_thread else Right.SEND_MESSAGES
        held = rights_in(channel, self._world.bot.id)
        if not held & needed or (body.get("embeds") and not held & Right.EMBED_LINKS):
            raise Refusal(50013)
        if channel.locked and not held & Right.MANAGE_THREADS:
            raise Refusal(160005)

    def _repeated(self, body: JSON) -> JSON | None:
        """The message that this nonce made before, wherever that was (facts-delivery, 2.2)."""
        message = self._by_nonce.get(str(body.get("nonce"))) if body.get("enforce_nonce") else None
        if message is not None:
            place = self._world.channel(message["channel_id"])
            if place is None or message["id"] not in place.messages:
                raise Refusal(10008)
        return message

    async def _keep(self, channel: Channel, message: JSON) -> None:
        async with self._changed:
            channel.messages[message["id"]] = message
            self.created.append(message)
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], patience: float) -> None:
        """Return once a condition holds that a send or a sync brings about."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(condition)

    def _message(self, request: web.Request) -> JSON:
        found = self._channel(request).messages.get(request.match_info["message_id"])
        if found is None:
            raise Refusal(10008)
        return found

    async def _message_get(self, request: web.Request, _body: JSON) -> object:
        return self._message(request)

    async def _publish(self, request: web.Request, _body: JSON) -> object:
        if self._channel(request, Right.SEND_MESSAGES).type is not ChannelType.ANNOUNCEMENT:
            raise Refusal(50024)
        message = self._message(request)
        if message["flags"] & _PUBLISHED:
            raise Refusal(40033)
        message["flags"] |= _PUBLISHED
        return message

    async def _message_edit(self, request: web.Request, body: JSON) -> object:
        message = self._message(request)
        message.update(body)
        return message

    async def _message_delete(self, request: web.Request, _body: JSON) -> None:
        del self._channel(request).messages[self._message(request)["id"]]
