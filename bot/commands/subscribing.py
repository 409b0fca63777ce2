"""`/subscribe`, `/unsubscribe` and `/subscriptions`: what a channel gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.commands.guiding import ask, chosen, is_asking
from bot.commands.kit import Kit, answer
from bot.commands.looking import catalogue, held_at
from bot.commands.reading import asked, number
from bot.commands.schedule import ahead
from bot.domain.asking import Held, read_filter, spell_filter
from bot.domain.changes import Kind
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.domain.subscriptions import Filter
from bot.domain.watching import Catalogue
from bot.errors import ConfigError
from bot.ports import UnitOfWork
from bot.rendering.answers import subscriptions as answers
from bot.rendering.untrusted import one_line

MOST = 25
"""Subscriptions of one channel: as many as one list shows."""

MOST_IN_SERVER = 500
"""Subscriptions of all channels, threads and topics of one server, which its people can multiply.

Both bind people alone: whoever runs the program may add more by its command line.
"""


async def subscribe(kit: Kit, request: CommandRequest) -> CommandReply:
    """Add a subscription; where the platform leads through choices, ask for them first."""
    if is_asking(request):
        return await ask(kit, request)
    is_pressed = "pick" in request.options
    added = await _added(kit, chosen(request))
    if isinstance(added, Message):
        return answer(added, is_private=True, replaces=is_pressed)
    return answer(await _confirmed(kit, request, added), replaces=is_pressed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Added:
    """A filter that the channel holds now, its words and number, and whether it is new there."""

    asked: Filter
    words: Mapping[str, Sequence[str]]
    number: int
    is_new: bool


async def _added(kit: Kit, request: CommandRequest) -> _Added | Message:
    """What was added; or why nothing more can be."""
    # What is only read is read before, so that others can write meanwhile.
    async with kit.store.reading(urgent=True) as unit:
        known = await catalogue(unit)
        wanted = await _wanted(unit, request, known)
    async with kit.store.writing(urgent=True) as unit:
        before = [one.filter for one in await unit.subscriptions.held(request.place)]
        if wanted not in before and (refusal := await _refusal(unit, request, len(before))):
            return refusal
        await unit.subscriptions.add(request.place, wanted, now=kit.clock.now())
        await meet(unit, request)
    is_new = wanted not in before
    number = len(before) if is_new else before.index(wanted)
    words = spell_filter(wanted, known)
    return _Added(asked=wanted, words=words, number=number + 1, is_new=is_new)


async def _refusal(unit: UnitOfWork, request: CommandRequest, held: int) -> Message | None:
    """Why one more is too many; None: it is not."""
    if held >= MOST:
        return answers.full(MOST)
    if not request.server:
        return None
    in_server = await unit.subscriptions.in_server(request.place.adapter, request.server)
    return answers.full_server(MOST_IN_SERVER) if in_server >= MOST_IN_SERVER else None


async def _wanted(unit: UnitOfWork, request: CommandRequest, known: Catalogue) -> Filter:
    wanted = read_filter(asked(request.options), known)
    if "remind" in request.options:
        return wanted
    channel = await unit.destinations.channel(request.place)
    return replace(wanted, leads=channel.leads)


async def _confirmed(kit: Kit, request: CommandRequest, added: _Added) -> Message:
    """What was added, and the next event that it tells of; read without holding up a writer."""
    async with kit.store.reading(urgent=True) as unit:
        any_kind = replace(added.asked, kinds=frozenset({Kind.NEW}))
        following = await ahead(kit, unit, any_kind)
        return answers.subscribed(
            added.words,
            number=added.number,
            is_new=added.is_new,
            following=following[0] if following else None,
            health=await unit.destinations.health(request.place),
        )


async def meet(unit: UnitOfWork, request: CommandRequest) -> None:
    """Remember who manages this channel, to be told of trouble."""
    name = one_line(request.server_name)
    await unit.destinations.met(
        request.place, server=request.server, name=name, person=request.person
    )


async def unsubscribe(kit: Kit, request: CommandRequest) -> CommandReply:
    """Remove one subscription, or all."""
    async with kit.store.writing(urgent=True) as unit:
        held = await held_at(unit, request.place)
        doomed = _doomed(held, request)
        for one in doomed:
            await unit.subscriptions.remove(request.place, one.subscription.id)
    left = len(held) - len(doomed)
    return answer(answers.unsubscribed(doomed, left=left), replaces="id" in request.options)


def _doomed(held: tuple[Held, ...], request: CommandRequest) -> tuple[Held, ...]:
    """Which to remove: by its place in the list, by the id that a button has, or all.

    Raises:
        ConfigError: there is none of this number.

    """
    if not held:
        raise ConfigError("this channel has no subscription; /subscribe adds one")
    if "id" in request.options:
        key = number(request.options, "id", otherwise=0)
        doomed = tuple(one for one in held if one.subscription.id == key)
        if not doomed:
            raise ConfigError("this subscription was removed before; see /subscriptions")
        return doomed
    if request.options.get("number", "all").casefold() == "all":
        return held
    place = number(request.options, "number", otherwise=1)
    if place > len(held):
        raise ConfigError(f"this channel has no subscription {place}; see /subscriptions")
    return held[place - 1 : place]


async def list_subscriptions(kit: Kit, request: CommandRequest) -> CommandReply:
    """What the channel gets, and whether it arrives."""
    async with kit.store.reading(urgent=True) as unit:
        here = unit.destinations
        muted = await here.muted(request.place)
        known = await unit.snapshots.recall(muted) if muted else {}
        standing = answers.Standing(
            held=await held_at(unit, request.place),
            health=await here.health(request.place),
            last=await here.last_delivery(request.place),
            muted=tuple(known[key].event for key in muted if key in known),
        )
    return answer(answers.listed(standing, may_manage=request.may_manage))
