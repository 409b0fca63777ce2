"""Every command with its handler, in the order in which help tells of them."""

from dataclasses import replace

from bot.commands import muting, schedule, settling, specs, subscribing, telling
from bot.commands.kit import Command
from bot.commands.specs import without_followers, without_roles

COMMANDS = (
    Command(spec=specs.NEXT, handler=schedule.show_next),
    Command(spec=specs.EVENTS, handler=schedule.show_events),
    Command(spec=specs.EVENT, handler=schedule.show_event),
    Command(spec=specs.SUBSCRIBE, handler=subscribing.subscribe),
    Command(spec=specs.UNSUBSCRIBE, handler=subscribing.unsubscribe),
    Command(spec=specs.SUBSCRIPTIONS, handler=subscribing.list_subscriptions),
    Command(spec=specs.MUTE, handler=muting.mute),
    Command(spec=specs.UNMUTE, handler=muting.unmute),
    Command(spec=specs.SETTINGS, handler=settling.settings),
    Command(spec=specs.PREVIEW, handler=settling.show_preview),
    Command(spec=specs.TYPES, handler=telling.list_types),
    Command(spec=specs.AGENCIES, handler=telling.list_agencies),
    Command(spec=specs.STATUS, handler=telling.show_status),
    Command(spec=specs.HELP, handler=telling.show_help),
    Command(spec=specs.START, handler=telling.start),
)


def commands_for(*, has_roles: bool, has_followers: bool) -> tuple[Command, ...]:
    """The commands with the options that make sense on a platform.

    Args:
        has_roles: it has roles that a message can mention.
        has_followers: channels there can follow one that publishes.

    """
    specs_of = [one.spec for one in COMMANDS]
    if not has_roles:
        specs_of = [without_roles(one) for one in specs_of]
    if not has_followers:
        specs_of = [without_followers(one) for one in specs_of]
    return tuple(replace(one, spec=spec) for one, spec in zip(COMMANDS, specs_of, strict=True))


FOR_PLAIN_CHATS = commands_for(has_roles=False, has_followers=False)
"""Where there are neither."""
