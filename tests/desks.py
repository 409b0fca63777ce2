"""A command core over a real store, and how a test talks to it."""

from collections.abc import Mapping
from datetime import UTC, timedelta, tzinfo
from typing import Any

from bot.commands.core import CommandCore
from bot.domain.channels import Channel, Health
from bot.domain.events import Event
from bot.domain.lines import read_line, split_line
from bot.domain.messages import Limits, Message
from bot.domain.requests import CommandReply, CommandRequest, Person
from bot.domain.status import Status
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked, Watch
from bot.rendering.plain import render_plain
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock

HERE = Destination(adapter="telegram", address="-100")
ADA = Person(id="7", name="Ada")
STATUS = Status(read_at=START - timedelta(minutes=3), requests=7, budget=15)


class Counter:
    """Where a test stands and asks.

    Attributes:
        core: the command core of Telegram's destinations.
        store: what it answers from.
        clock: stands still unless the test moves it.

    """

    def __init__(self, store: SqlStore, **options: Any) -> None:
        self.store = store
        self.clock = FakeClock()
        usual: dict[str, Any] = {"adapter": "telegram", "status": lambda: STATUS}
        self.core = CommandCore(store, self.clock, **(usual | options))

    async def watch(self, *events: Event, watch: Watch = Watch.WATCHED) -> None:
        """Know these events."""
        tracked = [Tracked(event=one, watch=watch, first_seen_at=START) for one in events]
        async with self.store.writing() as unit:
            await unit.snapshots.keep(tracked)

    async def filters(self, place: Destination = HERE) -> list[Filter]:
        """What a place is subscribed to."""
        async with self.store.reading() as unit:
            return [one.filter for one in await unit.subscriptions.held(place)]

    async def channel(self) -> Channel:
        """The settings of the place."""
        async with self.store.reading() as unit:
            return await unit.destinations.channel(HERE)

    async def health(self, place: Destination = HERE) -> Health:
        """How well the place is reached."""
        async with self.store.reading() as unit:
            return await unit.destinations.health(place)

    async def muted(self) -> tuple[int, ...]:
        """What is silenced at the place."""
        async with self.store.reading() as unit:
            return await unit.destinations.muted(HERE)

    async def ask(self, line: str, **changes: Any) -> CommandReply:
        """Type or press a line, as somebody who manages the channel; see `CommandRequest`."""
        name, rest = split_line(line)
        spec = next((one for one in self.core.specs if one.name == name), None)
        return await self.ask_with(name, read_line(rest, spec), **changes)

    async def ask_with(self, name: str, options: Mapping[str, str], **changes: Any) -> CommandReply:
        """Give a command these options, as Discord's own fields do."""
        usual: dict[str, Any] = {"place": HERE, "person": ADA, "may_manage": True}
        request = CommandRequest(command=name, options=options, **(usual | changes))
        return await self.core.handle(request)

    async def say(self, line: str, **changes: Any) -> str:
        """What the answer says, in plain words."""
        reply = await self.ask(line, **changes)
        return "\n\n".join(words(one, reply.zone) for one in reply.messages)

    async def suggest(
        self, command: str, option: str, text: str, place: Destination = HERE
    ) -> list[str]:
        """What is suggested while an option is typed."""
        spec = next(one for one in self.core.specs if one.name == command)
        found = next(one for one in spec.options if one.name == option)
        return [one.label for one in await self.core.complete(command, found, text, place=place)]


def words(message: Message, zone: tzinfo = UTC) -> str:
    """A message as a person reads it."""
    return render_plain(message, Limits(text=4096), zone=zone)


def presses(reply: CommandReply) -> list[str]:
    """What the buttons of an answer give, in order."""
    return [one.press for each in reply.messages for row in each.buttons for one in row]


def labels(reply: CommandReply) -> list[str]:
    """What is said on the buttons of an answer, in order."""
    return [one.label for each in reply.messages for row in each.buttons for one in row]
