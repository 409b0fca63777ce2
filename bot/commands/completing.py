"""Suggest values while an option is typed. Quick, and content with misspellings."""

from collections.abc import Iterable

from bot.commands.finding import named, nearest, upcoming
from bot.commands.kit import Kit
from bot.commands.looking import catalogue, held_at
from bot.commands.zones import suggested
from bot.domain.asking import NO_REMINDERS
from bot.domain.catalogue import alike, spellings
from bot.domain.changes import Kind
from bot.domain.dates import label
from bot.domain.events import Agency, EventType, Program
from bot.domain.requests import Choice, Option, OptionKind
from bot.domain.subscriptions import Destination, normalised
from bot.domain.watching import Catalogue
from bot.rendering.answers.parts import wish
from bot.rendering.facts import agency_name, short

MOST = 25
"""Suggestions at once: Discord's limit (facts-delivery, section 4)."""

_LONGEST = 100
"""Characters of a suggestion and of what it sends: Discord's limit."""

_LONGEST_TYPED = 100
_LEADS = ("24h,1h,10m", "1h", "24h", "10m", "24h,1h", "7d,24h,1h", NO_REMINDERS)


async def suggest(kit: Kit, option: Option, text: str, place: Destination) -> tuple[Choice, ...]:
    """At most 25 suggestions for what was typed so far at that place."""
    typed = " ".join(text.split())[-_LONGEST_TYPED:]
    match option.kind:
        case OptionKind.EVENT:
            return await _events(kit, typed)
        case OptionKind.SUBSCRIPTION:
            return await _subscriptions(kit, typed, place)
        case OptionKind.TYPE | OptionKind.AGENCY | OptionKind.PROGRAM:
            async with kit.store.reading(urgent=True) as unit:
                known = await catalogue(unit)
            return _listed(typed, _names(option.kind, known))
        case OptionKind.CHANGES:
            return _listed(typed, {kind.value: kind.value for kind in Kind})
        case OptionKind.TIME_ZONE:
            return tuple(Choice(label=one, value=one) for one in suggested(typed, MOST))
        case OptionKind.LEADS:
            return _plain(typed, _LEADS)
        case OptionKind.SWITCH:
            return _plain(typed, ("on", "off"))
        case _:
            return ()


async def _events(kit: Kit, typed: str) -> tuple[Choice, ...]:
    async with kit.store.reading(urgent=True) as unit:
        known = upcoming(await unit.snapshots.find(), kit.clock.now())
    found = named(typed, known) or nearest(typed, known, MOST)
    return tuple(
        Choice(
            label=short(f"{one.name or one.id} ({label(one.stated)})", _LONGEST), value=str(one.id)
        )
        for one in found[:MOST]
    )


async def _subscriptions(kit: Kit, typed: str, place: Destination) -> tuple[Choice, ...]:
    """Those of this place alone, which everybody there may list, found by number or words."""
    async with kit.store.reading(urgent=True) as unit:
        held = await held_at(unit, place)
    lines = {str(number): f"{number}: {wish(one.words)}" for number, one in enumerate(held, 1)}
    return tuple(
        Choice(label=short(line, _LONGEST), value=number)
        for number, line in lines.items()
        if number.startswith(typed)
        or (not typed.isdecimal() and typed.casefold() in line.casefold())
    )[:MOST]


def _plain(typed: str, values: Iterable[str]) -> tuple[Choice, ...]:
    """Those that begin so; what is typed is sent all the same when none does."""
    fitting = [one for one in values if one.startswith(typed.casefold())]
    return tuple(Choice(label=one, value=one) for one in fitting)


def _names(kind: OptionKind, known: Catalogue) -> dict[str, str]:
    """What is shown, by what it can be found by."""
    every: dict[OptionKind, tuple[EventType, ...] | tuple[Agency, ...] | tuple[Program, ...]] = {
        OptionKind.TYPE: known.types,
        OptionKind.AGENCY: known.agencies,
        OptionKind.PROGRAM: known.programs,
    }
    return {normalised(name): _shown(one) for one in every[kind] for name in spellings(one)}


def _shown(one: EventType | Agency | Program) -> str:
    return agency_name(one) if isinstance(one, Agency) else one.name


def _listed(typed: str, names: dict[str, str]) -> tuple[Choice, ...]:
    """Values behind commas: the last is completed, those before it stay."""
    before, _, last = typed.rpartition(",")
    kept = [one.strip() for one in before.split(",") if one.strip()]
    taken = {normalised(one) for one in kept}
    fitting = dict.fromkeys(_fitting(normalised(last), names))
    texts = (",".join([*kept, one]) for one in fitting if normalised(one) not in taken)
    whole = [one for one in texts if len(one) <= _LONGEST]
    return tuple(Choice(label=one, value=one) for one in whole[:MOST])


def _rank(spelling: str, asked: str) -> int:
    if spelling.startswith(asked):
        return 0
    return 1 if f" {asked}" in spelling else 2


def _fitting(asked: str, names: dict[str, str]) -> list[str]:
    """Names that begin so, or a word of theirs, then those that hold it; else the nearest."""
    holding = sorted(
        (_rank(spelling, asked), shown.casefold(), shown)
        for spelling, shown in names.items()
        if asked in spelling
    )
    if holding:
        return [shown for _, _, shown in holding]
    return [names[one] for one in alike(asked, names, MOST)]
