"""Requests to Discord, each in its slot; and messages written into one channel or thread."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import discord
from discord.http import MultipartParameters, Route

from bot.adapters.discord import outcomes
from bot.adapters.discord.payloads import Payload, Signed
from bot.adapters.discord.transport import NETWORK_ERRORS, json_body
from bot.ports import Pace

SEND_TIMEOUT_S = 20.0
"""Far below the few minutes for which Discord remembers a nonce (facts-delivery, 1.2 and 2.2)."""

T = TypeVar("T")

_PUBLISHED = discord.MessageFlags(crossposted=True).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message of ours that stands in Discord.

    Attributes:
        id: its own.
        place: the id of the channel, thread or private chat that it stands in.
        is_published: the channels that follow its channel have it, too.

    """

    id: int
    place: int
    is_published: bool = False

    @classmethod
    def told(cls, answer: Mapping[str, Any]) -> Self:
        """As Discord answers to a send; of discord.py's `Message` no more than this is needed."""
        is_published = bool(answer.get("flags", 0) & _PUBLISHED)
        return cls(id=int(answer["id"]), place=int(answer["channel_id"]), is_published=is_published)

    @classmethod
    def found(cls, message: discord.Message) -> Self:
        """As it was read."""
        flags = message.flags
        return cls(id=message.id, place=message.channel.id, is_published=flags.crossposted)


class Paced:
    """The client behind the pace."""

    def __init__(self, client: discord.Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def request(
        self, asking: Callable[[], Awaitable[T]], address: str = "", *, alert: bool = False
    ) -> T | Exception:
        """Make one request in a slot, also of the address's own; what it raises is its result.

        Raises:
            HeldBack: the pace lets nothing out for too long; it was not made.

        """
        try:
            async with self._pace.slot(address, alert=alert):
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        return await asking()
                except discord.DiscordException as error:
                    # An answer, if no welcome one; what leaves the slot would mean that none came.
                    return error
        except NETWORK_ERRORS as error:
            return error

    @property
    def me(self) -> int:
        """The bot's own id."""
        return self._client.user.id if self._client.user else 0

    def channel(self, channel_id: int) -> discord.PartialMessageable:
        """A channel or thread to write into, whatever is known of it."""
        return self._client.get_partial_messageable(channel_id)

    async def fetch(self, channel_id: int) -> object:
        """A channel or thread, asked of Discord; in no slot of its own."""
        return await self._client.fetch_channel(channel_id)

    async def chat_with(self, person_id: int, address: str) -> int | Exception:
        """The id of the private chat with a person, opened if need be."""
        person = discord.Object(person_id)
        chat = await self.request(lambda: self._client.create_dm(person), address)
        return chat if isinstance(chat, Exception) else chat.id

    async def write(
        self, channel_id: int, signed: Signed, address: str, *, alert: bool = False
    ) -> Written | Exception:
        """Send one message, also into a thread that must be taken out of the archive first."""

        async def send() -> Written:
            # As `http.send_message`, which would spell each anew.
            return Written.told(await self._client.http.request(route, data=json_body(spelt)))

        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        spelt = signed.spelt
        result = await self.request(send, address, alert=alert)
        if outcomes.is_archived(result) and await self._unarchives(channel_id, address):
            return await self.request(send, address, alert=alert)
        return result

    async def open_post(self, forum_id: int, post: Payload) -> Written | Exception:
        """Open a post in a forum; its first message is part of it."""

        async def send() -> Written:
            answer = await self._client.http.start_thread_in_forum(forum_id, params=given)
            return Written.told(answer["message"])

        given = MultipartParameters(payload={**post}, multipart=None, files=None)
        return await self.request(send, f"{forum_id}")

    async def _unarchives(self, thread_id: int, address: str) -> bool:
        """Open an archived thread, where sending alone does not do it; whether it worked."""
        found = await self.request(lambda: self.fetch(thread_id), address)
        if not isinstance(found, discord.Thread):
            return False
        opened = await self.request(lambda: found.edit(archived=False), address)
        return not isinstance(opened, Exception)
