"""The pretended REST API: the routes that a bot of our sort uses, judged, limited, permitted."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web
from standins.discord.answers import Answers, Handler, Tell
from standins.discord.faults import Fault, Limits, Refusal, error_response, json_response
from standins.discord.judge import NOTHING, Judge
from standins.discord.payloads import application_json, channel_json, message_json, user_json
from standins.discord.reading import Reading, allowed_channel
from standins.discord.world import (
    JSON,
    PUBLISHED,
    WRITABLE,
    Channel,
    ChannelType,
    Right,
    World,
    new_id,
    rights_in,
)


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
        starts: what the gateway says of sessions that may begin.
        nonce_memory: for how long a nonce makes no second message, by the world's clock.
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
        self.tell: Tell = _tell_nobody
        self.starts: Callable[[], JSON] = dict
        self.watch: Callable[[str], None] = _watch_nothing
        self.nonce_memory = timedelta(minutes=3)
        self._by_nonce: dict[str, tuple[datetime, JSON]] = {}
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
            ("PATCH", "/channels/{channel_id}", self._channel_patch),
            ("POST", "/channels/{channel_id}/threads", self._post),
            ("POST", "/channels/{channel_id}/messages", self._send),
            ("PATCH", message, self._message_edit),
            ("DELETE", message, self._message_delete),
            ("POST", f"{message}/crosspost", self._publish),
            *self._answers.handlers(),
            *Reading(self._world).handlers(),
        ]
        known = [
            web.route(verb, f"/api/v10{path}", self._served(path, handler))
            for verb, path, handler in table
        ]
        return [*known, web.route("*", "/{unknown:.+}", self._unknown)]

    async def _unknown(self, request: web.Request) -> web.Response:
        """What the bot should never ask for, or this server should learn."""
        asked = f"{request.method} {request.path}"
        self.requests.append(asked)
        self._judge.condemn(asked, "there is no such route")
        return json_response({"code": 0, "message": "404: Not Found"}, status=404)

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
        body, faults = await self._judged(request, path)
        is_exempt = path.startswith(("/interactions/", "/webhooks/"))
        if not is_exempt and request.headers.get("Authorization") != f"Bot {self._world.token}":
            return error_response(0)
        bucket = request.match_info["channel_id"] if handler == self._send else None
        now = asyncio.get_running_loop().time()
        refused = None if is_exempt else self.limits.check(bucket, now)
        if path.endswith("/{webhook_token}"):
            refused = self.limits.follow(request.match_info["webhook_token"], now)
        if refused is not None:
            return refused
        fault = self._fault(request)
        if fault is not None and not fault.after:
            return await fault.response(request)
        response = await self._handled(request, handler, body, faults)
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

    async def _judged(self, request: web.Request, path: str) -> tuple[Any, list[str]]:
        """The body of a request and its faults; also those of one that is refused anyhow."""
        body: Any = NOTHING
        if request.body_exists and request.content_type == "application/json":
            with suppress(ValueError):
                body = await request.json()
        elif request.body_exists:
            self._judge.condemn(f"{request.method} {path}", f"a body of {request.content_type}")
        faults = self._judge.judge(
            request.method, path, body, parts=request.match_info, query=request.query
        )
        return ({} if body is NOTHING else body), faults

    async def _handled(
        self, request: web.Request, handler: Handler, body: Any, faults: list[str]
    ) -> web.Response:
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
        return self.starts()

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

    async def _channel_patch(self, request: web.Request, body: JSON) -> object:
        channel = allowed_channel(self._world, request)
        if channel.locked and not rights_in(channel, self._world.bot.id) & Right.MANAGE_THREADS:
            raise Refusal(50013)
        channel.archived = body.get("archived", channel.archived)
        return channel_json(channel)

    async def _post(self, request: web.Request, body: JSON) -> object:
        forum = allowed_channel(self._world, request, Right.SEND_MESSAGES)
        if forum.type is not ChannelType.FORUM or forum.guild is None:
            raise Refusal(50024)
        thread = Channel(
            id=self._world.stamped_id(), name=body["name"], type=ChannelType.THREAD,
            guild=forum.guild, parent=forum, owner_id=self._world.bot.id,
        )  # fmt: skip
        forum.guild.channels[thread.id] = thread
        await self.tell("THREAD_CREATE", channel_json(thread) | {"newly_created": True})
        message = message_json(self._world, thread, body["message"]) | {"id": thread.id}
        await self._keep(thread, message)
        return channel_json(thread) | {"message": message}

    async def _send(self, request: web.Request, body: JSON) -> object:
        channel = allowed_channel(self._world, request)
        self._check_sending(channel, body)
        known = self._repeated(body)
        if known is not None:
            return known
        channel.archived = False
        message = message_json(self._world, channel, body)
        if body.get("enforce_nonce"):
            self._by_nonce[str(body["nonce"])] = (self._world.now(), message)
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
        known = self._by_nonce.get(str(body.get("nonce"))) if body.get("enforce_nonce") else None
        if known is None or self._world.now() - known[0] > self.nonce_memory:
            return None
        place = self._world.channel(known[1]["channel_id"])
        if place is None or known[1]["id"] not in place.messages:
            raise Refusal(10008)
        return known[1]

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
        found = allowed_channel(self._world, request).messages.get(request.match_info["message_id"])
        if found is None:
            raise Refusal(10008)
        return found

    async def _publish(self, request: web.Request, _body: JSON) -> object:
        if (
            allowed_channel(self._world, request, Right.SEND_MESSAGES).type
            is not ChannelType.ANNOUNCEMENT
        ):
            raise Refusal(50024)
        message = self._message(request)
        if message["flags"] & PUBLISHED:
            raise Refusal(40033)
        message["flags"] |= PUBLISHED
        return message

    async def _message_edit(self, request: web.Request, body: JSON) -> object:
        message = self._message(request)
        message.update(body)
        return message

    async def _message_delete(self, request: web.Request, _body: JSON) -> None:
        del allowed_channel(self._world, request).messages[self._message(request)["id"]]
