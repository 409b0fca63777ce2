"""The command core: finds the handler, checks who may, guards the border. Nothing else."""

import asyncio
import difflib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import tzinfo
from uuid import uuid4

from bot.commands.completing import suggest
from bot.commands.kit import Command, Kit, answer
from bot.commands.reading import checked
from bot.commands.registry import FOR_PLAIN_CHATS
from bot.domain.channels import Health, reached, refused, tried_again
from bot.domain.leases import DUE
from bot.domain.requests import Choice, CommandReply, CommandRequest, CommandSpec, Option, Who
from bot.domain.status import Status
from bot.domain.subscriptions import Destination
from bot.errors import ConfigError
from bot.ports import UNMETERED, Clock, Meter, Store
from bot.rendering.answers import refusals

logger = logging.getLogger(__name__)

_AT_ONCE = 500
"""Paused destinations that are looked through at once."""


class CommandCore:
    """`requests.Desk` for the destinations of one adapter; answers from the store alone.

    Args:
        adapter: the first part of its destinations.
        status: how the service stands now.
        meter: counts what was asked.
        commands: what it can do; see `registry.commands_for`.
        troubles: where to say what is out of order with the adapter; `status` shows it.

    Attributes:
        wake: set when a destination may be sent to again; its dispatcher waits for it.

    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        adapter: str,
        status: Callable[[], Status],
        meter: Meter = UNMETERED,
        commands: tuple[Command, ...] = FOR_PLAIN_CHATS,
        troubles: dict[str, str] | None = None,
    ) -> None:
        self.wake = asyncio.Event()
        self._commands = {one.spec.name: one for one in commands}
        self.specs: tuple[CommandSpec, ...] = tuple(one.spec for one in self._commands.values())
        self._adapter = adapter
        self._troubles = {} if troubles is None else troubles
        self._meter = meter
        self._kit = Kit(store=store, clock=clock, status=status, specs=self.specs, wake=self.wake)

    def introduce(self, invite: str) -> None:
        """Where one adds the bot to another server or group; `/help` says it from now on."""
        self._kit = replace(self._kit, invite=invite)

    def report(self, trouble: str) -> None:
        """What is out of order although the adapter goes on; empty: nothing any more."""
        if trouble:
            self._troubles[self._adapter] = trouble
        else:
            self._troubles.pop(self._adapter, None)

    async def handle(self, request: CommandRequest) -> CommandReply:
        """Answer a command or a press; never raises."""
        began, crashed = self._kit.clock.elapsed(), False
        name = request.command if request.command in self._commands else "unknown"
        try:
            return await self._answer(request)
        except ConfigError as exc:
            return answer(refusals.mistaken(str(exc)), is_private=True)
        except Exception:
            problem, crashed = uuid4().hex[:8], True
            logger.exception("Problem %s: /%s at %s failed", problem, name, request.place)
            return answer(refusals.crashed(problem), is_private=True)
        finally:
            took = self._kit.clock.elapsed() - began
            self._meter.answered(self._adapter, name, took, crashed=crashed)

    async def _answer(self, request: CommandRequest) -> CommandReply:
        command = self._commands.get(request.command)
        if command is None:
            near = difflib.get_close_matches(request.command, self._commands, n=1)
            return answer(refusals.unknown_command(request.command, near), is_private=True)
        if command.spec.who is Who.MANAGERS and not request.may_manage:
            return answer(refusals.not_allowed(command.spec.name), is_private=True)
        options = checked(command.spec, request.options)
        reply = await command.handler(self._kit, replace(request, options=options))
        return replace(reply, zone=await self._zone_at(request.place))

    async def _zone_at(self, place: Destination) -> tzinfo:
        """As it is by now: `/settings` may have changed it."""
        async with self._kit.store.reading(urgent=True) as unit:
            return (await unit.destinations.channel(place)).zone

    async def complete(
        self, command: str, option: Option, text: str, *, place: Destination
    ) -> tuple[Choice, ...]:
        """At most 25 suggestions for an option; none where something failed."""
        try:
            return await suggest(self._kit, option, text, place)
        except Exception:
            name = command if command in self._commands else "unknown"
            logger.exception("Completing %s of /%s failed", option.name, name)
            return ()

    async def reachable(self, address: str) -> None:
        """The platform says that this destination may be tried again."""
        await self._note(address, lambda health: reached(health, now=self._kit.clock.now()))

    async def unreachable(self, address: str, reason: str) -> None:
        """The platform says that this destination cannot be reached any more."""
        now = self._kit.clock.now()
        await self._note(
            address, lambda health: refused(health, now=now, reason=reason, is_certain=True)
        )

    async def retry(self, is_open: Callable[[str], bool]) -> None:
        """Try those paused destinations again that `is_open` says of."""
        now = self._kit.clock.now()
        async for address in self._paused():
            if is_open(address):
                await self._note(address, lambda health: tried_again(health, now=now))

    async def _paused(self) -> AsyncIterator[str]:
        last = ""
        while True:
            async with self._kit.store.reading(urgent=True) as unit:
                found = await unit.destinations.paused(self._adapter, after=last, limit=_AT_ONCE)
            for one in found:
                yield one.address
            if len(found) < _AT_ONCE:
                return
            last = found[-1].address

    async def _note(self, address: str, change: Callable[[Health], Health]) -> None:
        """Change the health of a destination and of those inside it, a chat's topics say.

        Only what is new is written: platforms repeat themselves.
        """
        destination = Destination(adapter=self._adapter, address=address)
        async with self._kit.store.writing() as unit:
            places = (destination, *await unit.destinations.below(destination))
            # All at once, before any is written: else two who do so could wait in a circle.
            unwell = await unit.destinations.unwell(places)
            for one in places:
                before = unwell.get(one, Health())
                after = change(before)
                if after != before:
                    await unit.destinations.set_health(one, after)
                    unit.tell(DUE)
        self.wake.set()

    async def moved(self, old: str, new: str) -> None:
        """The platform gave this destination another address for good."""
        async with self._kit.store.writing() as unit:
            await unit.destinations.move(
                Destination(adapter=self._adapter, address=old),
                Destination(adapter=self._adapter, address=new),
            )
            unit.tell(DUE)
        self.wake.set()
