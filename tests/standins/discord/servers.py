"""What happens to the servers of the pretended Discord: each is told by the gateway."""

from typing import Any

from standins.discord.gateway import Gateway
from standins.discord.payloads import channel_json, guild_json, role_json
from standins.discord.world import (
    Channel,
    ChannelType,
    Guild,
    Overwrite,
    Right,
    Role,
    User,
    World,
    new_id,
)


class Servers:
    """The servers that there are, with their channels, members and roles.

    Attributes:
        world: where they are.
        gateway: what tells of them.

    """

    world: World
    gateway: Gateway

    def _guild(self, name: str, **details: Any) -> Guild:
        guild = Guild(name=name, **details)
        guild.members[self.world.bot.id] = []
        self.world.guilds[guild.id] = guild
        return guild

    def _channel(self, guild: Guild, name: str, **details: Any) -> Channel:
        channel = Channel(name=name, guild=guild, **details)
        guild.channels[channel.id] = channel
        return channel

    def _member(self, guild: Guild, name: str, *roles: Role) -> User:
        user = User(name=name)
        self.world.users[user.id] = user
        guild.members[user.id] = [role.id for role in roles]
        return user

    async def join(self, name: str, *channels: str, shard: int | None = None) -> Guild:
        """The bot is invited to a server with these channels, one of that shard if it says so."""
        guild = self._guild(name, id=new_id() if shard is None else str(shard << 22))
        for channel in channels:
            self._channel(guild, channel)
        await self.gateway.tell("GUILD_CREATE", guild_json(self.world, guild))
        return guild

    async def kick(self, guild: Guild) -> None:
        """The bot is removed from a server."""
        del self.world.guilds[guild.id]
        await self.gateway.tell("GUILD_DELETE", {"id": guild.id})

    async def lose(self, guild: Guild) -> None:
        """A server falls victim to an outage on Discord's side."""
        guild.is_available = False
        await self.gateway.tell("GUILD_DELETE", {"id": guild.id, "unavailable": True})

    async def recover(self, guild: Guild) -> None:
        """The outage of a server ends."""
        guild.is_available = True
        shown = guild_json(self.world, guild) | {"unavailable": False}
        await self.gateway.tell("GUILD_CREATE", shown)

    async def add_channel(
        self, guild: Guild, name: str, kind: ChannelType = ChannelType.TEXT, **details: Any
    ) -> Channel:
        """A channel is made."""
        channel = self._channel(guild, name, type=kind, **details)
        event = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
        await self.gateway.tell(event, channel_json(channel))
        return channel

    def private_chat(self, user: User) -> Channel:
        """A user's private chat with the bot."""
        channel = Channel(name=user.name, type=ChannelType.DM, recipient=user)
        self.world.private[channel.id] = channel
        return channel

    async def delete_channel(self, channel: Channel) -> None:
        """A channel or thread is deleted."""
        if channel.guild is not None:
            del channel.guild.channels[channel.id]
        event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        await self.gateway.tell(event, channel_json(channel))

    async def change_channel(self, channel: Channel) -> None:
        """Tell that a channel or thread was changed."""
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        await self.gateway.tell(event, channel_json(channel))

    async def forbid(self, channel: Channel, right: Right) -> None:
        """A channel takes a right from the bot."""
        channel.overwrites.append(Overwrite(id=self.world.bot.id, is_member=True, deny=right))
        await self.change_channel(channel)

    async def allow(self, channel: Channel) -> None:
        """A channel gives the bot all rights back."""
        channel.overwrites.clear()
        await self.change_channel(channel)

    async def change_role(self, guild: Guild, role_id: str, rights: int) -> None:
        """A role gets other rights."""
        guild.roles[role_id].rights = rights
        role = role_json(guild.roles[role_id])
        await self.gateway.tell("GUILD_ROLE_UPDATE", {"guild_id": guild.id, "role": role})
