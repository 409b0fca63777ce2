"""Slash commands out of specs, and requests out of what people typed, chose or pressed.

Knows no command's meaning. Discord checks the default rights; the core checks them again.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.buttons import pressed
from bot.domain.lines import read_line, split_line
from bot.domain.requests import (
    Choice,
    CommandRequest,
    CommandSpec,
    Desk,
    Option,
    OptionKind,
    Person,
    Who,
)
from bot.domain.subscriptions import Destination
from bot.rendering.fit import Measure, cut

Interaction = discord.Interaction[discord.Client]
Take = Callable[[Interaction, CommandSpec, Mapping[str, str]], Awaitable[None]]
"""What is done with a command: the interaction, its spec, the options by name."""

Suggest = Callable[[CommandSpec, Option, str, str], Awaitable[tuple[Choice, ...]]]
"""What an option of a command could be, by what was typed of it, and the address of where."""

_COMPLETED = frozenset(
    {
        *(OptionKind.EVENT, OptionKind.TYPE, OptionKind.AGENCY, OptionKind.PROGRAM),
        *(OptionKind.CHANGES, OptionKind.LEADS, OptionKind.TIME_ZONE, OptionKind.SUBSCRIPTION),
    }
)
_ANNOTATIONS: Mapping[OptionKind, Any] = {
    OptionKind.SUBSCRIPTION: int,
    OptionKind.ROLE: discord.Role,
}
_SWITCH = [app_commands.Choice(name=word, value=word) for word in ("on", "off")]
_NO_ROLE = "off"
_LONGEST, _CHOICES = 100, 25


def tree_of(
    client: discord.Client, specs: Iterable[CommandSpec], take: Take, suggest: Suggest
) -> app_commands.CommandTree:
    """All commands of the core, for servers and for the bot's own private chats."""
    tree = app_commands.CommandTree(
        client,
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=False
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    for spec in specs:
        tree.add_command(_command(spec, take, suggest))
    return tree


def _command(
    spec: CommandSpec, take: Take, suggest: Suggest
) -> app_commands.Command[Any, ..., None]:
    callback = _callback(spec, take)
    completing = {one.name: _completion(spec, one, suggest) for one in spec.options
                  if one.kind in _COMPLETED}  # fmt: skip
    switches = {one.name: _SWITCH for one in spec.options if one.kind is OptionKind.SWITCH}
    for decorate in (
        app_commands.describe(**{one.name: _description(one) for one in spec.options}),
        app_commands.autocomplete(**completing),
        app_commands.choices(**switches),
    ):
        callback = decorate(callback)
    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=spec.name, description=spec.description[:_LONGEST], callback=callback
    )
    if spec.who is Who.MANAGERS:
        command.default_permissions = discord.Permissions(manage_channels=True)
    return command


def _description(option: Option) -> str:
    """Discord's picker of roles cannot pick none; it does offer everybody."""
    note = " (@everyone: off)" if option.kind is OptionKind.ROLE else ""
    return f"{option.description[: _LONGEST - len(note)]}{note}"


def _callback(spec: CommandSpec, take: Take) -> Any:
    """A function with the parameters of the spec: discord.py reads the options from those."""

    async def give(interaction: Interaction, **given: object) -> None:
        typed = {name: _typed(value) for name, value in given.items() if value is not None}
        await take(interaction, spec, typed)

    asked = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    # discord.py puts the required ones first, as Discord wants them.
    parameters = [asked, *map(_parameter, spec.options)]
    give.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return give


def _parameter(option: Option) -> inspect.Parameter:
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if option.is_required else None,
        annotation=_ANNOTATIONS.get(option.kind, str),
    )


def _typed(value: object) -> str:
    if isinstance(value, discord.Role):
        return _NO_ROLE if value.is_default() else str(value.id)
    return str(value)


def _completion(spec: CommandSpec, option: Option, suggest: Suggest) -> Any:
    # Discord takes numbers only for an option of numbers, and gives back what was typed as it is.
    valued = int if _ANNOTATIONS.get(option.kind) is int else str

    async def complete(interaction: Interaction, text: object) -> list[app_commands.Choice[Any]]:
        address = _address(interaction)
        if not address:
            return []
        found = await suggest(spec, option, "" if text is None else str(text), address)
        return [
            app_commands.Choice(
                name=cut(one.label, _LONGEST, Measure.UTF16), value=valued(one.value)
            )
            for one in found[:_CHOICES]
            if 0 < len(one.value) <= _LONGEST and one.label
        ]

    return complete


def request_of(
    interaction: Interaction, adapter: str, command: str, options: Mapping[str, str]
) -> CommandRequest | None:
    """What somebody asked, and where in an adapter; None when Discord does not say where."""
    address = _address(interaction)
    if not address:
        return None
    return CommandRequest(
        command=command,
        options=options,
        place=Destination(adapter=adapter, address=address),
        person=Person(id=str(interaction.user.id), name=interaction.user.display_name),
        may_manage=_may_manage(interaction),
        server=str(interaction.guild_id or ""),
        server_name=_server_name(interaction),
    )


def _address(interaction: Interaction) -> str:
    """Where it was given; empty when Discord does not say."""
    return "" if interaction.channel_id is None else str(interaction.channel_id)


def press_of(interaction: Interaction, adapter: str, desk: Desk) -> CommandRequest | None:
    """The command that a pressed button gives; None when the button is none of ours."""
    command, rest = split_line(pressed(interaction.custom_id or ""))
    spec = next((one for one in desk.specs if one.name == command), None)
    if not command:
        return None
    return request_of(interaction, adapter, command, read_line(rest, spec))


def _may_manage(interaction: Interaction) -> bool:
    """By the rights that came with the interaction; where there are none, by none."""
    if interaction.guild_id is None:
        return isinstance(interaction.channel, discord.DMChannel)
    held = interaction.permissions
    return held.manage_channels or held.manage_guild or held.administrator


def _server_name(interaction: Interaction) -> str:
    if interaction.guild is None:
        return ""
    channel = getattr(interaction.channel, "name", "")
    return f"{interaction.guild.name} #{channel}" if channel else interaction.guild.name
