"""A pretended Discord over loopback: REST and gateway for the real discord.py, judged strictly.

    async with DiscordStandIn() as discord_server:
        ...  # start a bot with discord_server.options
        reply = await discord_server.slash(alerts, manager, "subscribe", {"type": "EVA"})
        assert discord_server.violations == []

It begins with one server (`home`) that has the bot, a channel (`alerts`), one member who may manage
channels (`manager`) and one who may not (`visitor`). Over TCP, so a subprocess can use it too.
"""

from typing import Any, Self

from aiohttp import web
from standins.discord.answers import Answers
from standins.discord.faults import Fault, Limits
from standins.discord.gateway import Gateway
from standins.discord.interactions import ANSWER_WITHIN_S, Reply, buttons
from standins.discord.judge import Judge
from standins.discord.payloads import interaction_json, role_json
from standins.discord.rest import Rest
from standins.discord.servers import Servers
from standins.discord.world import (
    JSON,
    Channel,
    Right,
    Role,
    User,
    World,
    new_id,
    rights_in,
)

_COMMAND, _COMPONENT, _COMPLETION = 2, 3, 4
_PATIENCE_S = 10.0

Options = dict[str, Any]


class DiscordStandIn(Servers):
    """The whole of it; an async context.

    Attributes:
        answer_within_s: how long it waits for the first answer to an interaction, in seconds.

    """

    def __init__(
        self,
        *,
        token: str = "MTIz.discord-test-token",  # noqa: S107 - a fake
        beside: "DiscordStandIn | None" = None,
    ) -> None:
        """Prepare a server.

        Args:
            token: of its one bot.
            beside: a bot with another token in the same Discord, at whose address this one is: all
                clients of a process share the address.

        """
        self.token = token
        self.answer_within_s = ANSWER_WITHIN_S
        self._front = beside or self
        self._all = [self]
        self.world = World(token=token)
        self._judge = Judge()
        self._answers = Answers(self.world)
        self.rest = Rest(self.world, self._judge, self._answers)
        self.gateway = Gateway(self.world)
        self.rest.tell = self.gateway.tell
        self.rest.starts = lambda: self.gateway.starts
        self._host = ""
        self.home = self._guild("Mission control")
        self.alerts = self._channel(self.home, "alerts")
        self.visitor = self._member(self.home, "Vera")
        role = Role(id=new_id(), name="Managers", rights=Right.MANAGE_CHANNELS)
        self.home.roles[role.id] = role
        self.manager = self._member(self.home, "Mona", role)

    async def __aenter__(self) -> Self:
        self._application = web.Application()
        self._application.add_routes([*self.rest.routes(), web.get("/", self.gateway.handle)])
        if self._front is self:
            await self._serve()
        else:
            self._front._all.append(self)
            self._front.gateway.peers.append(self.gateway)
        self._host = self._front._host
        self.gateway.address = self.gateway_url
        return self

    async def _serve(self) -> None:
        outside = web.Application()
        outside.router.add_route("*", "/{anything:.*}", self._hand_on)
        self._runner = web.AppRunner(outside, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._host = f"127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *_error: object) -> None:
        await self.gateway.drop(code=1001)
        if self._front is self:
            await self._runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        """Let the bot answer whose token the request names, or whose interaction it is."""
        whose = next((one for one in self._all if one._is_meant(request)), self)
        found = await whose._application.router.resolve(request)
        request._match_info = found
        return await found.handler(request)

    def _is_meant(self, request: web.Request) -> bool:
        is_ours = request.headers.get("Authorization") == f"Bot {self.token}"
        return is_ours or any(one in self._answers.replies for one in request.path.split("/"))

    @property
    def api_base_url(self) -> str:
        """What to set as `discord.api_base_url`."""
        return f"http://{self._host}/api/v10"

    @property
    def gateway_url(self) -> str:
        """What to set as `discord.gateway_url`."""
        return f"ws://{self._host}/"

    @property
    def options(self) -> Options:
        """The section `discord` of the settings."""
        urls = {"api_base_url": self.api_base_url, "gateway_url": self.gateway_url}
        return {"token": self.token, **urls, "sync_commands": True}

    @property
    def violations(self) -> list[str]:
        """What was wrong with any request; a test asserts that it is empty."""
        return self._judge.violations

    @property
    def limits(self) -> Limits:
        """What is counted, and how often it was exceeded."""
        return self.rest.limits

    def messages(self, channel: Channel) -> list[JSON]:
        """What stands in a channel, oldest first."""
        return [*channel.messages.values()]

    async def until_synced(self) -> None:
        """Wait for the commands."""
        await self.rest.until(lambda: bool(self.world.commands), _PATIENCE_S)

    def fail(self, code: int = 0, **details: Any) -> None:
        """Let the next request that fits fail; the details are `Fault`'s."""
        self.rest.faults.append(Fault(code=code, **details))

    async def slash(
        self,
        channel: Channel,
        user: User,
        name: str,
        options: Options | None = None,
        *,
        forced: bool = False,
        settled: bool = True,
    ) -> Reply:
        """Give a command, and wait for its answer.

        Args:
            channel: where.
            user: who.
            name: which command, without the slash.
            options: str, int or bool by name; a `Role` for a role.
            forced: the server's owner lets everybody use the command.
            settled: wait for the answer itself, not only for a sign of life.

        Raises:
            PermissionError: Discord does not offer the command to this user.
            LookupError: there is no such command or option.

        """
        command = self.world.command(name)
        needed = int(command.get("default_member_permissions") or 0)
        if not forced and channel.guild and needed & ~rights_in(channel, user.id):
            raise PermissionError(f"{user.name} may not use /{name} in #{channel.name}")
        data = self._command_data(command, options or {})
        reply = await self._begin(channel, user, _COMMAND, data)
        return await (reply.until_settled() if settled else reply.until_answered())

    async def autocomplete(
        self,
        channel: Channel,
        user: User,
        name: str,
        option: str,
        text: str,
        options: Options | None = None,
    ) -> list[tuple[str, Any]]:
        """Type a part of an option, and get the suggestions as (label, value)."""
        command = self.world.command(name)
        data = self._command_data(command, {**(options or {}), option: text}, focused=option)
        reply = await (await self._begin(channel, user, _COMPLETION, data)).until_answered()
        return [(one["name"], one["value"]) for one in reply.choices]

    async def press(
        self, channel: Channel, user: User, message: JSON, button: str, *, settled: bool = True
    ) -> Reply:
        """Press the button with this label, or this custom id, and wait for its answer."""
        found = [
            one for one in buttons(message) if button in {one.get("label"), one.get("custom_id")}
        ]
        if not found or "custom_id" not in found[0]:
            labels = [one.get("label") for one in buttons(message)]
            raise LookupError(f'the message has no button "{button}" to press; it has {labels}')
        data: JSON = {"component_type": 2, "custom_id": found[0]["custom_id"], "id": 1}
        reply = await self._begin(channel, user, _COMPONENT, data, message)
        return await (reply.until_settled() if settled else reply.until_answered())

    def _command_data(self, command: JSON, options: Options, *, focused: str = "") -> JSON:
        known = {one["name"]: one for one in command.get("options") or []}
        unknown = {*options} - {*known}
        missing = {key for key, one in known.items() if one.get("required")} - {*options}
        if unknown or (missing and not focused):
            wrong = f"unknown: {unknown or 'none'}, missing: {missing or 'none'}"
            raise LookupError(f"/{command['name']} has the options {[*known]}; {wrong}")
        given = [
            _option_json(key, value, kind=known[key]["type"], focused=focused)
            for key, value in options.items()
        ]
        roles = [value for value in options.values() if isinstance(value, Role)]
        resolved = {"roles": {role.id: role_json(role) for role in roles}}
        data: JSON = {"id": command["id"], "name": command["name"], "type": 1}
        return data | {"options": given, "resolved": resolved}

    async def _begin(
        self, channel: Channel, user: User, kind: int, data: JSON, message: JSON | None = None
    ) -> Reply:
        event = interaction_json(self.world, channel, user) | {"type": kind, "data": data}
        if message is not None:
            event["message"] = message
        reply = Reply(
            token=event["token"],
            channel=channel,
            user=user,
            source=message,
            within_s=self.answer_within_s,
        )
        self._answers.replies[reply.token] = reply
        await self.gateway.tell("INTERACTION_CREATE", event)
        return reply


def _option_json(name: str, value: Any, *, kind: int, focused: str) -> JSON:
    """An option as given; one that is being typed is text, whatever its type."""
    given = value.id if isinstance(value, Role) else value
    shown: JSON = {"name": name, "type": kind, "value": given}
    return shown | ({"focused": True} if name == focused else {})
