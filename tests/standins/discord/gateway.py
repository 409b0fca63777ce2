"""The pretended gateway: HELLO, IDENTIFY, READY, GUILD_CREATE, heartbeats, RESUME, closing."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from aiohttp import WSMsgType, web
from standins.discord.payloads import application_json, guild_json, user_json
from standins.discord.world import JSON, World, new_id

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT = 0, 1, 2, 6, 7
_INVALID, _HELLO, _ACK = 9, 10, 11
_PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
_PATIENCE_S = 10.0
_DISTANCE = timedelta(seconds=5)


@dataclass(kw_only=True, eq=False)
class Session:
    """A session: what it was sent, and the connection that it has at present.

    Attributes:
        shard: its number, and how many there are.

    """

    shard: tuple[int, int] = (0, 1)
    id: str = field(default_factory=new_id)
    events: list[JSON] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """The gateway's side of the socket.

    Attributes:
        sessions: by id.
        identified: how often somebody identified; `resumed` likewise.
        is_down: refuses connections, as in an outage; `turned_away` counts them.
        recommended: how many shards it asks for; a session for all is refused where that is more.
        abreast: how many sessions may begin in five seconds, one for each remainder by it.
        left: how many sessions may begin yet; `renewed_in_ms` until there are more.
        begun: when each session began, by the world's clock, and which remainder it was of.
        peers: this one, and those of other bots at the same address.

    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.identified: list[JSON] = []
        self.resumed: list[JSON] = []
        self.is_down = False
        self.turned_away = 0
        self.address = ""
        self.recommended = self.abreast = 1
        self.left = 1000
        self.renewed_in_ms = 0
        self.begun: list[tuple[int, datetime]] = []
        self.overdrawn = 0
        self.peers = [self]
        self._changed = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection to its end."""
        if self.is_down:
            self.turned_away += 1
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        await _put(socket, _HELLO, {"heartbeat_interval": 41_250})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(frame.data))
        finally:
            for one in self.peers:
                await one._lose(socket)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, frame: JSON) -> None:
        if frame["op"] == _HEARTBEAT:
            await _put(socket, _ACK, None)
        elif frame["op"] == _IDENTIFY:
            await self._meant(frame["d"])._identify(socket, frame["d"])
        elif frame["op"] == _RESUME:
            await self._meant(frame["d"])._resume(socket, frame["d"])

    def _meant(self, wish: JSON) -> "Gateway":
        return next((one for one in self.peers if one._world.token == wish["token"]), self)

    async def _identify(self, socket: web.WebSocketResponse, wish: JSON) -> None:
        if wish["token"] != self._world.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        if wish["intents"] & _PRIVILEGED:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return
        shard = wish.get("shard")
        if not _is_shard(shard):
            await socket.close(code=4010, message=b"Invalid shard.")
            return
        if shard is None and self.recommended > 1:
            await socket.close(code=4011, message=b"Sharding required.")
            return
        number, count = shard or (0, 1)
        self.begun.append((number % self.abreast, self._world.now()))
        self.overdrawn += self.left < 1
        self.left -= 1
        session = Session(socket=socket, shard=(number, count))
        self.sessions[session.id] = session
        await self._greet(session)
        await self._note(self.identified, wish)

    async def _greet(self, session: Session) -> None:
        world = self._world
        ready: JSON = {"v": 10, "user": user_json(world.bot), "session_id": session.id}
        ready["resume_gateway_url"] = self.address
        guilds = [one for one in world.guilds.values() if _is_of(session, one.id)]
        ready["guilds"] = [{"id": one.id, "unavailable": True} for one in guilds]
        ready["shard"] = [*session.shard]
        application = application_json(world)
        ready["application"] = {key: application[key] for key in ("id", "flags")}
        await self._tell(session, "READY", ready)
        for guild in guilds:
            if guild.is_available:
                shown = guild_json(world, guild) | {"unavailable": False}
                await self._tell(session, "GUILD_CREATE", shown)

    async def _resume(self, socket: web.WebSocketResponse, wish: JSON) -> None:
        session = self.sessions.get(wish["session_id"])
        if session is None:
            await _put(socket, _INVALID, data=False)
            return
        session.socket = socket
        missed = [one for one in session.events if one["s"] > wish["seq"]]
        for event in missed:
            await socket.send_str(json.dumps(event))
        await self._tell(session, "RESUMED", {})
        await self._note(self.resumed, wish)

    async def _note(self, where: list[JSON], wish: JSON) -> None:
        async with self._changed:
            where.append(wish)
            self._changed.notify_all()

    async def _lose(self, socket: web.WebSocketResponse) -> None:
        for session in self.sessions.values():
            if session.socket is socket:
                session.socket = None

    async def _tell(self, session: Session, name: str, data: JSON) -> None:
        event: JSON = {"op": _DISPATCH, "t": name, "s": len(session.events) + 1, "d": data}
        session.events.append(event)
        if session.socket is not None and not session.socket.closed:
            await session.socket.send_str(json.dumps(event))

    @property
    def last_sequence(self) -> int:
        """The number of the last event of the session that began last."""
        return len([*self.sessions.values()][-1].events)

    async def tell(self, name: str, data: JSON) -> None:
        """Send an event to the sessions of its server's shard, or of the first where it has none.

        A session that is not connected gets it when it resumes.
        """
        guild = data["id"] if name.startswith("GUILD_") and "id" in data else data.get("guild_id")
        for session in [*self.sessions.values()]:
            if _is_of(session, guild or "0"):
                await self._tell(session, name, data)

    @property
    def starts(self) -> JSON:
        """What it says of sessions that may begin."""
        limit = {"total": 1000, "remaining": max(self.left, 0), "reset_after": self.renewed_in_ms}
        return {
            "url": self.address,
            "shards": self.recommended,
            "session_start_limit": limit | {"max_concurrency": self.abreast},
        }

    def too_close(self) -> list[timedelta]:
        """By how much sessions began after one another that had to keep their distance."""
        by_bucket: dict[int, list[datetime]] = {}
        for bucket, at in self.begun:
            by_bucket.setdefault(bucket, []).append(at)
        gaps = [after - before for at in by_bucket.values() for before, after in pairwise(at)]
        return [one for one in gaps if one < _DISTANCE]

    async def until_identified(self, times: int = 1) -> None:
        """Return once clients identified so often."""
        await self._until(self.identified, times)

    async def until_resumed(self, times: int = 1) -> None:
        """Return once clients resumed so often."""
        await self._until(self.resumed, times)

    async def _until(self, where: list[JSON], times: int) -> None:
        async with asyncio.timeout(_PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(where) >= times)

    async def drop(self, code: int = 4000) -> None:
        """Close every connection; sessions can be resumed."""
        for socket in self._sockets():
            await socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Send op 7: come again, and resume."""
        for socket in self._sockets():
            await _put(socket, _RECONNECT, None)

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9: the session is over, so identify anew; or it can be resumed."""
        sockets = self._sockets()
        if not resumable:
            self.sessions.clear()
        for socket in sockets:
            await _put(socket, _INVALID, data=resumable)

    def _sockets(self) -> list[web.WebSocketResponse]:
        return [one.socket for one in self.sessions.values() if one.socket is not None]


def _is_shard(shard: Any) -> bool:
    """Whether what an IDENTIFY says is [number, count], or nothing."""
    if shard is None:
        return True
    number, count = shard
    return isinstance(number, int) and isinstance(count, int) and 0 <= number < count


def _is_of(session: Session, guild_id: str) -> bool:
    """Whether a server is told of in a session (discord-api-docs, topics/gateway: Sharding)."""
    number, count = session.shard
    return (int(guild_id) >> 22) % count == number


async def _put(socket: web.WebSocketResponse, op: int, data: Any) -> None:
    await socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))
