"""`/settings` and `/preview`: how a channel gets its messages, and how that looks."""

from dataclasses import replace

from bot.commands.kit import Kit, answer
from bot.commands.reading import switch
from bot.commands.specs import PUBLISH
from bot.commands.subscribing import meet
from bot.commands.zones import read_zone
from bot.domain.asking import read_kinds, read_leads
from bot.domain.channels import Channel
from bot.domain.requests import CommandReply, CommandRequest, OptionKind
from bot.errors import ConfigError
from bot.rendering.answers import preview
from bot.rendering.answers import settings as answers

_LONGEST_ROLE = 20


async def settings(kit: Kit, request: CommandRequest) -> CommandReply:
    """Change what is named, then show all."""
    async with kit.store.writing(urgent=True) as unit:
        before = await unit.destinations.channel(request.place)
        channel = _changed(before, request)
        if request.options:
            await unit.destinations.set_channel(request.place, channel)
            await meet(unit, request)
    message = answers.shown(
        channel,
        now=kit.clock.now(),
        has_roles=_has_roles(kit),
        has_followers=any(PUBLISH in spec.options for spec in kit.specs),
        is_changed=channel != before,
    )
    return answer(message, is_private=True, replaces=True)


def _changed(channel: Channel, request: CommandRequest) -> Channel:
    given = request.options
    if "time_zone" in given:
        channel = replace(channel, time_zone=read_zone(given["time_zone"]))
    if "mention" in given:
        channel = replace(channel, mention=_role(given["mention"], request.server))
    if "mention_for" in given:
        channel = replace(channel, mention_kinds=read_kinds([given["mention_for"]]))
    if "remind" in given:
        channel = replace(channel, leads=read_leads([given["remind"]]))
    return replace(
        channel,
        is_silent=switch(given, "silent", otherwise=channel.is_silent),
        publishes=switch(given, PUBLISH.name, otherwise=channel.publishes),
    )


def _role(text: str, server: str) -> str:
    """The id of a role as the platform gives it, or as it is pasted; empty for none.

    Raises:
        ConfigError: it is none, or the one that is everybody's: Discord gives that its server's id.

    """
    if text.casefold() == answers.NOBODY:
        return ""
    key = text.removeprefix("<@&").removesuffix(">")
    if not (key.isascii() and key.isdecimal() and len(key) <= _LONGEST_ROLE):
        raise ConfigError(f'mention is "{text}"; choose a role, or write off')
    if key == server:
        raise ConfigError("everyone cannot be mentioned; choose a role that people can leave")
    return key


def _has_roles(kit: Kit) -> bool:
    options = (option for spec in kit.specs for option in spec.options)
    return any(option.kind is OptionKind.ROLE for option in options)


async def show_preview(kit: Kit, _request: CommandRequest) -> CommandReply:
    """An example of each kind of message; the adapter shows it as this channel would get it."""
    return answer(*preview.examples(kit.clock.now()), is_private=True)
