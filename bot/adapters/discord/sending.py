"""Send messages by discord.py: to channels, threads, forums and private chats. Opens nothing."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import assert_never

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.addresses import Target, lane_of, private_of, read_address
from bot.adapters.discord.doubts import Absence, Doubts, Sight, is_forgotten
from bot.adapters.discord.forums import Forums
from bot.adapters.discord.gateway import Listener
from bot.adapters.discord.layout import laid_out_plainly, presses
from bot.adapters.discord.paced import Paced, Written
from bot.adapters.discord.payloads import (
    Draft,
    Signed,
    addressed,
    drafted,
    embedded,
    mark_of,
    nonce_of,
)
from bot.adapters.discord.publishing import Publisher, may_be_followed
from bot.adapters.discord.reach import Place, may_read_back, missing_right
from bot.adapters.discord.shards import Shards
from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Priority, Refused, Sent, Unknown
from bot.domain.messages import Limits, Message, part_of
from bot.ports import Surroundings

logger = logging.getLogger(__name__)

LIMITS = Limits(
    text=4096,
    title=256,
    links=5,
    rate=45.0,
    concurrency=50,
    slots=50,
    lane=lane_of,
    private=private_of,
    repeat_is_harmless=True,
)
"""Facts-delivery, 1.1 and 4. Repeats carry the same nonce, so Discord makes one message of them."""

_NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    read_message_history=True,
)
"""The last one to find an event's post in a forum, and a message whose end is not known."""


