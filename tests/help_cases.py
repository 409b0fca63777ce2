"""The answers of golden files that lead, explain and refuse."""

from dataclasses import replace

from golden_cases import CASES

from bot.commands.registry import COMMANDS
from bot.commands.specs import SETTINGS, SUBSCRIBE, without_followers, without_roles
from bot.domain.catalogue import KNOWN_FROM_THE_START as NAMES
from bot.domain.messages import Message
from bot.rendering.answers import about, guide, refusals

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
NASTY = CASES["hostile"][1].event.name


def guide_cases() -> dict[str, Message]:
    """How people are led to a subscription."""
    much = guide.Picked(types=tuple(range(2, 19)))
    return {
        "begin": guide.begin(),
        "types": guide.types(NAMES.types, guide.Picked(), 1),
        "types, two chosen": guide.types(NAMES.types, guide.Picked(types=(3, 2)), 2),
        "types, no room": guide.types(NAMES.types, much, 1),
        "agencies": guide.agencies(
            NAMES.agencies, guide.Picked(types=(3,), agencies=(44, 999)), 99
        ),
        "stopped": guide.stopped(),
    }


def about_cases() -> dict[str, Message]:
    """What there is, and how it is asked for."""
    specs = tuple(one.spec for one in COMMANDS)
    many = tuple(replace(NAMES.agencies[0], id=one, name=f"Agency {one:03}") for one in range(60))
    return {
        "types": about.types(NAMES.types, {3: 2}),
        "agencies": about.agencies(NAMES.agencies, {44: 12}, 1),
        "agencies, page 2": about.agencies(many, {}, 2),
        "help": about.help_page(specs, invite="https://example.org/add", is_guided=False),
        "help where options are typed": about.help_page(
            tuple(without_followers(without_roles(one)) for one in specs), invite="", is_guided=True
        ),
        "help for subscribe": about.help_of(SUBSCRIBE),
        "help for settings": about.help_of(SETTINGS),
        "start": about.start(is_guided=True),
        "start where nothing is led": about.start(is_guided=False),
    }


def refusals_cases() -> dict[str, Message]:
    """What is not done, and why."""
    return {
        "not allowed": refusals.not_allowed("subscribe"),
        "unknown": refusals.unknown_command("evnts", ["events"]),
        "unknown and hostile": refusals.unknown_command(NASTY, []),
        "mistaken": refusals.mistaken('there is no event type "EVAA"; did you mean "EVA"?'),
        "mistaken at length": refusals.mistaken(f'there is no event type "{FAMILY * 200}"'),
        "crashed": refusals.crashed("1a2b3c4d"),
    }
