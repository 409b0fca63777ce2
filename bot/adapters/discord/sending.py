"""Send messages by discord.py: to channels, threads, forums and private chats. Opens nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import TypeVar

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.addresses import Target, lane_of, private_of, read_address
from bot.adapters.discord.forums import Posts, name_of_post
from bot.adapters.discord.gateway import Listener
from bot.adapters.discord.layout import (
    Arguments,
    addressed,
    laid_out,
    laid_out_plainly,
    nonce_of,
)
from bot.adapters.discord.publishing import Publisher, may_be_followed
from bot.adapters.discord.reach import Place, missing_right, place_of
from bot.adapters.discord.transport import NETWORK_ERRORS
from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Refused, Sent
from bot.domain.messages import Limits, Message
from bot.ports import Pace

logger = logging.getLogger(__name__)

SEND_TIMEOUT_S = 20.0
"""Far below the few minutes for which Discord remembers a nonce (facts-delivery, 1.2 and 2.2)."""

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
"""The last one to find an event's post in a forum."""

T = TypeVar("T")


def invite_link(application_id: int) -> str:
    """Where one adds the bot to a server, with exactly the rights that it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=_NEEDED, scopes=scopes)


class DiscordAdapter:
    """Sends to channels, threads, forums and people.

    Attributes:
        invite: where one adds the bot to a server.

    """

    name = "discord"
    limits = LIMITS

    def __init__(self, client: Listener, pace: Pace) -> None:
        self._client = client
        self._pace = pace
        self._id = client.application_id or 0
        self._posts = Posts()
        self._publisher = Publisher(pace)
        self.invite = invite_link(self._id)

    @property
    def is_listening(self) -> bool:
        """Whether the gateway is connected and has told of all servers."""
        return self._client.is_listening

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
        place = target if target.is_person else place_of(self._client, target.id) or target
        missing = _missing(place) if self._client.is_listening else ""
        if missing:
            return outcomes.lacking(missing)
        return await self._send(delivery, message, place)

    async def _send(self, delivery: Delivery, message: Message, place: Place | Target) -> Outcome:
        for form in _ever_plainer(message, delivery.channel.zone):
            arguments = addressed(form, delivery, message)
            result = await self._try(delivery, message, arguments, place)
            if not isinstance(result, Exception):
                if delivery.channel.publishes and may_be_followed(place):
                    await self._publisher.publish(result)
                return Sent(remote_id=str(result.id))
            if not outcomes.is_our_fault(result):
                return _outcome(result, place)
            logger.error("Discord finds delivery %s invalid: %s", delivery.id, result)
        return Refused(reason="Discord finds the message invalid, even as plain text")

    async def _try(
        self, delivery: Delivery, message: Message, arguments: Arguments, place: Place | Target
    ) -> discord.Message | Exception:
        arguments = arguments | {"nonce": nonce_of(delivery, self._id)}
        address = delivery.destination.address
        if isinstance(place, discord.ForumChannel):
            return await self._send_to_forum(place, name_of_post(message), arguments)
        channel = await self._channel(place, address)
        if isinstance(channel, Exception):
            return channel
        result = await self._request(address, lambda: channel.send(**arguments))
        if outcomes.is_archived(result) and await self._unarchives(place.id, address):
            return await self._request(address, lambda: channel.send(**arguments))
        return result

    async def _unarchives(self, thread_id: int, address: str) -> bool:
        """Open an archived thread, where sending alone does not do it; whether it worked."""
        found = await self._request(address, lambda: self._client.fetch_channel(thread_id))
        if not isinstance(found, discord.Thread):
            return False
        opened = await self._request(address, lambda: found.edit(archived=False))
        return not isinstance(opened, Exception)

    async def _channel(
        self, place: Place | Target, address: str
    ) -> discord.abc.Messageable | Exception:
        if isinstance(place, Target) and place.is_person:
            person = discord.Object(place.id)
            return await self._request(address, lambda: self._client.create_dm(person))
        return self._client.get_partial_messageable(place.id)

    async def _send_to_forum(
        self, forum: discord.ForumChannel, name: str, arguments: Arguments
    ) -> discord.Message | Exception:
        """Reply in the event's post, or open it."""
        address = str(forum.id)
        post: discord.Thread | Exception | None = self._posts.listed(forum, name)
        if post is None:
            post = await self._request(address, lambda: self._posts.archived(forum, name))
        if isinstance(post, Exception):
            return post
        if post is not None:
            result = await self._request(address, partial(post.send, **arguments))
            if not outcomes.is_deleted_place(result):
                return result
        return await self._request(address, lambda: self._posts.open(forum, name, arguments))

    async def _request(self, address: str, asking: Callable[[], Awaitable[T]]) -> T | Exception:
        """Make one request in a slot; what it raises is its result."""
        try:
            async with self._pace.slot(address):
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        return await asking()
                except discord.DiscordException as error:
                    # An answer, if no welcome one; what leaves the slot would mean that none came.
                    return error
        except NETWORK_ERRORS as error:
            return error


def _missing(place: Place | Target) -> str:
    """The permission that is missing, if the gateway told of the place."""
    return "" if isinstance(place, Target) else missing_right(place)


def _outcome(error: Exception, place: Place | Target) -> Outcome:
    code = error.code if isinstance(error, discord.HTTPException) else 0
    if code in outcomes.WRONG_TYPE and isinstance(place, Target):
        # Perhaps a forum; only the gateway says so.
        return Later(reason="Discord has not told yet what sort of channel this is")
    unseen = outcomes.VIEW if code == outcomes.CANNOT_SEE else ""
    return outcomes.outcome_of(error, missing=_missing(place) or unseen)


def _ever_plainer(message: Message, zone: tzinfo) -> Iterator[Arguments]:
    yield laid_out(message, LIMITS)
    if message.picture is not None:
        yield laid_out(replace(message, picture=None), LIMITS)
    yield laid_out_plainly(message, zone=zone)