def invite_link(application_id: int) -> str:
    """Where one adds the bot to a server, with exactly the rights that it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=_NEEDED, scopes=scopes)


class DiscordAdapter:
    """Sends to channels, threads, forums and people.

    Attributes:
        invite: where one adds the bot to a server.

    """

    def __init__(self, client: Listener, shards: Shards, surroundings: Surroundings) -> None:
        self.name = surroundings.name
        self.limits = part_of(LIMITS, listens=surroundings.listens, sends=surroundings.sends)
        pace = surroundings.pace
        self._client = client
        self._shards = shards
        self._id = client.application_id or 0
        self._paced = Paced(client, pace)
        self._forums = Forums(self._paced)
        self._doubts = Doubts(self._paced)
        self._publisher = Publisher(self._paced, pace)
        self.invite = invite_link(self._id)

    @property
    def is_listening(self) -> bool:
        """Whether every gateway is connected and has told of all servers."""
        return self._shards.is_listening

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send one message; if Discord finds it invalid, once more without picture, then plainly.

        Raises:
            ConfigError: the token is not valid any more.
            ChatUnavailable: Discord shuts the bot out.
            HeldBack: the pace lets nothing out for too long.

        """
        address = delivery.destination.address
        target = read_address(address)
        if target is None:
            return Gone(reason=f'"{address}" is no id of a Discord channel; write digits only')
        place = await self._place(target, delivery)
        missing = _missing(place) if self._is_current(place) else ""
        if missing:
            return outcomes.lacking(missing)
        seen = await self._look(delivery, message, place)
        match seen:
            case Written():
                return await self._sent(seen, delivery, place)
            case Exception():
                return outcomes.unsent(self._outcome(seen, place))
            case Absence.UNTOLD:
                return Later(reason=seen.value)
            case Absence.SURE:
                return await self._send(delivery, message, place)
            case Absence.HIDDEN | Absence.BURIED:
                return await self._risk(delivery, message, place, why=seen.value)
            case _ as never:
                assert_never(never)

    async def _place(self, target: Target, delivery: Delivery) -> Place | Target:
        """The channel, as far as it is known; where it matters whether it is a forum, it is asked.

        The gateway tells of all channels, but perhaps not yet, or another process.
        """
        if target.is_person:
            return target
        told = self._shards.place(target.id)
        if told is not None or not (delivery.post or delivery.in_doubt_since):
            return told or target
        found = await self._forums.found(target.id)
        return found if isinstance(found, discord.ForumChannel) else target

    async def _look(self, delivery: Delivery, message: Message, place: Place | Target) -> Sight:
        """Whether it stands there already, if its nonce would not prevent a second message."""
        is_forum = isinstance(place, discord.ForumChannel)
        since = delivery.in_doubt_since
        if since is None or not (is_forum or is_forgotten(delivery)):
            return Absence.SURE
        may_read = self._may_read_back(place)
        if may_read is False:
            return Absence.HIDDEN
        places = await self._places(delivery, message, place)
        if isinstance(places, Exception):
            return places
        mark = mark_of(nonce_of(delivery, self._id))
        return await self._doubts.look(places, mark, since, may_read=bool(may_read))

    def _may_read_back(self, place: Place | Target) -> bool | None:
        if isinstance(place, Target) or not self._is_current(place):
            return None
        return may_read_back(place)

    def _is_current(self, place: Place | Target) -> bool:
        return not isinstance(place, Target) and self._shards.is_current(place)

    async def _places(
        self, delivery: Delivery, message: Message, place: Place | Target
    ) -> tuple[discord.PartialMessageable, ...] | Exception:
        """Where a message of this event may stand."""
        if isinstance(place, discord.ForumChannel):
            return await self._forums.posts(place, delivery.post, message)
        channel = await self._channel(place, delivery.destination.address)
        return channel if isinstance(channel, Exception) else (self._paced.channel(channel),)

    async def _risk(
        self, delivery: Delivery, message: Message, place: Place | Target, *, why: str
    ) -> Outcome:
        """Send what may stand there already, if it is urgent: rather twice than never, but once."""
        if delivery.priority is not Priority.URGENT:
            return Unknown(reason=f"it may have arrived: {why}", is_final=True)
        outcome = await self._send(delivery, message, place)
        return replace(outcome, is_final=True) if isinstance(outcome, Unknown) else outcome

    def _outcome(self, error: Exception, place: Place | Target) -> Outcome:
        code = error.code if isinstance(error, discord.HTTPException) else 0
        unseen = outcomes.VIEW if code == outcomes.CANNOT_SEE else ""
        missing = _missing(place) or unseen
        return outcomes.outcome_of(error, missing=missing, section=self._client.section)

    async def _sent(self, sent: Written, delivery: Delivery, place: Place | Target) -> Sent:
        if delivery.channel.publishes and may_be_followed(place):
            await self._publisher.publish(sent)
        return Sent(remote_id=str(sent.id), post=_post_of(sent, place))

    async def _send(self, delivery: Delivery, message: Message, place: Place | Target) -> Outcome:
        for form in _ever_plainer(message, delivery.channel.zone):
            draft = addressed(form, delivery, message)
            result = await self._try(delivery, message, draft, place)
            if not isinstance(result, Exception):
                return await self._sent(result, delivery, place)
            if not outcomes.is_our_fault(result):
                return self._outcome(result, place)
            logger.error("Discord finds delivery %s invalid: %s", delivery.id, result)
        return Refused(reason="Discord finds the message invalid, even as plain text")

    async def _try(
        self, delivery: Delivery, message: Message, draft: Draft, place: Place | Target
    ) -> Written | Exception:
        signed = Signed(draft=draft, nonce=nonce_of(delivery, self._id))
        address = delivery.destination.address
        if isinstance(place, discord.ForumChannel):
            return await self._forums.write(place, delivery.post, message, signed)
        channel = await self._channel(place, address)
        if isinstance(channel, Exception):
            return channel
        is_alert = delivery.priority is Priority.URGENT
        result = await self._paced.write(channel, signed, address, alert=is_alert)
        if isinstance(place, Target) and outcomes.is_of_wrong_type(result):
            found = await self._forums.found(place.id)
            if isinstance(found, discord.ForumChannel):
                return await self._forums.write(found, delivery.post, message, signed)
            return found or result
        return result

    async def _channel(self, place: Place | Target, address: str) -> int | Exception:
        """The id of the channel or thread, or of the private chat with a person."""
        if isinstance(place, Target) and place.is_person:
            return await self._paced.chat_with(place.id, address)
        return place.id


def _missing(place: Place | Target) -> str:
    """The permission that is missing, if the gateway told of the place."""
    return "" if isinstance(place, Target) else missing_right(place)


def _post_of(sent: Written, place: Place | Target) -> str:
    """The forum's post that a message stands in; empty: it stands in the place itself."""
    is_person = isinstance(place, Target) and place.is_person
    return "" if is_person or sent.place == place.id else str(sent.place)


def _ever_plainer(message: Message, zone: tzinfo) -> Iterator[Draft]:
    yield embedded(message, LIMITS)
    if message.picture is not None:
        yield embedded(replace(message, picture=None), LIMITS)
    plain, buttons = laid_out_plainly(message, zone=zone), presses(message)
    if buttons:
        yield drafted(plain | buttons)
    yield drafted(plain)
