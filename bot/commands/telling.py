"""`/types`, `/agencies`, `/status`, `/help` and `/start`: about the bot itself."""

import difflib
from collections import Counter

from bot.commands.finding import upcoming
from bot.commands.kit import Kit, answer
from bot.commands.looking import catalogue
from bot.commands.reading import number
from bot.domain.channels import Reach, reached
from bot.domain.leases import DUE
from bot.domain.requests import CommandReply, CommandRequest
from bot.rendering.answers import about, refusals


async def list_types(kit: Kit, _request: CommandRequest) -> CommandReply:
    """Which types of events can be followed."""
    async with kit.store.reading(urgent=True) as unit:
        known = await catalogue(unit)
        events = upcoming(await unit.snapshots.find(), kit.clock.now())
    return answer(about.types(known.types, Counter(one.type.id for one in events)))


async def list_agencies(kit: Kit, request: CommandRequest) -> CommandReply:
    """Which agencies can be followed, a page at a time."""
    page = number(request.options, "page", otherwise=1)
    async with kit.store.reading(urgent=True) as unit:
        known = await catalogue(unit)
        events = upcoming(await unit.snapshots.find(), kit.clock.now())
    ahead = Counter(agency.id for event in events for agency in event.agencies)
    return answer(about.agencies(known.agencies, ahead, page), replaces="page" in request.options)


async def show_status(kit: Kit, request: CommandRequest) -> CommandReply:
    """How fresh the data is, and whether messages arrive here."""
    now = kit.clock.now()
    async with kit.store.reading(urgent=True) as unit:
        here = about.Here(
            subscriptions=len(await unit.subscriptions.held(request.place)),
            health=await unit.destinations.health(request.place),
            last=await unit.destinations.last_delivery(request.place),
        )
        events = len(upcoming(await unit.snapshots.find(), now))
    return answer(about.status(kit.status(), here, events=events, now=now))


async def show_help(kit: Kit, request: CommandRequest) -> CommandReply:
    """All commands, or one of them."""
    name = request.options.get("command", "").removeprefix("/").casefold()
    if not name:
        page = about.help_page(kit.specs, invite=kit.invite, is_guided=request.is_guided)
        return answer(page, is_private=True)
    specs = {spec.name: spec for spec in kit.specs}
    if name in specs:
        return answer(about.help_of(specs[name]), is_private=True)
    near = difflib.get_close_matches(name, specs, n=1)
    return answer(refusals.unknown_command(name, near), is_private=True)


async def start(kit: Kit, request: CommandRequest) -> CommandReply:
    """Greet; whoever starts the bot again wants its messages again."""
    async with kit.store.reading(urgent=True) as unit:
        health = await unit.destinations.health(request.place)
    if health.reach is not Reach.ACTIVE:
        async with kit.store.writing(urgent=True) as unit:
            again = reached(health, now=kit.clock.now())
            await unit.destinations.set_health(request.place, again)
            unit.tell(DUE)
        kit.wake.set()
    return answer(about.start(is_guided=request.is_guided))
