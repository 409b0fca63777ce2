"""The border of the command core: who may, what fails, and what platforms tell of destinations."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from desks import HERE, STATUS, Counter, labels, words

from bot.commands.core import CommandCore
from bot.commands.kit import Command, Kit
from bot.commands.registry import COMMANDS
from bot.domain.channels import Health, Reach
from bot.domain.leases import DUE
from bot.domain.requests import (
    CommandReply,
    CommandRequest,
    CommandSpec,
    Option,
    OptionKind,
    Who,
)
from bot.domain.subscriptions import Destination
from bot.errors import ConfigError
from bot.ports import UnitOfWork
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, an_event

MANAGED = [one.spec.name for one in COMMANDS if one.spec.who is Who.MANAGERS]
FOR_ALL = [one.spec.name for one in COMMANDS if one.spec.who is Who.ALL]


@pytest.mark.parametrize("name", MANAGED)
async def test_who_does_not_manage_the_channel_is_refused_in_private(
    counter: Counter, name: str
) -> None:
    """A press counts as a command: the refusal is for whoever pressed, and nothing happens."""
    await counter.watch(an_event())

    reply = await counter.ask(f"{name} 1", may_manage=False)

    assert reply.is_private
    assert not reply.replaces
    assert [one.headline for one in reply.messages] == ["For channel managers only"]
    assert await counter.filters() == []
    assert await counter.muted() == ()


@pytest.mark.parametrize("name", FOR_ALL)
async def test_what_is_for_everybody_needs_no_right(counter: Counter, name: str) -> None:
    """Who looks changes nothing."""
    await counter.watch(an_event())

    reply = await counter.ask(f"{name} event:1" if name == "event" else name, may_manage=False)

    assert reply.messages
    assert reply.messages[0].headline not in {"For channel managers only", "Sorry", "Not quite"}


async def test_an_unknown_command_is_answered_with_the_nearest(counter: Counter) -> None:
    """A slip of the finger is the usual reason."""
    reply = await counter.ask("subscibe")

    assert "did you mean /subscribe?" in words(reply.messages[0])
    assert reply.is_private


async def _broken(_kit: Kit, request: CommandRequest) -> CommandReply:
    if "mistake" in request.options:
        raise ConfigError("there is no such thing; write another")
    raise LookupError("secret words")


BROKEN = Command(
    spec=CommandSpec(
        name="broken",
        description="Fail",
        options=(Option(name="mistake", description="Whose", kind=OptionKind.TEXT),),
    ),
    handler=_broken,
)


async def test_a_crash_is_logged_with_the_number_that_is_told(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asked gets one kind sentence; its number leads the owner to the traceback."""
    broken = Counter(counter.store, commands=(BROKEN,))

    with caplog.at_level(logging.ERROR):
        reply = await broken.ask("broken")

    (record,) = caplog.records
    assert record.exc_info is not None
    number = record.getMessage().split()[1].rstrip(":")
    assert number in words(reply.messages[0])
    assert "secret" not in words(reply.messages[0])
    assert reply.is_private


