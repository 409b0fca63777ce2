"""`/next`, `/events` and `/event`: what is ahead, and one event in full."""

from collections.abc import Sequence

from bot.commands.finding import is_over, upcoming
from bot.commands.kit import Kit, answer
from bot.commands.looking import catalogue, meant_event
from bot.commands.reading import asked, number
from bot.domain.asking import read_filter
from bot.domain.changes import Kind
from bot.domain.events import Event
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.domain.subscriptions import Filter, wants
from bot.domain.watching import Tracked
from bot.ports import UnitOfWork
from bot.rendering.answers import events as answers

ON_A_PAGE = 8


async def show_next(kit: Kit, request: CommandRequest) -> CommandReply:
    """The next event that matches, in full."""
    async with kit.store.reading(urgent=True) as unit:
        wanted = read_filter(asked(request.options), await catalogue(unit))
        found = await ahead(kit, unit, wanted)
        if not found:
            return answer(await _nothing(kit, unit, request))
        shown = Tracked(event=found[0], first_seen_at=kit.clock.now())
        return answer(await _in_full(kit, unit, request, shown))


async def show_event(kit: Kit, request: CommandRequest) -> CommandReply:
    """The event that is meant, in full."""
    async with kit.store.reading(urgent=True) as unit:
        meant = await meant_event(unit, request.options["event"], "event")
        if isinstance(meant, Message):
            return answer(meant)
        return answer(await _in_full(kit, unit, request, meant))


async def _in_full(kit: Kit, unit: UnitOfWork, request: CommandRequest, shown: Tracked) -> Message:
    event = shown.event
    return answers.in_full(
        event,
        watch=shown.watch,
        is_next=request.command == "next",
        has_passed=is_over(event, kit.clock.now()),
        is_muted=event.id in await unit.destinations.muted(request.place),
    )


async def show_events(kit: Kit, request: CommandRequest) -> CommandReply:
    """A page of the schedule."""
    page = number(request.options, "page", otherwise=1)
    async with kit.store.reading(urgent=True) as unit:
        wanted = read_filter(asked(request.options), await catalogue(unit))
        found = await ahead(kit, unit, wanted)
        if not found:
            return answer(await _nothing(kit, unit, request), replaces="page" in request.options)
    message = answers.schedule(_page(found, page, wanted))
    return answer(message, replaces="page" in request.options)


def _page(found: Sequence[Event], page: int, wanted: Filter) -> answers.Page:
    """A page that there is: an old button may ask for one that is no more."""
    pages = -(-len(found) // ON_A_PAGE)
    at = min(page, pages)
    first = (at - 1) * ON_A_PAGE
    return answers.Page(
        events=tuple(found[first : first + ON_A_PAGE]),
        first=first + 1,
        total=len(found),
        page=at,
        pages=pages,
        asked={
            "type": ",".join(map(str, sorted(wanted.types))),
            "agency": ",".join(map(str, sorted(wanted.agencies))),
            "search": ",".join(sorted(wanted.words)),
        },
    )


async def ahead(kit: Kit, unit: UnitOfWork, wanted: Filter) -> tuple[Event, ...]:
    """What is still to come and matches a filter, soonest first."""
    found = await unit.snapshots.find(types=wanted.types, agencies=wanted.agencies)
    matching = (one for one in found if wants(wanted, one, Kind.NEW))
    return upcoming(matching, kit.clock.now())


async def _nothing(kit: Kit, unit: UnitOfWork, request: CommandRequest) -> Message:
    known = await unit.snapshots.find()
    return answers.nothing_ahead(
        is_choosy=bool(request.options.keys() - {"page"}),
        knows_any=bool(known) or kit.status().read_at is not None,
    )
