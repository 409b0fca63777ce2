"""Answers about how a channel gets its messages. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.asking import NO_REMINDERS, spell_lead
from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.messages import Message, Role, Section, Stamp
from bot.rendering import buttons
from bot.rendering.facts import fact
from bot.rendering.words import spelled

NOBODY = "off"
"""What `mention` says for no role."""


def shown(
    channel: Channel,
    *,
    now: datetime,
    has_roles: bool,
    has_followers: bool,
    is_changed: bool,
) -> Message:
    """The settings as they are, with buttons for the plainest of them."""
    return Message(
        kind=None,
        headline="Settings changed" if is_changed else "Settings of this channel",
        sections=(
            fact("Time zone", f"{channel.time_zone}; now it is {_clock(channel, now)}"),
            fact("Sound", _sound(channel)),
            *(_mention(channel) if has_roles else ()),
            *(_publishing(channel) if has_followers else ()),
            fact("Reminders", f"{_leads(channel.leads)} for new subscriptions that name none"),
        ),
        buttons=buttons.row(
            buttons.button("Send with sound", "settings", silent="off")
            if channel.is_silent
            else buttons.button("Send silently", "settings", silent="on"),
            buttons.button("Mention nobody", "settings", mention=NOBODY)
            if channel.mention and has_roles
            else None,
        ),
    )


def _clock(channel: Channel, now: datetime) -> str:
    """In words on every platform: it is the channel's clock that is shown, not the reader's."""
    return spelled(Stamp(at=now), channel.zone)


def _sound(channel: Channel) -> str:
    return "silent, but for what is urgent" if channel.is_silent else "on"


def _mention(channel: Channel) -> tuple[Section, ...]:
    if not channel.mention:
        return (fact("Mention", "nobody"),)
    kinds = ", ".join(kind.value for kind in Kind if kind in channel.mention_kinds)
    return (fact("Mention", Role(id=channel.mention), f", for: {kinds or 'nothing'}"),)


def _publishing(channel: Channel) -> tuple[Section, ...]:
    if not channel.publishes:
        return (fact("Publishing", "off"),)
    return (fact("Publishing", "on, if this is an announcement channel; 10 messages an hour"),)


def _leads(leads: Iterable[timedelta]) -> str:
    return ", ".join(spell_lead(one) for one in sorted(leads, reverse=True)) or NO_REMINDERS
