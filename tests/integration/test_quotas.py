"""What one channel and one server may hold: stated bounds, told in words, and only for people."""

from dataclasses import replace

from desks import HERE, Counter

from bot.commands.muting import MOST as MOST_MUTED
from bot.commands.subscribing import MOST, MOST_IN_SERVER
from bot.domain.events import Event, EventId
from bot.domain.requests import NOBODY
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Watch
from bot.testing import START, an_event

SERVER = "-100"


def topic(number: int) -> Destination:
    """One of the endless topics of a group."""
    return replace(HERE, address=f"{HERE.address}/{number}")


async def fill(counter: Counter, number: int, place: Destination, *, server: str = SERVER) -> None:
    """Let a place of a server hold so many subscriptions, as an operator could."""
    async with counter.store.writing() as unit:
        for one in range(number):
            word = frozenset({f"word{one}"})
            await unit.subscriptions.add(place, Filter(words=word), now=START)
        await unit.destinations.met(place, server=server, name="", person=NOBODY)


async def test_thousands_of_subscriptions_end_at_the_servers_bound(counter: Counter) -> None:
    """New channels, threads and topics are cheap; all of them count together."""
    await fill(counter, MOST_IN_SERVER - 1, topic(1))

    last = await counter.say("subscribe type:EVA", place=topic(2), server=SERVER)
    refused = await counter.say("subscribe type:EVA", place=topic(3), server=SERVER)
    again = await counter.say("subscribe type:EVA", place=topic(2), server=SERVER)
    other = await counter.say("subscribe type:EVA", place=topic(4), server="-200")

    assert "Subscribed" in last
    assert f"{MOST_IN_SERVER} subscriptions together" in refused
    assert "/unsubscribe" in refused
    assert "Already subscribed" in again
    assert "Subscribed" in other
    assert await counter.filters(topic(3)) == []

    await counter.ask("unsubscribe 1", place=topic(1), server=SERVER)
    assert "Subscribed" in await counter.say("subscribe", place=topic(3), server=SERVER)


async def test_private_chats_share_no_bound(counter: Counter) -> None:
    """They belong to no server, so no stranger can use up what another person may hold."""
    await fill(counter, MOST_IN_SERVER, topic(1), server="")

    assert "Subscribed" in await counter.say("subscribe", place=topic(2), server="")


async def test_operators_may_exceed_what_people_may(counter: Counter) -> None:
    """The bounds are there against strangers; what is held by then stays and is listed."""
    await fill(counter, MOST + 5, HERE)

    said = await counter.say("subscribe type:EVA", server=SERVER)
    listed = await counter.say("subscriptions", server=SERVER)

    assert f"can hold {MOST} subscriptions" in said
    assert "word1" in listed
    assert len(await counter.filters()) == MOST + 5


def many(first: int, number: int) -> list[Event]:
    """So many events."""
    return [an_event(id=EventId(first + one), name=f"Event {first + one}") for one in range(number)]


async def mute(counter: Counter, numbers: range) -> None:
    """Silence these events."""
    async with counter.store.writing() as unit:
        for number in numbers:
            await unit.destinations.mute(HERE, EventId(number))


async def test_mutes_end_at_their_bound(counter: Counter) -> None:
    """As many as one channel can need; the refusal says what to do."""
    await counter.watch(*many(1, MOST_MUTED + 1))
    await mute(counter, range(1, MOST_MUTED + 1))

    refused = await counter.say(f"mute event:{MOST_MUTED + 1}")
    again = await counter.say("mute event:1")

    assert f"can mute {MOST_MUTED} events" in refused
    assert "/unmute" in refused
    assert "Muted here" in again
    assert len(await counter.muted()) == MOST_MUTED


async def test_mutes_of_what_is_over_make_room(counter: Counter) -> None:
    """Nobody should have to tidy up after years of use."""
    await counter.watch(*many(1, MOST_MUTED))
    await mute(counter, range(1, MOST_MUTED + 1))
    await counter.watch(*many(1, MOST_MUTED - 1), watch=Watch.FINISHED)
    await counter.watch(*many(1000, 1))

    said = await counter.say("mute event:1000")

    assert "Muted here" in said
    assert await counter.muted() == (MOST_MUTED, 1000)
