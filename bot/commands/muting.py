"""`/mute` and `/unmute`: silence one event in one channel."""

from bot.commands.kit import Kit, answer
from bot.commands.looking import meant_event
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.rendering.answers import subscriptions as answers


async def mute(kit: Kit, request: CommandRequest) -> CommandReply:
    """No more news of an event here."""
    async with kit.store.writing() as unit:
        meant = await meant_event(unit, request.options["event"], "mute")
        if isinstance(meant, Message):
            return answer(meant, is_private=True)
        await unit.destinations.mute(request.place, meant.event.id)
    return answer(answers.muted(meant.event), is_private=True)


async def unmute(kit: Kit, request: CommandRequest) -> CommandReply:
    """News of an event here again."""
    async with kit.store.writing() as unit:
        muted = await unit.destinations.muted(request.place)
        meant = await meant_event(unit, request.options["event"], "unmute", also=muted)
        if isinstance(meant, Message):
            return answer(meant, is_private=True)
        await unit.destinations.unmute(request.place, meant.event.id)
    return answer(answers.unmuted(meant.event), is_private=True)
