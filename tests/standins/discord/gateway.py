"""The pretended gateway: HELLO, IDENTIFY, READY, GUILD_CREATE, heartbeats, RESUME, closing."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from standins.discord.payloads import application_json, guild_json, user_json
from standins.discord.world import JSON, World, new_id

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT = 0, 1, 2, 6, 7
_INVALID, _HELLO, _ACK = 9, 10, 11
_PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
_PATIENCE_S = 10.0


@dataclass(kw_only=True, eq=False)
class Session:
    """A session: what it was sent, and the connection that it has at present."""

    id: str = field(default_factory=new_id)
    events: list[JSON] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """The gateway's side of the socket.

    Attributes:
        sessions: by id.
        identified: how often somebody identified; `resumed` likewise.
        is_down: refuses connections, as in an outage; `turned_away` counts them.
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
        session = Session(socket=socket)
        self.sessions[session.id] = session
        await self._greet(session)
        await self._note(self.identified, wish)

    async def _greet(self, session: Session) -> None:
        world = self._world
        ready: JSON = {"v": 10, "user": user_json(world.bot), "session_id": session.id}
        ready["resume_gateway_url"] = self.address
        ready["guilds"] = [{"id": one, "unavailable": True} for one in world.guilds]
        application = application_json(world)
        ready["application"] = {key: application[key] for key in ("id", "flags")}
        await self._tell(session, "READY", ready)
        for guild in world.guilds.values():
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
        """Send an event to every session; one that is not connected gets it when it resumes."""
        for session in [*self.sessions.values()]:
            await self._tell(session, name, data)

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


async def _put(socket: web.WebSocketResponse, op: int, data: Any) -> None:
    await socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))