async def test_a_mistake_is_told_and_not_logged(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """What a person mistyped is no fault of the program."""
    broken = Counter(counter.store, commands=(BROKEN,))

    reply = await broken.ask("broken mistake:yes")

    assert words(reply.messages[0]).endswith("There is no such thing; write another.")
    assert reply.is_private
    assert not caplog.records


async def test_what_strangers_type_is_not_logged(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """Chat text never reaches the log, not even as the name of a command."""
    broken = Counter(counter.store, commands=(BROKEN,))

    with caplog.at_level(logging.DEBUG):
        await broken.ask("private-matters search:secret")
        await broken.ask("broken search:secret")

    assert "private-matters" not in caplog.text
    assert "secret" not in caplog.text


async def test_a_store_without_tables_is_a_problem_and_not_an_exception() -> None:
    """The adapter always gets an answer that it can show; suggestions may be missing."""
    async with open_store("sqlite://") as store:
        counter = Counter(store)

        reply = await counter.ask("events")
        suggested = await counter.suggest("event", "event", "cyg")

    assert reply.messages[0].headline == "Sorry"
    assert suggested == []


async def test_a_destination_out_of_reach_is_paused_until_the_platform_says_otherwise(
    counter: Counter,
) -> None:
    """Nothing is forgotten: the subscription is there when the bot is let in again."""
    await counter.ask("subscribe type:EVA")

    await counter.core.unreachable(HERE.address, "the bot was removed from the group")
    paused = await counter.health()
    await counter.core.reachable(HERE.address)

    assert paused.reach is Reach.PAUSED
    assert paused.reason == "the bot was removed from the group"
    assert (await counter.health()).reach is Reach.ACTIVE
    assert len(await counter.filters()) == 1


async def test_paused_destinations_that_seem_open_are_tried_again(counter: Counter) -> None:
    """However many there are; a success has to prove it. Others, and mere suspects, stay as is."""
    places = [replace(HERE, address=f"{number}") for number in range(503)]
    strangers = [replace(HERE, address="-7"), replace(HERE, address="1", adapter="discord")]
    paused = Health(reach=Reach.PAUSED, since=START, reason="the bot was removed")
    suspect = Health(reach=Reach.SUSPECT, since=START, reason="no right")
    async with counter.store.writing() as unit:
        for place in (*places, *strangers):
            await unit.destinations.set_health(place, paused)
        await unit.destinations.set_health(places[5], suspect)
    counter.clock.advance(timedelta(days=1))
    counter.core.wake.clear()

    await counter.core.retry(lambda address: not address.startswith("-"))

    assert counter.core.wake.is_set()
    tried = replace(paused, reach=Reach.SUSPECT, since=START + timedelta(days=1))
    assert [await counter.health(one) for one in (places[0], places[-1])] == [tried, tried]
    assert await counter.health(places[5]) == suspect
    assert [await counter.health(one) for one in strangers] == [paused, paused]


async def test_topics_are_lost_and_found_with_their_chat(counter: Counter) -> None:
    """The platform speaks of the chat alone; another chat is not meant, whatever its number."""
    topic, other = replace(HERE, address=f"{HERE.address}/7"), replace(HERE, address="-1007/7")
    for place in (topic, other):
        await counter.ask("subscribe type:EVA", place=place)

    await counter.core.unreachable(HERE.address, "the bot was removed from the group")
    lost = await counter.health(topic), await counter.health(other)
    await counter.core.reachable(HERE.address)

    assert [one.reach for one in lost] == [Reach.PAUSED, Reach.ACTIVE]
    assert (await counter.health(topic)).reach is Reach.ACTIVE


async def test_a_destination_that_moved_takes_its_subscriptions_along(counter: Counter) -> None:
    """A group that becomes a supergroup has another number and the same people."""
    await counter.ask("subscribe type:EVA")

    await counter.core.moved(HERE.address, "-200")

    assert await counter.filters() == []
    assert len(await counter.filters(replace(HERE, address="-200"))) == 1


async def test_start_asks_for_messages_again(counter: Counter) -> None:
    """Who blocked the bot and starts it once more wants to hear of it."""
    await counter.core.unreachable(HERE.address, "the bot was blocked")

    reply = await counter.ask("start", is_guided=True)

    assert (await counter.health()).reach is Reach.ACTIVE
    assert labels(reply)[0] == "Choose what to follow"


async def test_a_place_has_what_was_asked_there(counter: Counter) -> None:
    """A topic is a place of its own beside its group."""
    topic = Destination(adapter="telegram", address="-100/7")

    await counter.ask("subscribe type:EVA", place=topic)

    assert await counter.filters() == []
    assert len(await counter.filters(topic)) == 1


@pytest.mark.parametrize(
    "line", ["next", "status", "subscribe search:docking", "settings silent:on"]
)
async def test_commands_wake_no_sender(counter: Counter, line: str) -> None:
    """A woken sender looks into the outbox: a hundred commands a second must not make it do so."""
    await counter.ask(line)

    assert not counter.core.wake.is_set()


async def test_start_wakes_the_sender_of_what_was_paused(counter: Counter) -> None:
    """What was held is due at once; where nothing was, there is nothing to wake for."""
    await counter.core.unreachable(HERE.address, "the person has blocked the bot")
    counter.core.wake.clear()

    await counter.ask("start")
    woken = counter.core.wake.is_set()
    counter.core.wake.clear()
    await counter.ask("start")

    assert woken
    assert not counter.core.wake.is_set()


class _ToldStore:
    """A store that notes what is told to other processes."""

    def __init__(self, store: SqlStore) -> None:
        self.reading = store.reading
        self._store = store
        self.told: set[str] = set()

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """As the store's."""
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            yield unit
            self.told |= unit.told


@pytest.mark.parametrize("sign", ["it starts the bot", "it lets the bot in", "it moved"])
async def test_sender_in_another_process_is_told_of_who_is_back(
    counter: Counter, sign: str
) -> None:
    """What was held is due at once, whoever hears people and whoever sends."""
    await counter.core.unreachable(HERE.address, "the person has blocked the bot")
    telling = _ToldStore(counter.store)
    counter.core = CommandCore(telling, counter.clock, adapter="telegram", status=lambda: STATUS)

    match sign:
        case "it starts the bot":
            await counter.ask("start")
        case "it lets the bot in":
            await counter.core.reachable(HERE.address)
        case _:
            await counter.core.moved(HERE.address, "-200")

    assert telling.told == {DUE}
