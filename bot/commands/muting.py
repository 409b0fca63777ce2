"""`/mute` and `/unmute`: silence one event in one channel."""

from bot.commands.kit import Kit, answer
from bot.commands.looking import meant_event
from bot.domain.events import EventId
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.domain.subscriptions import Destination
from bot.domain.watching import Watch
from bot.ports import UnitOfWork
from bot.rendering.answers import subscriptions as answers

MOST = 100
"""Events that one channel silences: more than there ever are upcoming at once."""


async def mute(kit: Kit, request: CommandRequest) -> CommandReply:
    """No more news of an event here."""
    async with kit.store.writing(urgent=True) as unit:
        meant = await meant_event(unit, request.options["event"], "mute")
        if isinstance(meant, Message):
            return answer(meant, is_private=True)
        if not await _has_room(unit, request.place, meant.event.id):
            return answer(answers.too_many_muted(MOST), is_private=True)
        await unit.destinations.mute(request.place, meant.event.id)
    return answer(answers.muted(meant.event), is_private=True)


async def _has_room(unit: UnitOfWork, place: Destination, event_id: EventId) -> bool:
    """Whether one more can be silenced; those that nobody watches any more make room for it."""
    muted = await unit.destinations.muted(place)
    if event_id in muted or len(muted) < MOST:
        return True
    known = await unit.snapshots.recall(muted)
    over = [one for one in muted if one not in known or known[one].watch is not Watch.WATCHED]
    for one in over:
        await unit.destinations.unmute(place, one)
    return bool(over)


async def unmute(kit: Kit, request: CommandRequest) -> CommandReply:
    """News of an event here again."""
    async with kit.store.writing(urgent=True) as unit:
        muted = await unit.destinations.muted(request.place)
        meant = await meant_event(unit, request.options["event"], "unmute", also=muted)
        if isinstance(meant, Message):
            return answer(meant, is_private=True)
        await unit.destinations.unmute(request.place, meant.event.id)
    return answer(answers.unmuted(meant.event), is_private=True)
