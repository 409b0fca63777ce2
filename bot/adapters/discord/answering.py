"""Answer interactions: in time, privately where the core says so, or in place of the message.

Answers do not count towards the bot's limits (docs, topics/rate-limits), so they wait for no slot.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import tzinfo
from functools import partial
from typing import Any, TypeVar

import discord

from bot.adapters.discord.commands import Interaction, press_of, request_of
from bot.adapters.discord.layout import (
    Arguments,
    go_together,
    laid_out_plainly,
    laid_out_together,
)
from bot.adapters.discord.outcomes import is_our_fault
from bot.adapters.discord.transport import FAILURES
from bot.domain.messages import Limits
from bot.domain.requests import (
    Choice,
    CommandReply,
    CommandRequest,
    CommandSpec,
    Desk,
    Option,
    Who,
)
from bot.domain.subscriptions import Destination
from bot.rendering.bundling import Bundle, bundled

logger = logging.getLogger(__name__)

_THINKING_S = 1.5
"""After so long "thinking…" is shown: Discord waits 3 s for a first answer, travel included."""

MOST = 250
"""Commands, presses and completions under way at once; what comes beyond them is not answered."""

_ANSWER_S = 20.0
_PARTING_S = 5.0
_EDITED = ("embeds", "view", "content", "allowed_mentions")

T = TypeVar("T")
Showing = Callable[[Arguments], Awaitable[Any]]


class Answers:
    """Whoever answers commands and presses; waits for those under way when it is left."""

    def __init__(self, name: str, desk: Desk, limits: Limits) -> None:
        self._name = name
        self._desk = desk
        self._limits = limits
        self._under_way = 0
        self._is_overfull = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def command(
        self, interaction: Interaction, spec: CommandSpec, options: Mapping[str, str]
    ) -> None:
        """Answer a slash command."""
        request = request_of(interaction, self._name, spec.name, options)
        if request is None:
            logger.warning("A /%s came from a channel that Discord does not name", spec.name)
            return
        refusal_likely = spec.who is Who.MANAGERS and not request.may_manage
        thinks_privately = spec.is_private or refusal_likely
        answer = partial(self._answer, interaction, request, thinks_privately=thinks_privately)
        await self._count(answer)

    async def press(self, interaction: Interaction) -> None:
        """Answer a pressed button."""
        request = press_of(interaction, self._name, self._desk)
        if request is None:
            logger.warning("A button was pressed whose id is none of ours")
            return
        await self._count(partial(self._answer, interaction, request, thinks_privately=True))

    async def until_idle(self) -> None:
        """Wait a while for what is under way."""
        try:
            async with asyncio.timeout(_PARTING_S):
                await self._idle.wait()
        except TimeoutError:
            logger.warning("Left %d commands unanswered", self._under_way)

    async def complete(
        self, spec: CommandSpec, option: Option, text: str, address: str
    ) -> tuple[Choice, ...]:
        """Suggest what an option could be."""
        place = Destination(adapter=self._name, address=address)
        suggest = partial(self._desk.complete, spec.name, option, text, place=place)
        return await self._count(suggest) or ()

    async def _count(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do it if there is room; None: there is not."""
        if self._is_too_much():
            return None
        self._under_way += 1
        self._idle.clear()
        try:
            return await work()
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _is_too_much(self) -> bool:
        was_overfull, self._is_overfull = self._is_overfull, self._under_way >= MOST
        if self._is_overfull and not was_overfull:
            logger.warning("Discord asks more than %d things at once; some go unanswered", MOST)
        return self._is_overfull

    async def _answer(
        self, interaction: Interaction, request: CommandRequest, *, thinks_privately: bool
    ) -> None:
        async with asyncio.TaskGroup() as group:
            name = f"discord /{request.command}"
            thought = group.create_task(self._desk.handle(request), name=name)
            await asyncio.wait({thought}, timeout=_THINKING_S)
            if not thought.done():
                await _safely(interaction.response.defer(ephemeral=thinks_privately), name)
            reply = await thought
        await _safely(self._show(interaction, reply), name)

    async def _show(self, interaction: Interaction, reply: CommandReply) -> None:
        if not reply.messages:
            await _show_nothing(interaction)
            return
        is_edit = reply.replaces and interaction.message is not None
        first = _editing(interaction) if is_edit else _first(interaction, reply)
        following = _following(interaction, reply)
        bundles = bundled(reply.messages, partial(go_together, limits=self._limits))
        for number, bundle in enumerate(bundles):
            await self._lay_out(bundle, following if number else first, reply.zone)

    async def _lay_out(self, bundle: Bundle, show: Showing, zone: tzinfo) -> None:
        try:
            await show(laid_out_together(bundle, self._limits))
        except discord.HTTPException as error:
            if not is_our_fault(error):
                raise
            logger.exception("Discord finds an answer invalid; it goes as plain text")
            await show(laid_out_plainly(*bundle, zone=zone))


def _first(interaction: Interaction, reply: CommandReply) -> Showing:
    """Fill in "thinking…" where it is shown, else answer."""
    kind = interaction.response.type
    if kind is discord.InteractionResponseType.deferred_channel_message:
        return lambda shown: interaction.edit_original_response(**_as_edit(shown))
    if interaction.response.is_done():
        return _following(interaction, reply)
    return lambda shown: interaction.response.send_message(**shown, ephemeral=reply.is_private)


def _following(interaction: Interaction, reply: CommandReply) -> Showing:
    return lambda shown: interaction.followup.send(**shown, ephemeral=reply.is_private, wait=True)


def _editing(interaction: Interaction) -> Showing:
    if interaction.response.is_done():
        return lambda shown: interaction.edit_original_response(**_as_edit(shown))
    return lambda shown: interaction.response.edit_message(**_as_edit(shown))


def _as_edit(shown: Arguments) -> Arguments:
    """What is not shown any more must be taken away by name."""
    lone = [shown["embed"]] if "embed" in shown else []
    bare: Arguments = {"embeds": lone, "view": None, "content": None}
    return bare | {key: value for key, value in shown.items() if key in _EDITED}


async def _show_nothing(interaction: Interaction) -> None:
    """Acknowledge, since Discord would tell of an error otherwise."""
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True)
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()


async def _safely(answering: Awaitable[Any], name: str) -> None:
    """An answer that cannot be given harms nobody else (10062: too late, 40060: twice)."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            await answering
    except FAILURES as error:
        logger.warning("Could not answer %s: %r", name, error)
