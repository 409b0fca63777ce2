"""A kill at any moment of sending to Discord, and a Discord that forgot: each message once.

One story is played once for every operation at which its first life can end, through the real
client, the store and the dispatcher; an hour later the second life finds no nonce remembered.
"""

from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from discord_rooms import Room, heard, listening_room, posts_in
from mortal import Killed, Life, MortalStore
from outboxes import HOUR, moved, owe, subscribe, tell
from senders import a_dispatcher, a_store, drain, records
from standins.discord.faults import Limit, Limits
from standins.discord.server import DiscordStandIn
from standins.discord.world import JSON, Channel, ChannelType

from bot.domain.deliveries import Delivery, Outcome, Priority, State
from bot.domain.events import Event, EventId
from bot.domain.messages import Message
from bot.domain.subscriptions import Destination
from bot.ports import Adapter
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, an_event

LEAST_OPERATIONS = 12


class _MortalDoor:
    """An adapter whose user can die before it sends, and before its answer is read."""

    def __init__(self, adapter: Adapter, life: Life) -> None:
        self.name, self.limits = adapter.name, adapter.limits
        self._adapter = adapter
        self._life = life

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send, with two moments to die."""
        self._life.live()
        outcome = await self._adapter.send(delivery, message)
        self._life.live()
        return outcome


@pytest.fixture
def clock() -> FakeClock:
    """The clock of both sides."""
    return FakeClock()


@pytest.fixture
async def discord_server(shared: object, clock: FakeClock) -> AsyncIterator[DiscordStandIn]:
    """A pretended Discord that knows the clock and is in no hurry to refuse."""
    assert shared
    async with DiscordStandIn() as server:
        server.world.now = clock.now
        server.rest.limits = Limits(total=_unlimited(), channels=defaultdict(_unlimited))
        yield server
    assert server.violations == []


def _unlimited() -> Limit:
    return Limit(most=1_000_000, per=1.0)


@pytest.fixture
async def opened(discord_server: DiscordStandIn) -> AsyncIterator[Room]:
    """The adapter, which outlives its users here."""
    async with listening_room(discord_server) as opened:
        yield opened


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store in memory."""
    async with a_store() as opened:
        yield opened


async def _places(server: DiscordStandIn, opened: Room) -> tuple[Channel, Channel, Channel]:
    """A channel, a thread and a forum."""
    thread = await server.add_channel(server.home, "talk", ChannelType.THREAD, parent=server.alerts)
    forum = await server.add_channel(server.home, "events", ChannelType.FORUM)
    await heard(server, opened)
    return server.alerts, thread, forum


async def _first_life(store: SqlStore, adapter: Adapter, clock: FakeClock, life: Life) -> bool:
    """Deliver; whether the kill came."""
    was_killed = False
    try:
        door = _MortalDoor(adapter, life)
        async with a_dispatcher(MortalStore(store, life), door, clock) as dispatcher:
            await dispatcher.recover()
            await dispatcher.drain()
    except* Killed:
        was_killed = True
    return was_killed


async def _second_life(store: SqlStore, adapter: Adapter, clock: FakeClock) -> None:
    """Take over an hour later, when Discord remembers nothing, and deliver all."""
    clock.advance(HOUR)
    await drain(store, adapter, clock)
    while any(one.state is State.PENDING for one in await records(store)):
        clock.advance(HOUR)
        await drain(store, adapter, clock)


def _told(place: Channel, event: Event) -> list[JSON]:
    """The messages of a channel about an event."""
    return [one for one in place.messages.values() if one["embeds"][0]["title"] == event.name]


async def test_kill_repeats_no_message_though_discord_forgot_its_nonce(
    store: SqlStore, discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """In a channel, a thread and a forum: the post, its first message and the reply, each once."""
    *plain, forum = places = await _places(discord_server, opened)
    await subscribe(store, *(Destination(adapter="discord", address=place.id) for place in places))

    operations, was_killed = 0, True
    while was_killed:
        event = an_event(id=EventId(operations + 1), name=f"Docking {operations}")
        for count in (1, 2):
            await owe(store, moved(event), event=event)
            await tell(store, moved(event), event=event, priority=Priority.URGENT)
            was_killed = await _first_life(store, opened.adapter, clock, Life(operations))
            await _second_life(store, opened.adapter, clock)

            posts = [one for one in posts_in(forum) if one.name == event.name]
            told = [len(_told(place, event)) for place in (*plain, *posts)]
            assert told == [count] * 3, f"killed at operation {operations}"
        operations += 1

    assert operations > LEAST_OPERATIONS, "the first life was too short to prove anything"
    left = {one.state for one in await records(store)} - {State.SENT, State.SUPERSEDED}
    assert left == set()
