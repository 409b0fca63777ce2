"""Publish messages of announcement channels to their followers. Best effort; sends nothing anew."""

import asyncio
import logging
from collections import Counter, deque

import discord

from bot.adapters.discord.addresses import Target
from bot.adapters.discord.paced import Paced, Written
from bot.adapters.discord.reach import Place
from bot.adapters.discord.transport import FAILURES
from bot.errors import HeldBack
from bot.ports import Pace

logger = logging.getLogger(__name__)

HOURLY = 10
"""Messages that a channel may publish in an hour; observed, not documented (facts-delivery, 0)."""

_HOUR_S = 3600.0
_TIMEOUT_S = 10.0
"""Shorter than a send's, for the outcome of the delivery waits for it."""

_NO_ANNOUNCEMENT_CHANNEL = frozenset({50024, 50068})
_UNPUBLISHED: tuple[type[Exception], ...] = (HeldBack, *FAILURES)


def may_be_followed(place: Place | Target) -> bool:
    """Whether it is an announcement channel, or could be: the gateway has not told of it yet."""
    if isinstance(place, Target):
        return not place.is_person
    return isinstance(place, discord.TextChannel) and place.is_news()


class Allowance:
    """How many messages each channel may still publish; tells no time and waits for none."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, int]] = deque()
        self._by_channel: Counter[int] = Counter()

    def take(self, channel_id: int, now: float) -> bool:
        """Count one more, `now` in seconds of any clock that never goes back; False: no more."""
        self._forget(now - _HOUR_S)
        if self._by_channel[channel_id] >= HOURLY:
            return False
        self._spent.append((now, channel_id))
        self._by_channel[channel_id] += 1
        return True

    def _forget(self, until: float) -> None:
        while self._spent and self._spent[0][0] <= until:
            _, channel_id = self._spent.popleft()
            self._by_channel[channel_id] -= 1
            if not self._by_channel[channel_id]:
                del self._by_channel[channel_id]


class Publisher:
    """Publishes what was sent, as far as the limit allows."""

    def __init__(self, paced: Paced, pace: Pace) -> None:
        self._paced = paced
        self._pace = pace
        self._allowance = Allowance()

    async def publish(self, message: Written) -> None:
        """Publish a message that stands in its channel; it stays there whatever comes of it."""
        channel_id = message.place
        if message.is_published:
            return  # a repeated send, whose nonce found the message of the first
        if not self._allowance.take(channel_id, asyncio.get_running_loop().time()):
            logger.debug("Discord: %s has published %d in an hour", channel_id, HOURLY)
            return
        try:
            async with self._pace.slot():
                await _publish(self._paced.channel(channel_id).get_partial_message(message.id))
        except _UNPUBLISHED as error:
            logger.warning("Discord did not publish a message of %s: %r", channel_id, error)


async def _publish(message: discord.PartialMessage) -> None:
    """Leave the slot in peace with whatever Discord answers.

    An error that passes means that no answer came.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await message.publish()
    except discord.DiscordException as error:
        is_mistaken = getattr(error, "code", 0) in _NO_ANNOUNCEMENT_CHANNEL
        level = logging.DEBUG if is_mistaken else logging.WARNING
        place = message.channel.id
        logger.log(level, "Discord did not publish a message of %s: %r", place, error)
