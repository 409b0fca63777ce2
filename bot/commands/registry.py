"""Every command with its handler, in the order in which help tells of them."""

from bot.commands import muting, schedule, settling, specs, subscribing, telling
from bot.commands.kit import Command

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
