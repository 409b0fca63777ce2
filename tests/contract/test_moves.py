"""`ports.Destinations`: moving to another address, with all that belongs there."""

import pytest
from outboxes import claim, expand, finish, owe, start, states, subscribe, tell, to
from places import meet, move, mute, set_health

from bot.domain.channels import Channel, Health, Keeper, Reach
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination, Filter
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

OTHER = EventId(2)
PAUSED = Health(reach=Reach.PAUSED, since=START, reason="no right to send", missing="Send Messages")


async def _belongings(store: Store, destination: Destination) -> tuple[object, ...]:
    async with store.reading() as unit:
        return (
            {one.filter for one in await unit.subscriptions.held(destination)},
            await unit.destinations.channel(destination),
            await unit.destinations.keeper(destination),
            await unit.destinations.muted(destination),
        )


async def test_move_takes_everything_along(store: SqlStore) -> None:
    """A group became a supergroup: nobody has to set anything up again."""
    await subscribe(store, to("old"))
    await meet(store, to("old"), person="7")
    await mute(store, to("old"), OTHER)
    async with store.writing() as unit:
        await unit.destinations.set_channel(to("old"), Channel(is_silent=True))
    before = await _belongings(store, to("old"))

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == before
    assert (await _belongings(store, to("old")))[0] == set()


async def test_move_takes_settings_along_where_there_is_nothing_else(store: SqlStore) -> None:
    """A group may set its time zone before it subscribes to anything."""
    async with store.writing() as unit:
        await unit.destinations.set_channel(to("old"), Channel(is_silent=True))
        await unit.destinations.mute(to("muting"), OTHER)

    await move(store, to("old"), to("new"))
    await move(store, to("muting"), to("mute"))

    async with store.reading() as unit:
        assert await unit.destinations.channel(to("new")) == Channel(is_silent=True)
        assert await unit.destinations.muted(to("mute")) == (OTHER,)


async def test_move_takes_waiting_news_along_where_there_is_nothing_else(store: SqlStore) -> None:
    """Whoever unsubscribes is still told what was owed before."""
    await subscribe(store, to("old"))
    await tell(store)
    async with store.writing() as unit:
        await unit.subscriptions.remove(to("old"), None)

    await move(store, to("old"), to("new"))

    assert [one.destination for one in await claim(store)] == [to("new")]


async def test_move_keeps_what_waits_and_what_is_under_way(store: SqlStore) -> None:
    """Deliveries go to the new address; the end of one under way is still recorded."""
    await subscribe(store, to("old"))
    await tell(store)
    claimed = await claim(store)
    await start(store, claimed)
    await tell(store, event=an_event(id=OTHER))

    await move(store, to("old"), to("new"))
    await finish(store, claimed)

    assert await states(store) == [State.SENT, State.PENDING]
    assert [one.destination for one in await claim(store)] == [to("new")]


async def test_move_resumes_what_the_old_address_had_paused(store: SqlStore) -> None:
    """How well the old address was reached says nothing of the new one."""
    await subscribe(store, to("old"))
    await tell(store)
    await set_health(store, to("old"), PAUSED)

    await move(store, to("old"), to("new"))

    assert len(await claim(store)) == 1
    async with store.reading() as unit:
        assert await unit.destinations.health(to("new")) == Health()


async def test_move_unites_two_destinations(store: SqlStore) -> None:
    """What both hold is held once; settings of the new address count before those of the old."""
    shared, only_old, only_new = (Filter(types=frozenset({one})) for one in (0, 1, 2))
    async with store.writing() as unit:
        await unit.subscriptions.add(to("old"), shared, now=START)
        await unit.subscriptions.add(to("new"), shared, now=START)
        await unit.subscriptions.add(to("old"), only_old, now=START)
        await unit.subscriptions.add(to("new"), only_new, now=START)
        for address, zone, event_id in (("old", "Asia/Tokyo", 1), ("new", "Europe/Berlin", 3)):
            await unit.destinations.set_channel(to(address), Channel(time_zone=zone))
            await unit.destinations.mute(to(address), OTHER)
            await unit.destinations.mute(to(address), EventId(event_id))
    await meet(store, to("old"), person="7")

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == (
        {shared, only_old, only_new},
        Channel(time_zone="Europe/Berlin"),
        Keeper(server="s", person="7"),
        (EventId(1), OTHER, EventId(3)),
    )


