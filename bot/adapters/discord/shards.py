"""The gateway connections of one bot in this process, a client each; what they know of places.

Not discord.py's `AutoShardedClient`: that one tries again by recursion, one shard at a time, and
begins a new session where the old one could be resumed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from bot.adapters.discord.gateway import Listener, listen
from bot.adapters.discord.identifying import Starts
from bot.adapters.discord.reach import Place, place_of
from bot.adapters.discord.transport import be_shard, share_requests

_CANCEL_AGAIN_S = 0.2

_MOST_HOMES = 100_000
"""Channels whose server is remembered; some 15 MiB. Beyond, all are looked up anew."""


class Shards:
    """All of them; the first is there from the start, and its requests are those of all.

    Attributes:
        clients: those that were made.

    """

    def __init__(self, first: Listener, another: Callable[[], Listener]) -> None:
        """Begin with one.

        Args:
            first: the client that is logged in.
            another: makes one more.

        """
        self.clients = first.siblings = [first]
        self._another = another
        self._homes: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_listening(self) -> bool:
        """Whether every gateway is connected and has told of all its servers."""
        return all(one.is_listening for one in self.clients)

    def place(self, channel_id: int) -> Place | None:
        """The channel or thread of a server, if a gateway told of it."""
        for client in self.clients:
            guild = client.get_guild(self._homes.get(channel_id, 0))
            place = guild.get_channel_or_thread(channel_id) if guild is not None else None
            if place is not None:
                return place
        return self._searched(channel_id)

    def _searched(self, channel_id: int) -> Place | None:
        """Found among all servers, as discord.py does it; it is remembered where all of one are."""
        told = (place_of(client, channel_id) for client in self.clients)
        found = next((place for place in told if place is not None), None)
        if len(self._homes) >= _MOST_HOMES:
            self._homes.clear()
        if found is None:
            self._homes.pop(channel_id, None)
        else:
            home = found.guild
            self._homes |= {one.id: home.id for one in (found, *home.channels)}
        return found

    def is_current(self, place: Place) -> bool:
        """Whether what is known of a place is up to date."""
        return any(
            client.is_listening and client.get_guild(place.guild.id) is place.guild
            for client in self.clients
        )

    def launch(self, group: asyncio.TaskGroup, numbers: Iterable[int], starts: Starts) -> None:
        """Connect these shards of all; those that may not begin at once, one after another.

        Args:
            group: where they run until `end`.
            numbers: which shards.
            starts: how many there are in all, and how many may begin at once.

        """
        abreast: dict[int, list[Listener]] = {}
        for number, client in zip(numbers, self._made(), strict=False):
            be_shard(client, number, starts.shards)
            abreast.setdefault(starts.bucket(number), []).append(client)
        for bucket, clients in abreast.items():
            self.run(group, self._in_turn(group, clients), f"discord shards of {bucket}")

    def _made(self) -> Iterator[Listener]:
        yield self.clients[0]
        while True:
            client = self._another()
            share_requests(self.clients[0], client)
            self.clients.append(client)
            client.siblings = self.clients
            yield client

    async def _in_turn(self, group: asyncio.TaskGroup, clients: Iterable[Listener]) -> None:
        """Whoever would wait behind many for its turn does not connect yet: it waits a minute."""
        for client in clients:
            self.run(group, self._listen(client), f"discord gateway {client.shard_id or 0}")
            await client.has_begun.wait()

    async def _listen(self, client: Listener) -> None:
        if client is self.clients[0]:
            await listen(client)
            return
        async with client:
            await listen(client)

    def run(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None], name: str) -> None:
        """Let something run in a group until `end`."""
        self._tasks.append(group.create_task(work, name=name))

    async def end(self) -> None:
        """Cancel until all end.

        Once may be too little: discord.py connects by `asyncio.wait_for`, which in Python 3.11
        forgets a cancellation that comes in the moment of success, and then listens for ever.
        """
        while running := {one for one in self._tasks if not one.done()}:
            for one in running:
                one.cancel()
            await asyncio.wait(running, timeout=_CANCEL_AGAIN_S)
