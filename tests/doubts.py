"""Messages to Discord whose end is not known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from discord_rooms import Room, to
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel

from bot.domain.deliveries import Delivery, Unknown
from bot.domain.messages import Button
from bot.testing import START, FakeClock, a_message

ALERT = a_message(buttons=((Button(label="Mute this event", press="mute event:1"),),))
LONG = timedelta(hours=1)


async def lose(server: DiscordStandIn, opened: Room, delivery: Delivery, **fault: Any) -> Delivery:
    """Send, and lose the answer though the message arrived; the delivery as it is by then."""
    server.fail(**({"breaks": True, "after": True} | fault))
    delivery = replace(delivery, tried_at=server.world.now())
    assert isinstance(await opened.adapter.send(delivery, ALERT), Unknown)
    return replace(delivery, in_doubt_since=delivery.tried_at)


async def send_again(
    opened: Room, clock: FakeClock, delivery: Delivery, *, after: timedelta = LONG
) -> object:
    """Try again a while later."""
    clock.advance(after)
    repeat = replace(delivery, attempts=delivery.attempts + 1, tried_at=clock.now())
    return await opened.adapter.send(repeat, ALERT)


def doubted(place: Channel, **changes: Any) -> Delivery:
    """A delivery whose first attempt never arrived, though nobody knows."""
    return to(place, in_doubt_since=START, **changes)