async def test_move_tells_news_that_waits_for_both_once(store: SqlStore) -> None:
    """One place, one message."""
    await subscribe(store, to("old"), to("new"))
    await tell(store)

    await move(store, to("old"), to("new"))

    assert [one.destination for one in await claim(store)] == [to("new")]
    assert sorted(await states(store)) == [State.LEASED, State.SUPERSEDED]


async def test_move_repeats_no_news_that_was_sent_to_the_old_address(store: SqlStore) -> None:
    """The platform delivered it to where both are now."""
    await subscribe(store, to("old"), to("new"))
    await tell(store)
    at_old = await claim(store, limit=1)
    await start(store, at_old)
    await finish(store, at_old)

    await move(store, to("old"), to("new"))

    assert await claim(store) == ()
    assert await states(store) == [State.SENT, State.SUPERSEDED]


async def test_move_amid_a_fan_out_neither_loses_nor_repeats(chunked: SqlStore) -> None:
    """Wherever the cursor stands, the united destination gets the news once."""
    await subscribe(chunked, to("old"), *(to(f"{number}") for number in range(9)), to("new"))
    await owe(chunked)
    for _ in range(3):
        async with chunked.writing() as unit:
            await unit.outbox.expand()

    await move(chunked, to("new"), to("old"))
    await expand(chunked)

    claimed = [one.destination for one in await claim(chunked)]
    assert len(claimed) == len(set(claimed)) == 10
    assert to("old") in claimed


@pytest.mark.parametrize("known", [False, True])
async def test_move_to_itself_changes_nothing(store: SqlStore, *, known: bool) -> None:
    """A platform may say so twice."""
    if known:
        await subscribe(store, to())
    before = await _belongings(store, to())

    await move(store, to(), to())

    assert await _belongings(store, to()) == before


async def test_move_back_and_forth_ends_where_it_began(store: SqlStore) -> None:
    """No trace is left at the other address."""
    await subscribe(store, to("a"))
    before = await _belongings(store, to("a"))

    await move(store, to("a"), to("b"))
    await move(store, to("b"), to("a"))

    assert await _belongings(store, to("a")) == before
    assert (await _belongings(store, to("b")))[0] == set()


async def test_move_that_is_told_twice_happens_once(store: SqlStore) -> None:
    """Each message under way finds out for itself."""
    await subscribe(store, to("old"))
    await tell(store)
    claimed = await claim(store)
    await move(store, to("old"), to("new"))
    await finish(store, claimed)
    before = await _belongings(store, to("new"))

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == before
    async with store.reading() as unit:
        assert await unit.destinations.last_delivery(to("new")) is not None


async def test_move_that_is_told_twice_happens_once_whatever_else_there_is(
    store: SqlStore,
) -> None:
    """What waits elsewhere, or ended long ago at the old address, is no reason to move again."""
    await subscribe(store, to("old"), to("new"), to("elsewhere"))
    await tell(store)
    at_old, at_new, _elsewhere = await claim(store)
    await finish(store, [at_new], state=State.DEAD, error="no such channel")
    await finish(store, [at_old])
    await move(store, to("old"), to("new"))
    before = await _last(store, to("new"))

    await move(store, to("old"), to("new"))

    assert before is not None
    assert await _last(store, to("new")) == before


async def _last(store: Store, destination: Destination) -> object:
    async with store.reading() as unit:
        return await unit.destinations.last_delivery(destination)


async def test_what_waits_outlives_a_move_back(store: SqlStore) -> None:
    """`move`: what came to another row by one move and returns by the next is still to be sent."""
    await subscribe(store, to("a"))
    await subscribe(store, to("b"), types=frozenset({99}))
    await tell(store)

    for _ in range(2):
        async with store.writing() as unit:
            await unit.destinations.move(to("b"), to("a"))
        await subscribe(store, to("b"), types=frozenset({98}))

    (waiting,) = await claim(store)
    assert waiting.destination == to("a")
