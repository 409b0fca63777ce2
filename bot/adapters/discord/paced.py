"""Requests to Discord, each in its slot; and messages written into one channel or thread."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.layout import Arguments
from bot.adapters.discord.transport import NETWORK_ERRORS
from bot.ports import Pace

SEND_TIMEOUT_S = 20.0
"""Far below the few minutes for which Discord remembers a nonce (facts-delivery, 1.2 and 2.2)."""

T = TypeVar("T")


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

    async def chat_with(
        self, person_id: int, address: str
    ) -> discord.PartialMessageable | Exception:
        """The private chat with a person, opened if need be."""
        person = discord.Object(person_id)
        chat = await self.request(lambda: self._client.create_dm(person), address)
        return chat if isinstance(chat, Exception) else self.channel(chat.id)

    async def write(
        self,
        channel: discord.PartialMessageable,
        arguments: Arguments,
        address: str,
        *,
        alert: bool = False,
    ) -> discord.Message | Exception:
        """Send one message, also into a thread that must be taken out of the archive first."""
        result = await self.request(lambda: channel.send(**arguments), address, alert=alert)
        if outcomes.is_archived(result) and await self._unarchives(channel.id, address):
            return await self.request(lambda: channel.send(**arguments), address, alert=alert)
        return result

    async def _unarchives(self, thread_id: int, address: str) -> bool:
        """Open an archived thread, where sending alone does not do it; whether it worked."""
        found = await self.request(lambda: self.fetch(thread_id), address)
        if not isinstance(found, discord.Thread):
            return False
        opened = await self.request(lambda: found.edit(archived=False), address)
        return not isinstance(opened, Exception)
