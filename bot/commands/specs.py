"""What commands there are, in words: names, options, who may. Data; the handlers are elsewhere."""

from dataclasses import replace

from bot.domain.requests import CommandSpec, Option, OptionKind, Who

_TYPE = Option(
    name="type",
    description="Event types by name or id, e.g. EVA; several with commas",
    kind=OptionKind.TYPE,
)
_AGENCY = Option(
    name="agency",
    description="Agencies by name, abbreviation or id, e.g. NASA,ESA",
    kind=OptionKind.AGENCY,
)
_PROGRAM = Option(
    name="program",
    description="Programs by name or id, e.g. International Space Station",
    kind=OptionKind.PROGRAM,
)
_SEARCH = Option(
    name="search",
    description="Words in the name, place or description of an event",
    kind=OptionKind.TEXT,
)
_REMIND = Option(
    name="remind",
    description="Lead times of reminders, e.g. 24h,1h,10m, or off",
    kind=OptionKind.LEADS,
)
_PAGE = "page"


def _event(what: str) -> Option:
    return Option(
        name="event",
        description=f"The event {what}, by its name or id",
        kind=OptionKind.EVENT,
        is_required=True,
        is_first=True,
    )


def _first(option: Option) -> Option:
    return replace(option, is_first=True)


NEXT = CommandSpec(
    name="next",
    description="Show the next event that matches, in full",
    options=(_first(_TYPE), _AGENCY),
)
EVENTS = CommandSpec(
    name="events",
    description="Show the schedule, soonest first",
    options=(_first(_SEARCH), _TYPE, _AGENCY),
    pressed=(_PAGE,),
)
EVENT = CommandSpec(
    name="event",
    description="Show one event in full",
    options=(_event("to show"),),
)
SUBSCRIBE = CommandSpec(
    name="subscribe",
    description="Get news of events here; without options: of all events",
    who=Who.MANAGERS,
    options=(
        _first(_TYPE),
        _AGENCY,
        _PROGRAM,
        _SEARCH,
        Option(
            name="changes",
            description="Kinds of news, e.g. new,date,webcast; all but details if left out",
            kind=OptionKind.CHANGES,
        ),
        _REMIND,
    ),
    pressed=("pick", "t", "a"),
)
UNSUBSCRIBE = CommandSpec(
    name="unsubscribe",
    description="Remove a subscription of this channel; without a number: all of them",
    who=Who.MANAGERS,
    options=(
        Option(
            name="number",
            description="Its number in /subscriptions",
            kind=OptionKind.SUBSCRIPTION,
            is_first=True,
        ),
    ),
    pressed=("id",),
)
SUBSCRIPTIONS = CommandSpec(
    name="subscriptions",
    description="List what this channel gets, and whether it arrives",
)
MUTE = CommandSpec(
    name="mute",
    description="Get no more news of one event here",
    who=Who.MANAGERS,
    options=(_event("to mute"),),
    is_private=True,
)
UNMUTE = CommandSpec(
    name="unmute",
    description="Get news of a muted event here again",
    who=Who.MANAGERS,
    options=(_event("to hear of again"),),
    is_private=True,
)
_MENTIONS = (
    Option(
        name="mention",
        description="The role to mention, or off",
        kind=OptionKind.ROLE,
    ),
    Option(
        name="mention_for",
        description="Kinds of news that mention the role, e.g. webcast,reminder",
        kind=OptionKind.CHANGES,
    ),
)
PUBLISH = Option(
    name="publish",
    description="In an announcement channel: publish to its followers, on or off",
    kind=OptionKind.SWITCH,
)
SETTINGS = CommandSpec(
    name="settings",
    description="Show or change how this channel gets its messages",
    who=Who.MANAGERS,
    options=(
        Option(
            name="time_zone",
            description="Where this channel lives, e.g. Europe/Berlin",
            kind=OptionKind.TIME_ZONE,
            is_first=True,
        ),
        Option(
            name="silent",
            description="Send without a sound, except what is urgent: on or off",
            kind=OptionKind.SWITCH,
        ),
        *_MENTIONS,
        PUBLISH,
        Option(
            name="remind",
            description="Lead times of new subscriptions, e.g. 24h,1h,10m, or off",
            kind=OptionKind.LEADS,
        ),
    ),
    is_private=True,
)
PREVIEW = CommandSpec(
    name="preview",
    description="Show an example of each kind of message",
    who=Who.MANAGERS,
    is_private=True,
)
TYPES = CommandSpec(name="types", description="List the event types that can be followed")
AGENCIES = CommandSpec(
    name="agencies", description="List the agencies that can be followed", pressed=(_PAGE,)
)
STATUS = CommandSpec(
    name="status", description="Show how fresh the data is and whether messages arrive here"
)
HELP = CommandSpec(
    name="help",
    description="Explain the commands, or one of them",
    options=(
        Option(
            name="command",
            description="The command to explain, e.g. subscribe",
            kind=OptionKind.TEXT,
            is_first=True,
        ),
    ),
    is_private=True,
)
START = CommandSpec(name="start", description="Say what this bot does and how to begin")


def without_roles(spec: CommandSpec) -> CommandSpec:
    """The same command for a platform that has no roles to mention."""
    return replace(spec, options=tuple(one for one in spec.options if one not in _MENTIONS))


def without_followers(spec: CommandSpec) -> CommandSpec:
    """The same command for a platform whose channels do not follow one another."""
    return replace(spec, options=tuple(one for one in spec.options if one != PUBLISH))
